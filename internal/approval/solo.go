package approval

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
	"refill/internal/setting"
)

// The limit above which a second person is needed applies to the total of one person's
// acts within 24 hours, for each kind of act. Otherwise several small acts could replace
// one large one. Each act without approval leaves a row (table solo_act) in its own
// transaction, also while no limit is set, so that a limit that is set later counts the
// whole day.

// Act is an act that needs a second person above the limit. The acts of a member of staff
// and of their API clients count towards the same limit. If several acts of one day have the
// same subject (a series, one card of it, or a partner), the largest of them counts. An act
// without a subject always counts.
type Act struct {
	Kind      db.ApprovalKind
	By        audit.Accountable // the person towards whose limit it counts
	SeriesID  int64
	Serial    int32 // 0: the whole series
	PartnerID int64
	ExportID  *int64
	Value     int64  // minor units
	Currency  string // money.Test: no limit counts it. Empty: that of the installation
}

// Solo compares an act with the limit. It has the sum of one person's acts of the same kind
// within a day, without approval. Values are in minor units.
type Solo struct {
	Limit  *int64 // nil: there is none
	Others int64  // value of the earlier acts on other subjects
	Same   int64  // value of the largest earlier act on the same subject
	Value  int64  // value of the act itself
}

// Over reports whether the act needs a second person. The same subject counts once, so that
// a person can export the file of a series again.
func (o Solo) Over() bool { return o.Limit != nil && o.Others+max(o.Same, o.Value) > *o.Limit }

// Large reports whether the act would need a second person even without earlier acts.
func (o Solo) Large() bool { return o.Limit != nil && o.Value > *o.Limit }

// Before returns the value of the earlier acts.
func (o Solo) Before() int64 { return o.Others + o.Same }

// Left returns the value that the person may still act on, with other subjects.
func (o Solo) Left() int64 {
	if o.Limit == nil {
		return 0
	}
	return max(0, *o.Limit-o.Before())
}

// Refusal returns large if the act alone exceeds the limit. Otherwise it returns summed,
// which says that the sum of the day exceeds the limit, and which wraps large.
func (o Solo) Refusal(large, summed *fault.Error) error {
	if o.Large() {
		return large
	}
	refused := summed.Because(large)
	refused.Kind, refused.Field = large.Kind, large.Field
	return refused
}

// Weigh checks an act against the limit of the responsible person. It returns
// audit.ErrNeedsStaff where no member of staff answers for the act. Test money has no limit. It
// writes nothing.
func Weigh(ctx context.Context, dbtx db.DBTX, a Act) (Solo, error) {
	if a.By.IsNobody() {
		return Solo{}, audit.ErrNeedsStaff
	}
	if a.Currency == money.Test {
		return Solo{Value: a.Value}, nil
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

// Alone weighs an act, and records it if it needs no second person. It holds the person's
// lock until the end of the transaction, so that of two concurrent acts the second counts
// the first. The caller has taken the locks of series, requests, exports, customers and
// cards before.
func Alone(ctx context.Context, tx pgx.Tx, a Act) (Solo, error) {
	if a.By.IsSystem() || a.By.IsNobody() || a.Currency == money.Test {
		return Weigh(ctx, tx, a)
	}
	q := db.New()
	if err := q.SoloActLock(ctx, tx, int32(a.By.Staff())); err != nil { //nolint:gosec // names a lock; ids that wrap to the same number only wait for each other
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

// Scale checks an act against the limit. Looking returns a Scale that only checks; Taking
// returns one that also records an act that needs no second person.
type Scale func(context.Context, Act) (Solo, error)

// Looking returns a Scale that weighs acts and writes nothing.
func Looking(dbtx db.DBTX) Scale {
	return func(ctx context.Context, a Act) (Solo, error) { return Weigh(ctx, dbtx, a) }
}

// Taking returns a Scale that weighs acts and records those that need no second person.
func Taking(tx pgx.Tx) Scale {
	return func(ctx context.Context, a Act) (Solo, error) { return Alone(ctx, tx, a) }
}
