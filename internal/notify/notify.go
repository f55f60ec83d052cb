// Package notify owns the one LISTEN connection of a process and passes its events to
// subscribers. An event says what has changed, not the new state: subscribers read that
// from the database. The package never writes to the database.
package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// channel is the channel of pg_notify.
const channel = "refill"

// The kinds of events.
const (
	KindSeries = "series"
	KindExport = "export"
	KindImport = "import"
	KindCheck  = "check"
	// KindApproval says that a request for approval was made or decided.
	KindApproval = "approval"
	KindJobs     = "jobs"
	// KindEvent says that the feed of events has grown.
	KindEvent = "event"
	// KindResync says that events may have been lost: subscribers read everything again.
	KindResync = "resync"
)

// Event is one change.
type Event struct {
	Kind     string `json:"kind"`
	ID       int64  `json:"id"`
	SeriesID int64  `json:"series"`
	StaffID  int64  `json:"staff"` // the only member of staff to be notified; 0: all
}

// backlog is the number of events that a subscriber may lag behind. A slower one loses
// them and gets a resync event.
const backlog = 64

// Hub fans events out.
type Hub struct {
	log *slog.Logger

	mu          sync.Mutex
	subscribers map[*subscriber]struct{}
}

type subscriber struct {
	events chan Event
	behind bool // events were lost; the next one sent must be a resync
}

// NewHub returns a hub that hears nothing until Run.
func NewHub(log *slog.Logger) *Hub {
	return &Hub{log: log, subscribers: map[*subscriber]struct{}{}}
}

// Subscribe returns a channel of events and the function that ends it. A slow
// reader never holds up others.
func (h *Hub) Subscribe() (<-chan Event, func()) {
	s := &subscriber{events: make(chan Event, backlog)}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.subscribers[s] = struct{}{}
	return s.events, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.subscribers, s)
	}
}

// Subscribers returns how many there are.
func (h *Hub) Subscribers() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subscribers)
}

// publish hands an event to every subscriber that has room.
func (h *Hub) publish(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.subscribers {
		if s.behind && len(s.events) < cap(s.events) {
			s.events <- Event{Kind: KindResync}
			s.behind = false
		}
		select {
		case s.events <- e:
		default:
			s.behind = true
		}
	}
}

// Run listens at url until ctx ends, and connects again, with growing pauses,
// whenever the connection is lost. url must be a session's own connection: a
// pooler that shares them between transactions swallows notifications.
func (h *Hub) Run(ctx context.Context, url string) error {
	const first, longest = 250 * time.Millisecond, 10 * time.Second
	pause := first
	for {
		heard, err := h.listen(ctx, url)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // asked to stop
		}
		if heard {
			pause = first
		}
		h.log.LogAttrs(ctx, slog.LevelWarn, "not listening to the database; will try again",
			slog.Any("error", err), slog.Duration("after", pause))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		pause = min(pause*2, longest)
	}
}

// listen keeps one connection for as long as it lasts, and reports whether it
// ever listened.
func (h *Hub) listen(ctx context.Context, url string) (bool, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return false, fmt.Errorf("the database address does not parse: %w", err)
	}
	config.RuntimeParams["application_name"] = "refill notify"
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return false, fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is lost with this connection

	if _, err := conn.Exec(ctx, "listen "+channel); err != nil {
		return false, fmt.Errorf("listen: %w", err)
	}
	// Events that were sent while the connection was down are lost.
	h.publish(Event{Kind: KindResync})
	for {
		if err := h.wait(ctx, conn); err != nil {
			return true, err
		}
	}
}

// silence is how long the connection may say nothing before it is asked whether
// it is still there: a cable that is pulled closes no socket.
const silence = 30 * time.Second

func (h *Hub) wait(ctx context.Context, conn *pgx.Conn) error {
	quiet, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	n, err := conn.WaitForNotification(quiet)
	if err != nil {
		if ctx.Err() != nil || quiet.Err() == nil || conn.IsClosed() {
			return fmt.Errorf("wait for a notification: %w", err)
		}
		ping, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		if err := conn.Ping(ping); err != nil {
			return fmt.Errorf("the connection is silent: %w", err)
		}
		return nil
	}
	var e Event
	if err := json.Unmarshal([]byte(n.Payload), &e); err != nil || e.Kind == "" {
		h.log.LogAttrs(ctx, slog.LevelError, "a notification that nobody understands", slog.Any("error", err))
		return nil
	}
	h.publish(e)
	return nil
}
