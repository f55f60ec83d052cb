package web

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/notify"
)

// eventsPath is the stream of events for staff.
const eventsPath = "/admin/events"

// events handles GET /admin/events. An event carries a name and nothing else:
// the page fetches what it shows of it, so that rights and rendering stay in one
// handler. Names: "series" and "series-12" (number of the row, not of the
// series), "export" (one of the person's own), "export-series-12", "jobs", "check", "approval", "import-3",
// "resync" (read everything again), "signed-out".
func (s *Server) events(c *gin.Context) error {
	takesTime(c)
	heard, stop := s.Hub.Subscribe()
	defer stop()
	h := c.Writer.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	person := s.person(c)

	// The page is older than this connection; what changed between is unknown.
	if err := s.send(c, "retry: 2000\nevent: resync\ndata:\n\n"); err != nil {
		return nil // the visitor left
	}
	ping := time.NewTicker(s.PingEvery)
	defer ping.Stop()
	for {
		text := ""
		select {
		case <-c.Request.Context().Done():
			return nil
		case <-s.closing:
			return nil
		case e := <-heard:
			for _, name := range drain(e, heard, person.ID) {
				text += "event: " + name + "\ndata:\n\n"
			}
		case <-ping.C:
			text = ": ping\n\n"
			// A stream outlives the request that opened it: ask again whether it may.
			if stays, err := db.New().SessionStaffStays(c.Request.Context(), s.Pool, db.SessionStaffStaysParams{ID: s.session(c), Idle: staffIdle}); err == nil && !stays {
				_ = s.send(c, "event: signed-out\ndata:\n\n") // it ends either way
				return nil
			}
		}
		if err := s.send(c, text); err != nil {
			return nil // the visitor left
		}
	}
}

// send writes and flushes, and gives up on a reader that takes nothing for ten
// seconds.
func (s *Server) send(c *gin.Context, text string) error {
	if text == "" {
		return nil
	}
	control := http.NewResponseController(c.Writer)
	if err := control.SetWriteDeadline(s.Now().Add(10 * time.Second)); err != nil {
		return fmt.Errorf("set a deadline: %w", err)
	}
	if _, err := io.WriteString(c.Writer, text); err != nil {
		return err
	}
	return control.Flush()
}

// drain takes what else has been heard meanwhile and returns each name once: a
// thousand steps of one series are one event for a page.
func drain(first notify.Event, more <-chan notify.Event, staffID int64) []string {
	names := eventNames(first, staffID)
	for {
		select {
		case e := <-more:
			for _, name := range eventNames(e, staffID) {
				if !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		default:
			return names
		}
	}
}

// eventNames is what an event is called on the page of one member of staff.
func eventNames(e notify.Event, staffID int64) []string {
	switch e.Kind {
	case notify.KindSeries:
		return []string{"series", fmt.Sprintf("series-%d", e.ID)}
	case notify.KindExport:
		names := []string{fmt.Sprintf("export-series-%d", e.SeriesID)}
		if e.StaffID == staffID {
			names = append(names, "export")
		}
		return names
	case notify.KindImport:
		return []string{fmt.Sprintf("import-%d", e.ID)}
	case notify.KindJobs, notify.KindCheck, notify.KindApproval, notify.KindResync:
		return []string{e.Kind}
	}
	return nil
}
