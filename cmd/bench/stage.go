package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/devdb"
	"refill/internal/job"
	"refill/internal/setting"
	"refill/internal/staff"
)

// password is everybody's on the stage.
const password = "bench-password"

// stage is a Postgres of its own with people in it, and the program's worker and
// pages as processes of their own.
type stage struct {
	sizes
	dir    string
	server *devdb.Server
	url    string
	pool   *pgxpool.Pool // as the owner: the stage also makes tables to compare with
	keys   *card.Keyring
	cards  *card.Service
	admin  audit.Actor
	people []db.Customer
	worker *exec.Cmd
	pages  *exec.Cmd
	addr   string
}

// newStage sets everything up. Postgres keeps its safe settings: what is measured
// is what a careful operator gets.
func newStage(ctx context.Context, s sizes) (*stage, error) {
	dir, err := os.MkdirTemp("", "refill-bench-")
	if err != nil {
		return nil, err
	}
	st := &stage{sizes: s, dir: dir}
	if err := st.setUp(ctx); err != nil {
		st.close()
		return nil, err
	}
	return st, nil
}

func (st *stage) setUp(ctx context.Context) error {
	if err := os.Chmod(st.dir, 0o755); err != nil { //nolint:gosec // Postgres works as another user
		return err
	}
	var err error
	st.server, err = devdb.Start(ctx, devdb.Options{Dir: filepath.Join(st.dir, "postgres"), Settings: map[string]string{"max_wal_size": "4GB"}})
	if err != nil {
		return err
	}
	st.url = st.server.URL(devdb.Database)
	if err := db.Migrate(ctx, st.url); err != nil {
		return err
	}
	var key bytes.Buffer
	if err := card.WriteNewKey(&key, 1); err != nil {
		return err
	}
	if err := os.WriteFile(st.path("keys"), key.Bytes(), 0o600); err != nil {
		return err
	}
	if st.keys, err = card.ReadKeyring(&key); err != nil {
		return err
	}
	st.pool, err = db.Open(ctx, st.url, db.Options{Name: "bench", AsOwner: true, StatementTimeout: 10 * time.Minute})
	if err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler)
	jobs, err := job.NewInserter(st.pool, log)
	if err != nil {
		return err
	}
	st.cards = card.New(st.pool, st.keys, jobs, setting.NewStore(st.pool, time.Now), log)
	if err := st.invite(ctx); err != nil {
		return err
	}
	return st.launch(ctx)
}

// path is a place in the stage's folder.
func (st *stage) path(name string) string { return filepath.Join(st.dir, name) }

// invite enters one member of staff and the customers.
func (st *stage) invite(ctx context.Context) error {
	partner, err := db.New().PartnerCreate(ctx, st.pool, db.PartnerCreateParams{Name: "Bench", TimeZone: "UTC"})
	if err != nil {
		return err
	}
	id, err := staff.Create(ctx, st.pool, audit.System(), staff.New{Username: "admin", Password: password, Role: db.StaffRoleAdministrator, AllPartners: true})
	if err != nil {
		return err
	}
	st.admin = audit.Actor{StaffID: id, Scope: audit.Everything()}
	hash, err := staff.Hash(password)
	if err != nil {
		return err
	}
	for n := range st.clients {
		c, err := customer.Create(ctx, st.pool, st.admin, customer.New{
			PartnerID: partner.ID, Username: fmt.Sprintf("client%d", n), Name: "Client", PasswordHash: hash, Currency: "USD",
		})
		if err != nil {
			return err
		}
		st.people = append(st.people, c)
	}
	return nil
}

// launch starts the worker and the pages and waits until they are ready.
func (st *stage) launch(ctx context.Context) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	st.addr = l.Addr().String()
	if err := l.Close(); err != nil {
		return err
	}
	env := append(os.Environ(), "DATABASE_URL="+st.url, "REFILL_KEY_FILE="+st.path("keys"), "REFILL_FILES_DIR="+st.path("files"),
		"REFILL_ADDR="+st.addr, "REFILL_TRUSTED_PROXIES=127.0.0.1", "REFILL_LOG_LEVEL=error", "REFILL_MAX_CONNS=16")
	start := func(command string) (*exec.Cmd, error) {
		cmd := exec.CommandContext(context.WithoutCancel(ctx), st.binary, command) //nolint:gosec // the program that is measured; close stops it
		cmd.Env, cmd.Stderr = env, os.Stderr
		return cmd, cmd.Start()
	}
	if st.worker, err = start("work"); err != nil {
		return fmt.Errorf("start the worker (is %s built?): %w", st.binary, err)
	}
	if st.pages, err = start("serve"); err != nil {
		return err
	}
	return st.until(ctx, "the pages", func() (bool, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+st.addr+"/readyz", http.NoBody)
		if err != nil {
			return false, err
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return false, nil //nolint:nilerr // not up yet
		}
		return answer.StatusCode == http.StatusOK, answer.Body.Close()
	})
}

