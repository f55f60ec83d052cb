package admin

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"
	"riverqueue.com/riverui"

	"refill/internal/web/kit"
)

// RiverUIPath is where River's own pages are, for depth.
const RiverUIPath = SectionJobs + "/ui"

// riverUIPolicy is the content security policy of River's own pages: they style
// themselves inline, ours never do.
const riverUIPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// newRiverUI makes River's own pages. Job arguments are ids, but they are hidden
// all the same until a job is opened.
func (s *Server) newRiverUI() (*riverui.Handler, error) {
	ui, err := riverui.NewHandler(&riverui.HandlerOpts{
		Endpoints: riverui.NewEndpoints(s.Jobs, nil), Logger: s.Log, Prefix: RiverUIPath, JobListHideArgsByDefault: true,
	})
	if err != nil {
		return nil, fmt.Errorf("make River's pages: %w", err)
	}
	return ui, nil
}

// Start starts what works behind the pages, until ctx ends.
func (s *Server) Start(ctx context.Context) error {
	if err := s.riverUI.Start(ctx); err != nil {
		return fmt.Errorf("start River's pages: %w", err)
	}
	return nil
}

// RiverUI hands a request to River's own pages; routes.go has said who may.
// Only what reads is handed over, whatever the routes let through: an act of River's
// has no audit row and knows no guarded queue.
func (s *Server) RiverUI(c *gin.Context) error {
	if c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead {
		return kit.ErrMethod
	}
	c.Header("Content-Security-Policy", riverUIPolicy)
	s.riverUI.ServeHTTP(c.Writer, c.Request)
	return nil
}
