package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"refill/migrations"
)

// oldestServer is the oldest Postgres that the program is tested on, as
// server_version_num.
const oldestServer = 140000

// Migrate brings the database at url up to date: the schema of this program, River's, the
// rights of AppRole, and the logins that have them. It waits while another process
// migrates. Where the user of url may not create roles it logs that and continues: triggers
// protect the append-only tables then. It refuses a database that a newer version has
// migrated, because grants.sql of this version would revoke rights that the newer one
// needs. It returns ErrPooled where url leads through a pooler.
func Migrate(ctx context.Context, url string, logins ...Login) error {
	if err := NeedsSession(ctx, url); err != nil {
		return err
	}
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
	release, err := HoldMigrating(ctx, conn)
	if err != nil {
		return fmt.Errorf("wait for another migration: %w", err)
	}
	defer release(context.WithoutCancel(ctx))

	sqlDB := stdlib.OpenDBFromPool(pool)
	defer sqlDB.Close() //nolint:errcheck // closes a view of the pool
	before, err := Migrated(ctx, conn)
	if err != nil {
		return fmt.Errorf("read which migrations are applied: %w", err)
	}
	if len(before.Newer) > 0 {
		return fmt.Errorf("a newer version of Refill has migrated this database (%s); run that version", strings.Join(before.Newer, ", "))
	}
	// Branches are merged in another order than their numbers, so a database can miss
	// a migration that is older than its newest.
	provider, err := goose.NewProvider(goose.DialectPostgres, sqlDB, migrations.FS, goose.WithAllowOutofOrder(true))
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
	return grant(ctx, conn.Conn(), logins)
}

// refusedRole reports whether the server refused a change of roles to its user.
func refusedRole(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && pgErr.Code == "42501"
}

// grant makes the role, gives it its rights and makes the logins that have them.
func grant(ctx context.Context, conn *pgx.Conn, logins []Login) error {
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
	if refusedRole(err) {
		slog.WarnContext(ctx, "this user may not make the role refill_app; append-only triggers guard the ledger instead")
		warnOfPasswords(ctx, logins)
		return nil
	}
	if err != nil {
		return fmt.Errorf("make the role %s: %w", AppRole, err)
	}
	if _, err := conn.Exec(ctx, migrations.Grants); err != nil {
		return fmt.Errorf("grant rights to %s: %w", AppRole, err)
	}
	err = makeLogins(ctx, conn, logins)
	if refusedRole(err) {
		slog.WarnContext(ctx, "this user may not make the logins of web and worker; with another login than a member of refill_app alone, one statement returns to the rights of that login")
		warnOfPasswords(ctx, logins)
		return nil
	}
	return err
}
