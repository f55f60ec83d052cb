package card

import (
	"refill/internal/act"
	"refill/internal/db"
)

// Acts returns the kinds of acts of this package.
func Acts() []act.Kind {
	return []act.Kind{
		act.Of[SeriesOrdered](),
		act.Of[SeriesGenerated](),
		act.Of[SeriesActivated](),
		act.Of[SeriesLocked](),
		act.Of[SeriesLapsed](),
		act.Of[SeriesCancelled](),
		act.Of[SeriesRetried](),
		act.Of[SeriesFailed](),
		act.Of[SeriesEdited](),
		act.Of[SeriesVoided](),
		act.Of[SeriesErased](),
		act.Of[SeriesShredding](),
		act.Of[SeriesShredded](),
		act.Of[Redeemed](),
		act.Of[Refused](),
		act.Of[Reserved](),
		act.Of[Released](), act.Of[Committed](), act.Of[HoldBroken](), act.Of[HoldExpired](),
		act.Of[Revealed](),
		act.Of[Edited](),
		act.Of[Enabled](),
		act.Of[Disabled](),
		act.Of[Voided](),
		act.Of[Replaced](),
		act.Of[ChangeOrdered](),
		act.Of[Changed](),
		act.Of[ChangeFailed](),
		act.Of[ChangeCancelled](),
		act.Of[ChangeRetried](),
	}
}

// Action is the name in the audit trail.
func (SeriesOrdered) Action() string { return "series.ordered" }

// Action is the name in the audit trail.
func (SeriesGenerated) Action() string { return "series.generated" }

// Action is the name in the audit trail.
func (SeriesActivated) Action() string { return "series.activated" }

// Action is the name in the audit trail.
func (SeriesLocked) Action() string { return "series.locked" }

// Action is the name in the audit trail.
func (SeriesLapsed) Action() string { return "series.lapsed" }

// Action is the name in the audit trail.
func (SeriesCancelled) Action() string { return "series.cancelled" }

// Action is the name in the audit trail.
func (SeriesRetried) Action() string { return "series.retried" }

// Action is the name in the audit trail.
func (SeriesFailed) Action() string { return "series.failed" }

// Action is the name in the audit trail.
func (SeriesEdited) Action() string { return "series.edited" }

// Action is the name in the audit trail.
func (SeriesVoided) Action() string { return "series.voided" }

// Action is the name in the audit trail.
func (SeriesErased) Action() string { return "series.erased" }

// Action is the name in the audit trail.
func (SeriesShredding) Action() string { return "series.shredding" }

// Action is the name in the audit trail.
func (SeriesShredded) Action() string { return "series.shredded" }

// Action is the name in the audit trail.
func (Redeemed) Action() string { return "card.redeemed" }

// Action is the name in the audit trail.
func (Refused) Action() string { return "card.refused" }

// Action is the name in the audit trail.
func (Reserved) Action() string { return "card.reserved" }

// Action is the name in the audit trail.
func (Released) Action() string { return "card.released" }

// Action is the name in the audit trail.
func (Committed) Action() string { return "reservation.committed" }

// Action is the name in the audit trail.
func (HoldBroken) Action() string { return "reservation.broken" }

// Action is the name in the audit trail.
func (HoldExpired) Action() string { return "reservation.expired" }

// Action is the name in the audit trail.
func (Revealed) Action() string { return "card.revealed" }

// Action is the name in the audit trail.
func (Edited) Action() string { return "card.edited" }

// Action is the name in the audit trail.
func (Enabled) Action() string { return "card.enabled" }

// Action is the name in the audit trail.
func (Disabled) Action() string { return "card.disabled" }

// Action is the name in the audit trail.
func (Voided) Action() string { return "card.voided" }

// Action is the name in the audit trail.
func (Replaced) Action() string { return "card.replaced" }

// Action is the name in the audit trail.
func (ChangeOrdered) Action() string { return "cards.change_ordered" }

// Action is the name in the audit trail.
func (Changed) Action() string { return "cards.changed" }

// Action is the name in the audit trail.
func (ChangeFailed) Action() string { return "cards.change_failed" }

// Action is the name in the audit trail.
func (ChangeCancelled) Action() string { return "cards.change_cancelled" }

// Action is the name in the audit trail.
func (ChangeRetried) Action() string { return "cards.change_retried" }

// Constructors of acts, for functions that several acts share.

func changeRef(c db.CardChange) ChangeRef {
	return ChangeRef{Change: c.ID, Operation: c.Operation, Cards: c.Changed}
}

func changeCancelled(of act.Subject, ref ChangeRef) act.Act { return ChangeCancelled{of, ref} }
func changeRetried(of act.Subject, ref ChangeRef) act.Act   { return ChangeRetried{of, ref} }
func changeFailed(of act.Subject, ref ChangeRef) act.Act    { return ChangeFailed{of, ref, nil} }
