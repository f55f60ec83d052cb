package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"refill/internal/staff"
)

// policy lets a page use what comes from this site and nothing else: no inline
// script or style, no frame around it, no form that posts elsewhere.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// headers are on every answer, errors and files included. A route that needs
// another policy sets its own.
func (s *Server) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		h.Set("Cache-Control", "no-store")
		if s.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		next.ServeHTTP(w, r)
	})
}

// Names of what the layers keep in the Gin context. Handlers use the methods of
// Server instead.
const (
	keyRequestID = "refill.request"
	keyPerson    = "refill.person"
	keyVisitor   = "refill.visitor"
	keySession   = "refill.session"
	keyTimer     = "refill.timer"
	keyAddress   = "refill.address"
	// keyPermission is what the route asks of staff, keyWatch what ends the watch over
	// a long answer.
	keyPermission = "refill.permission"
	keyWatch      = "refill.watch"
)

// identify gives the request its id and finds out where it comes from. An id that a client sends is not taken: it
// would end up in the log as it is.
func (s *Server) identify(c *gin.Context) {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: package crypto/rand ends the program first
	id := hex.EncodeToString(b[:])
	c.Set(keyRequestID, id)
	c.Header("X-Request-ID", id)
	c.Set(keyAddress, s.clientAddress(c.Request))
	s.tellUnclear(c)
	c.Next()
}

func requestID(c *gin.Context) string { return c.GetString(keyRequestID) }

// address returns who asks, as far as the network and trusted proxies tell.
func address(c *gin.Context) netip.Addr {
	a, _ := c.Value(keyAddress).(netip.Addr)
	return a
}

// logAccess writes one line a request: the route's template, never the path as
// sent, its query or its body, for a visitor may have put a code there.
func (s *Server) logAccess(c *gin.Context) {
	start := s.Now()
	c.Next()
	route := c.FullPath()
	if route == "" {
		route = "none"
	}
	level := slog.LevelInfo
	if route == "/healthz" || route == "/readyz" || strings.HasPrefix(route, staticPath) {
		level = slog.LevelDebug
	}
	s.Log.LogAttrs(c.Request.Context(), level, "request",
		slog.String("method", c.Request.Method), slog.String("route", route),
		slog.Int("status", c.Writer.Status()), slog.Int("bytes", max(c.Writer.Size(), 0)),
		slog.Duration("took", s.Now().Sub(start)), slog.String("actor", actorName(c)),
		slog.String("address", address(c).String()), slog.String("request_id", requestID(c)))
}

func actorName(c *gin.Context) string {
	if p, ok := c.Value(keyPerson).(staff.Person); ok {
		return fmt.Sprintf("staff:%d", p.ID)
	}
	if v, ok := c.Value(keyVisitor).(visitor); ok {
		return fmt.Sprintf("customer:%d", v.ID)
	}
	return "nobody"
}

// survive turns a panic into a 500, with the stack in the log.
func (s *Server) survive(c *gin.Context) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if err, ok := p.(error); ok && err == http.ErrAbortHandler { //nolint:errorlint // the documented way to compare it
			panic(p)
		}
		s.Log.LogAttrs(c.Request.Context(), slog.LevelError, "panic",
			slog.Any("panic", p), slog.String("route", c.FullPath()),
			slog.String("request_id", requestID(c)), slog.String("stack", string(debug.Stack())))
		if c.Writer.Written() {
			panic(http.ErrAbortHandler) // half a page is out: break the connection, so that nobody takes it for whole
		}
		s.fail(c, errPanic)
	}()
	c.Next()
}

// sameSite refuses what another site's page sends, whatever the route. It stands
// in the place of a token in every form.
func (s *Server) sameSite() (gin.HandlerFunc, error) {
	guard := http.NewCrossOriginProtection()
	if s.PublicURL != "" {
		public, err := url.Parse(s.PublicURL)
		if err != nil {
			return nil, fmt.Errorf("the public address does not parse: %w", err)
		}
		// A proxy may pass another Host on than the browser asked for.
		if err := guard.AddTrustedOrigin(public.Scheme + "://" + public.Host); err != nil {
			return nil, fmt.Errorf("the public address names no origin: %w", err)
		}
	}
	return func(c *gin.Context) {
		if err := guard.Check(c.Request); err != nil {
			s.fail(c, errCrossSite.With(err))
			c.Abort()
			return
		}
		c.Next()
	}, nil
}

// limitRequest refuses what no page of ours sends: large bodies, and addresses
// that hold control characters or broken UTF-8; Postgres would choke on NUL.
func (s *Server) limitRequest(c *gin.Context) {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, bodyLimit(c.FullPath()))
	query, err := c.Request.URL.Query(), error(nil)
	if !sound(c.Request.URL.Path) {
		err = errMalformed
	}
	for key, values := range query {
		for _, v := range append(values, key) {
			if !sound(v) {
				err = errMalformed
			}
		}
	}
	if err != nil {
		s.fail(c, err)
		c.Abort()
		return
	}
	c.Next()
}

// limitTime ends what a request waits for once its visitor has waited long enough:
// a network that swallows everything would hold them for minutes. It returns what to
// do when the request is over.
func (s *Server) limitTime(c *gin.Context) (done func()) {
	request := c.Request
	ctx, cancel := context.WithCancelCause(request.Context())
	timer := time.AfterFunc(s.Patience, func() { cancel(errTooSlow) })
	c.Set(keyTimer, timer)
	c.Request = request.WithContext(ctx)
	return func() {
		timer.Stop()
		if stop, ok := c.Value(keyWatch).(func()); ok {
			stop()
		}
		cancel(nil)
		request.MultipartForm = c.Request.MultipartForm // whose files net/http removes
	}
}

// liftTime lifts that limit.
func liftTime(c *gin.Context) {
	if timer, ok := c.Value(keyTimer).(*time.Timer); ok {
		timer.Stop()
	}
}

// untimed lifts the limit while what the visitor sends is read: a slow line of theirs
// is no slow portal, and the server has a limit for it. It returns what begins the
// limit anew.
func (s *Server) untimed(c *gin.Context) (arrived func()) {
	timer, ok := c.Value(keyTimer).(*time.Timer)
	if !ok || !timer.Stop() {
		return func() {}
	}
	return func() { timer.Reset(s.Patience) }
}

// sound reports whether a text can be stored and shown: it is UTF-8, and of control
// characters it has only those that part lines and words.
func sound(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && r != '\t' && r != '\r' && r != '\n'
	})
}
