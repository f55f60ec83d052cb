package db

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrPooled is returned where a session of its own is needed and the address leads through
// a pooler, which answers with the sessions of others.
var ErrPooled = errors.New("the address leads through a connection pooler; what listens, holds locks or migrates needs an address that leads to the server itself")

// Prepared says whether statements are prepared under names, which a session keeps.
type Prepared string

// The values of Prepared.
const (
	PreparedAuto Prepared = "auto" // on, except behind a pooler that does not know them
	PreparedOn   Prepared = "on"
	PreparedOff  Prepared = "off" // a statement is parsed at each execution
)

// session is what the server says about a session that was opened without settings.
type session struct {
	Login, User string            // session_user and current_user
	Database    string            // current_database
	Pooled      bool              // the process that answers is not the one that was connected to
	MayTakeRole bool              // AppRole exists, and the login is a member
	Restricted  bool              // the user has the rights of AppRole on the ledger and not more
	Settings    map[string]string // current values of those in wanted
}

// settings returns what a session is given, with the times in milliseconds as
// pg_settings has them.
func settings(timeout time.Duration) map[string]string {
	return map[string]string{
		"TimeZone":                            "UTC",
		"statement_timeout":                   strconv.FormatInt(timeout.Milliseconds(), 10),
		"lock_timeout":                        strconv.FormatInt(timeout.Milliseconds(), 10),
		"idle_in_transaction_session_timeout": strconv.FormatInt((timeout + idleGrace).Milliseconds(), 10),
	}
}

// idleGrace is how much longer a transaction may lie idle than a statement may run.
const idleGrace = 30 * time.Second

// look opens a connection without any setting and reads what its sessions have. A pooler
// hands out sessions as they are, so this is also how the pool's sessions will be there.
//
// A pooler is told by the process id. A server sends its own when a session begins. A
// pooler sends a number of its own making, because the client has no process.
func look(ctx context.Context, config *pgx.ConnConfig) (s session, prepares bool, err error) {
	config = config.Copy()
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return s, false, fmt.Errorf("the database does not answer: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is lost with this connection
	var pid uint32
	var names, values []string
	// Without the ledger the database is not migrated, and no login has more rights than it should.
	err = conn.QueryRow(ctx, `select pg_backend_pid(), session_user::text, current_user::text, current_database()::text,
		coalesce((select pg_has_role(oid, 'MEMBER') from pg_roles where rolname = $1), false),
		coalesce((select has_table_privilege(oid, 'insert') and not has_table_privilege(oid, 'update') and not has_table_privilege(oid, 'delete')
			from pg_class where oid = to_regclass('ledger_entry')), false),
		array(select name from pg_settings where name = any($2::text[]) order by name),
		array(select setting from pg_settings where name = any($2::text[]) order by name)`,
		AppRole, settingNames()).Scan(&pid, &s.Login, &s.User, &s.Database, &s.MayTakeRole, &s.Restricted, &names, &values)
	if err != nil {
		return s, false, fmt.Errorf("look at the session: %w", err)
	}
	s.Settings = make(map[string]string, len(names))
	for i, name := range names {
		s.Settings[name] = values[i]
	}
	s.Pooled = pid != conn.PgConn().PID()
	if !s.Pooled {
		return s, true, nil
	}
	prepares, err = keepsPrepared(ctx, conn)
	return s, prepares, err
}

// probeStatement is the name under which keepsPrepared prepares.
const probeStatement = "refill_probe"

// keepsPrepared reports whether a pooler keeps prepared statements for its clients. One
// that does prepares them on the server under names of its own. One that does not passes
// our name on, and another session would not know it. Whether a second transaction happens
// to find the statement says nothing, because it often gets the same session.
func keepsPrepared(ctx context.Context, conn *pgx.Conn) (bool, error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return false, fmt.Errorf("look for prepared statements: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	if _, err := conn.PgConn().Prepare(ctx, probeStatement, "select 1", nil); err != nil {
		return false, fmt.Errorf("prepare a statement: %w", err)
	}
	var passed bool
	if err := tx.QueryRow(ctx, `select exists (select from pg_prepared_statements where name = $1)`, probeStatement).Scan(&passed); err != nil {
		return false, fmt.Errorf("look for a prepared statement: %w", err)
	}
	// On the same session, since the transaction is open: the name must not stay there.
	if err := conn.PgConn().Deallocate(ctx, probeStatement); err != nil {
		return false, fmt.Errorf("remove a prepared statement: %w", err)
	}
	return !passed, nil
}

// needsRole reports whether the session has to take AppRole to have its rights and no more.
func (s session) needsRole() bool { return s.MayTakeRole && s.User != AppRole && !s.Restricted }

// missing returns the settings that the session does not have.
func (s session) missing(wanted map[string]string) map[string]string {
	missing := map[string]string{}
	for name, value := range wanted {
		if s.Settings[name] != value {
			missing[name] = value
		}
	}
	return missing
}

// checkPooled returns an error where sessions of a pooler would lack a setting or have more
// rights than AppRole: the program can't change a session that it shares.
func (s session) checkPooled(wanted map[string]string) error {
	if s.needsRole() {
		return fmt.Errorf("the login %s reaches the database through a connection pooler and may change the ledger; the role %s can't be taken there. "+
			"Name one of the logins that refill migrate makes in the address", s.Login, AppRole)
	}
	missing := s.missing(wanted)
	if len(missing) == 0 {
		return nil
	}
	var has, commands []string
	for _, name := range settingNames() {
		if value, lacks := missing[name]; lacks {
			has = append(has, fmt.Sprintf("%s is %s and must be %s", name, s.Settings[name], value))
			commands = append(commands, alterSetting(s.Login, s.Database, name, value))
		}
	}
	return fmt.Errorf("the login %s reaches the database through a connection pooler, where settings come from the login: %s. "+
		"Use the login that refill migrate makes for this process, or run as a user who may: %s; and then reconnect the pooler",
		s.Login, strings.Join(has, ", "), strings.Join(commands, "; "))
}

// alterSetting returns the statement that gives the sessions of a login a setting.
func alterSetting(login, database, name, value string) string {
	return fmt.Sprintf("alter role %s in database %s set %s = '%s'",
		pgx.Identifier{login}.Sanitize(), pgx.Identifier{database}.Sanitize(), name, value)
}

// NeedsSession returns ErrPooled where the address leads through a pooler.
func NeedsSession(ctx context.Context, url string) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("the database address does not parse: %w", err)
	}
	s, _, err := look(ctx, config)
	if err == nil && s.Pooled {
		return ErrPooled
	}
	return err
}

// Strength describes what the login of a pool could do beyond AppRole.
type Strength struct {
	Login string
	Role  string // a role that the login may take and that may change the ledger; empty: none
}

// StrengthOf looks at the login of a connection, not at the role that it works as: one
// statement (set role none) returns from the role to the login.
func StrengthOf(ctx context.Context, dbtx DBTX) (Strength, error) {
	var s Strength
	err := dbtx.QueryRow(ctx, `select session_user::text, coalesce((
		select r.rolname::text from pg_roles r
		where r.rolname <> $1 and pg_has_role(session_user, r.oid, 'member')
			and (has_table_privilege(r.oid, 'ledger_entry', 'update') or has_table_privilege(r.oid, 'ledger_entry', 'delete'))
		order by r.rolname <> session_user, r.rolname limit 1), '')`, AppRole).Scan(&s.Login, &s.Role)
	if err != nil {
		return s, fmt.Errorf("look at the login: %w", err)
	}
	return s, nil
}
