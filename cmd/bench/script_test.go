package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/blob"
	"refill/internal/card"
	"refill/internal/cardcode/codetest"
	"refill/internal/cardfile"
	"refill/internal/cardimport"
	"refill/internal/check"
	"refill/internal/customer"
	"refill/internal/customerimport"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/job"
	"refill/internal/mailing"
	"refill/internal/money"
	"refill/internal/notify"
	"refill/internal/setting"
	"refill/internal/signin"
	"refill/internal/staff"
	"refill/internal/web"
	"refill/internal/web/admin"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// queryRecorder records the names of the statements that a pool sends. The statements of a
// batch form one list.
type queryRecorder struct {
	mu    sync.Mutex
	names [][]string
}

// statementName matches the comment with which sqlc names a query.
var statementName = regexp.MustCompile(`^-- name: (\w+)`)

// TraceQueryStart implements pgx.QueryTracer.
func (e *queryRecorder) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	e.note([]string{nameOf(data.SQL)})
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (e *queryRecorder) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TraceBatchStart implements pgx.BatchTracer.
func (e *queryRecorder) TraceBatchStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	var names []string
	for _, q := range data.Batch.QueuedQueries {
		names = append(names, nameOf(q.SQL))
	}
	e.note(names)
	return ctx
}

// TraceBatchQuery implements pgx.BatchTracer.
func (e *queryRecorder) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd implements pgx.BatchTracer.
func (e *queryRecorder) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// nameOf returns the name of a query, or its SQL where it has no name.
func nameOf(sql string) string {
	if m := statementName.FindStringSubmatch(sql); m != nil {
		return m[1]
	}
	return sql
}

// note records statements that are sent together.
func (e *queryRecorder) note(names []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.names = append(e.names, names)
}

// take returns the recorded statements and clears the record.
func (e *queryRecorder) take() [][]string {
	e.mu.Lock()
	defer e.mu.Unlock()
	names := e.names
	e.names = nil
	return names
}

// pgbench runs exactly the statements that the portal sends for one redemption, in the same
// order, batches and transactions. Without this test the limit would drift away from the
// program that it is compared with.
func TestScriptIsOneRedemption(t *testing.T) {
	t.Parallel()
	recorder := &queryRecorder{}
	codes, post := portal(t, recorder)
	redeem := func(code string) {
		post("/portal/finance/refill-card", url.Values{"code": {code}, "key": {uuid.NewString()}})
	}
	redeem(codes[0]) // reads the settings and prepares the sessions
	recorder.take()
	redeem(codes[1])
	var want [][]string
	for _, together := range redeemSteps() {
		var names []string
		for _, s := range together {
			names = append(names, s.query)
		}
		want = append(want, names)
	}
	require.Equal(t, want, recorder.take())
}

// Postgres accepts every statement of the script with its arguments.
func TestScriptIsWhole(t *testing.T) {
	t.Parallel()
	script, err := redeemScript(os.DirFS("../../queries"), redeemSteps())
	require.NoError(t, err)
	require.NotContains(t, script, "@")
	require.NotContains(t, script, "sqlc.")
	_, err = redeemScript(os.DirFS(t.TempDir()), redeemSteps())
	require.ErrorContains(t, err, "root of the repository")
	_, err = fillIn("select @a, sqlc.arg(b)::text, sqlc.narg('c')", map[string]string{"a": "1"})
	require.ErrorContains(t, err, "[b c]")
}

// portal starts the portal on a pool with a recorder, with a customer who is signed in and
// two cards.
func portal(t *testing.T, recorder *queryRecorder) (codes []string, post func(path string, form url.Values)) {
	t.Helper()
	ctx := t.Context()
	config, err := pgxpool.ParseConfig(dbtest.URL(t))
	require.NoError(t, err)
	config.ConnConfig.Tracer = recorder
	pool, err := pgxpool.NewWithConfig(ctx, config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	keys := codetest.Keys(t)
	log := slog.New(slog.DiscardHandler)
	jobs, err := job.NewInserter(pool, log)
	require.NoError(t, err)
	disk, err := blob.NewDisk(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, disk.Close()) })
	files := blob.NewSealed(disk, keys)
	settings := setting.NewStore(pool, time.Now)
	cards := card.New(pool, keys, jobs, settings, log)

	partner, err := db.New().PartnerCreate(ctx, pool, db.PartnerCreateParams{Name: "North", TimeZone: "UTC"})
	require.NoError(t, err)
	id, err := staff.Create(ctx, pool, audit.System(), staff.New{Username: "admin", Password: password, Role: db.StaffRoleAdministrator, AllPartners: true})
	require.NoError(t, err)
	hash, err := signin.Hash(password)
	require.NoError(t, err)
	ada := audit.ByStaff(id, audit.Everything())
	_, err = customer.Create(ctx, pool, ada, customer.New{PartnerID: partner.ID, Username: username(0), Name: "C", PasswordHash: hash, Currency: "USD"})
	require.NoError(t, err)
	ordered, err := cards.Order(ctx, ada, card.OrderRequest{
		Quantity: 2, Price: money.Amount{Minor: 1000, Currency: "USD"}, Partners: card.Partners{Any: true}, Activate: true,
		ValidTill: time.Now().AddDate(1, 0, 0), Key: uuid.New(),
	})
	require.NoError(t, err)
	require.NoError(t, cards.Generate(ctx, ordered.ID, time.Now, func(context.Context, pgx.Tx) error { return nil }))
	series, err := db.New().SeriesGet(ctx, pool, ordered.ID)
	require.NoError(t, err)
	require.NoError(t, cards.EachUnused(ctx, series, func(page []card.Unsealed) error {
		for _, c := range page {
			codes = append(codes, c.Code.Reveal(""))
		}
		return nil
	}))

	pages, err := web.New(web.Deps{Pool: pool, Log: log, Settings: settings, Cards: cards, Now: time.Now, Admin: admin.Deps{
		Hub: notify.NewHub(log), Exports: cardfile.New(cardfile.Config{Cards: cards, DB: pool, Jobs: jobs, Settings: settings, Files: files, Log: log}), Imports: cardimport.New(cards, pool, keys, jobs, settings, log), Customers: customerimport.New(pool, jobs, settings, cards.Approvals()),
		Checks: check.New(pool, keys, jobs, settings, log), Files: files, Jobs: jobs, Mail: mailing.New(mailing.Config{DB: pool, Settings: settings, Log: log, Now: time.Now}),
	}})
	require.NoError(t, err)
	server := httptest.NewServer(pages.Handler())
	t.Cleanup(func() {
		pages.CloseStreams()
		server.Close()
	})
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(client.CloseIdleConnections)
	post = func(path string, form url.Values) {
		answer, err := client.PostForm(server.URL+path, form)
		require.NoError(t, err)
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusSeeOther, answer.StatusCode, "%s", text)
	}
	post("/portal/login", url.Values{"username": {username(0)}, "password": {password}})
	return codes, post
}
