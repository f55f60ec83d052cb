package card

import (
	"refill/internal/audit"
	"refill/internal/db"
)

// refusedCardError is a refusal with the card that it is about. The audit trail names the
// card, so that attempts at a box that is not on sale are found; who asked is never
// told of it.
type refusedCardError struct {
	error

	card db.CardFindRow
}

// Unwrap returns the refusal itself.
func (r refusedCardError) Unwrap() error { return r.error }

// explain adds the card to the entry of the refusal.
func (r refusedCardError) explain(entry *audit.Entry) {
	entry.SeriesID, entry.Serial = r.card.SeriesID, r.card.Serial
	entry.Detail["series_state"] = r.card.SeriesState
}
