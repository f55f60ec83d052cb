package admin

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/notify"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// Events handles GET /admin/events, a stream of server-sent events. An event carries only a
// name. The page then fetches the changed part from the usual handler, which checks
// permissions and renders it. An event is sent only to people who may see its subject.
//
// Names: "series" and "series-12" (ID of the row, not number of the series), "export" (one
// of the person's own), "export-series-12", "jobs", "check", "approval", "import-3",
// "resync" (read everything again), "signed-out".
func (s *Server) Events(c *gin.Context) error {
	kit.LiftTime(c)
	person := s.Person(c)
	leave, ok := s.streams.enter(s.SessionID(c), person.ID)
	if !ok { // the page polls and tries again
		c.Header("Retry-After", "15")
		c.Status(http.StatusTooManyRequests)
		return nil
	}
	defer leave()
	withdrawn := make(chan bool, 1)
	defer s.Watched(c, func(over bool) { withdrawn <- over })()
	heard, stop := s.Hub.Subscribe()
	defer stop()
	h := c.Writer.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")

	// The page is older than this connection, so it may have missed changes.
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
			for _, name := range eventNames(s.visible(c.Request.Context(), person, drain(e, heard)), person) {
				text += "event: " + name + "\ndata:\n\n"
			}
		case over := <-withdrawn:
			if over {
				_ = s.send(c, "event: signed-out\ndata:\n\n") // it ends either way
			}
			return nil // with changed permissions, the page connects again
		case <-ping.C:
			text = ": ping\n\n"
		}
		if err := s.send(c, text); err != nil {
			return nil // the visitor left
		}
	}
}

// send writes and flushes text. It fails if the client accepts nothing for ten seconds.
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

// drain returns first and the other events that are waiting, without duplicates: a thousand
// steps of one series become one event for a page.
func drain(first notify.Event, more <-chan notify.Event) []notify.Event {
	events := []notify.Event{first}
	for {
		select {
		case e := <-more:
			if !slices.Contains(events, e) {
				events = append(events, e)
			}
		default:
			return events
		}
	}
}

// eventNames returns the names of events for one member of staff, without duplicates.
func eventNames(events []notify.Event, person staff.Person) []string {
	var names []string
	for _, e := range events {
		for _, name := range eventName(e, person) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

func eventName(e notify.Event, person staff.Person) []string {
	switch e.Kind {
	case notify.KindSeries:
		return []string{"series", fmt.Sprintf("series-%d", e.ID)}
	case notify.KindExport:
		names := []string{fmt.Sprintf("export-series-%d", e.SeriesID)}
		if e.StaffID == person.ID {
			names = append(names, "export")
		}
		return names
	case notify.KindImport:
		return []string{"import", fmt.Sprintf("import-%d", e.ID)}
	case notify.KindJobs, notify.KindCheck:
		if !person.Can(staff.JobsView) || !person.Scope.AllPartners {
			return nil
		}
		return []string{e.Kind}
	case notify.KindApproval, notify.KindResync:
		return []string{e.Kind}
	}
	return nil
}
