package approval

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/setting"
)

// The limit above which a second person is needed applies to the total of one person's
// acts within 24 hours, for each kind of act. Otherwise several small acts could replace
// one large one. Each act without approval leaves a row (table solo_act) in its own
// transaction, also while no limit is set, so that a limit that is set later counts the
// whole day.

// Act is something that a member of staff, or an API client of theirs, does without a second
// person if they may: both count within one limit. Its
// subject counts once a day, at its most: a series, or one card of it, or a partner. An
// act without a subject counts by itself.
type Act struct {
	Kind      db.ApprovalKind
	By        audit.Accountable // within whose limit it counts
	SeriesID  int64
	Serial    int32 // 0: the whole series
	PartnerID int64
	ExportID  *int64
	Value     int64 // minor units
}

// Solo is what one person would have done without a second one within a day, of one
// kind, if they did one thing more. Values are minor units.
type Solo struct {
	Limit  *int64 // nil: there is none
	Others int64  // what was done with other subjects
	Same   int64  // what was done with this one, at its most
	Value  int64  // what it is worth now
}

// Over reports whether it takes a second person. The same subject counts once, so that
// its file can be had again.
func (o Solo) Over() bool { return o.Limit != nil && o.Others+max(o.Same, o.Value) > *o.Limit }

// Large reports whether it would even on a day on which nothing else was done.
func (o Solo) Large() bool { return o.Limit != nil && o.Value > *o.Limit }

// Before is what was done so far.
func (o Solo) Before() int64 { return o.Others + o.Same }

// Left is what may still be done, with other subjects.
func (o Solo) Left() int64 {
	if o.Limit == nil {
		return 0
	}
	return max(0, *o.Limit-o.Before())
}

// Refusal is large where the act is worth too much by itself, else summed, which says
// that the day makes the difference. summed counts as large for errors.Is.
func (o Solo) Refusal(large, summed *fault.Error) error {
	if o.Large() {
		return large
	}
	refused := summed.Because(large)
	refused.Kind, refused.Field = large.Kind, large.Field
	return refused
}

// Weigh checks an act against the limit of the responsible person. It returns
// audit.ErrNeedsStaff where no member of staff answers for the act. It writes nothing.
func Weigh(ctx context.Context, dbtx db.DBTX, a Act) (Solo, error) {
	if a.By.IsNobody() {
		return Solo{}, audit.ErrNeedsStaff
	}
	settings, err := setting.Read(ctx, dbtx)
	if err != nil {
		return Solo{}, err
	}
	o := Solo{Limit: settings.ApproveAbove, Value: a.Value}
	if a.By.IsSystem() {
		return o, nil
	}
	sum, err := db.New().SoloActSum(ctx, dbtx, db.SoloActSumParams{StaffID: a.By.Staff(), Kind: a.Kind, SeriesID: a.SeriesID, Serial: a.Serial, PartnerID: a.PartnerID})
	if err != nil {
		return o, fmt.Errorf("add up what one person did: %w", err)
	}
	o.Others, o.Same = sum.Others, sum.Same
	return o, nil
}

// Alone decides whether an act needs no second person, and enters it if so. The
// person's lock is held until the end of the transaction: of two acts at once the later
// one counts the other. The caller has taken the locks of series, requests, exports,
// customers and cards before.
func Alone(ctx context.Context, tx pgx.Tx, a Act) (Solo, error) {
	if a.By.IsSystem() || a.By.IsNobody() {
		return Weigh(ctx, tx, a)
	}
	q := db.New()
	if err := q.SoloActLock(ctx, tx, int32(a.By.Staff())); err != nil { //nolint:gosec // a lock's name; a wrapped id only waits for a stranger
		return Solo{}, fmt.Errorf("lock what one person does: %w", err)
	}
	o, err := Weigh(ctx, tx, a)
	if err != nil || o.Over() {
		return o, err
	}
	err = q.SoloActCreate(ctx, tx, db.SoloActCreateParams{
		Kind: a.Kind, StaffID: a.By.Staff(), SeriesID: optional(a.SeriesID), Serial: optional(a.Serial), PartnerID: optional(a.PartnerID),
		ExportID: a.ExportID, Value: a.Value,
	})
	if err != nil {
		return o, fmt.Errorf("enter what one person does: %w", err)
	}
	return o, nil
}

// Scale holds an act against the limit: Looking does nothing more, Taking does the act
// where it needs no second person.
type Scale func(context.Context, Act) (Solo, error)

// Looking weighs acts.
func Looking(dbtx db.DBTX) Scale {
	return func(ctx context.Context, a Act) (Solo, error) { return Weigh(ctx, dbtx, a) }
}

// Taking weighs acts and enters those that need no second person.
func Taking(tx pgx.Tx) Scale {
	return func(ctx context.Context, a Act) (Solo, error) { return Alone(ctx, tx, a) }
}
