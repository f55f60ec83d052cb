package web

import (
	"context"
	"crypto/subtle"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// landingPage is the two doors.
type landingPage struct{ page }

// landing handles GET /.
func (s *Server) landing(c *gin.Context) error {
	return s.render(c, http.StatusOK, "portal/landing", &landingPage{s.page(c, "Welcome", "")})
}

// healthz handles GET /healthz: the process lives.
func (s *Server) healthz(c *gin.Context) error {
	c.String(http.StatusOK, "ok\n")
	return nil
}

// readyz handles GET /readyz: the process can work.
func (s *Server) readyz(c *gin.Context) error {
	ctx, cancel := context.WithTimeout(c.Request.Context(), 3*time.Second)
	defer cancel()
	check := s.Ready
	if check == nil {
		check = s.Pool.Ping
	}
	if err := check(ctx); err != nil {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "not ready", slog.Any("error", err))
		c.String(http.StatusServiceUnavailable, "not ready\n")
		return nil
	}
	c.String(http.StatusOK, "ready\n")
	return nil
}

// metrics handles GET /metrics, for whoever shows the token.
func (s *Server) metrics(c *gin.Context) error {
	token, ok := strings.CutPrefix(c.GetHeader("Authorization"), "Bearer ")
	if s.Metrics == nil || s.MetricsToken == "" || !ok ||
		subtle.ConstantTimeCompare([]byte(token), []byte(s.MetricsToken)) != 1 {
		return errNotFound
	}
	s.Metrics.ServeHTTP(c.Writer, c.Request)
	return nil
}
