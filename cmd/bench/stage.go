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
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
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
	dir      string
	wanted   []string // figures of the part that is measured
	idle     float64  // memory of a worker that has had nothing to do, in MiB
	server   *devdb.Server
	url      string
	pool     *pgxpool.Pool // as the owner: the stage also makes tables to compare with
	keys     *card.Keyring
	domain   *card.Service
	settings *setting.Store
	admin    audit.Actor
	worker   *process
	pages    *process
	addr     string
}

// newStage sets everything up. Postgres keeps the settings of the demo, which are
// the safe ones: what is measured is what a careful operator gets.
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
	if err := st.build(ctx); err != nil {
		return err
	}
	var err error
	st.server, err = devdb.Start(ctx, devdb.Options{Dir: st.path("postgres")})
	if err != nil {
		return err
	}
	st.url = st.server.URL(devdb.Database)
	if err := st.openDomain(ctx); err != nil {
		return err
	}
	if err := st.invite(ctx); err != nil {
		return err
	}
	if err := st.launch(ctx); err != nil {
		return err
	}
	return st.measureIdle(ctx)
}

// measureIdle measures the worker's memory when it has done a little, and so is up,
// and does nothing.
func (st *stage) measureIdle(ctx context.Context) error {
	if _, _, err := st.series(ctx, 1); err != nil {
		return err
	}
	if err := st.calm(ctx); err != nil {
		return err
	}
	var err error
	st.idle, err = st.worker.peak()
	return err
}

// build makes the program unless one was given.
func (st *stage) build(ctx context.Context) error {
	if st.binary != "" {
		return nil
	}
	st.binary = st.path("refill")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", st.binary, "./cmd/refill") //nolint:gosec // a folder of our own
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the program (bench runs in the root of the repository; make bench does that): %w: %s", err, out)
	}
	return nil
}

// openDomain brings the database up to date, makes keys, and opens what orders
// cards in this process.
func (st *stage) openDomain(ctx context.Context) error {
	migrate := exec.CommandContext(ctx, st.binary, "migrate") //nolint:gosec // the program that is measured
	migrate.Env = append(os.Environ(), "DATABASE_URL="+st.url, "REFILL_LOG_LEVEL=error")
	if out, err := migrate.CombinedOutput(); err != nil {
		return fmt.Errorf("refill migrate: %w: %s", err, out)
	}
	var key bytes.Buffer
	if err := card.WriteNewKey(&key, 1); err != nil {
		return err
	}
	if err := os.WriteFile(st.path("keys"), key.Bytes(), 0o600); err != nil {
		return err
	}
	var err error
	if st.keys, err = card.ReadKeyring(&key); err != nil {
		return err
	}
	st.pool, err = db.Open(ctx, st.url, db.Options{Name: "bench", AsOwner: true, StatementTimeout: 10 * time.Minute})
	if err != nil {
		return err
	}
	if err := card.AnnounceKeys(ctx, st.pool, st.keys); err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler)
	jobs, err := job.NewInserter(st.pool, log)
	if err != nil {
		return err
	}
	st.settings = setting.NewStore(st.pool, time.Now)
	st.domain = card.New(st.pool, st.keys, jobs, st.settings, log)
	return nil
}

// path is a place in the stage's folder.
func (st *stage) path(name string) string { return filepath.Join(st.dir, name) }

// username is the name of a customer.
func username(client int) string { return fmt.Sprintf("client%d", client) }

