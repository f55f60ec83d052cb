package card

import (
	"time"

	"github.com/google/uuid"

	"refill/internal/act"
	"refill/internal/db"
)

// Acts upon a series. Each concerns the series.
type (
	// SeriesOrdered is a new series.
	SeriesOrdered struct {
		act.Subject
		Quantity  int32  `json:"quantity"`
		Price     string `json:"price"` // decimal, of one card
		Currency  string `json:"currency"`
		ValidTill string `json:"valid_till"` // YYYY-MM-DD
	}
	// SeriesGenerated is a series whose cards are all generated.
	SeriesGenerated struct {
		act.Subject
		Cards int32 `json:"cards"`
	}
	// SeriesActivated makes the cards of a series redeemable.
	SeriesActivated struct{ act.Subject }
	// SeriesLocked stops redemptions of a series until it is activated again.
	SeriesLocked struct{ act.Subject }
	// SeriesLapsed is a series that expired. Its outstanding value becomes breakage.
	SeriesLapsed struct{ act.Subject }
	// SeriesCancelled stops the generation of a series.
	SeriesCancelled struct{ act.Subject }
	// SeriesRetried continues the generation of a failed series.
	SeriesRetried struct{ act.Subject }
	// SeriesFailed is a series whose generation stopped after several attempts.
	SeriesFailed struct{ act.Subject }
	// SeriesEdited is an edit of a series.
	SeriesEdited struct {
		act.Subject
		Changes  []Change `json:"changes"`
		Cards    int64    `json:"cards"`              // unused
		Renewed  string   `json:"renewed,omitempty"`  // decimal: value moved from breakage to outstanding
		Repriced string   `json:"repriced,omitempty"` // decimal: change of the outstanding value
	}
	// SeriesVoided makes a series void, which can't be undone.
	SeriesVoided struct {
		act.Subject
		Cards  int64  `json:"cards"`            // unused
		Reason string `json:"reason,omitempty"` // empty: of a version that asked for none
	}
	// SeriesErased is a void series whose codes are erased.
	SeriesErased struct {
		act.Subject
		Cards int32 `json:"cards"`
	}
	// SeriesShredding begins to shred the codes of a series.
	SeriesShredding struct{ act.Subject }
	// SeriesShredded is a series whose codes are shredded. Its cards stay redeemable.
	SeriesShredded struct {
		act.Subject
		Cards int32 `json:"cards"`
	}
)

// Acts upon a card. Each concerns the card.
type (
	// Redeemed is a redemption. It concerns the customer too.
	Redeemed struct{ act.Subject }
	// Refused is a refused redemption, look or search. It concerns the customer for whom the
	// code was typed, and the card if one was found.
	Refused struct {
		act.Subject
		Reason      string         `json:"reason"`                 // code of the true reason, which only staff may see
		Trace       string         `json:"trace,omitempty"`        // keyed hash of the typed code
		SeriesState db.SeriesState `json:"series_state,omitempty"` // of the card's series
	}
	// Reserved is a card that an API client holds back. It concerns the customer too.
	Reserved struct {
		act.Subject
		Reservation uuid.UUID `json:"reservation"`
		Until       time.Time `json:"until"`
		Number      int64     `json:"number,omitempty"` // of the reservation, for its event
	}
	// Committed is a reservation whose card was redeemed. It concerns the customer too.
	Committed struct {
		act.Subject
		Reservation uuid.UUID `json:"reservation"`
		Number      int64     `json:"number"`
	}
	// HoldBroken is the first refusal to commit a reservation. It concerns the customer too.
	HoldBroken struct {
		act.Subject
		Reservation uuid.UUID `json:"reservation"`
		Number      int64     `json:"number"`
		Reason      string    `json:"reason"` // code of the refusal
	}
	// HoldExpired is a reservation whose time was over. It concerns the customer.
	HoldExpired struct {
		act.Subject
		Reservation uuid.UUID `json:"reservation"`
		Number      int64     `json:"number"`
		Card        string    `json:"card"`
	}
	// Released is a card that is free again. It concerns the customer too.
	Released struct {
		act.Subject
		Reservation uuid.UUID `json:"reservation"`
		Reason      string    `json:"reason,omitempty"` // of a member of staff; empty: the client released it
		Number      int64     `json:"number,omitempty"` // of the reservation, for its event
	}
	// Revealed is a code that was shown to a member of staff.
	Revealed struct {
		act.Subject
		Reason string `json:"reason"`
	}
	// Edited is an edit of a card.
	Edited struct {
		act.Subject
		Changes []Change `json:"changes"`
	}
	// Enabled undoes Disabled.
	Enabled struct{ act.Subject }
	// Disabled keeps a card from being redeemed.
	Disabled struct{ act.Subject }
	// Voided makes a card void, which can't be undone.
	Voided struct {
		act.Subject
		Amount   int64  `json:"amount,omitempty"`   // minor units, moved to breakage
		Currency string `json:"currency,omitempty"` // of Amount
	}
	// Replaced is a void card in whose place another one was ordered.
	Replaced struct {
		act.Subject
		By     string `json:"by_series"` // number of the series whose one card replaces it
		Reason string `json:"reason"`
	}
)

// Acts upon many cards of a series. Each concerns the series.
type (
	// ChangeOrdered is an operation that was queued.
	ChangeOrdered struct {
		act.Subject
		Change    int64            `json:"change"`
		Operation db.CardOperation `json:"operation"`
		First     int32            `json:"first"`
		Last      int32            `json:"last"`
		Cards     int64            `json:"cards"`             // to change, by the dry run
		Serials   []int32          `json:"serials,omitempty"` // selected from First to Last; nil: all
		Status    Status           `json:"status,omitempty"`  // selected by shown status; empty: all
		ValidTill string           `json:"valid_till,omitempty"`
		Partner   *int64           `json:"partner,omitempty"` // 0: the partners of the series
	}
	// ChangeRef identifies the operation of an act.
	ChangeRef struct {
		Change    int64            `json:"change"`
		Operation db.CardOperation `json:"operation"`
		Cards     int32            `json:"cards"` // changed so far
	}
	// ChangeCounts holds the outcomes of an operation that reached its last card.
	ChangeCounts struct {
		First   int32 `json:"first"`
		Last    int32 `json:"last"`
		Already int32 `json:"already"`
		Used    int32 `json:"used"`
		Void    int32 `json:"void"`
		// Reserved is the number of cards that a reservation held.
		Reserved int32 `json:"reserved,omitempty"`
		Amount   int64 `json:"amount"` // minor units, moved to breakage
	}
	// Changed is an operation that has finished.
	Changed struct {
		act.Subject
		ChangeRef
		ChangeCounts
	}
	// ChangeFailed is an operation that failed.
	ChangeFailed struct {
		act.Subject
		ChangeRef
		*ChangeCounts // nil: the operation stopped before its last card
	}
	// ChangeCancelled stops an operation. Cards that it changed stay changed.
	ChangeCancelled struct {
		act.Subject
		ChangeRef
	}
	// ChangeRetried continues a failed operation.
	ChangeRetried struct {
		act.Subject
		ChangeRef
	}
)
