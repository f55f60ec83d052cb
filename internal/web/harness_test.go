package web

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
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
	"refill/internal/mailing"
	"refill/internal/money"
	"refill/internal/notify"
	"refill/internal/setting"
	"refill/internal/staff/peopletest"
	"refill/internal/web/admin"
	"refill/internal/web/kit"
	"refill/internal/webhook"
)

// TestMain releases the database server that the tests of this package share.
func TestMain(m *testing.M) { dbtest.Main(m) }

// testPassword is the password of every account.
const testPassword = peopletest.Password

// testClock is the real clock, which deadlines of connections need.
func testClock() time.Time {
	return time.Now()
}

// site is a server with its own database, and its users.
type site struct {
	t      *testing.T
	Pool   *pgxpool.Pool
	Hub    *notify.Hub
	Server *Server
	Log    *logBook
	URL    string
	Dir    string // of the sealed files
	North  db.Partner
	South  db.Partner
	people atomic.Int32 // number of people that as has signed in
}

// newSite starts a server with two partners. edit may change its dependencies.
func newSite(t *testing.T, edit ...func(*Deps)) *site {
	t.Helper()
	return newSiteOn(t, dbtest.Pool(t), edit...)
}

// newSiteOn is newSite with a given pool.
func newSiteOn(t *testing.T, pool *pgxpool.Pool, edit ...func(*Deps)) *site {
	t.Helper()
	book := &logBook{}
	log := slog.New(slog.NewJSONHandler(book, &slog.HandlerOptions{Level: slog.LevelDebug}))
	jobs, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Logger: log})
	require.NoError(t, err)
	keys := codetest.Keys(t)
	dir := t.TempDir()
	disk, err := blob.NewDisk(dir)
	require.NoError(t, err)
	settings := setting.NewStore(pool, testClock)
	cards := card.New(pool, keys, jobs, settings, log)
	files := blob.NewSealed(disk, keys)
	deps := Deps{
		Pool: pool, Log: log, Settings: settings, Cards: cards, Now: testClock,
		Admin: admin.Deps{
			Mail: mailing.New(mailing.Config{DB: pool, Settings: settings, Log: log, Now: testClock}),
			Hub:  notify.NewHub(log), Jobs: jobs, Files: files, Checks: check.New(pool, keys, jobs, settings, log),
			Exports: cardfile.New(cardfile.Config{Cards: cards, DB: pool, Jobs: jobs, Settings: settings, Files: files, Log: log}),
			Imports: cardimport.New(cards, pool, keys, jobs, settings, log), Customers: customerimport.New(pool, jobs, settings, cards.Approvals()),
			Webhooks: webhook.New(webhook.Config{DB: pool, Jobs: jobs, Vault: cards.Codes, Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Log: log, Now: time.Now}),
		},
		WatchEvery: 20 * time.Millisecond,
		Patience:   time.Minute, // enough while all tests run in parallel
	}
	for _, e := range edit {
		e(&deps)
	}
	server, err := New(deps)
	require.NoError(t, err)
	web := httptest.NewServer(server.Handler())
	// Cards may be printed with the address of the test's own server.
	_, err = pool.Exec(t.Context(), `insert into setting (name, value) values ('confirmed_address', to_jsonb($1::text))`, web.URL)
	require.NoError(t, err)
	t.Cleanup(func() {
		server.CloseStreams()
		web.Close()
	})
	s := &site{t: t, Pool: pool, Hub: deps.Admin.Hub, Server: server, Log: book, URL: web.URL, Dir: dir}
	s.North = s.partner("North")
	s.South = s.partner("South")
	return s
}

func (s *site) partner(name string) db.Partner {
	s.t.Helper()
	p, err := db.New().PartnerCreate(s.t.Context(), s.Pool, db.PartnerCreateParams{Name: name, TimeZone: "Europe/Berlin"})
	require.NoError(s.t, err)
	return p
}

// newStaff adds a member of staff. Without partners the person sees all of them.
func (s *site) newStaff(username string, role db.StaffRole, partners ...db.Partner) int64 {
	s.t.Helper()
	of, err := db.New().RoleGetByKey(s.t.Context(), s.Pool, string(role))
	require.NoError(s.t, err)
	row, err := db.New().StaffCreate(s.t.Context(), s.Pool, db.StaffCreateParams{
		Username: username, Name: "Test " + username, PasswordHash: peopletest.Hash, RoleID: of.ID, AllPartners: len(partners) == 0,
	})
	require.NoError(s.t, err)
	for _, p := range partners {
		err := db.New().StaffPartnerAdd(s.t.Context(), s.Pool, db.StaffPartnerAddParams{StaffID: row.ID, PartnerID: p.ID})
		require.NoError(s.t, err)
	}
	return row.ID
}

// newCustomer adds a customer with an empty account.
func (s *site) newCustomer(username string, partner db.Partner) int64 {
	s.t.Helper()
	row, err := customer.Create(s.t.Context(), s.Pool, audit.System(), customer.New{
		PartnerID: partner.ID, Username: username, Name: "Test " + username, PasswordHash: peopletest.Hash, Currency: "USD",
	})
	require.NoError(s.t, err)
	return row.ID
}

// as signs in a new member of staff and returns their browser.
func (s *site) as(role db.StaffRole, partners ...db.Partner) *browser {
	s.t.Helper()
	username := fmt.Sprintf("%s-%d", role, s.people.Add(1))
	id := s.newStaff(username, role, partners...)
	b := s.browser()
	b.ID = id
	b.signIn(kit.DoorStaff, username)
	return b
}

