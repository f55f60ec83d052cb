// Package web owns everything between a browser and the domain: routes, sessions,
// pages, the table that turns errors into answers, and the stream of events. It
// decides who may ask for what; it never decides what a card is worth or who may
// have it, and holds no state that another web process would need.
//
// routes.go is the table of contents. A handler is a method of Server that
// returns an error; package kit makes the answer of it. Package templates explains
// how a page is made.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/klauspost/compress/gzhttp"

	"refill/internal/card"
	"refill/internal/render"
	"refill/internal/setting"
	"refill/internal/web/admin"
	"refill/internal/web/kit"
	"refill/internal/web/portal"
)

// Deps is what a Server needs.
type Deps struct {
	Pool     *pgxpool.Pool
	Log      *slog.Logger
	Settings *setting.Store
	Cards    *card.Service
	Now      func() time.Time
	Fonts    render.Fonts // for printed files; nil: those that are shipped

	// Admin are the services that only staff use.
	Admin admin.Deps

	// PublicURL is where browsers find the portal; empty: wherever they ask.
	PublicURL string
	// Secure says that browsers come by HTTPS, even where a proxy ends it.
	Secure bool
	// TrustedProxies are addresses and networks whose X-Forwarded-For and
	// X-Forwarded-Proto are believed, and no other header.
	TrustedProxies []string
	// Ready says why the process should get no traffic; nil: it asks the database.
	Ready func(context.Context) error
	// Metrics answers GET /metrics to a client that shows MetricsToken.
	Metrics      http.Handler
	MetricsToken string
	// WatchEvery is the pause between looks at whether long answers may go on; 0: 2 s.
	WatchEvery time.Duration
	// Patience is how long a page may take before its visitor is told that it can't be
	// shown now; 0: 10 s.
	Patience time.Duration
}

// Server answers requests.
type Server struct {
	*kit.Kit

	deps    Deps
	admin   *admin.Server
	portal  *portal.Server
	handler http.Handler
	routes  []route
	unclear sync.Once // that browsers seem to come by HTTPS is said once
}

// New builds a server; it fails on a template that does not parse.
func New(deps Deps) (*Server, error) {
	proxies, err := parseProxies(deps.TrustedProxies)
	if err != nil {
		return nil, err
	}
	s := &Server{deps: deps}
	s.Kit, err = kit.New(kit.Config{
		Pool: deps.Pool, Log: deps.Log, Settings: deps.Settings, Cards: deps.Cards, Now: deps.Now, Fonts: deps.Fonts,
		PublicURL: deps.PublicURL, Secure: deps.Secure, Proxies: proxies,
		WatchEvery: deps.WatchEvery, Patience: deps.Patience,
	})
	if err != nil {
		return nil, err
	}
	if s.admin, err = admin.New(s.Kit, deps.Admin); err != nil {
		return nil, err
	}
	s.portal = portal.New(s.Kit)
	return s, s.build()
}

// maxUpload is the largest form with a file that is read: far above what is
// taken, so that a photograph of forty megapixels is refused at its field.
const maxUpload = 64 << 20

// bodyLimit is how much a route reads of a request.
func bodyLimit(route string) int64 {
	switch route {
	case admin.SectionPartners, admin.OnePartner:
		return maxUpload
	case admin.SectionImport, admin.SectionCustomerImport:
		return admin.MaxImport // read as it comes, never into memory
	}
	return kit.MaxBody
}

// Handler returns the whole site.
func (s *Server) Handler() http.Handler { return s.handler }

// CloseStreams ends every event stream, so that http.Server.Shutdown need not
// wait for them: give it to RegisterOnShutdown.
func (s *Server) CloseStreams() { s.admin.CloseStreams() }

// Start starts the service behind River's pages. It ends with ctx.
func (s *Server) Start(ctx context.Context) error { return s.admin.Start(ctx) }

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
	engine.Use(s.identify, s.logAccess, s.recoverPanic, sameSite, s.limitRequest)
	engine.NoRoute(s.handle(func(c *gin.Context) error { return s.unknown(c) }))
	engine.NoMethod(s.handle(func(c *gin.Context) error { return kit.ErrMethod }))
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
		if r.URL.Path == kit.EventsPath { // a stream must not wait for a block to fill
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
