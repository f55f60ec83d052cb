package dbtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"refill/internal/db"
	"refill/internal/devdb"
	"refill/migrations"
)

// URLVariable names the environment variable with the address of a server whose
// superuser we are. `make test` sets it, so that all packages share one server;
// without it each package's tests start their own.
const URLVariable = "REFILL_TEST_DATABASE_URL"

// server is a Postgres and the migrated database that the tests' own are cloned
// from.
type server struct {
	own      *devdb.Server // nil when another process started the server
	base     *url.URL
	admin    *pgxpool.Pool // few connections: making databases is what they are for
	template string
	copying  string // how CREATE DATABASE is to copy
	tx       lazyPool
}

// lazyPool is what all Tx share, on a database of this process's own: a template
// may have no connections.
type lazyPool struct {
	once sync.Once
	pool *pgxpool.Pool
	name string
	err  error
}

// shared is the server of this process, started when a test first asks for it.
var shared struct { //nolint:gochecknoglobals // the tests of a package have nothing else in common
	once   sync.Once
	server *server
	err    error
}

// get returns the server. It belongs to all tests of the process, so no test's
// context ends it.
func get() (*server, error) {
	shared.once.Do(func() { shared.server, shared.err = boot(context.Background()) })
	return shared.server, shared.err
}

// StartServer starts a Postgres that is fast and not durable. It takes the first data
// folder that no process uses, so that folders do not pile up and the next start finds the
// data made.
func StartServer(ctx context.Context) (*devdb.Server, error) {
	var failed error
	for n, failures := 0, 0; failures < 3; n++ {
		s, err := devdb.Start(ctx, devdb.Options{
			Dir:    filepath.Join(fastDir(), fmt.Sprintf("refill-test-%d-%d", os.Geteuid(), n)),
			Unsafe: true,
			Logger: slog.New(slog.DiscardHandler),
			Settings: map[string]string{
				"max_connections": "400",
				"wal_level":       "minimal",
				"max_wal_senders": "0",
				"max_wal_size":    "1GB",  // checkpoints cost time
				"min_wal_size":    "32MB", // what stays when it is stopped
			},
		})
		if errors.Is(err, devdb.ErrInUse) {
			continue
		}
		if err == nil {
			if err = sweep(ctx, s.URL("postgres")); err == nil {
				return s, nil
			}
			err = errors.Join(err, s.Stop())
		}
		// Data of an older Postgres, perhaps: another folder may do.
		failures++
		failed = errors.Join(failed, err)
	}
	return nil, fmt.Errorf("start a Postgres for tests: %w", failed)
}

// sweep drops the databases that earlier runs left. Templates go too: they may be
// of an older schema.
func sweep(ctx context.Context, address string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is lost with it
	rows, err := conn.Query(ctx, `select datname from pg_database where datname like 'refill\_%'`)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, name := range names {
		if err == nil {
			_, err = conn.Exec(ctx, `drop database `+pgx.Identifier{name}.Sanitize()+` with (force)`)
		}
	}
	return err
}

// boot finds or starts the server and makes sure of the template.
func boot(ctx context.Context) (_ *server, err error) {
	s := &server{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close(ctx))
		}
	}()
	address := os.Getenv(URLVariable) //nolint:forbidigo // a test binary has no main that could read it
	if address == "" {
		if s.own, err = StartServer(ctx); err != nil {
			return nil, err
		}
		address = s.own.URL("postgres")
	}
	if s.base, err = url.Parse(address); err != nil {
		return nil, fmt.Errorf("%s does not parse: %w", URLVariable, err)
	}
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("%s does not parse: %w", URLVariable, err)
	}
	config.MaxConns = 2
	if s.admin, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, err
	}
	return s, s.ensureTemplate(ctx)
}

// address returns the URL of a database for the superuser.
func (s *server) address(database string) string {
	u := *s.base
	u.Path = "/" + database
	return u.String()
}

