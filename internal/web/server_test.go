package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

func TestHeadersOnEveryAnswer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser()
	css, _ := b.get("/").one("link[rel=stylesheet]").Attr("href")
	require.NotEmpty(t, css)
	for _, path := range []string{"/", "/admin", "/admin/login", "/nothing", "/healthz", css} {
		h := b.get(path).Header
		require.Contains(t, h.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'; style-src 'self'", path)
		require.NotContains(t, h.Get("Content-Security-Policy"), "unsafe", path)
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
		require.Equal(t, "DENY", h.Get("X-Frame-Options"), path)
		require.Equal(t, "same-origin", h.Get("Referrer-Policy"), path)
		require.Len(t, h.Get("X-Request-ID"), 16, path)
		require.Empty(t, h.Get("Strict-Transport-Security"), "not without TLS")
	}
	require.Equal(t, "no-store", b.get("/admin/login").Header.Get("Cache-Control"))
}

func TestAnotherSiteCannotPost(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(d *Deps) { d.PublicURL = "https://cards.example" })
	s.newStaff("anna", db.StaffRoleAdministrator)
	for name, headers := range map[string][]string{
		"another site":   {"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
		"a subdomain":    {"Sec-Fetch-Site", "same-site", "Origin", "https://evil.cards.example"},
		"an old browser": {"Origin", "https://evil.example"},
	} {
		b := s.browser()
		refused := b.do(http.MethodPost, "/admin/login", credentials("anna", testPassword).Encode(),
			append(headers, "Content-Type", formType)...)
		require.Equal(t, http.StatusForbidden, refused.Status, name)
		require.Contains(t, refused.text("main"), "Nothing was changed", name)
		require.Empty(t, b.token(), name)
	}
	ours := s.browser().do(http.MethodPost, "/admin/login", credentials("anna", testPassword).Encode(),
		"Sec-Fetch-Site", "cross-site", "Origin", "https://cards.example", "Content-Type", formType)
	require.Equal(t, http.StatusSeeOther, ours.Status, "the public address is ours, whatever Host the proxy passes on")
}

func TestHugeAndBadForms(t *testing.T) {
	t.Parallel()
	b := newSite(t).browser()
	huge := b.post("/admin/login", credentials(strings.Repeat("x", kit.MaxBody), "y"))
	require.Equal(t, http.StatusRequestEntityTooLarge, huge.Status)
	require.Contains(t, huge.text("h1"), "too much text")

	many := url.Values{}
	for i := range 4000 {
		many.Set(fmt.Sprint("f", i), "x")
	}
	require.Equal(t, http.StatusUnprocessableEntity, b.post("/admin/login", many).Status)

	for _, bad := range []string{"username=a%00b", "username=%ff%fe", "username=%zz", "a=1;b=2", "%00=x"} {
		got := b.do(http.MethodPost, "/admin/login", bad, "Content-Type", formType)
		require.Equal(t, http.StatusUnprocessableEntity, got.Status, bad)
		require.NotEmpty(t, got.text("h1"), bad)
	}
	for _, odd := range []string{"\u202ecba", strings.Repeat("ä", 300), "a b", "' or 1=1 --"} {
		got := b.post("/admin/login", credentials(odd, odd))
		require.Equal(t, http.StatusUnprocessableEntity, got.Status, odd)
	}
	require.Equal(t, http.StatusUnprocessableEntity, b.get("/admin/login?next=%00").Status)
	require.Equal(t, http.StatusUnprocessableEntity, b.get("/a%ffb").Status)
}

func TestUnknownAddresses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	nobody, admin, carl := s.browser(), s.as(db.StaffRoleAdministrator), s.asCustomer("carl", s.North)
	for _, b := range []*browser{nobody, admin, carl} {
		for _, path := range []string{"/admin/nothing", "/portal/nothing", "/nothing", "/static/x/none.css"} {
			got := b.get(path)
			require.Equal(t, http.StatusNotFound, got.Status, path)
			require.Equal(t, "Page not found", got.text("h1"), path)
		}
	}
	admin.get("/admin/nothing").one(`nav#menu`)
	nobody.get("/admin/nothing").none(`nav#menu`)
	carl.get("/portal/nothing").one(`nav.tabs`)
	require.Equal(t, nobody.get("/admin/a").Body, nobody.get("/admin/b").Body)

	wrongWay := admin.post("/admin", nil)
	require.Equal(t, http.StatusMethodNotAllowed, wrongWay.Status)
	require.Equal(t, http.StatusOK, nobody.do(http.MethodHead, "/", "").Status)
}

