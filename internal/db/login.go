package db

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/xdg-go/stringprep"
)

// Login is a role that a process signs in as. It has the rights of AppRole and can take no
// other role. Its sessions have their settings from the start, so that they need none from
// the program, which could not give them through a pooler.
type Login struct {
	Name             string
	Password         string        // empty: the password stays as it is; a new login has none
	StatementTimeout time.Duration // as Options.StatementTimeout of the process
}

// minPassword is the least length of a password of a login, in bytes. A person never types it.
const minPassword = 16

// ErrWeakPassword is returned for a password of a login that is too short.
var ErrWeakPassword = fmt.Errorf("the password of a database login needs at least %d characters", minPassword)

// makeLogins creates what is missing of logins and brings their settings and passwords up
// to date. It may run any number of times.
func makeLogins(ctx context.Context, conn *pgx.Conn, logins []Login) error {
	for _, login := range logins {
		if login.Password != "" && len(login.Password) < minPassword {
			return fmt.Errorf("%s: %w", login.Name, ErrWeakPassword)
		}
	}
	// Roles belong to the whole server: a migration of another database may be changing
	// the same ones at this moment.
	const tries = 5
	var err error
	for range tries {
		err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			for _, login := range logins {
				if err := login.make(ctx, tx); err != nil {
					return err
				}
			}
			return nil
		})
		var pgErr *pgconn.PgError
		if !errors.As(err, &pgErr) || pgErr.Code != "23505" && pgErr.Code != "42710" && pgErr.Code != "XX000" { // unique_violation, duplicate_object, "tuple concurrently updated"
			break
		}
	}
	return err
}

// make creates one login.
func (l Login) make(ctx context.Context, tx pgx.Tx) error {
	name := pgx.Identifier{l.Name}.Sanitize()
	var exists, can, member, owns bool
	var database string
	err := tx.QueryRow(ctx, `select r.oid is not null, coalesce(r.rolcanlogin and r.rolinherit, false), coalesce(pg_has_role(r.oid, $2, 'usage'), false),
			current_database()::text, pg_has_role(d.datdba, 'usage')
		from pg_database d left join pg_roles r on r.rolname = $1 where d.datname = current_database()`,
		l.Name, AppRole).Scan(&exists, &can, &member, &database, &owns)
	if err != nil {
		return fmt.Errorf("look for the login %s: %w", l.Name, err)
	}
	var commands []string
	if !exists {
		commands = append(commands, "create role "+name+" login inherit")
	} else if !can {
		commands = append(commands, "alter role "+name+" login inherit")
	}
	if !member {
		commands = append(commands, "grant "+AppRole+" to "+name)
	}
	if owns { // where PUBLIC may not connect
		commands = append(commands, "grant connect on database "+pgx.Identifier{database}.Sanitize()+" to "+name)
	}
	wanted := settings(l.StatementTimeout)
	for _, setting := range settingNames() {
		commands = append(commands, alterSetting(l.Name, database, setting, wanted[setting]))
	}
	command, err := l.passwordCommand(ctx, tx)
	if err != nil {
		return err
	}
	if command != "" {
		commands = append(commands, command)
	}
	if _, err := tx.Exec(ctx, strings.Join(commands, "; ")); err != nil {
		return fmt.Errorf("make the login %s: %w", l.Name, withoutStatement(err))
	}
	return nil
}

// withoutStatement removes the text of a statement from an error, which could hold the
// verifier of a password.
func withoutStatement(err error) error {
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok {
		pgErr.InternalQuery, pgErr.Where = "", ""
	}
	return err
}

// passwordCommand returns the statement that sets the password; empty where it is set
// already. The statement holds a verifier, so that the password itself is in no log of the
// server. A verifier that fits stays, because a pooler may keep a copy; only superusers may
// read it.
func (l Login) passwordCommand(ctx context.Context, tx pgx.Tx) (string, error) {
	if l.Password == "" {
		return "", nil
	}
	var may bool
	if err := tx.QueryRow(ctx, `select has_table_privilege('pg_authid', 'select')`).Scan(&may); err != nil {
		return "", fmt.Errorf("look at the rights on passwords: %w", err)
	}
	if may {
		var verifier string
		err := tx.QueryRow(ctx, `select coalesce(rolpassword, '') from pg_authid where rolname = $1`, l.Name).Scan(&verifier)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return "", fmt.Errorf("read the verifier of the login %s: %w", l.Name, err)
		}
		if verifies(verifier, l.Password) {
			return "", nil
		}
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	verifier, err := scramVerifier(l.Password, salt, scramRounds)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("alter role %s password '%s'", pgx.Identifier{l.Name}.Sanitize(), verifier), nil
}

// scramRounds is the number of iterations that Postgres itself uses.
const scramRounds = 4096

// scramVerifier returns what Postgres keeps of a password: it can check the password with
// it and can't sign in with it (RFC 5802, RFC 7677).
func scramVerifier(password string, salt []byte, rounds int) (string, error) {
	// As in Postgres, a password that can't be prepared counts as it is.
	if prepared, err := stringprep.SASLprep.Prepare(password); err == nil {
		password = prepared
	}
	salted, err := pbkdf2.Key(sha256.New, password, salt, rounds, sha256.Size)
	if err != nil {
		return "", fmt.Errorf("derive the verifier of a password: %w", err)
	}
	sign := func(text string) []byte {
		mac := hmac.New(sha256.New, salted)
		mac.Write([]byte(text))
		return mac.Sum(nil)
	}
	stored := sha256.Sum256(sign("Client Key"))
	text := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", rounds, text(salt), text(stored[:]), text(sign("Server Key"))), nil
}

// verifies reports whether a verifier is that of a password.
func verifies(verifier, password string) bool {
	rest, scram := strings.CutPrefix(verifier, "SCRAM-SHA-256$")
	head, _, found := strings.Cut(rest, "$")
	count, encoded, salted := strings.Cut(head, ":")
	if !scram || !found || !salted {
		return false
	}
	rounds, err := strconv.Atoi(count)
	if err != nil || rounds < 1 {
		return false
	}
	salt, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return false
	}
	want, err := scramVerifier(password, salt, rounds)
	return err == nil && hmac.Equal([]byte(want), []byte(verifier))
}

// settingNames returns the names of settings in order.
func settingNames() []string { return slices.Sorted(maps.Keys(settings(0))) }

// warnOfPasswords logs which passwords were given in vain, because the owner may not make
// roles.
func warnOfPasswords(ctx context.Context, logins []Login) {
	for _, login := range logins {
		if login.Password != "" {
			slog.WarnContext(ctx, "the password of a login was not set: its role could not be made", slog.String("login", login.Name))
		}
	}
}
