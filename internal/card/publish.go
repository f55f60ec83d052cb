package card

import "refill/internal/act"

// Publish tells of a redemption. The relay finds its payment by the card, so that the
// redemption needs no further round trip.
func (Redeemed) Publish() act.Publication { return act.Publication{Type: "redemption.created"} }

// Publish tells of a new series.
func (SeriesOrdered) Publish() act.Publication { return act.Publication{Type: "series.ordered"} }

// Publish tells of a series whose cards are all there.
func (SeriesGenerated) Publish() act.Publication { return act.Publication{Type: "series.ready"} }

// Publish tells of a series whose generation stopped.
func (SeriesFailed) Publish() act.Publication { return act.Publication{Type: "series.failed"} }

// Publish tells of a series that can be redeemed.
func (SeriesActivated) Publish() act.Publication { return act.Publication{Type: "series.activated"} }

// Publish tells of a series that can't be redeemed for the time being.
func (SeriesLocked) Publish() act.Publication { return act.Publication{Type: "series.locked"} }

// Publish tells of a series that is void.
func (SeriesVoided) Publish() act.Publication { return act.Publication{Type: "series.voided"} }

// Publish tells of a series that expired.
func (SeriesLapsed) Publish() act.Publication { return act.Publication{Type: "series.lapsed"} }

// Publish tells of a changed card.
func (Edited) Publish() act.Publication { return cardsChanged(0) }

// Publish tells of a changed card.
func (Enabled) Publish() act.Publication { return cardsChanged(0) }

// Publish tells of a changed card.
func (Disabled) Publish() act.Publication { return cardsChanged(0) }

// Publish tells of a changed card.
func (Voided) Publish() act.Publication { return cardsChanged(0) }

// Publish tells of many changed cards.
func (a Changed) Publish() act.Publication { return cardsChanged(a.Change) }

// Publish tells of the cards that an operation changed before it failed.
func (a ChangeFailed) Publish() act.Publication { return cardsChanged(a.Change) }

// Publish tells of the cards that an operation changed before it was cancelled.
func (a ChangeCancelled) Publish() act.Publication { return cardsChanged(a.Change) }

// cardsChanged is the event of one card, or of an operation on many.
func cardsChanged(operation int64) act.Publication {
	return act.Publication{Type: "cards.changed", Ref: operation}
}

// Publish tells of a card that is held back.
func (a Reserved) Publish() act.Publication {
	return act.Publication{Type: "reservation.held", Ref: a.Number}
}

// Publish tells of a reservation whose card was redeemed.
func (a Committed) Publish() act.Publication {
	return act.Publication{Type: "reservation.committed", Ref: a.Number}
}

// Publish tells of a reservation that was given up.
func (a Released) Publish() act.Publication {
	return act.Publication{Type: "reservation.released", Ref: a.Number}
}

// Publish tells of a reservation whose time was over.
func (a HoldExpired) Publish() act.Publication {
	return act.Publication{Type: "reservation.expired", Ref: a.Number}
}

// Publish tells of a reservation that can't be committed.
func (a HoldBroken) Publish() act.Publication {
	return act.Publication{Type: "reservation.broken", Ref: a.Number}
}
