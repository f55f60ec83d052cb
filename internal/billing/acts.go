package billing

import (
	"refill/internal/act"
	"refill/internal/db"
)

type (
	// Entered is a payment or correction by hand, or an opening balance.
	Entered struct {
		act.Subject
		Payment  int64          `json:"payment"`
		Type     db.PaymentType `json:"type"`
		Amount   string         `json:"amount"` // decimal
		Currency string         `json:"currency"`
		Approval int64          `json:"approval,omitempty"` // of a second person
		Import   int64          `json:"import,omitempty"`   // that brought the opening balance
	}
	// Reversed is the reversal of a payment. Of a redemption it concerns the card too.
	Reversed struct {
		act.Subject
		Payment  int64          `json:"payment"`  // that was reversed
		Reversal int64          `json:"reversal"` // the payment that reverses it
		Type     db.PaymentType `json:"type"`
		Amount   string         `json:"amount"` // decimal, of the reversal
		Currency string         `json:"currency"`
		Reason   string         `json:"reason"`
		Approval int64          `json:"approval,omitempty"` // of a second person
	}
	// Acknowledged says that another system has credited the value of a redemption.
	Acknowledged struct {
		act.Subject

		Payment   int64  `json:"payment"`   // of the redemption
		Reference string `json:"reference"` // of the entry in the other system
	}
)

// Acts are the kinds of acts of this package.
func Acts() []act.Kind {
	return []act.Kind{act.Of[Entered](), act.Of[Reversed](), act.Of[Acknowledged]()}
}

// Action is the name in the audit trail.
func (Entered) Action() string { return "payment.entered" }

// Action is the name in the audit trail.
func (Reversed) Action() string { return "payment.reversed" }

// Action is the name in the audit trail.
func (Acknowledged) Action() string { return "redemption.acknowledged" }
