package admin

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"
	"riverqueue.com/riverui"

	"refill/internal/web/kit"
)

// RiverUIPath is the address of River UI, the job pages that come with River.
const RiverUIPath = SectionJobs + "/ui"

// riverUIPolicy is the content security policy of River UI. Its pages need inline styles,
// which our pages never use.
const riverUIPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// newRiverUI returns the handler of River UI. Job arguments contain only IDs, but lists of
// jobs hide them all the same.
func (s *Server) newRiverUI() (*riverui.Handler, error) {
	ui, err := riverui.NewHandler(&riverui.HandlerOpts{
		Endpoints: riverui.NewEndpoints(s.Jobs, nil), Logger: s.Log, Prefix: RiverUIPath, JobListHideArgsByDefault: true,
	})
	if err != nil {
		return nil, fmt.Errorf("make River's pages: %w", err)
	}
	return ui, nil
}

// Start runs the background work of River UI until ctx ends.
func (s *Server) Start(ctx context.Context) error {
	if err := s.riverUI.Start(ctx); err != nil {
		return fmt.Errorf("start River's pages: %w", err)
	}
	return nil
}

// RiverUI passes a request to River UI; routes.go checks the permission. It passes only
// reads, whatever the routes allow: a change in River UI has no audit entry and ignores
// which queues are guarded.
func (s *Server) RiverUI(c *gin.Context) error {
	if c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead {
		return kit.ErrMethod
	}
	c.Header("Content-Security-Policy", riverUIPolicy)
	s.riverUI.ServeHTTP(c.Writer, c.Request)
	return nil
}
