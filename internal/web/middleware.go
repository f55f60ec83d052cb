package web

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/logline"
	"refill/internal/staff"
	"refill/internal/web/caller"
	"refill/internal/web/kit"
	"refill/internal/web/splynx"
)

// policy is the Content-Security-Policy. It allows a page what comes from this site and
// nothing else: no inline script or style, no frame around it, no form that posts
// elsewhere.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// headers is middleware that sets the security headers on every response, errors and files
// included. A route that needs another policy overrides them.
func (s *Server) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", kit.NoPermissions)
		h.Set("Cache-Control", "no-store")
		h.Set(kit.AnswerHeader, "1")
		if s.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		next.ServeHTTP(w, r)
	})
}

// identify is middleware that gives the request its id and finds the address of the client.
// An id that the client sends is ignored, because the log would contain it unchecked.
func (s *Server) identify(c *gin.Context) {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: package crypto/rand ends the program first
	id := hex.EncodeToString(b[:])
	c.Set(kit.KeyRequestID, id)
	c.Header("X-Request-ID", id)
	c.Request = c.Request.WithContext(logline.With(c.Request.Context(), slog.String(logline.RequestID, id)))
	c.Set(kit.KeyAddress, s.ClientAddress(c.Request))
	s.warnInsecure(c)
	c.Next()
}

// logAccess is middleware that logs one line for each request. It logs the template of the
// route, and never the path as sent, the query or the body, because a visitor may have put
// a code there.
func (s *Server) logAccess(c *gin.Context) {
	start := s.Now()
	c.Next()
	route := c.FullPath()
	if route == "" {
		route = "none"
	}
	if s.deps.Observe != nil && route != "none" && route != kit.EventsPath { // a stream lasts as long as its page is open
		s.deps.Observe(Request{Method: c.Request.Method, Route: route, Status: c.Writer.Status(), Took: s.Now().Sub(start)})
	}
	level := slog.LevelInfo
	if route == "/healthz" || route == "/readyz" || strings.HasPrefix(route, kit.StaticPath) {
		level = slog.LevelDebug
	}
	s.Log.LogAttrs(c.Request.Context(), level, "request",
		slog.String("method", c.Request.Method), slog.String("route", route),
		slog.Int("status", c.Writer.Status()), slog.Int("bytes", max(c.Writer.Size(), 0)),
		slog.Duration("took", s.Now().Sub(start)), slog.String("actor", actorName(c)),
		slog.String("address", kit.Address(c).String()), slog.String("request_id", kit.RequestID(c)))
}

func actorName(c *gin.Context) string {
	if p, ok := c.Value(kit.KeyPerson).(staff.Person); ok {
		return fmt.Sprintf("staff:%d", p.ID)
	}
	if v, ok := c.Value(kit.KeyVisitor).(kit.Visitor); ok {
		return fmt.Sprintf("customer:%d", v.ID)
	}
	if client := caller.Client(c); client.ID != 0 {
		return fmt.Sprintf("client:%d", client.ID)
	}
	return "nobody"
}

// recoverPanic is middleware that turns a panic into a 500 and logs the stack.
func (s *Server) recoverPanic(c *gin.Context) {
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
			slog.String("request_id", kit.RequestID(c)), slog.String("stack", string(debug.Stack())))
		if c.Writer.Written() {
			panic(http.ErrAbortHandler) // half a page is sent: close the connection, so that the browser does not take it for a whole one
		}
		s.Fail(c, kit.ErrPanic)
	}()
	c.Next()
}

// sameSite returns middleware that refuses requests from pages of other sites, for every
// route that a cookie could admit. It replaces a CSRF token in every form.
func (s *Server) sameSite() (gin.HandlerFunc, error) {
	guard := http.NewCrossOriginProtection()
	if s.PublicURL != "" {
		public, err := url.Parse(s.PublicURL)
		if err != nil {
			return nil, fmt.Errorf("the public address does not parse: %w", err)
		}
		// A proxy may pass on another Host than the browser requested.
		if err := guard.AddTrustedOrigin(public.Scheme + "://" + public.Host); err != nil {
			return nil, fmt.Errorf("the public address names no origin: %w", err)
		}
	}
	return func(c *gin.Context) {
		if splynx.OnSide(c) { // it knows no cookies, and apps name the host of their Splynx as Origin
			c.Next()
			return
		}
		if err := guard.Check(c.Request); err != nil {
			s.Fail(c, kit.ErrCrossSite.Because(err))
			c.Abort()
			return
		}
		c.Next()
	}, nil
}

// limitRequest is middleware that refuses requests that no page of the portal sends: large
// bodies, and URLs with control characters or broken UTF-8. Postgres can't store NUL.
func (s *Server) limitRequest(c *gin.Context) {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, bodyLimit(c.FullPath()))
	query, err := c.Request.URL.Query(), error(nil)
	if !kit.IsCleanText(c.Request.URL.Path) {
		err = kit.ErrMalformed
	}
	for key, values := range query {
		for _, v := range append(values, key) {
			if !kit.IsCleanText(v) {
				err = kit.ErrMalformed
			}
		}
	}
	if err != nil {
		s.Fail(c, err)
		c.Abort()
		return
	}
	c.Next()
}