// until asks again and again, every few milliseconds, for up to ten minutes.
func (st *stage) until(ctx context.Context, what string, ready func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := ready()
		if err != nil || ok {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		}
	}
}

// series orders cards and waits until they are made; it returns how long that took.
func (st *stage) series(ctx context.Context, quantity int) (db.Series, time.Duration, error) {
	started := time.Now()
	ordered, err := st.cards.Order(ctx, st.admin, card.OrderForm{
		Quantity: strconv.Itoa(quantity), Prefix: "Bench", Price: "10.00", Partners: []string{card.AnyPartner}, Activate: true,
		ValidTill: started.AddDate(1, 0, 0).Format(time.DateOnly), Key: uuid.New(),
	})
	if err != nil {
		return db.Series{}, 0, err
	}
	var s db.Series
	err = st.until(ctx, "the cards", func() (bool, error) {
		s, err = db.New().SeriesGet(ctx, st.pool, ordered.ID)
		return s.MadeAt != nil, err
	})
	return s, time.Since(started), err
}

// export asks for a file and waits for it; it returns how long the job worked.
func (st *stage) export(ctx context.Context, seriesID int64, format string) (db.Export, time.Duration, error) {
	id, err := st.cards.RequestExport(ctx, st.admin, seriesID, format, uuid.New())
	if err != nil {
		return db.Export{}, 0, err
	}
	var e db.ExportGetRow
	err = st.until(ctx, "the file", func() (bool, error) {
		e, err = st.cards.Export(ctx, st.admin, id)
		if err == nil && e.Export.State == db.ExportStateFailed {
			return false, errors.New(e.Export.Failure)
		}
		return e.Export.State == db.ExportStateReady, err
	})
	if err != nil {
		return db.Export{}, 0, err
	}
	return e.Export, e.Export.FinishedAt.Sub(*e.Export.StartedAt), nil
}

// psql runs a command of psql and returns how long it took, start included.
func (st *stage) psql(ctx context.Context, command string) (time.Duration, error) {
	started := time.Now()
	cmd := exec.CommandContext(ctx, st.program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", st.url, "-c", command) //nolint:gosec // of this stage's own server
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("psql: %w: %s", err, out)
	}
	return time.Since(started), nil
}

// program finds one of Postgres's programs beside the server's, or in the path.
func (st *stage) program(name string) string {
	if path := filepath.Join(st.server.BinDir(), name); exists(path) {
		return path
	}
	if paths, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name); err == nil && len(paths) > 0 {
		return paths[len(paths)-1]
	}
	return name
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// checkpoint writes out what is dirty, so that no part pays for the one before.
func (st *stage) checkpoint(ctx context.Context) error {
	_, err := st.pool.Exec(ctx, "checkpoint")
	return err
}

// resetPeak makes the worker's peak memory start anew (proc(5), clear_refs).
func (st *stage) resetPeak() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", st.worker.Process.Pid), []byte("5"), 0o600)
}

// peak reads the worker's peak memory in MiB.
func (st *stage) peak() (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", st.worker.Process.Pid))
	if err != nil {
		return 0, err
	}
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		return 0, errors.New("the kernel does not tell the peak memory")
	}
	kb, err := strconv.ParseFloat(strings.TrimSpace(string(m[1])), 64)
	return kb / 1024, err
}

// close stops everything and removes it.
func (st *stage) close() {
	for _, cmd := range []*exec.Cmd{st.pages, st.worker} {
		if cmd != nil && cmd.Process != nil {
			_ = cmd.Process.Signal(syscall.SIGTERM)
			_ = cmd.Wait()
		}
	}
	if st.pool != nil {
		st.pool.Close()
	}
	if st.server != nil {
		if err := st.server.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "bench: stop Postgres:", err)
		}
	}
	_ = os.RemoveAll(st.dir)
}
