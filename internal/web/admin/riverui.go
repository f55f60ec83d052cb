package admin

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

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
	// Uncompressed, so that the bar can be put in. It is one small page and files that the
	// browser keeps.
	c.Request.Header.Del("Accept-Encoding")
	bar, err := s.Buffer("admin/job_list", "river-bar", nil)
	if err != nil {
		return err
	}
	w := &riverBarWriter{ResponseWriter: c.Writer, bar: bar.String()}
	s.riverUI.ServeHTTP(w, c.Request)
	return w.flush()
}

// riverBarWriter puts a bar into the pages that pass through it, because the pages of River UI
// have no way back to ours. Everything else passes as it is.
type riverBarWriter struct {
	http.ResponseWriter
	bar    string
	status int
	page   *bytes.Buffer // a page that is held back; nil: it is no page
	begun  bool
}

func (w *riverBarWriter) WriteHeader(status int) {
	if w.begun {
		return
	}
	w.begun, w.status = true, status
	if strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		w.page = &bytes.Buffer{}
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *riverBarWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.page != nil {
		return w.page.Write(b)
	}
	return w.ResponseWriter.Write(b) //nolint:wrapcheck // http.ResponseWriter passes it on
}

// flush writes the page that was held back, with the bar.
func (w *riverBarWriter) flush() error {
	if w.page == nil {
		return nil
	}
	html := w.page.String()
	if head, body, ok := strings.Cut(html, "<body"); ok {
		if tag, rest, ok := strings.Cut(body, ">"); ok {
			html = head + "<body" + tag + ">" + w.bar + rest
		}
	}
	w.Header().Del("Content-Length")
	w.ResponseWriter.WriteHeader(w.status)
	if _, err := io.WriteString(w.ResponseWriter, html); err != nil {
		return fmt.Errorf("write a page of River: %w", err)
	}
	return nil
}
