package main

import (
	"bytes"
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
	"refill/internal/check"
	"refill/internal/customerimport"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/job"
	"refill/internal/notify"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/web"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// eavesdropper notes the names of the statements that a pool sends.
type eavesdropper struct {
	mu    sync.Mutex
	names []string
}

// statementName is how sqlc marks a query.
var statementName = regexp.MustCompile(`^-- name: (\w+)`)

// TraceQueryStart implements pgx.QueryTracer.
func (e *eavesdropper) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	name := data.SQL
	if m := statementName.FindStringSubmatch(data.SQL); m != nil {
		name = m[1]
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.names = append(e.names, name)
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (e *eavesdropper) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// take returns what was noted, and begins anew.
func (e *eavesdropper) take() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	names := e.names
	e.names = nil
	return names
}

// What pgbench runs is what the portal asks of Postgres for one redemption: the
// same statements in the same order and transactions. Without this the limit that
// the portal is held against would drift away from it.
func TestScriptIsOneRedemption(t *testing.T) {
	t.Parallel()
	ears := &eavesdropper{}
	codes, post := portal(t, ears)
	redeem := func(code string) {
		post("/portal/finance/refill-card", url.Values{"code": {code}, "key": {uuid.NewString()}})
	}
	redeem(codes[0]) // settings are read, sessions prepared
	ears.take()
	redeem(codes[1])
	var want []string
	for _, s := range redeemSteps() {
		want = append(want, s.query)
	}
	require.Equal(t, want, ears.take())
}

// The script runs: each of its statements, filled in, means something to Postgres.
func TestScriptIsWhole(t *testing.T) {
	t.Parallel()
	script, err := redeemScript(os.DirFS("../../queries"))
	require.NoError(t, err)
	require.NotContains(t, script, "@")
	require.NotContains(t, script, "sqlc.")
	_, err = redeemScript(os.DirFS(t.TempDir()))
	require.ErrorContains(t, err, "root of the repository")
	_, err = fillIn("select @a, sqlc.arg(b)::text", map[string]string{"a": "1"})
	require.ErrorContains(t, err, "[b]")
}

// portal is the portal on a pool that ears listen to, with a customer signed in
// and two cards.
func portal(t *testing.T, ears *eavesdropper) (codes []string, post func(path string, form url.Values)) {
	t.Helper()
	ctx := t.Context()
	config, err := pgxpool.ParseConfig(dbtest.URL(t))
	require.NoError(t, err)
	config.ConnConfig.Tracer = ears
	pool, err := pgxpool.NewWithConfig(ctx, config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	var key bytes.Buffer
	require.NoError(t, card.WriteNewKey(&key, 1))
	keys, err := card.ReadKeyring(&key)
	require.NoError(t, err)
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
	hash, err := staff.Hash(password)
	require.NoError(t, err)
	admin := audit.Actor{StaffID: id, Scope: audit.Everything()}
	_, err = customer.Create(ctx, pool, admin, customer.New{PartnerID: partner.ID, Username: username(0), Name: "C", PasswordHash: hash, Currency: "USD"})
	require.NoError(t, err)
	ordered, err := cards.Order(ctx, admin, card.OrderForm{
		Quantity: "2", Price: "10", Partners: []string{card.AnyPartner}, Activate: true,
		ValidTill: time.Now().AddDate(1, 0, 0).Format(time.DateOnly), Key: uuid.New(),
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

	pages, err := web.New(web.Deps{Pool: pool, Log: log, Hub: notify.NewHub(log), Settings: settings, Cards: cards, Customers: customerimport.New(pool, jobs, settings, cards.Approvals()), Checks: check.New(pool, keys, jobs, settings, log), Files: files, Jobs: jobs, Now: time.Now})
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