// invite enters one member of staff and the customers, as many as there are
// clients.
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
		_, err := customer.Create(ctx, st.pool, st.admin, customer.New{
			PartnerID: partner.ID, Username: username(n), Name: "Client", PasswordHash: hash, Currency: "USD",
		})
		if err != nil {
			return err
		}
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
	// Each client comes from an address of its own, as customers do: the limit on
	// wrong codes counts those that are still being looked at, by address.
	env := append(os.Environ(), "DATABASE_URL="+st.url, "REFILL_KEY_FILE="+st.path("keys"), "REFILL_FILES_DIR="+st.path("files"),
		"REFILL_ADDR="+st.addr, "REFILL_TRUSTED_PROXIES=127.0.0.1", "REFILL_LOG_LEVEL=error")
	if st.worker, err = startProcess(ctx, st.binary, "work", env); err != nil {
		return err
	}
	if st.pages, err = startProcess(ctx, st.binary, "serve", env); err != nil {
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

// until asks every few milliseconds, for up to ten minutes, and gives up when one
// of the processes has ended.
func (st *stage) until(ctx context.Context, what string, ready func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := ready()
		if err != nil || ok {
			return err
		}
		select {
		case <-tick.C:
		case <-st.worker.done:
			return fmt.Errorf("the worker ended (%s) while the bench waited for %s", st.worker.cmd.ProcessState, what)
		case <-st.pages.done:
			return fmt.Errorf("the pages ended (%s) while the bench waited for %s", st.pages.cmd.ProcessState, what)
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		}
	}
}

// series orders cards and waits until they are made; it returns how long that took.
func (st *stage) series(ctx context.Context, quantity int) (db.Series, time.Duration, error) {
	started := time.Now()
	ordered, err := st.domain.Order(ctx, st.admin, card.OrderForm{
		Quantity: strconv.Itoa(quantity), Prefix: "Bench", Price: "10.00", Partners: []string{card.AnyPartner}, Activate: true,
		ValidTill: started.AddDate(1, 0, 0).Format(time.DateOnly), Key: uuid.New(),
	})
	if err != nil {
		return db.Series{}, 0, err
	}
	var s db.Series
	err = st.until(ctx, "the cards", func() (bool, error) {
		s, err = db.New().SeriesGet(ctx, st.pool, ordered.ID)
		if err == nil && s.State == db.SeriesStateFailed {
			return false, fmt.Errorf("series %s failed: %s", s.Number, s.Failure)
		}
		return s.MadeAt != nil, err
	})
	return s, time.Since(started), err
}

// anySeries returns a series of a size, making one where there is none.
func (st *stage) anySeries(ctx context.Context, quantity int) (db.Series, error) {
	var id int64
	err := st.pool.QueryRow(ctx, `select id from series where quantity = $1 and state = 'active' order by id limit 1`, quantity).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		s, _, err := st.series(ctx, quantity)
		return s, err
	}
	if err != nil {
		return db.Series{}, err
	}
	return db.New().SeriesGet(ctx, st.pool, id)
}

// export asks for a file and waits for it; it returns how long the job worked.
func (st *stage) export(ctx context.Context, seriesID int64, format string) (db.Export, time.Duration, error) {
	return st.exportOf(ctx, seriesID, format, card.ExportOptions{})
}

func (st *stage) exportOf(ctx context.Context, seriesID int64, format string, options card.ExportOptions) (db.Export, time.Duration, error) {
	id, err := st.domain.RequestExport(ctx, st.admin, seriesID, format, options, uuid.New())
	if err != nil {
		return db.Export{}, 0, err
	}
	var e db.ExportGetRow
	err = st.until(ctx, "the file", func() (bool, error) {
		e, err = st.domain.Export(ctx, st.admin, id)
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

// calm makes a fresh start for what is measured next: nobody pays for writing out
// what was dirty before, nor for its memory.
func (st *stage) calm(ctx context.Context) error {
	if _, err := st.pool.Exec(ctx, "checkpoint"); err != nil {
		return err
	}
	return st.worker.resetPeak()
}

// close stops everything, whatever has come up so far, and removes it.
func (st *stage) close() {
	st.pages.stop()
	st.worker.stop()
	if st.pool != nil {
		st.pool.Close()
	}
	if st.server != nil {
		if err := st.server.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "bench: stop Postgres:", err)
		}
	}
	if st.keep {
		fmt.Fprintln(os.Stderr, "bench: everything is kept in", st.dir)
		return
	}
	if err := os.RemoveAll(st.dir); err != nil {
		fmt.Fprintln(os.Stderr, "bench: clean up:", err)
	}
}
