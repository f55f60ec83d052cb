package event

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// MaxPage is the largest number of events of one page of the feed.
const MaxPage = 1000

// Errors of the feed.
var (
	ErrExpired = fault.New(fault.Conflict, "feed_expired", "Events after this one were deleted, because events are kept for {days} days. Compare with the lists of redemptions and payments, then leave out after to begin at the oldest event.").With("days", fault.Number(30))
	ErrAhead   = fault.New(fault.Conflict, "feed_ahead", "There is no event with this number yet. It is from another installation, or this one was restored from a backup. Compare with the lists of redemptions and payments, then leave out after to begin at the oldest event.")
	ErrTypes   = fault.New(fault.Invalid, "event_types", "Name types of events such as redemption.created, or groups such as redemption.*.")
)

// Query asks for a page of the feed.
type Query struct {
	After *int64 // the seq of the last event that the reader has; nil: from the oldest
	Types []string
	Limit int32 // 1 to MaxPage
	Scope audit.Scope
	// Alarms says that the reader may see alarms. They concern no partner, so a reader of
	// some partners gets none all the same.
	Alarms bool
}

// Page is a page of the feed.
type Page struct {
	Events []Event
	Next   int64 // the After of the next page
	More   bool  // the next page is not empty
}

// Read returns the events after a seq that concern partners of the scope. A test client reads
// events of its partners alone, and any other reader none of test partners. Next moves on past
// events that concern others, so that a reader of few events reads them once only.
func Read(ctx context.Context, dbtx db.DBTX, ask Query) (Page, error) {
	types := MatchingAny(ask.Types)
	if slices.ContainsFunc(ask.Types, func(t string) bool { return !Known(t) }) {
		return Page{}, ErrTypes
	}
	// The counter is read first: all events up to it are committed.
	counter, err := db.New().EventCounterGet(ctx, dbtx)
	if err != nil {
		return Page{}, fmt.Errorf("read the counter of events: %w", err)
	}
	after := counter.Trimmed
	if ask.After != nil {
		after = *ask.After
	}
	switch {
	case after < counter.Trimmed:
		return Page{}, ErrExpired
	case after > counter.Last:
		return Page{}, ErrAhead
	}
	rows, err := read(ctx, dbtx, ask, types, after, counter.Last)
	if err != nil {
		return Page{}, fmt.Errorf("read events: %w", err)
	}
	// Events may have been deleted between the two readings.
	if then, err := db.New().EventCounterGet(ctx, dbtx); err != nil || after < then.Trimmed {
		return Page{}, cmp.Or(err, error(ErrExpired))
	}
	p := Page{Events: []Event{}, Next: counter.Last}
	for _, row := range rows {
		p.Events = append(p.Events, Event{ID: row.ID.String(), Seq: row.Seq, Type: row.Type, Timestamp: moment(row.At), Data: row.Data})
	}
	if len(rows) == int(ask.Limit) {
		p.Next, p.More = rows[len(rows)-1].Seq, true
	}
	return p, nil
}

func read(ctx context.Context, dbtx db.DBTX, ask Query, types []string, after, until int64) ([]db.EventFeedRow, error) {
	q := db.New()
	switch {
	case after == until:
		return nil, nil
	case !ask.Scope.AllPartners:
		if len(ask.Types) == 0 {
			types = []string{}
		}
		rows, err := q.EventFeedPartners(ctx, dbtx, db.EventFeedPartnersParams{PartnerIds: ask.Scope.PartnerIDs, Everyone: !ask.Scope.Test, Types: types, After: after, Until: until, Size: ask.Limit})
		return convert(rows), err
	case len(ask.Types) > 0:
		types = slices.DeleteFunc(types, func(t string) bool { return slices.Contains(hidden(ask), t) })
		rows, err := q.EventFeedTypes(ctx, dbtx, db.EventFeedTypesParams{Types: types, After: after, Until: until, Size: ask.Limit})
		return convert(rows), err
	}
	return q.EventFeed(ctx, dbtx, db.EventFeedParams{Hidden: hidden(ask), After: after, Until: until, Size: ask.Limit})
}

// hidden returns the types that a reader does not get. A ping is for its endpoint alone.
func hidden(ask Query) []string {
	if ask.Alarms {
		return []string{Ping}
	}
	return append(alarms(), Ping)
}

func convert[R db.EventFeedPartnersRow | db.EventFeedTypesRow](rows []R) (list []db.EventFeedRow) {
	for _, row := range rows {
		list = append(list, db.EventFeedRow(row))
	}
	return list
}

// Bounds of the queue, beyond which something is wrong: no worker runs, or the relay fails.
const (
	MostWaiting = 10_000
	LongestWait = 10 * time.Minute
)

// Waiting is the state of the queue.
type Waiting struct {
	Entries int64 // at most MostWaiting + 1
	Oldest  time.Duration
}

// Behind reports whether the queue is beyond its bounds.
func (w Waiting) Behind() bool { return w.Entries > MostWaiting || w.Oldest > LongestWait }

// QueueState returns the state of the queue.
func QueueState(ctx context.Context, dbtx db.DBTX) (Waiting, error) {
	row, err := db.New().EventOutState(ctx, dbtx)
	if err != nil {
		return Waiting{}, fmt.Errorf("count the entries of events: %w", err)
	}
	return Waiting{row.Waiting, time.Duration(row.Seconds * float64(time.Second))}, nil
}

// trimSize is how many events one transaction of Trim deletes, and trimRounds how many it
// has at most.
const (
	trimSize   = 5000
	trimRounds = 20
)

// Trim deletes events that are older than Kept. Periodic.
func Trim(ctx context.Context, dbtx db.DBTX) error {
	for range trimRounds {
		n, err := db.New().EventTrim(ctx, dbtx, db.EventTrimParams{Size: trimSize, Age: Kept})
		if err != nil {
			return fmt.Errorf("delete old events: %w", err)
		}
		if n < trimSize {
			return nil
		}
	}
	return nil // the next round goes on
}
