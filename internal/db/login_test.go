package db_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/dbtest"
)

// newLogin returns a login with a name of the test's own, and its address.
func newLogin(t *testing.T, url string) (db.Login, func(password string) string) {
	t.Helper()
	login := db.Login{Name: "login_" + strings.ReplaceAll(uuid.NewString(), "-", ""), Password: "a long quiet river", StatementTimeout: 1500 * time.Millisecond} //nolint:gosec // a password for tests
	dbtest.DropLogin(t, url, login.Name)
	config, err := pgx.ParseConfig(url)
	require.NoError(t, err)
	return login, func(password string) string {
		return strings.Replace(url, config.User+":"+config.Password+"@", login.Name+":"+strings.ReplaceAll(password, " ", "%20")+"@", 1)
	}
}

// A login has its settings and the rights of the application from the start of a session.
// Migrating again changes nothing, another password takes the place of the one before, and
// no password leaves it.
func TestLogin(t *testing.T) {
	t.Parallel()
	url := dbtest.URL(t)
	login, address := newLogin(t, url)
	var group sync.WaitGroup
	errs := make([]error, 3)
	for i := range errs {
		group.Go(func() { errs[i] = db.Migrate(t.Context(), url, login) })
	}
	group.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	conn, err := pgx.Connect(t.Context(), address(login.Password))
	require.NoError(t, err)
	var timeout, lockTimeout, idle, zone string
	require.NoError(t, conn.QueryRow(t.Context(), `select current_setting('statement_timeout'), current_setting('lock_timeout'),
		current_setting('idle_in_transaction_session_timeout'), current_setting('TimeZone')`).Scan(&timeout, &lockTimeout, &idle, &zone))
	require.Equal(t, []string{"1500ms", "1500ms", "31500ms", "UTC"}, []string{timeout, lockTimeout, idle, zone})
	strength, err := db.StrengthOf(t.Context(), conn)
	require.NoError(t, err)
	require.Equal(t, db.Strength{Login: login.Name}, strength)
	restricted, err := db.Restricted(t.Context(), conn)
	require.NoError(t, err)
	require.True(t, restricted)
	_, err = conn.Exec(t.Context(), `insert into partner (name, time_zone) values ('North', 'UTC')`)
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))

	owner, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer owner.Close(t.Context()) //nolint:errcheck // nothing is lost with it
	strength, err = db.StrengthOf(t.Context(), owner)
	require.NoError(t, err)
	require.Equal(t, strength.Login, strength.Role, "the owner needs no other role")
	verifier := func() (text string) {
		require.NoError(t, owner.QueryRow(t.Context(), `select rolpassword from pg_authid where rolname = $1`, login.Name).Scan(&text))
		return text
	}
	before := verifier()
	require.NoError(t, db.Migrate(t.Context(), url, login))
	require.Equal(t, before, verifier(), "a pooler may have a copy")
	login.Password = ""
	require.NoError(t, db.Migrate(t.Context(), url, login))
	require.Equal(t, before, verifier())
	login.Password = "the sea of späte Jahre"
	require.NoError(t, db.Migrate(t.Context(), url, login))
	require.NotEqual(t, before, verifier())
	_, err = pgx.Connect(t.Context(), address("a long quiet river"))
	require.ErrorContains(t, err, "28P01")
	conn, err = pgx.Connect(t.Context(), address(login.Password))
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))

	login.Password = "fifteen letters"
	require.ErrorIs(t, db.Migrate(t.Context(), url, login), db.ErrWeakPassword)
}