// asCustomer signs in a new customer and returns their browser.
func (s *site) asCustomer(username string, partner db.Partner) *browser {
	s.t.Helper()
	b := s.browser()
	b.ID = s.newCustomer(username, partner)
	b.signIn(kit.DoorCustomer, username)
	return b
}

// browser is an HTTP client that keeps cookies and follows no redirects.
type browser struct {
	site   *site
	client *http.Client
	ID     int64 // of the signed-in person
}

func (s *site) browser() *browser {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(s.t, err)
	transport := &http.Transport{}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &browser{site: s, client: &http.Client{
		Jar: jar, Transport: transport, Timeout: 2 * time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// signIn sends the sign-in form.
func (b *browser) signIn(d kit.Door, username string) {
	b.site.t.Helper()
	path := "/admin/login"
	if d == kit.DoorCustomer {
		path = "/portal/login"
	}
	got := b.post(path, url.Values{"username": {username}, "password": {testPassword}})
	require.Equal(b.site.t, http.StatusSeeOther, got.Status, got.Body)
}

// got is a response with its whole body.
type got struct {
	t      *testing.T
	Status int
	Header http.Header
	Body   string
}

// get requests a page. headers are pairs of name and value.
func (b *browser) get(path string, headers ...string) *got {
	b.site.t.Helper()
	return b.do(http.MethodGet, path, "", headers...)
}

// post sends a form.
func (b *browser) post(path string, form url.Values) *got {
	b.site.t.Helper()
	return b.do(http.MethodPost, path, form.Encode(), "Content-Type", formType)
}

// formType is the media type of forms that browsers send.
const formType = "application/x-www-form-urlencoded"

// htmx sends an HTMX request for a fragment.
func (b *browser) htmx(path string) *got {
	b.site.t.Helper()
	return b.get(path, "HX-Request", "true", "HX-Current-URL", b.site.URL+path)
}

func (b *browser) do(method, path, body string, headers ...string) *got {
	b.site.t.Helper()
	t := b.site.t
	request, err := http.NewRequestWithContext(t.Context(), method, b.site.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := b.client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return &got{t: t, Status: response.StatusCode, Header: response.Header, Body: string(text)}
}

// token returns the browser's cookie of the staff door.
func (b *browser) token() string {
	b.site.t.Helper()
	for _, c := range b.client.Jar.Cookies(b.site.origin()) {
		if c.Name == "refill-staff" {
			return c.Value
		}
	}
	return ""
}

// plant gives the browser the staff session cookie of another person.
func (b *browser) plant(token string) {
	b.site.t.Helper()
	b.client.Jar.SetCookies(b.site.origin(), []*http.Cookie{
		{Name: "refill-staff", Value: token, Path: "/"}, //nolint:gosec // planted, as an attacker would
	})
}

func (s *site) origin() *url.URL {
	s.t.Helper()
	u, err := url.Parse(s.URL)
	require.NoError(s.t, err)
	return u
}

// Write implements io.Writer.
func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String returns everything logged so far.
func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// audits returns the actions of the audit trail, oldest first.
func (s *site) audits() []string {
	s.t.Helper()
	rows, err := s.Pool.Query(s.t.Context(), `select action from audit where action <> 'customer.created' order by id`)
	require.NoError(s.t, err)
	defer rows.Close()
	actions := []string{}
	for rows.Next() {
		var action string
		require.NoError(s.t, rows.Scan(&action))
		actions = append(actions, action)
	}
	require.NoError(s.t, rows.Err())
	return actions
}

// exec runs a statement that only tests need.
func (s *site) exec(sql string, args ...any) {
	s.t.Helper()
	_, err := s.Pool.Exec(context.WithoutCancel(s.t.Context()), sql, args...)
	require.NoError(s.t, err)
}

// noJob replaces the worker's part of a job.
func noJob(context.Context, pgx.Tx) error { return nil }

// series makes a series of USD 10.00 cards for any partner, or for the named ones. It
// returns the series with its codes in the order of serials.
func (s *site) series(quantity int, partners ...db.Partner) (db.Series, []string) {
	s.t.Helper()
	chosen := card.Partners{Any: len(partners) == 0}
	for _, p := range partners {
		chosen.IDs = append(chosen.IDs, p.ID)
	}
	ctx := s.t.Context()
	actor := audit.ByStaff(s.newStaff(fmt.Sprintf("maker-%d", s.people.Add(1)), db.StaffRoleAdministrator), audit.Everything())
	ordered, err := s.Server.admin.Cards.Order(ctx, actor, card.OrderRequest{
		Quantity: int32(quantity), Prefix: "Test", Price: money.Amount{Minor: 1000, Currency: "USD"}, Partners: chosen, Activate: true, //nolint:gosec // a small number
		ValidTill: testClock().AddDate(1, 0, 0), Key: uuid.New(),
	})
	require.NoError(s.t, err)
	require.NoError(s.t, s.Server.admin.Cards.Generate(ctx, ordered.ID, testClock, noJob))
	made, err := db.New().SeriesGet(ctx, s.Pool, ordered.ID)
	require.NoError(s.t, err)
	var codes []string
	require.NoError(s.t, s.Server.admin.Cards.EachUnused(ctx, made, func(page []card.Unsealed) error {
		for _, one := range page {
			codes = append(codes, one.Code.Reveal(made.Prefix))
		}
		return nil
	}))
	return made, codes
}

// unknownCode returns a well-formed code that no card has. It is the code of a card whose
// blind index is changed.
func (s *site) unknownCode() string {
	s.t.Helper()
	made, codes := s.series(1)
	s.exec(`update card set code_index = substr(sha256(code_index), 1, 16) where series_id = $1`, made.ID)
	return codes[0]
}