// ensureTemplate makes the migrated template database unless another process has. The
// database gets its final name last, so that it can be cloned as soon as it is visible.
func (s *server) ensureTemplate(ctx context.Context) error {
	sum, err := schemaSum()
	if err != nil {
		return err
	}
	s.template = "refill_template_" + sum
	conn, err := s.admin.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("the Postgres for tests does not answer: %w", err)
	}
	defer conn.Release()
	release, err := db.HoldTemplate(ctx, conn)
	if err != nil {
		return fmt.Errorf("wait for the template: %w", err)
	}
	defer release(ctx)
	// Copying files is four times as fast as going through the log, and newer
	// than the oldest Postgres that we run on.
	if err := conn.QueryRow(ctx, `select case when current_setting('server_version_num')::int >= 150000
		then ' strategy file_copy' else '' end`).Scan(&s.copying); err != nil {
		return fmt.Errorf("ask for the server's version: %w", err)
	}
	var found bool
	if err := conn.QueryRow(ctx, `select exists (select from pg_database where datname = $1)`, s.template).Scan(&found); err != nil || found {
		return err
	}
	fresh := s.template + "_new"
	if _, err := conn.Exec(ctx, `drop database if exists `+fresh+` with (force)`); err != nil {
		return fmt.Errorf("drop a half-made template: %w", err)
	}
	if _, err := conn.Exec(ctx, `create database `+fresh); err != nil {
		return fmt.Errorf("make the template: %w", err)
	}
	if err := db.Migrate(ctx, s.address(fresh)); err != nil {
		return fmt.Errorf("migrate the template: %w", err)
	}
	if err := ConfirmCurrency(ctx, s.address(fresh)); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, `alter database `+fresh+` rename to `+s.template); err != nil {
		return fmt.Errorf("name the template: %w", err)
	}
	return nil
}

// ConfirmCurrency confirms the currency in a migrated database, so that tests can enter
// customers and order series. The databases of this package have it confirmed.
func ConfirmCurrency(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("open a database: %w", err)
	}
	_, err = conn.Exec(ctx, `insert into setting (name, value) values ('currency_confirmed', 'true')`)
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		return fmt.Errorf("confirm the currency: %w", err)
	}
	return nil
}

// schemaSum tells one state of our migrations from another.
func schemaSum() (string, error) {
	sum := sha256.New()
	names, err := fs.Glob(migrations.FS, "*")
	if err != nil {
		return "", err
	}
	for _, name := range names {
		b, err := fs.ReadFile(migrations.FS, name)
		if err != nil {
			return "", err
		}
		sum.Write([]byte(name))
		sum.Write(b)
	}
	sum.Write([]byte(migrations.Grants))
	return hex.EncodeToString(sum.Sum(nil)[:6]), nil
}

// clone makes a database like another and returns its name.
func (s *server) clone(ctx context.Context, template string) (string, error) {
	id := make([]byte, 8)
	rand.Read(id) // never fails
	name := "refill_test_" + hex.EncodeToString(id)
	if _, err := s.admin.Exec(ctx, `create database `+name+` template `+template+s.copying); err != nil {
		return "", fmt.Errorf("clone a database: %w", err)
	}
	return name, nil
}

// empty makes a database without a schema and returns its name.
func (s *server) empty(ctx context.Context) (string, error) {
	id := make([]byte, 8)
	rand.Read(id) // never fails
	name := "refill_test_" + hex.EncodeToString(id)
	if _, err := s.admin.Exec(ctx, `create database `+name); err != nil {
		return "", fmt.Errorf("make a database: %w", err)
	}
	return name, nil
}

// drop disconnects the sessions of a clone and removes it.
func (s *server) drop(ctx context.Context, name string) error {
	if _, err := s.admin.Exec(ctx, `drop database `+name+` with (force)`); err != nil {
		return fmt.Errorf("drop a clone: %w", err)
	}
	return nil
}

// txPool returns the pool that all Tx share.
func (s *server) txPool(ctx context.Context) (*pgxpool.Pool, error) {
	s.tx.once.Do(func() {
		if s.tx.name, s.tx.err = s.clone(ctx, s.template); s.tx.err != nil {
			return
		}
		s.tx.pool, s.tx.err = open(ctx, s.address(s.tx.name), txConns)
	})
	return s.tx.pool, s.tx.err
}

// close gives everything back; tests must have ended.
func (s *server) close(ctx context.Context) error {
	var err error
	if s.tx.pool != nil {
		err = errors.Join(closePool(s.tx.pool), s.drop(ctx, s.tx.name))
	}
	if s.admin != nil {
		s.admin.Close()
	}
	if s.own != nil {
		err = errors.Join(err, s.own.Stop())
	}
	return err
}
