package card

import (
	"time"

	"refill/internal/db"
)

// Filter limits a list of the cards of a series to those with one shown status. Way selects
// the form of the query that reads the fewest cards.
type Filter struct {
	Status   Status // empty: all cards
	Way      string // see the query CardList
	State    *db.CardState
	From, To time.Time // range of the cards' own dates, with a margin for time zones
}

// Values of Way in the query CardList.
const (
	wayEach  = "each"
	wayState = "state"
	wayOwn   = "own"
	wayHeld  = "held"
)

// FilterOf returns the filter for a shown status of the cards of a series, which is in a
// state, and expired or not, at a time. A status that no card has filters nothing: the
// Status of the result is empty.
func FilterOf(status Status, series db.SeriesState, expired bool, at time.Time) Filter {
	usual := StatusOf(db.CardStateActive, series, expired)
	stored := func(state db.CardState) Filter { return Filter{Status: status, Way: wayState, State: &state} }
	switch status {
	case usual: // the status of every unused card without a date of its own
		return Filter{Status: status, Way: wayEach}
	case StatusReserved:
		return Filter{Status: status, Way: wayHeld}
	case StatusUsed:
		return stored(db.CardStateUsed)
	case StatusDisabled:
		return stored(db.CardStateDisabled)
	case StatusVoid:
		return stored(db.CardStateVoid)
	case StatusExpired:
		return Filter{Status: status, Way: wayOwn, To: at.AddDate(0, 0, 2)}
	case StatusActive, StatusLocked, StatusInactive:
		return Filter{Status: status, Way: wayOwn, From: at.AddDate(0, 0, -2), To: at.AddDate(1000, 0, 0)}
	default:
		return Filter{Way: wayEach}
	}
}
