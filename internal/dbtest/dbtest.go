// Package dbtest owns the Postgres that tests run on: a real one, with a migrated
// database to each test that commits and a transaction to each that does not. It
// never runs against a database that holds anything: it makes and drops its own.
package dbtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/goleak"

	"refill/internal/db"
)

const (
	// poolConns is small so that many tests run beside each other on one server.
	poolConns = 4
	// txConns is how many Tx there may be at a time; further tests wait.
	txConns = 16
	// statementTimeout is longer than in service: the machine that runs all the
	// tests at once is slow, and that is no fault.
	statementTimeout = 20 * time.Second
	// roomyGC lets garbage grow to four times of what is in use: tests hold little, and
	// to collect it took a fifth of their time.
	roomyGC = 400
	// closeTimeout is how long a test may take to give its connections back.
	closeTimeout = time.Minute
)

// Tx returns a transaction on a migrated database, as the application's role. It is rolled
// back when the test ends: fast, but invisible to other connections.
func Tx(tb testing.TB) pgx.Tx {
	tb.Helper()
	s, err := get()
	if err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	pool, err := s.txPool(context.WithoutCancel(tb.Context())) // other tests use it after us
	if err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	tx, err := pool.Begin(tb.Context())
	if err != nil {
		tb.Fatalf("dbtest: begin: %v", err)
	}
	tb.Cleanup(func() { tx.Rollback(context.WithoutCancel(tb.Context())) })
	return tx
}

// URL returns the address of a migrated database of the test's own, for the
// superuser. It is dropped when the test ends.
func URL(tb testing.TB) string {
	tb.Helper()
	s, err := get()
	if err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	name, err := s.clone(tb.Context(), s.template)
	if err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	tb.Cleanup(func() {
		if err := s.drop(context.WithoutCancel(tb.Context()), name); err != nil {
			tb.Errorf("dbtest: %v", err)
		}
	})
	return s.address(name)
}

// Empty returns the address of a database of the test's own that holds nothing, for the
// superuser. It is dropped when the test ends.
func Empty(tb testing.TB) string {
	tb.Helper()
	s, err := get()
	if err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	name, err := s.empty(tb.Context())
	if err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	tb.Cleanup(func() {
		if err := s.drop(context.WithoutCancel(tb.Context()), name); err != nil {
			tb.Errorf("dbtest: %v", err)
		}
	})
	return s.address(name)
}

// Pool returns a pool on a migrated database of the test's own, as the
// application's role. Its connections have to be back when the test ends.
func Pool(tb testing.TB) *pgxpool.Pool {
	tb.Helper()
	return poolOf(tb, db.Options{})
}

// MailPool is Pool for a process that has an SMTP server: its statements queue messages.
func MailPool(tb testing.TB) *pgxpool.Pool {
	tb.Helper()
	return poolOf(tb, db.Options{Mail: true})
}

func poolOf(tb testing.TB, o db.Options) *pgxpool.Pool {
	tb.Helper()
	o.Name, o.MaxConns, o.StatementTimeout = "test", poolConns, statementTimeout
	url := URL(tb)
	if os.Getenv(PoolerVariable) != "" { //nolint:forbidigo // a test binary has no main that could read it
		return pooled(tb, url, o)
	}
	pool, err := db.Open(tb.Context(), url, o)
	if err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	tb.Cleanup(func() {
		if err := closePool(pool); err != nil {
			tb.Errorf("dbtest: %v", err)
		}
	})
	return pool
}

// Owner returns a connection of the superuser to the database of pool, for what
// the application may not do: planting faults. It is closed when the test ends.
func Owner(tb testing.TB, pool *pgxpool.Pool) *pgx.Conn {
	tb.Helper()
	config := pool.Config().ConnConfig.Copy()
	if value, through := owners.Load(pool); through {
		url, _ := value.(string)
		var err error
		if config, err = pgx.ParseConfig(url); err != nil {
			tb.Fatalf("dbtest: %v", err)
		}
	}
	delete(config.RuntimeParams, "role")
	conn, err := pgx.ConnectConfig(tb.Context(), config)
	if err != nil {
		tb.Fatalf("dbtest: connect as owner: %v", err)
	}
	tb.Cleanup(func() { conn.Close(context.WithoutCancel(tb.Context())) }) //nolint:errcheck // the database is about to go
	return conn
}

// atEnd is what AtEnd was given.
var atEnd struct { //nolint:gochecknoglobals // the tests of a package have nothing else in common
	mu    sync.Mutex
	steps []func() error
}

// AtEnd has something closed that the tests of a package share, once all of them have
// ended. The last that was opened is closed first.
func AtEnd(step func() error) {
	atEnd.mu.Lock()
	defer atEnd.mu.Unlock()
	atEnd.steps = append(atEnd.steps, step)
}

// Main runs the tests of a package, gives back what they shared and fails when a
// goroutine is left running. Call it from TestMain.
func Main(m *testing.M, options ...goleak.Option) {
	if os.Getenv("GOGC") == "" { //nolint:forbidigo // a test binary has no main that could read it
		debug.SetGCPercent(roomyGC)
	}
	code := m.Run()
	var err error
	for _, step := range slices.Backward(atEnd.steps) {
		err = errors.Join(err, step())
	}
	if shared.server != nil {
		err = errors.Join(err, shared.server.close(context.Background()))
	}
	if err == nil && code == 0 {
		// A server that closed a connection waits half a second for the other side
		// to read to the end, also when it is shut down (net/http).
		err = goleak.Find(append(options, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))...)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "dbtest:", err)
		code = 1
	}
	os.Exit(code)
}

// open opens a pool as the program does.
func open(ctx context.Context, url string, conns int32) (*pgxpool.Pool, error) {
	return db.Open(ctx, url, db.Options{Name: "test", MaxConns: conns, StatementTimeout: statementTimeout})
}

// closePool closes pool. It fails where a connection is still in use, for which pgx itself
// would wait for ever.
func closePool(pool *pgxpool.Pool) error {
	done := make(chan struct{})
	go func() {
		pool.Close()
		close(done)
	}()
	timer := time.NewTimer(closeTimeout)
	defer timer.Stop()
	select {
	case <-done:
		return nil
	case <-timer.C:
		return fmt.Errorf("%d connections were not given back within %s of the test's end; is a transaction left open?",
			pool.Stat().AcquiredConns(), closeTimeout)
	}
}
