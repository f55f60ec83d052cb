package admin

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/notify"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// Limits of the event streams that are open at once in one process. A window that is hidden
// closes its stream, so that people need few. A page that gets no stream polls.
const (
	SessionStreams = 12
	PersonStreams  = 36
	processStreams = 4000
)

// streams counts the open event streams. The zero value is ready to use.
type streams struct {
	mu        sync.Mutex
	all       int
	bySession map[int64]int
	byPerson  map[int64]int
}

// enter counts one more stream. It returns false at a limit. The caller must call leave
// when the stream ends.
func (s *streams) enter(session, person int64) (leave func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bySession == nil {
		s.bySession, s.byPerson = map[int64]int{}, map[int64]int{}
	}
	if s.all >= processStreams || s.bySession[session] >= SessionStreams || s.byPerson[person] >= PersonStreams {
		return nil, false
	}
	s.all++
	s.bySession[session]++
	s.byPerson[person]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all--
		less(s.bySession, session)
		less(s.byPerson, person)
	}, true
}

// Streams returns the number of open event streams.
func (s *Server) Streams() int {
	s.streams.mu.Lock()
	defer s.streams.mu.Unlock()
	return s.streams.all
}

func less(counts map[int64]int, id int64) {
	if counts[id]--; counts[id] <= 0 {
		delete(counts, id)
	}
}

// reachFor is how long a reach is cached: one event is checked for many streams at once.
const reachFor = 2 * time.Second

// reaches caches who may see series and imports.
type reaches struct {
	mu    sync.Mutex
	known map[string]reach
}

// reach tells who may see a series or an import.
type reach struct {
	any        bool // a series for any partner: only staff of all partners see it
	partnerIDs []int64
	staffID    int64 // the person who uploaded the import
	at         time.Time
}

// visible returns the events whose subject a person may see. People who see all partners
// get all events. Events about approvals and resyncs reach everyone.
func (s *Server) visible(ctx context.Context, person staff.Person, events []notify.Event) []notify.Event {
	if person.Scope.AllPartners {
		return events
	}
	var left []notify.Event
	for _, e := range events {
		switch e.Kind {
		case notify.KindSeries:
			if s.reach(ctx, notify.KindSeries, e.ID).within(person) {
				left = append(left, e)
			}
		case notify.KindExport:
			if s.reach(ctx, notify.KindSeries, e.SeriesID).within(person) {
				left = append(left, e)
			}
		case notify.KindImport:
			if s.reach(ctx, notify.KindImport, e.ID).within(person) {
				left = append(left, e)
			}
		case notify.KindApproval, notify.KindResync:
			left = append(left, e)
		}
	}
	return left
}

// within reports whether a person who does not see all partners may see the subject.
func (r reach) within(p staff.Person) bool {
	if r.staffID != 0 {
		return r.staffID == p.ID
	}
	return !r.any && len(r.partnerIDs) > 0 && kit.Covers(p.Scope, audit.Scope{PartnerIDs: r.partnerIDs})
}

// reach returns who may see a series or an import. If that cannot be read, the result
// admits no one.
func (s *Server) reach(ctx context.Context, kind string, id int64) reach {
	s.reaches.mu.Lock()
	defer s.reaches.mu.Unlock()
	key, now := fmt.Sprintf("%s:%d", kind, id), s.Now()
	if r, ok := s.reaches.known[key]; ok && now.Sub(r.at) < reachFor {
		return r
	}
	if len(s.reaches.known) > 1000 || s.reaches.known == nil {
		s.reaches.known = map[string]reach{}
	}
	r := reach{at: now}
	var err error
	if kind == notify.KindImport {
		r.staffID, err = db.New().ImportOwner(ctx, s.Pool, id)
	} else {
		var row db.SeriesReachRow
		row, err = db.New().SeriesReach(ctx, s.Pool, id)
		r.any, r.partnerIDs = row.AnyPartner, row.PartnerIds
	}
	if err != nil {
		s.Log.LogAttrs(ctx, slog.LevelDebug, "an event has no subject that can be read", slog.Any("error", err))
		return reach{any: true}
	}
	s.reaches.known[key] = r
	return r
}