// errorCases returns the errors and the responses that visitors get.
func errorCases() map[string]struct {
	err    error
	status int
	says   string
	hides  string
} {
	type row = struct {
		err    error
		status int
		says   string
		hides  string
	}
	secret := errors.New("secret cause")
	return map[string]row{
		"invalid":    {fault.New(fault.Invalid, "a", "Mend it.").Because(secret), 422, "Mend it.", "secret"},
		"list":       {fault.List{fault.Field("a", "a", "One."), fault.Field("b", "b", "Two.")}, 422, "Two.", "secret"},
		"missing":    {fault.New(fault.NotFound, "a", "There is no such series."), 404, "There is no such series.", "secret"},
		"fault":      {fault.New(fault.Forbidden, "a", "Not yours."), 403, "Not yours.", "secret"},
		"permission": {kit.ForbiddenError{Permission: staff.SeriesGenerate}, 403, "Your role doesn't let you order new refill cards.", "secret"},
		"conflict":   {fault.New(fault.Conflict, "a", "It is void."), 409, "It is void.", "secret"},
		"limited":    {fault.New(fault.Limited, "a", "Wait."), 429, "Wait.", "secret"},
		"unsettled":  {fault.New(fault.Unsettled, "a", "Look again."), 503, "Look again.", "secret"},
		"internal":   {secret, 500, "The portal made a mistake", "secret"},
		"too large":  {&http.MaxBytesError{Limit: 1}, 413, "64 KB", "secret"},
		"lock":       {&pgconn.PgError{Code: "55P03"}, 503, "can't reach its database", "55P03"},
		"slow":       {&pgconn.PgError{Code: "57014"}, 503, "can't reach its database", "57014"},
		"shut down":  {fmt.Errorf("x: %w", &pgconn.PgError{Code: "57P01"}), 503, "can't reach its database", "57P01"},
		"constraint": {&pgconn.PgError{Code: "23505", Detail: "secret"}, 500, "The portal made a mistake", "secret"},
		"panic":      {kit.ErrPanic, 500, "The portal made a mistake", "panic"},
	}
}

func TestErrorTable(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, row := range errorCases() {
		engine := gin.New()
		engine.Use(s.Server.identify)
		engine.GET("/admin/x", s.Server.handle(func(*gin.Context) error { return row.err }))
		for _, htmx := range []bool{false, true} {
			recorder := httptest.NewRecorder()
			request := httptest.NewRequest(http.MethodGet, "/admin/x", nil)
			if htmx {
				request.Header.Set("HX-Request", "true")
			}
			engine.ServeHTTP(recorder, request)
			got := &got{t: t, Status: recorder.Code, Header: recorder.Header(), Body: recorder.Body.String()}
			require.Equal(t, row.status, got.Status, name)
			require.Contains(t, got.Body, strings.ReplaceAll(row.says, "'", "&#39;"), name)
			require.NotContains(t, got.Body, row.hides, name)
			if htmx {
				require.Equal(t, "#notice", got.Header.Get("HX-Retarget"), name)
				got.none("h1")
				got.one(`[role="alert"]`)
			} else {
				got.one("h1")
			}
			if row.status == 500 || row.status == 503 && row.says != "Look again." {
				require.Contains(t, got.Body, got.Header.Get("X-Request-ID"), "%s: there is something to quote", name)
			}
		}
	}
	require.Contains(t, s.Log.String(), "secret cause", "the log has what the visitor has not")
}

func TestPanicIsAPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	engine := gin.New()
	engine.Use(s.Server.identify, s.Server.logAccess, s.Server.recoverPanic)
	engine.GET("/x", func(*gin.Context) { panic("secret") })
	recorder := httptest.NewRecorder()
	engine.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/x", nil))
	require.Equal(t, http.StatusInternalServerError, recorder.Code)
	require.NotContains(t, recorder.Body.String(), "secret")
	require.Contains(t, s.Log.String(), `"stack":"goroutine`)
}

