package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/event"
	"refill/internal/notify"
	"refill/internal/staff"
	"refill/internal/web/caller"
)

// feed is the answer of GET /events.
type feed struct {
	Data []event.Event `json:"data"`
	Next string        `json:"next"` // the value of after for the next request
	More bool          `json:"more"` // the next page has events already
}

// EventList handles GET /api/v1/events. With Prefer: wait=N it waits up to N seconds for the
// first event.
func (s *Server) EventList(c *gin.Context) error {
	q := readQuery(c, "after", "types", "limit")
	ask := event.Query{Scope: caller.Client(c).Scope, Alarms: caller.Client(c).Can(staff.AlarmsView), Limit: int32(q.number("limit", 100, event.MaxPage))} //nolint:gosec // at most MaxPage
	if q.values.Has("after") {
		after := q.seq("after")
		ask.After = &after
	}
	for pattern := range strings.SplitSeq(q.text("types"), ",") {
		if pattern = strings.TrimSpace(pattern); pattern != "" {
			ask.Types = append(ask.Types, pattern)
		}
	}
	if err := q.err(); err != nil {
		return err
	}
	wait := preferredWait(c)
	if wait > 0 {
		if leave, ok := s.waits.enter(caller.Client(c).ID); ok {
			defer leave()
		} else {
			wait = 0
		}
	}
	// Subscribed before the first reading, so that no event falls between the two.
	heard, end := s.Hub.Subscribe()
	defer end()
	page, err := event.Read(c.Request.Context(), s.Pool, ask)
	if err == nil && wait > 0 && len(page.Events) == 0 {
		page, err = s.awaitEvents(c, ask, page, heard, wait)
	}
	if err != nil {
		return err
	}
	if wait > 0 {
		c.Header("Preference-Applied", "wait="+strconv.Itoa(int(wait/time.Second)))
	}
	return answer(c, http.StatusOK, feed{Data: page.Events, Next: idText(page.Next), More: page.More})
}

// awaitEvents reads again whenever the feed has grown, until there is an event for the
// client, the time is over, or the process stops.
func (s *Server) awaitEvents(c *gin.Context, ask event.Query, page event.Page, heard <-chan notify.Event, wait time.Duration) (event.Page, error) {
	arrived := s.Untimed(c)
	defer arrived()
	ctx, cancel := context.WithTimeout(c.Request.Context(), wait)
	defer cancel()
	for {
		select {
		case <-s.closing:
			return page, nil
		case <-ctx.Done():
			return page, c.Request.Context().Err()
		case e := <-heard:
			if e.Kind != notify.KindEvent && e.Kind != notify.KindResync {
				continue
			}
		}
		// What was read before concerned others: only what came since is read.
		ask.After = &page.Next
		next, err := event.Read(c.Request.Context(), s.Pool, ask)
		if err != nil || len(next.Events) > 0 {
			return next, err
		}
		page = next
	}
}

// seq returns a whole number of at least 0.
func (q *query) seq(name string) int64 {
	n, err := strconv.ParseInt(q.values.Get(name), 10, 64)
	if err != nil || n < 0 {
		q.bad = true
		return 0
	}
	return n
}
