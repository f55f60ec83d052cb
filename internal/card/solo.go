package card

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/setting"
)

// The limit above which a second person is asked holds for what one person does by
// themselves within 24 hours, activations and exports apart: else several small
// series would do what one large one may not. Each act without a second person leaves
// a row (solo_act), in the transaction that decided it, also where no limit is set:
// one that is set later finds the day as it was.

// act is something that somebody does by themselves if they may.
type act struct {
	kind     db.ApprovalKind
	by       int64 // a member of staff; 0: nobody
	seriesID int64
	exportID *int64
	value    int64 // of the whole series
}

// Solo is what somebody would have done by themselves within a day, of one kind, if
// they did one thing more.
type Solo struct {
	Limit  *int64 // nil: there is none
	Others int64  // what other series were worth
	Same   int64  // what this series was, at its most
	Value  int64  // what it is now
}

// Over reports whether it takes a second person. The same series counts once, so that
// its file can be had again.
func (o Solo) Over() bool { return o.Limit != nil && o.Others+max(o.Same, o.Value) > *o.Limit }

// Large reports whether it would even on a day on which nothing else was done.
func (o Solo) Large() bool { return o.Limit != nil && o.Value > *o.Limit }

// Before is what was done so far.
func (o Solo) Before() int64 { return o.Others + o.Same }

// Left is what may still be done, with other series.
func (o Solo) Left() int64 {
	if o.Limit == nil {
		return 0
	}
	return max(0, *o.Limit-o.Before())
}

// Solo tells a page what the domain would decide; nothing is done. Of cards that have
// no series yet seriesID is 0.
func (s *Service) Solo(ctx context.Context, staffID int64, kind db.ApprovalKind, seriesID, value int64) (Solo, error) {
	return s.weigh(ctx, s.db, act{kind: kind, by: staffID, seriesID: seriesID, value: value})
}

// weigh holds an act against the limit of its person.
func (s *Service) weigh(ctx context.Context, dbtx db.DBTX, a act) (Solo, error) {
	settings, err := setting.Read(ctx, dbtx)
	if err != nil {
		return Solo{}, err
	}
	o := Solo{Limit: settings.ApproveAbove, Value: a.value}
	if a.by == 0 {
		return o, nil
	}
	sum, err := s.q.SoloActSum(ctx, dbtx, db.SoloActSumParams{StaffID: a.by, Kind: a.kind, SeriesID: a.seriesID})
	if err != nil {
		return o, fmt.Errorf("add up what one person did: %w", err)
	}
	o.Others, o.Same = sum.Others, sum.Same
	return o, nil
}

// alone decides whether an act needs nobody else, and enters it if so. The person's
// lock is held until the end of the transaction: of two acts at once the later one
// counts the other.
func (s *Service) alone(ctx context.Context, tx pgx.Tx, a act) (Solo, error) {
	if a.by == 0 {
		return s.weigh(ctx, tx, a)
	}
	if err := s.q.SoloActLock(ctx, tx, int32(a.by)); err != nil { //nolint:gosec // a lock's name; a wrapped id only waits for a stranger
		return Solo{}, fmt.Errorf("lock what one person does: %w", err)
	}
	o, err := s.weigh(ctx, tx, a)
	if err != nil || o.Over() {
		return o, err
	}
	err = s.q.SoloActCreate(ctx, tx, db.SoloActCreateParams{Kind: a.kind, StaffID: a.by, SeriesID: a.seriesID, ExportID: a.exportID, Value: a.value})
	if err != nil {
		return o, fmt.Errorf("enter what one person does: %w", err)
	}
	return o, nil
}

// scale holds an act against the limit: looking does nothing more, taking does the
// act where it needs nobody else.
type scale func(context.Context, act) (Solo, error)

func (s *Service) looking(dbtx db.DBTX) scale {
	return func(ctx context.Context, a act) (Solo, error) { return s.weigh(ctx, dbtx, a) }
}

func (s *Service) taking(tx pgx.Tx) scale {
	return func(ctx context.Context, a act) (Solo, error) { return s.alone(ctx, tx, a) }
}

// refusal is a fault in the words that fit: as it is where the cards are worth too
// much by themselves, else it says that the day is what makes the difference.
func (o Solo) refusal(large *fault.Error, summed string) error {
	if o.Large() {
		return large
	}
	return large.Saying(summed)
}
