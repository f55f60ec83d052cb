package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"refill/internal/audit"
	"refill/internal/blob"
	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/cardfile"
	"refill/internal/codestore"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/devdb"
	"refill/internal/fault"
	"refill/internal/job"
	"refill/internal/money"
	"refill/internal/setting"
	"refill/internal/signin"
	"refill/internal/staff"
)

// password is the password of every account on the testbed.
const password = "bench-password"

// testbed is a private Postgres with accounts, and the worker and web processes of the
// program.
type testbed struct {
	sizes
	dir      string
	wanted   []string // the figures to measure in the current part
	idle     float64  // memory of an idle worker, in MiB
	server   *devdb.Server
	url      string
	pool     *pgxpool.Pool // as the owner, who may create the tables for comparisons
	keys     *cardcode.Keyring
	domain   *card.Service
	exports  *cardfile.Service
	settings *setting.Store
	admin    audit.Actor
	worker   *process
	web      *process
	addr     string
	partner  int64
	portal   []*http.Client // a signed-in customer each
	prepared func() error   // called when a run of pgbench is about to start
}

// newTestbed starts a testbed. Postgres has the settings of the demo: it loses no committed
// data in a crash, as an operator's server should not.
func newTestbed(ctx context.Context, s sizes) (*testbed, error) {
	dir, err := os.MkdirTemp("", "refill-bench-")
	if err != nil {
		return nil, err
	}
	tb := &testbed{sizes: s, dir: dir}
	if err := tb.setUp(ctx); err != nil {
		tb.close()
		return nil, err
	}
	return tb, nil
}

func (tb *testbed) setUp(ctx context.Context) error {
	if err := os.Chmod(tb.dir, 0o755); err != nil { //nolint:gosec // Postgres runs as another user
		return err
	}
	if err := tb.build(ctx); err != nil {
		return err
	}
	var err error
	tb.server, err = devdb.Start(ctx, devdb.Options{Dir: tb.path("postgres")})
	if err != nil {
		return err
	}
	tb.url = tb.server.URL(devdb.Database)
	if err := tb.openDomain(ctx); err != nil {
		return err
	}
	if err := tb.createAccounts(ctx); err != nil {
		return err
	}
	if err := tb.startProcesses(ctx); err != nil {
		return err
	}
	return tb.measureIdle(ctx)
}

// measureIdle measures the memory of an idle worker, after it has made one card and has
// therefore started completely.
func (tb *testbed) measureIdle(ctx context.Context) error {
	if _, _, err := tb.series(ctx, 1); err != nil {
		return err
	}
	if err := tb.resetBaseline(ctx); err != nil {
		return err
	}
	var err error
	tb.idle, err = tb.worker.peak()
	return err
}

// build builds the program unless a binary was given.
func (tb *testbed) build(ctx context.Context) error {
	if tb.binary != "" {
		return nil
	}
	tb.binary = tb.path("refill")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", tb.binary, "./cmd/refill") //nolint:gosec // a folder of our own
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the program (bench runs in the root of the repository; make bench does that): %w: %s", err, out)
	}
	return nil
}

// publicURL is the address that the measured files carry.
const publicURL = "http://127.0.0.1"

