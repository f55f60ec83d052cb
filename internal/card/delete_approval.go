package card

import (
	"context"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/staff"
)

// Deleting takes cards out of use for good, so the holders of printed cards lose their value.
// It counts within the limit of one person by the face value of the cards, whether a series,
// an import, a selection or one card is deleted. Cards that hold no value count nothing: those
// of a cancelled, failed or expired series whose value went to breakage.

// Errors of deletions that need a second person.
var (
	ErrDeletionWaits   = fault.New(fault.Conflict, "deletion_waits", "This is more than one person may delete within 24 hours. Nothing has changed yet: the series waits until another person approves it.")
	ErrDeletionAsked   = fault.New(fault.Conflict, "deletion_asked", "The deletion of this series waits for a second person already.")
	ErrVoidNeedsSecond = fault.New(fault.Conflict, "void_second", "With what you have deleted in the past 24 hours, these cards are worth more than one person may delete. Disable them instead, let another person delete them, or delete a whole series on its page: that waits until another person approves it.")
)

// DeletionFacts are the details of a request to delete a series.
type DeletionFacts struct {
	Reason string `json:"reason"` // typed by the requester
}

// deletionAct returns the deletion of n cards of a series as an act to be measured. Several
// deletions of one series add up, since no card is deleted twice.
func deletionAct(series db.Series, n int64, by audit.Accountable) approval.Act {
	return approval.Act{Kind: db.ApprovalKindDeletion, By: by, Value: n * lossOf(series), Currency: series.Currency}
}

// lossOf returns the value in minor units that the holder of a card of a series loses when it
// is deleted. The cards of a series that is ready to be activated count, since they may be
// printed.
func lossOf(series db.Series) int64 {
	if Posted(series) || series.State == db.SeriesStateReady {
		return series.Price
	}
	return 0
}

// checkVoid counts the deletion of n cards within the limit of a person. It returns
// ErrVoidNeedsSecond above the limit.
func checkVoid(ctx context.Context, series db.Series, n int64, by audit.Accountable, weigh approval.Scale) error {
	deleted := deletionAct(series, n, by)
	if deleted.Value == 0 {
		return nil
	}
	o, err := weigh(ctx, deleted)
	if err == nil && o.Over() {
		return ErrVoidNeedsSecond
	}
	return err
}

// DeletionSolo measures the deletion of a series by a member of staff, for display. It records
// nothing.
func (s *Service) DeletionSolo(ctx context.Context, staffID int64, row db.SeriesShowRow) (approval.Solo, error) {
	return approval.Weigh(ctx, s.db, deletionAct(row.Series, Unused(row)+row.Disabled, audit.ForStaff(staffID)))
}

// holdDeletion inserts a request for a second person and returns true where the deletion of a
// series is above the limit of the actor. Below it, VoidTx counts the deletion.
func (s *Service) holdDeletion(ctx context.Context, tx pgx.Tx, actor audit.Actor, series db.Series, reason string) (bool, error) {
	left, err := s.remaining(ctx, tx, series)
	if err != nil {
		return false, err
	}
	deleted := deletionAct(series, left, actor.Accountable())
	o, err := approval.Weigh(ctx, tx, deleted)
	if err != nil || !o.Over() || deleted.Value == 0 {
		return false, err
	}
	if actor.IsSystem() {
		return false, ErrVoidNeedsSecond // a request needs an accountable person
	}
	id, err := approval.Ask(ctx, tx, actor, approval.Request{
		Kind: db.ApprovalKindDeletion, By: actor.Accountable(), SeriesID: series.ID, Version: series.Version, Price: series.Price, Currency: series.Currency,
		Value: deleted.Value, Cards: left, Before: o.Others, Facts: DeletionFacts{Reason: reason},
	})
	if err == nil && id == 0 {
		return false, ErrDeletionAsked
	}
	return true, err
}

// deletionKind is the kind of requests to delete a series. Approval requires the version of the
// series for which it was requested. Cards that were used or voided since make it smaller.
func (s *Service) deletionKind() approval.Kind {
	return approval.Kind{
		Name: db.ApprovalKindDeletion, Cards: true, Needs: Needs(staff.SeriesVoid), Hold: s.holdSubject,
		Same: func(ctx context.Context, tx pgx.Tx, a db.Approval) (bool, error) {
			series, _, cards, err := s.readSubject(ctx, tx, a)
			return series.Version == a.Version && cards <= a.Cards && cards*lossOf(series) <= a.Value, err
		},
		Approve: func(ctx context.Context, tx pgx.Tx, actor audit.Actor, a db.Approval) error {
			facts, err := approval.Facts[DeletionFacts](a)
			if err != nil {
				return err
			}
			series, err := s.Hold(ctx, tx, actor, db.Deref(a.SeriesID), Voidable())
			if err != nil {
				return err
			}
			voided, err := s.void(ctx, tx, actor, series, facts.Reason, a.ID)
			if err != nil {
				return err
			}
			return act.Record(ctx, tx, actor, voided)
		},
	}
}
