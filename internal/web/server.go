// Package web owns everything between a browser and the domain: routes, sessions, pages,
// error responses, and the stream of events. It decides who may request a URL. It never
// decides what a card is worth or who may redeem it, and holds no state that another web
// process would need.
//
// All routes are in routes.go and routes_splynx.go. A handler is a method of a Server that returns an error,
// which package kit turns into a response. Package templates explains how a page is made.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/klauspost/compress/gzhttp"

	"refill/internal/card"
	"refill/internal/render"
	"refill/internal/setting"
	"refill/internal/web/admin"
	"refill/internal/web/api"
	"refill/internal/web/caller"
	"refill/internal/web/kit"
	"refill/internal/web/portal"
	"refill/internal/web/splynx"
)

// Deps holds the dependencies and the settings of a Server.
type Deps struct {
	Pool     *pgxpool.Pool
	Log      *slog.Logger
	Settings *setting.Store
	Cards    *card.Service
	Now      func() time.Time
	Fonts    render.Fonts // for printed files; nil: those that are shipped

	// Admin are the services that only staff use.
	Admin admin.Deps

	// PublicURL is the URL of the portal for browsers; empty: the host that each request
	// names.
	PublicURL string
	// Secure says that browsers use HTTPS, even where a proxy terminates it.
	Secure bool
	// TrustedProxies are the addresses and networks of trusted proxies. Of the headers that
	// proxies set, only their X-Forwarded-For and X-Forwarded-Proto are used.
	TrustedProxies []string
	// Ready returns an error while the process should get no traffic; nil: the database is
	// pinged.
	Ready func(context.Context) error
	// Metrics handles GET /metrics for a client that sends MetricsToken.
	Metrics      http.Handler
	MetricsToken string
	// Observe is called at the end of each request that has a route; nil: it is not called.
	Observe func(Request)
	// WatchEvery is the interval of the checks whether long responses may go on; 0: 2 s.
	WatchEvery time.Duration
	// Patience is the time limit of a request. After it the visitor gets an error page; 0:
	// 10 s.
	Patience time.Duration
}

// Server handles the requests of the whole site.
type Server struct {
	*kit.Kit

	deps     Deps
	admin    *admin.Server
	portal   *portal.Server
	api      *api.Server
	splynx   *splynx.Server
	requests *caller.RequestLog
	handler  http.Handler
	routes   []route
	unclear  sync.Once // makes warnInsecure log only once
}

// New returns a server. It fails if a proxy or a template does not parse, or a dependency
// is missing.
func New(deps Deps) (*Server, error) {
	proxies, err := parseProxies(deps.TrustedProxies)
	if err != nil {
		return nil, err
	}
	s := &Server{deps: deps}
	s.Kit, err = kit.New(kit.Config{
		Pool: deps.Pool, Log: deps.Log, Settings: deps.Settings, Cards: deps.Cards, Now: deps.Now, Fonts: deps.Fonts,
		PublicURL: deps.PublicURL, Secure: deps.Secure, Proxies: proxies, MailOn: deps.Admin.Mail != nil && deps.Admin.Mail.On(),
		WatchEvery: deps.WatchEvery, Patience: deps.Patience,
	})
	if err != nil {
		return nil, err
	}
	if s.admin, err = admin.New(s.Kit, deps.Admin); err != nil {
		return nil, err
	}
	s.portal = portal.New(s.Kit)
	s.api = api.New(s.Kit, api.Deps{Hub: deps.Admin.Hub, Exports: deps.Admin.Exports, Files: deps.Admin.Files, Webhooks: deps.Admin.Webhooks})
	s.splynx = splynx.New(s.Kit, deps.Admin.Hub)
	s.requests = caller.NewRequestLog(s.Pool, s.Log)
	return s, s.build()
}

// maxUpload is the size limit of a form with a logo, in bytes. It is far above the limit of
// the logo itself, so that a photograph of forty megapixels gets an error at its field
// instead of an error page.
const maxUpload = 64 << 20

// bodyLimit returns the size limit of a request body for a route.
func bodyLimit(route string) int64 {
	switch route {
	case admin.SectionPartners, admin.OnePartner:
		return maxUpload
	case admin.SectionImport, admin.SectionCustomerImport:
		return admin.MaxImport // read as a stream, never into memory as a whole
	}
	return kit.MaxBody
}

// Handler returns the handler of the whole site.
func (s *Server) Handler() http.Handler { return s.handler }

// Request is what Deps.Observe learns of a request.
type Request struct {
	Method, Route string // Route is the template, without what the client has put into it
	Status        int
	Took          time.Duration
}

// Streams returns the number of open event streams.
func (s *Server) Streams() int { return s.admin.Streams() }

// CloseStreams ends every event stream and every waiting request of the API, so that http.Server.Shutdown does not wait for
// them. It is meant for http.Server.RegisterOnShutdown.
func (s *Server) CloseStreams() {
	s.admin.CloseStreams()
	s.api.CloseStreams()
	s.splynx.CloseStreams()
}

// Start starts the service behind the pages of River UI, and the log of API requests. They
// stop when ctx ends.
func (s *Server) Start(ctx context.Context) error {
	s.requests.Start(ctx)
	return s.admin.Start(ctx)
}

// Fail writes the response for an error: for a program in the shape of its door, otherwise a
// page.
func (s *Server) Fail(c *gin.Context, err error) {
	switch {
	case splynx.OnSide(c):
		s.splynx.Fail(c, err)
	case api.OnSide(c):
		s.api.Fail(c, err)
	default:
		s.Kit.Fail(c, err)
	}
}

// build creates the router with its middleware and routes. The first middleware is the
// outermost; compression and the security headers wrap the router.
func (s *Server) build() error {
	quietGin()
	engine := gin.New()
	engine.ContextWithFallback = true
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false
	if err := engine.SetTrustedProxies(nil); err != nil { // kit.ClientAddress evaluates X-Forwarded-For instead
		return err
	}
	sameSite, err := s.sameSite()
	if err != nil {
		return err
	}
	engine.Use(s.identify, s.logAccess, s.recoverPanic, sameSite, s.limitRequest)
	engine.NoRoute(s.handle(func(c *gin.Context) error { return s.unknown(c) }))
	engine.NoMethod(s.handle(func(c *gin.Context) error { return kit.ErrMethod }))
	s.routes = slices.Concat(s.table(), s.splynxTable())
	for _, r := range s.routes {
		s.mount(engine, r)
	}

	gzip, err := gzhttp.NewWrapper(gzhttp.MinSize(1024))
	if err != nil {
		return err
	}
	zipped := gzip(engine)
	byKind := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == kit.EventsPath { // compression would hold events back until a block is full
			engine.ServeHTTP(w, r)
			return
		}
		zipped.ServeHTTP(w, r)
	})

	s.handler = s.headers(byKind)
	return nil
}

// quietGin turns off Gin's debug output, once per process, because the mode is global.
var quietGin = sync.OnceFunc(func() { gin.SetMode(gin.ReleaseMode) }) //nolint:gochecknoglobals // Gin's mode is global