// openDomain migrates the database, creates keys, and opens the services that order cards
// and files in this process.
func (tb *testbed) openDomain(ctx context.Context) error {
	migrate := exec.CommandContext(ctx, tb.binary, "migrate") //nolint:gosec // the program that is measured
	migrate.Env = append(os.Environ(), "DATABASE_URL="+tb.url, "REFILL_LOG_LEVEL=error")
	if out, err := migrate.CombinedOutput(); err != nil {
		return fmt.Errorf("refill migrate: %w: %s", err, out)
	}
	var key bytes.Buffer
	if err := cardcode.WriteNewKey(&key, 1); err != nil {
		return err
	}
	if err := os.WriteFile(tb.path("keys"), key.Bytes(), 0o600); err != nil {
		return err
	}
	var err error
	if tb.keys, err = cardcode.ReadKeyring(&key); err != nil {
		return err
	}
	tb.pool, err = db.Open(ctx, tb.url, db.Options{Name: "bench", AsOwner: true, StatementTimeout: 10 * time.Minute})
	if err != nil {
		return err
	}
	if err := codestore.AnnounceKeys(ctx, tb.pool, tb.keys); err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler)
	jobs, err := job.NewInserter(tb.pool, log)
	if err != nil {
		return err
	}
	tb.settings = setting.NewStore(tb.pool, time.Now)
	if err := tb.settings.Change(ctx, audit.System(), func(v *setting.Settings) {
		v.CurrencyConfirmed, v.ConfirmedAddress = true, publicURL
	}); err != nil {
		return err
	}
	tb.domain = card.New(tb.pool, tb.keys, jobs, tb.settings, log)
	files, err := blob.NewDisk(tb.path("files"))
	if err != nil {
		return err
	}
	tb.exports = cardfile.New(cardfile.Config{
		Cards: tb.domain, DB: tb.pool, Jobs: jobs, Settings: tb.settings, Files: blob.NewSealed(files, tb.keys), PublicURL: publicURL, Log: log,
	})
	return nil
}

// path returns the path of a file in the folder of the testbed.
func (tb *testbed) path(name string) string { return filepath.Join(tb.dir, name) }

// username returns the username of a customer.
func username(client int) string { return fmt.Sprintf("client%d", client) }

