package web

import (
	"context"
	"crypto/subtle"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/lang"
	"refill/internal/web/kit"
)

// healthz handles GET /healthz: it responds as long as the process runs.
func (s *Server) healthz(c *gin.Context) error {
	c.String(http.StatusOK, "ok\n")
	return nil
}

// readyz handles GET /readyz: it reports whether the process can serve requests, by default
// whether the database answers.
func (s *Server) readyz(c *gin.Context) error {
	ctx, cancel := context.WithTimeout(c.Request.Context(), 3*time.Second)
	defer cancel()
	check := s.deps.Ready
	if check == nil {
		check = s.Pool.Ping
	}
	if err := check(ctx); err != nil {
		if c.Request.Context().Err() != nil { // the probe has closed its connection; there is no answer to send
			c.Status(kit.StatusHungUp)
			return nil
		}
		s.Log.LogAttrs(ctx, slog.LevelWarn, "not ready", slog.Any("error", err))
		c.String(http.StatusServiceUnavailable, lang.M("not ready\n"))
		return nil
	}
	c.String(http.StatusOK, "ready\n")
	return nil
}

// metrics handles GET /metrics, for clients that send the token. Others get 404.
func (s *Server) metrics(c *gin.Context) error {
	token, ok := strings.CutPrefix(c.GetHeader("Authorization"), "Bearer ")
	if s.deps.Metrics == nil || s.deps.MetricsToken == "" || !ok ||
		subtle.ConstantTimeCompare([]byte(token), []byte(s.deps.MetricsToken)) != 1 {
		return kit.ErrNotFound
	}
	s.deps.Metrics.ServeHTTP(c.Writer, c.Request)
	return nil
}