// The sessions of a login lack nothing and are given nothing; those of the owner get the
// role and the limits.
func TestOpenGivesWhatIsMissing(t *testing.T) {
	t.Parallel()
	url := dbtest.URL(t)
	login, address := newLogin(t, url)
	require.NoError(t, db.Migrate(t.Context(), url, login))
	for name, tc := range map[string]struct {
		url    string
		params []string
	}{
		"a login":                   {address(login.Password), []string{"application_name"}},
		"the owner":                 {url, []string{"application_name", "TimeZone", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "role"}},
		"a login, other time limit": {address(login.Password), []string{"application_name", "TimeZone", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"}},
	} {
		o := db.Options{Name: "test", MaxConns: 1, StatementTimeout: login.StatementTimeout}
		if strings.HasSuffix(name, "limit") {
			o.StatementTimeout *= 2
		}
		pool, err := db.Open(t.Context(), tc.url, o)
		require.NoError(t, err, name)
		var sent []string
		for param := range pool.Config().ConnConfig.RuntimeParams {
			sent = append(sent, param)
		}
		require.ElementsMatch(t, tc.params, sent, name)
		restricted, err := db.Restricted(t.Context(), pool)
		require.NoError(t, err)
		require.True(t, restricted, name)
		var timeout string
		require.NoError(t, pool.QueryRow(t.Context(), `select setting from pg_settings where name = 'statement_timeout'`).Scan(&timeout))
		require.Equal(t, o.StatementTimeout, must(time.ParseDuration(timeout+"ms")), name)
		pool.Close()
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// Behind a pooler statements are not prepared under names where the pooler passes the names
// on, as before version 1.21. They are where an operator says so.
func TestPreparedStatementsBehindAPooler(t *testing.T) {
	t.Parallel()
	url := dbtest.URL(t)
	login, _ := newLogin(t, url)
	require.NoError(t, db.Migrate(t.Context(), url, login))
	b := dbtest.StartBouncer(t, url, dbtest.BouncerOptions{Users: map[string]string{login.Name: login.Password}, Sessions: 2})
	open := func(o db.Options) *pgxpool.Pool {
		o.Name, o.MaxConns, o.StatementTimeout = "test", 4, login.StatementTimeout
		pool, err := db.Open(t.Context(), b.URL(login.Name, login.Password), o)
		require.NoError(t, err)
		t.Cleanup(pool.Close)
		return pool
	}
	pool := open(db.Options{})
	errs := make([]error, 8)
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() {
			for n := range 50 {
				var got int
				if err := pool.QueryRow(t.Context(), `select $1::integer`, n).Scan(&got); err != nil || got != n {
					errs[i] = err
				}
				batch := &db.Batch{}
				count := db.Queue(batch, func(dbtx db.DBTX) (int64, error) {
					var value int64
					err := dbtx.QueryRow(t.Context(), `select $1::bigint + 1`, n).Scan(&value)
					return value, err
				})
				tx, err := batch.Begin(t.Context(), pool)
				if err != nil || count.Value != int64(n)+1 {
					errs[i] = err
					return
				}
				if err := tx.Commit(t.Context()); err != nil {
					errs[i] = err
				}
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.Equal(t, pgx.QueryExecModeCacheDescribe, pool.Config().ConnConfig.DefaultQueryExecMode)
	require.Equal(t, pgx.QueryExecModeCacheStatement, open(db.Options{Prepared: db.PreparedOn}).Config().ConnConfig.DefaultQueryExecMode)

	var left int
	require.NoError(t, pool.QueryRow(t.Context(), `select count(*) from pg_prepared_statements where name <> ''`).Scan(&left))
	require.Zero(t, left, "the probe leaves nothing behind")
	_, err := db.Open(t.Context(), b.URL(login.Name, login.Password), db.Options{Name: "test", StatementTimeout: login.StatementTimeout, Session: true})
	require.ErrorIs(t, err, db.ErrPooled)
}

// Through a pooler a login is refused that could change the ledger or has other limits than
// the process relies on: sessions that are shared can't be changed.
func TestPooledSessionsAreChecked(t *testing.T) {
	t.Parallel()
	address := dbtest.URL(t)
	login, _ := newLogin(t, address)
	require.NoError(t, db.Migrate(t.Context(), address, login))
	owner, err := pgx.ParseConfig(address)
	require.NoError(t, err)
	b := dbtest.StartBouncer(t, address, dbtest.BouncerOptions{Users: map[string]string{login.Name: login.Password, owner.User: owner.Password}, Sessions: 2})
	_, err = db.Open(t.Context(), b.URL(owner.User, owner.Password), db.Options{Name: "test"})
	require.ErrorContains(t, err, "Name one of the logins that refill migrate makes")
	_, err = db.Open(t.Context(), b.URL(login.Name, login.Password), db.Options{Name: "test", StatementTimeout: 2 * login.StatementTimeout})
	require.ErrorContains(t, err, "statement_timeout is 1500 and must be 3000")
}

// The server is told a verifier of a password, never the password.
func TestNoPasswordInStatements(t *testing.T) {
	t.Parallel()
	url := dbtest.URL(t)
	login, _ := newLogin(t, url)
	config, err := pgx.ParseConfig(url)
	require.NoError(t, err)
	server := net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	through, sent := record(t, server)
	require.NoError(t, db.Migrate(t.Context(), strings.Replace(url, server, through, 1), login))
	require.Contains(t, sent(), "SCRAM-SHA-256$4096:")
	require.NotContains(t, sent(), login.Password)
}

// record returns an address that leads to server, and what was sent there so far.
func record(t *testing.T, server string) (address string, sent func() string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var (
		mu    sync.Mutex
		text  bytes.Buffer
		group sync.WaitGroup
	)
	t.Cleanup(func() {
		require.NoError(t, listener.Close())
		group.Wait()
	})
	group.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			upstream, err := new(net.Dialer).DialContext(context.WithoutCancel(t.Context()), "tcp", server)
			if err != nil {
				_ = client.Close()
				continue
			}
			group.Go(func() { _, _ = io.Copy(client, upstream); _ = client.Close() })
			group.Go(func() {
				defer upstream.Close() //nolint:errcheck // the client is gone
				piece := make([]byte, 16<<10)
				for {
					n, err := client.Read(piece)
					mu.Lock()
					text.Write(piece[:n])
					mu.Unlock()
					if _, writeErr := upstream.Write(piece[:n]); err != nil || writeErr != nil {
						return
					}
				}
			})
		}
	})
	return listener.Addr().String(), func() string {
		mu.Lock()
		defer mu.Unlock()
		return text.String()
	}
}