func TestWithoutADatabase(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(d *Deps) {
		pool, err := pgxpool.New(t.Context(), "postgres://refill@127.0.0.1:1/refill?connect_timeout=1")
		require.NoError(t, err)
		t.Cleanup(pool.Close)
		d.Pool, d.Settings = pool, setting.NewStore(pool, testClock)
	})
	b := s.browser()
	require.Equal(t, http.StatusOK, b.get("/").Status)
	require.Equal(t, http.StatusOK, b.get("/admin/login").Status)
	require.Equal(t, http.StatusOK, b.get("/healthz").Status)
	require.Equal(t, http.StatusServiceUnavailable, b.get("/readyz").Status)
	in := b.post("/admin/login", credentials("anna", testPassword))
	require.Equal(t, http.StatusServiceUnavailable, in.Status)
	require.Equal(t, "The portal can't reach its database", in.text("h1"))
	require.Equal(t, "30", in.Header.Get("Retry-After"))
	require.NotContains(t, in.Body, "127.0.0.1")
}

// A probe that closes its connection before the answer is no fault of the program.
func TestReadyOfAProbeThatHungUp(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := newSite(t, func(d *Deps) {
		d.Log = slog.New(slog.NewTextHandler(&log, nil))
		d.Ready = func(ctx context.Context) error { return errors.Join(ctx.Err(), errors.New("no database")) }
	})
	ask := func(ctx context.Context) {
		s.Server.Handler().ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/readyz", http.NoBody))
	}
	gone, hangUp := context.WithCancel(t.Context())
	hangUp()
	ask(gone)
	require.Empty(t, log.String())
	ask(t.Context())
	require.Contains(t, log.String(), "level=WARN msg=\"not ready\"")
}

func TestHealth(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(d *Deps) {
		d.MetricsToken = "let-me-in"
		d.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "refill_up 1\n") })
	})
	b := s.browser()
	require.Equal(t, "ready\n", b.get("/readyz").Body)
	require.Equal(t, http.StatusNotFound, b.get("/metrics").Status)
	require.Equal(t, http.StatusNotFound, b.get("/metrics", "Authorization", "Bearer wrong").Status)
	require.Equal(t, "refill_up 1\n", b.get("/metrics", "Authorization", "Bearer let-me-in").Body)
}

func TestStaticFiles(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser()
	css := b.get("/").one(`link[rel="stylesheet"]`).AttrOr("href", "")
	require.Regexp(t, `^/static/[0-9a-f]{12}/css/portal\.css$`, css)
	got := b.get(css)
	require.Equal(t, "public, max-age=31536000, immutable", got.Header.Get("Cache-Control"))
	require.Equal(t, "text/css; charset=utf-8", got.Header.Get("Content-Type"))
	require.Equal(t, "no-cache", b.get("/static/older/css/portal.css").Header.Get("Cache-Control"))
	packed := b.get(css, "Accept-Encoding", "gzip")
	require.Equal(t, "gzip", packed.Header.Get("Content-Encoding"))
	require.LessOrEqual(t, len(packed.Body), 4<<10, "cheap phones fetch this")
	require.Equal(t, http.StatusNotFound, b.get("/static/x/../static.go").Status)
}

func TestLogNamesRoutesNotAddresses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.as(db.StaffRoleCashier)
	b.get("/admin/login?next=/admin/planted-query")
	b.get("/admin/planted-path")
	log := s.Log.String()
	require.Contains(t, log, `"route":"/admin/login"`)
	require.Contains(t, log, fmt.Sprintf(`"actor":"staff:%d"`, b.ID))
	require.NotContains(t, log, "planted")
}

func TestFragmentOrPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.as(db.StaffRoleAdministrator)
	page := b.get("/admin")
	page.one("nav#menu")
	require.Contains(t, page.Header.Get("Vary"), "HX-Request")
	b.htmx("/admin").none("nav#menu")
	b.get("/admin", "HX-Request", "true", "HX-Boosted", "true").one("nav#menu")
	b.get("/admin", "HX-Request", "true", "HX-History-Restore-Request", "true").one("nav#menu")
}
