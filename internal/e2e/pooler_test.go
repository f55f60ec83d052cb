package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/devdb"
	"refill/internal/mail/smtptest"
)

// pooled is an installation behind a PgBouncer, with the logins that `refill migrate` made.
type pooled struct {
	*chaos
	bouncer *dbtest.Bouncer
	owner   string // the address of the owner
	logs    lockedBuffer
}

// Passwords of the logins.
const (
	webPassword  = "the web signs in with this"
	workPassword = "the worker signs in with this"
)

// lockedBuffer collects what several processes log.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func newPooled(t *testing.T) *pooled {
	t.Helper()
	server := newPostgres(t, t.TempDir(), nil)
	p := &pooled{chaos: newChaosOn(t, server.pool()), owner: server.URL(devdb.Database)}
	p.log = &p.logs
	p.env = append(p.env, "REFILL_LOG_LEVEL=warn")
	for range 2 { // once more changes nothing
		out, err := p.run("DATABASE_URL=", "REFILL_OWNER_DATABASE_URL="+p.owner, "REFILL_WEB_PASSWORD="+webPassword, "REFILL_WORK_PASSWORD="+workPassword)("migrate")
		require.NoError(t, err, out)
	}
	p.bouncer = dbtest.StartBouncer(t, p.owner, dbtest.BouncerOptions{Users: map[string]string{
		"refill_web": webPassword, "refill_work": workPassword, p.pool.Config().ConnConfig.User: p.pool.Config().ConnConfig.Password,
	}})
	return p
}

// run returns what runs a command of the program under further variables.
func (p *pooled) run(env ...string) func(args ...string) (string, error) {
	return func(args ...string) (string, error) {
		cmd := exec.CommandContext(p.t.Context(), binary, args...)
		cmd.Env = append(slices.Clone(p.env), env...)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
}

// as returns the variables of a process that signs in as a login.
func (p *pooled) as(login, password string) []string {
	return []string{"DATABASE_URL=" + p.bouncer.URL(login, password), "REFILL_DIRECT_DATABASE_URL=" + p.bouncer.Direct(login, password)}
}

// Web and worker do everything through a transaction pooler that knows no prepared
// statements, as logins that have no rights beyond those of the application.
func TestThroughATransactionPooler(t *testing.T) {
	t.Parallel()
	p := newPooled(t)
	smtp := smtptest.Start(t, smtptest.Options{})
	_, err := p.pool.Exec(t.Context(), `insert into staff_mail (staff_id, address, confirmed_at, files) values ($1, 'ada@example.com', now(), true)`, p.admin.Person())
	require.NoError(t, err)
	base := append(slices.Clone(p.env), "REFILL_SMTP_URL=smtp+plain://"+smtp.Addr, "REFILL_MAIL_FROM=refill@example.net")
	p.env = append(slices.Clone(base), p.as("refill_web", webPassword)...)
	_, address := p.serve()
	p.env = append(slices.Clone(base), p.as("refill_work", workPassword)...)
	p.worker()

	heard := p.events(address)
	series := p.order(2000)
	p.until("the cards", time.Minute, func() bool { return p.made(series).Made == 2000 })
	select {
	case <-heard:
	case <-time.After(busy(20 * time.Second)):
		t.Fatal("the page hears nothing of the series")
	}
	file, err := p.exports.Request(t.Context(), p.admin, series, "csv", cardfile.Options{}, uuid.New())
	require.NoError(t, err)
	p.until("the file", time.Minute, func() bool {
		e, err := db.New().ExportGet(t.Context(), p.pool, db.ExportGetParams{ID: file, AllPartners: true, PartnerIds: []int64{}})
		require.NoError(t, err)
		return e.Export.State == db.ExportStateReady
	})
	require.Contains(t, smtp.Await(t, "ada@example.com", 1)[0].Text, "/admin/")

	crowd, codes := p.attackers(8, []string{address}), p.codesOf(series)[:80]
	var group sync.WaitGroup
	for i, customer := range crowd {
		group.Go(func() {
			for n := i; n < len(codes); n += len(crowd) {
				status, err := customer.redeem(t.Context(), codes[n])
				if err != nil || status != http.StatusSeeOther {
					t.Errorf("card %d: status %d, error %v", n, status, err)
				}
			}
		})
	}
	group.Wait()
	var used int
	require.NoError(t, p.pool.QueryRow(t.Context(), `select count(*) from card where state = 'used'`).Scan(&used))
	require.Equal(t, len(codes), used)

	command := p.run(p.as("refill_web", webPassword)...)
	for _, args := range [][]string{{"check"}, {"limit", "1000.00"}, {"rules"}, {"keys", "status"}, {"audit", "head"}} {
		out, err := command(args...)
		require.NoError(t, err, "%s: %s", args, out)
	}
	require.NotContains(t, p.logs.String(), "level=ERROR")
	require.NotContains(t, p.logs.String(), "database login")
	p.requireSound()
}

// events returns what is closed once the event stream of staff names a series.
func (p *pooled) events(address string) <-chan struct{} {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, address+"/admin/events", nil)
	require.NoError(p.t, err)
	request.Header.Set("Cookie", p.sessions(1)[0])
	answer, err := http.DefaultClient.Do(request)
	require.NoError(p.t, err)
	p.t.Cleanup(func() { answer.Body.Close() }) //nolint:errcheck // the test is over
	require.Equal(p.t, http.StatusOK, answer.StatusCode)
	heard := make(chan struct{})
	go func() {
		lines := bufio.NewScanner(answer.Body)
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "event: series") {
				close(heard)
				return
			}
		}
	}()
	return heard
}

