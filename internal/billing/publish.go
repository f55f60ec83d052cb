package billing

import (
	"refill/internal/act"
	"refill/internal/db"
)

// Publish tells of a payment, a correction or an opening balance.
func (a Entered) Publish() act.Publication {
	return act.Publication{Type: "payment.created", Ref: a.Payment}
}

// Publish tells of a reversal.
func (a Reversed) Publish() act.Publication {
	if a.Type == db.PaymentTypeRefillCard {
		return act.Publication{Type: "redemption.reversed", Ref: a.Reversal}
	}
	return act.Publication{Type: "payment.reversed", Ref: a.Reversal}
}
