// Package db owns the way to Postgres: sqlc's typed queries (generated from
// queries/), the pool, the migrations and the names of constraints. It holds no
// rules of the product and never decides what an error means to a visitor.
package db

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// AppRole is the database role that the program works as: it cannot change or
// delete a line of the ledger or of the audit trail (migrations/grants.sql).
const AppRole = "refill_app"

// Beginner is what a domain function takes when it owns a transaction: the pool,
// or a transaction, in which case Begin makes a savepoint.
type Beginner interface {
	DBTX
	BatchSender
	Begin(ctx context.Context) (pgx.Tx, error)
}

// Options says how a pool is opened. The zero value is what tests want.
type Options struct {
	Name             string        // application_name, so that pg_stat_activity tells who is who
	StatementTimeout time.Duration // longest a statement may run; 0: 5 s
	MaxConns         int32         // 0: pgx's default, the greater of 4 and the number of CPUs
	AsOwner          bool          // stay the user of the address instead of AppRole; needs a session
	Session          bool          // fail with ErrPooled where the address leads through a pooler
	Mail             bool          // the process has an SMTP server: statements queue messages; see Mails
	Prepared         Prepared      // empty: PreparedAuto
}

// Open connects to the database at url and answers when it does.
//
// On a direct connection the sessions get the settings that they lack and take the role
// AppRole where the database has it and lets us; Restricted tells. Through a pooler
// nothing can be set, because sessions are shared: Open fails where the login does not
// bring its settings and its rights, as those do that Migrate makes.
func Open(ctx context.Context, url string, o Options) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("the database address does not parse: %w", err)
	}
	timeout := o.StatementTimeout
	if timeout == 0 {
		timeout = 5 * time.Second
	}
	params := config.ConnConfig.RuntimeParams
	params["application_name"] = "refill " + o.Name // the one setting that poolers know
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = 5 * time.Second
	}
	config.PingTimeout = 2 * time.Second // of a connection that lay idle
	if o.MaxConns > 0 {
		config.MaxConns = o.MaxConns
	}
	session, prepares, err := look(ctx, config.ConnConfig)
	if err != nil {
		return nil, err
	}
	config.ConnConfig.Tracer = deadlines{limit: timeout, mail: o.Mail}
	if o.Prepared == PreparedOff || (o.Prepared != PreparedOn && !prepares) {
		config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	if err := session.configure(params, settings(timeout), o); err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the pool: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("the database does not answer: %w", err)
	}
	return pool, nil
}

// configure adds the settings that sessions of a pool lack to their startup parameters.
func (s session) configure(params, wanted map[string]string, o Options) error {
	if s.Pooled {
		if o.Session || o.AsOwner {
			return ErrPooled
		}
		return s.checkPooled(wanted)
	}
	if len(s.missing(wanted)) > 0 {
		maps.Copy(params, wanted) // all of them: what the server has by itself may change
	}
	if !o.AsOwner && s.needsRole() {
		params["role"] = AppRole
	}
	return nil
}

// Restricted reports whether the sessions of the pool run under AppRole and its grants.
// Where they do not (a managed Postgres whose user may not create roles), the append-only
// triggers are the only protection.
func Restricted(ctx context.Context, dbtx DBTX) (bool, error) {
	var may bool
	err := dbtx.QueryRow(ctx, `select has_table_privilege('ledger_entry', 'update') or has_table_privilege('ledger_entry', 'delete')`).Scan(&may)
	return !may, err
}

// Unsafe lists the settings of the server that would lose acknowledged money in
// a crash; empty when there are none.
func Unsafe(ctx context.Context, dbtx DBTX) ([]string, error) {
	rows, err := dbtx.Query(ctx, `select name from pg_settings
		where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off' order by name`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// Constraint returns the name of the constraint that refused a statement; empty
// when err is of another kind.
func Constraint(err error) string {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		return refused.ConstraintName
	}
	return ""
}

// Retryable reports whether the same transaction may simply be tried again: a
// deadlock or a serialization failure.
func Retryable(err error) bool {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pgErr.Code == "40P01" || pgErr.Code == "40001")
}