// Statements end in time, and no statement gives a login more than the rights of the
// application, on either way to the database.
func TestLoginsOfTheProgramAreRestricted(t *testing.T) {
	t.Parallel()
	p := newPooled(t)
	for _, address := range []string{p.bouncer.URL("refill_web", webPassword), p.bouncer.Direct("refill_web", webPassword), p.bouncer.URL("refill_work", workPassword)} {
		config, err := pgx.ParseConfig(address)
		require.NoError(t, err)
		config.DefaultQueryExecMode = pgx.QueryExecModeExec
		conn, err := pgx.ConnectConfig(t.Context(), config)
		require.NoError(t, err)
		for _, way := range []string{"set role none", "reset role", "reset session authorization", "set session authorization default", "reset all"} {
			for _, act := range []string{
				"update ledger_entry set amount = amount", "delete from audit", "truncate payment", "alter table ledger_entry disable trigger all",
				"drop table payment", "set role " + p.pool.Config().ConnConfig.User, "set session_replication_role = replica", "grant refill_web to refill_work",
			} {
				tx, err := conn.Begin(t.Context())
				require.NoError(t, err)
				_, err = tx.Exec(t.Context(), way)
				require.NoError(t, err, way)
				_, err = tx.Exec(t.Context(), act)
				require.Equal(t, "42501", code(err), "%s; %s: %v", way, act, err)
				require.NoError(t, tx.Rollback(t.Context()))
			}
		}
		require.NoError(t, conn.Close(t.Context()))
	}
	pool, err := db.Open(t.Context(), p.bouncer.URL("refill_web", webPassword), db.Options{Name: "test"})
	require.NoError(t, err)
	defer pool.Close()
	started := time.Now()
	_, err = pool.Exec(t.Context(), `select pg_sleep(60)`)
	require.Equal(t, "57014", code(err), "%v", err)
	require.Less(t, time.Since(started), busy(6500*time.Millisecond), "the server ends it after 5 seconds, not the client after 7")
	require.Greater(t, time.Since(started), 4*time.Second)
}

// code returns the SQLSTATE of an error.
func code(err error) string {
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pgErr.Code
	}
	return ""
}

// The start fails where the program would work with other rights or other limits than it
// relies on, and says what to do.
func TestPoolerThatChangesWhatSessionsAre(t *testing.T) {
	t.Parallel()
	p := newPooled(t)
	config := p.pool.Config().ConnConfig
	for name, tc := range map[string]struct {
		env     []string
		command string
		says    string
	}{
		"the owner's login":         {p.as(config.User, config.Password), "serve", "Name one of the logins that refill migrate makes"},
		"the login of the other":    {p.as("refill_web", webPassword), "work", "statement_timeout is 5000 and must be 30000"},
		"no direct address":         {[]string{"DATABASE_URL=" + p.bouncer.URL("refill_web", webPassword)}, "serve", "Set REFILL_DIRECT_DATABASE_URL"},
		"a pooler as direct":        {append(p.as("refill_web", webPassword), "REFILL_DIRECT_DATABASE_URL="+p.bouncer.URL("refill_web", webPassword)+"&connect_timeout=9"), "serve", "Set REFILL_DIRECT_DATABASE_URL"},
		"migrating through it":      {[]string{"REFILL_OWNER_DATABASE_URL=" + p.bouncer.URL(config.User, config.Password)}, "migrate", "Set REFILL_DIRECT_DATABASE_URL"},
		"a password that is short":  {[]string{"REFILL_OWNER_DATABASE_URL=" + p.owner, "REFILL_WEB_PASSWORD=short"}, "migrate", "at least 16 characters"},
		"an unknown way to prepare": {[]string{"REFILL_DATABASE_PREPARED=maybe"}, "serve", "must be auto, on or off"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), busy(time.Minute))
		cmd := exec.CommandContext(ctx, binary, tc.command)
		cmd.Env = append(slices.Clone(p.env), append(tc.env, "REFILL_ADDR="+freeAddr(t))...)
		out, err := cmd.CombinedOutput()
		cancel()
		require.Error(t, err, name)
		require.Contains(t, string(out), tc.says, name)
		require.NotContains(t, string(out), webPassword, name)
	}
}