// createAccounts creates one member of staff, and one customer for each client.
func (tb *testbed) createAccounts(ctx context.Context) error {
	partner, err := db.New().PartnerCreate(ctx, tb.pool, db.PartnerCreateParams{Name: "Bench", TimeZone: "UTC"})
	if err != nil {
		return err
	}
	id, err := staff.Create(ctx, tb.pool, audit.System(), staff.New{Username: "admin", Password: password, Role: db.StaffRoleAdministrator, AllPartners: true})
	if err != nil {
		return err
	}
	tb.admin, tb.partner = audit.ByStaff(id, audit.Everything()), partner.ID
	hash, err := signin.Hash(password)
	if err != nil {
		return err
	}
	for n := range tb.clients {
		_, err := customer.Create(ctx, tb.pool, tb.admin, customer.New{
			PartnerID: partner.ID, Username: username(n), Name: "Client", PasswordHash: hash, Currency: "USD",
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// startProcesses starts worker and web, and waits until they are ready.
func (tb *testbed) startProcesses(ctx context.Context) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	tb.addr = l.Addr().String()
	if err := l.Close(); err != nil {
		return err
	}
	// The proxy is trusted, so that each client can have its own IP address, as customers
	// do. The limit on wrong codes counts the attempts in progress from each address.
	env := append(os.Environ(), "DATABASE_URL="+tb.url, "REFILL_KEY_FILE="+tb.path("keys"), "REFILL_FILES_DIR="+tb.path("files"),
		"REFILL_ADDR="+tb.addr, "REFILL_TRUSTED_PROXIES=127.0.0.1", "REFILL_LOG_LEVEL=error", "REFILL_WEBHOOK_NETWORKS=127.0.0.0/8")
	if tb.worker, err = startProcess(ctx, tb.binary, "work", env); err != nil {
		return err
	}
	if tb.web, err = startProcess(ctx, tb.binary, "serve", env); err != nil {
		return err
	}
	return tb.waitFor(ctx, "the pages", func() (bool, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+tb.addr+"/readyz", http.NoBody)
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

// waitFor polls ready every 5 ms for up to ten minutes. It fails at once where a process
// has ended.
func (tb *testbed) waitFor(ctx context.Context, what string, ready func() (bool, error)) error {
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
		case <-tb.worker.done:
			return fmt.Errorf("the worker ended (%s) while the bench waited for %s", tb.worker.cmd.ProcessState, what)
		case <-tb.web.done:
			return fmt.Errorf("the pages ended (%s) while the bench waited for %s", tb.web.cmd.ProcessState, what)
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		}
	}
}

// series orders a series, waits until its cards are made, and returns how long that took.
func (tb *testbed) series(ctx context.Context, quantity int) (db.Series, time.Duration, error) {
	started := time.Now()
	ordered, err := tb.domain.Order(ctx, tb.admin, card.OrderRequest{
		Quantity: int32(quantity), Prefix: "Bench", Price: money.Amount{Minor: 1000, Currency: "USD"}, Partners: card.Partners{Any: true}, Activate: true, //nolint:gosec // a size of the bench, at most card.MaxQuantity
		ValidTill: started.AddDate(1, 0, 0), Key: uuid.New(),
	})
	if err != nil {
		return db.Series{}, 0, err
	}
	var s db.Series
	err = tb.waitFor(ctx, "the cards", func() (bool, error) {
		s, err = db.New().SeriesGet(ctx, tb.pool, ordered.ID)
		if err == nil && s.State == db.SeriesStateFailed {
			return false, fmt.Errorf("series %s failed: %s", s.Number, fault.Kept(s.Failure).Text())
		}
		return s.MadeAt != nil, err
	})
	return s, time.Since(started), err
}

// seriesOfSize returns an active series with this number of cards, and makes one if there
// is none.
func (tb *testbed) seriesOfSize(ctx context.Context, quantity int) (db.Series, error) {
	var id int64
	err := tb.pool.QueryRow(ctx, `select id from series where quantity = $1 and state = 'active' order by id limit 1`, quantity).Scan(&id)
	id, found, err := db.Found(id, err)
	if err != nil {
		return db.Series{}, err
	}
	if !found {
		s, _, err := tb.series(ctx, quantity)
		return s, err
	}
	return db.New().SeriesGet(ctx, tb.pool, id)
}

// export requests a file, waits for it, and returns how long the job worked.
func (tb *testbed) export(ctx context.Context, seriesID int64, format string) (db.Export, time.Duration, error) {
	return tb.exportOf(ctx, seriesID, format, cardfile.Options{})
}

func (tb *testbed) exportOf(ctx context.Context, seriesID int64, format string, options cardfile.Options) (db.Export, time.Duration, error) {
	id, err := tb.exports.Request(ctx, tb.admin, seriesID, format, options, uuid.New())
	if err != nil {
		return db.Export{}, 0, err
	}
	var e db.ExportGetRow
	err = tb.waitFor(ctx, "the file", func() (bool, error) {
		e, err = tb.exports.Get(ctx, tb.admin, id)
		if err == nil && e.Export.State == db.ExportStateFailed {
			return false, fault.Kept(e.Export.Failure)
		}
		return e.Export.State == db.ExportStateReady, err
	})
	if err != nil {
		return db.Export{}, 0, err
	}
	return e.Export, e.Export.FinishedAt.Sub(*e.Export.StartedAt), nil
}

// resetBaseline runs a checkpoint and resets the peak memory of the worker. Otherwise a
// measurement would include writes and memory of the one before.
func (tb *testbed) resetBaseline(ctx context.Context) error {
	if _, err := tb.pool.Exec(ctx, "checkpoint"); err != nil {
		return err
	}
	return tb.worker.resetPeak()
}

// close stops whatever has started, and removes the folder.
func (tb *testbed) close() {
	tb.web.stop()
	tb.worker.stop()
	if tb.pool != nil {
		tb.pool.Close()
	}
	if tb.server != nil {
		if err := tb.server.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "bench: stop Postgres:", err)
		}
	}
	if tb.keep {
		fmt.Fprintln(os.Stderr, "bench: everything is kept in", tb.dir)
		return
	}
	if err := os.RemoveAll(tb.dir); err != nil {
		fmt.Fprintln(os.Stderr, "bench: clean up:", err)
	}
}
