// Package web owns everything between a browser and the domain: routes, sessions,
// pages, the table that turns errors into answers, and the stream of events. It
// decides who may ask for what; it never decides what a card is worth or who may
// have it, and holds no state that another web process would need.
//
// routes.go is the table of contents. A handler is a method of Server that
// returns an error; errors.go makes the answer of it. Package templates explains
// how a page is made.
package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/klauspost/compress/gzhttp"
	"github.com/riverqueue/river"
	"riverqueue.com/riverui"

	"refill/internal/blob"
	"refill/internal/card"
	"refill/internal/check"
	"refill/internal/customerimport"
	"refill/internal/fontdir"
	"refill/internal/notify"
	"refill/internal/operate"
	"refill/internal/setting"
	"refill/internal/theft"
	"refill/static"
)

// Deps is what a Server stands on.
type Deps struct {
	Pool     *pgxpool.Pool
	Log      *slog.Logger
	Hub      *notify.Hub
	Settings *setting.Store
	Cards    *card.Service
	// Customers imports customers.
	Customers *customerimport.Service
	Checks    *check.Service
	Files     blob.Store            // exported files
	Fonts     *fontdir.Folder       // of this machine, for what is printed; nil: none
	Jobs      *river.Client[pgx.Tx] // acts on jobs; works none
	Now       func() time.Time

	// PublicURL is where browsers find the portal; empty: wherever they ask.
	PublicURL string
	// Secure says that browsers come by HTTPS, even where a proxy ends it.
	Secure bool
	// TrustedProxies are addresses and networks whose X-Forwarded-For and
	// X-Forwarded-Proto are believed, and no other header.
	TrustedProxies []string
	// Ready says why the process should get no traffic; nil: it asks the database.
	Ready func(context.Context) error
	// Metrics answers GET /metrics to whoever shows MetricsToken.
	Metrics      http.Handler
	MetricsToken string
	// PingEvery is the pause between signs of life on an event stream; 0: 20 s.
	PingEvery time.Duration
	// WatchEvery is the pause between looks at whether long answers may go on; 0: 2 s.
	WatchEvery time.Duration
	// Patience is how long a page may take before its visitor is told that it can't be
	// shown now; 0: 10 s.
	Patience time.Duration
}

// Server answers requests.
type Server struct {
	Deps

	views   *views
	riverUI *riverui.Handler
	theft   *theft.Service
	operate *operate.Service // cancels, retries, deletes, pauses
	assets  *assets
	handler http.Handler
	routes  []route
	proxies []netip.Prefix // trusted
	watch   watch          // over long answers
	streams streams        // of events
	reaches reaches
	unclear sync.Once // that browsers seem to come by HTTPS is said once

	zoneMu    sync.Mutex // of zoneNames, read once
	zoneNames []string

	uploads receiving

	closing chan struct{}
	close   sync.Once
}

// maxBody is the largest form that is read.
const maxBody = 64 << 10

// maxUpload is the largest form with a file that is read: far above what is
// taken, so that a photograph of forty megapixels is refused at its field.
const maxUpload = 64 << 20

// bodyLimit is how much a route reads of a request.
func bodyLimit(route string) int64 {
	switch route {
	case sectionPartners, onePartner:
		return maxUpload
	case sectionImport, sectionCustomerImport:
		return maxImport // read as it comes, never into memory
	}
	return maxBody
}

// New builds a server; it fails on a template that does not parse.
func New(deps Deps) (*Server, error) {
	if deps.Pool == nil || deps.Log == nil || deps.Hub == nil || deps.Now == nil || deps.Settings == nil || deps.Cards == nil || deps.Customers == nil || deps.Checks == nil || deps.Files == nil || deps.Jobs == nil {
		return nil, errors.New("web: Pool, Log, Hub, Settings, Cards, Customers, Checks, Files, Jobs and Now are needed")
	}
	if deps.PingEvery == 0 {
		deps.PingEvery = 20 * time.Second
	}
	if deps.WatchEvery == 0 {
		deps.WatchEvery = 2 * time.Second
	}
	if deps.Patience == 0 {
		deps.Patience = 10 * time.Second
	}
	s := &Server{
		Deps: deps, closing: make(chan struct{}),
		theft: theft.New(deps.Pool, deps.Settings, deps.Log), operate: operate.New(deps.Pool, deps.Jobs, deps.Cards),
	}
	var err error
	if s.proxies, err = parseProxies(deps.TrustedProxies); err != nil {
		return nil, err
	}
	if s.assets, err = newAssets(static.FS); err != nil {
		return nil, err
	}
	if s.views, err = newViews(s.functions()); err != nil {
		return nil, err
	}
	if s.riverUI, err = s.newRiverUI(); err != nil {
		return nil, err
	}
	if err := s.build(); err != nil {
		return nil, err
	}
	return s, nil
}

// Handler returns the whole site.
func (s *Server) Handler() http.Handler { return s.handler }

// CloseStreams ends every event stream, so that http.Server.Shutdown need not
// wait for them: give it to RegisterOnShutdown.
func (s *Server) CloseStreams() { s.close.Do(func() { close(s.closing) }) }

// build stacks the layers, outermost last.
func (s *Server) build() error {
	quietGin()
	engine := gin.New()
	engine.ContextWithFallback = true
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false
	if err := engine.SetTrustedProxies(nil); err != nil { // clientAddress asks them itself
		return err
	}
	sameSite, err := s.sameSite()
	if err != nil {
		return err
	}
	engine.Use(s.identify, s.logAccess, s.survive, sameSite, s.limitRequest)
	engine.NoRoute(s.handle(func(c *gin.Context) error { return s.unknown(c) }))
	engine.NoMethod(s.handle(func(c *gin.Context) error { return errMethod }))
	s.routes = s.table()
	for _, r := range s.routes {
		s.mount(engine, r)
	}

	gzip, err := gzhttp.NewWrapper(gzhttp.MinSize(1024))
	if err != nil {
		return err
	}
	zipped := gzip(engine)
	byKind := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == eventsPath { // a stream must not wait for a block to fill
			engine.ServeHTTP(w, r)
			return
		}
		zipped.ServeHTTP(w, r)
	})

	s.handler = s.headers(byKind)
	return nil
}

// quietGin turns off Gin's own printing, once: the switch is the process's.
var quietGin = sync.OnceFunc(func() { gin.SetMode(gin.ReleaseMode) }) //nolint:gochecknoglobals // Gin's mode is global
