package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"refill/migrations"
)

// migrateLock is the advisory lock that lets one process migrate at a time;
// River's migrator takes none of its own.
const migrateLock = 0x7265_6669_6c6c // "refill"

// oldestServer is the oldest Postgres that the program is tested on, as
// server_version_num.
const oldestServer = 140000

// Migrate brings the database at url up to date: our schema, River's, and the
// rights of AppRole. It waits for another process that is at it. Where the user
// of url may not make roles it says so in the log and goes on: the triggers hold.
func Migrate(ctx context.Context, url string) error {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("the database address does not parse: %w", err)
	}
	config.MaxConns = 4
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("open the pool: %w", err)
	}
	defer pool.Close()

	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("the database does not answer: %w", err)
	}
	defer conn.Release()
	var version int
	if err := conn.QueryRow(ctx, `select current_setting('server_version_num')::int`).Scan(&version); err != nil {
		return fmt.Errorf("ask for the server's version: %w", err)
	}
	if version < oldestServer {
		return fmt.Errorf("the server is Postgres %d; Refill needs 14 or later", version/10000)
	}
	if _, err := conn.Exec(ctx, `select pg_advisory_lock($1)`, int64(migrateLock)); err != nil {
		return fmt.Errorf("wait for another migration: %w", err)
	}
	defer conn.Exec(context.WithoutCancel(ctx), `select pg_advisory_unlock($1)`, int64(migrateLock)) //nolint:errcheck // the lock goes with the connection

	sqlDB := stdlib.OpenDBFromPool(pool)
	defer sqlDB.Close() //nolint:errcheck // closes a view of the pool
	provider, err := goose.NewProvider(goose.DialectPostgres, sqlDB, migrations.FS)
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	river, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("read River's migrations: %w", err)
	}
	if _, err := river.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate River: %w", err)
	}
	return grant(ctx, conn.Conn())
}

// grant makes the role and gives it its rights.
func grant(ctx context.Context, conn *pgx.Conn) error {
	// Roles belong to the whole server: another database's migration may be
	// making the same one at this moment.
	_, err := conn.Exec(ctx, `do $$ begin
		if not exists (select from pg_roles where rolname = 'refill_app') then
			create role refill_app nologin;
		end if;
	exception when duplicate_object or unique_violation then null; end $$`)
	if err == nil {
		_, err = conn.Exec(ctx, `do $$ begin
			if not pg_has_role('refill_app', 'MEMBER') then grant refill_app to current_user; end if;
		end $$`)
	}
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == "42501" {
		slog.WarnContext(ctx, "this user may not make the role refill_app; append-only triggers guard the ledger instead")
		return nil
	}
	if err != nil {
		return fmt.Errorf("make the role %s: %w", AppRole, err)
	}
	if _, err := conn.Exec(ctx, migrations.Grants); err != nil {
		return fmt.Errorf("grant rights to %s: %w", AppRole, err)
	}
	return nil
}

// Migrated reports whether every migration of this program is applied. Migrations
// are compared one by one, since their numbers have gaps.
func Migrated(ctx context.Context, dbtx DBTX) (bool, error) {
	entries, err := migrations.FS.ReadDir(".")
	if err != nil {
		return false, err
	}
	wanted := make([]int64, len(entries))
	for i, entry := range entries {
		if wanted[i], err = goose.NumericComponent(entry.Name()); err != nil {
			return false, err
		}
	}
	var missing bool
	err = dbtx.QueryRow(ctx, `select exists (select unnest($1::bigint[]) except
		select version_id from goose_db_version where is_applied)`, wanted).Scan(&missing)
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == "42P01" {
		return false, nil
	}
	return !missing, err
}
