package card

import "refill/internal/db"

// Status is the shown status of a card or series. It is derived from the stored states: a card
// of a series that is locked, not yet active or expired shows that.
type Status string

// The statuses.
const (
	StatusActive    Status = "active"
	StatusUsed      Status = "used"
	StatusExpired   Status = "expired"
	StatusInactive  Status = "inactive"
	StatusLocked    Status = "locked"
	StatusDisabled  Status = "disabled"
	StatusVoid      Status = "void"
	StatusReserved  Status = "reserved"   // of lists only: an active card that an API client holds
	StatusQueued    Status = "queued"     // series only
	StatusWorking   Status = "generating" // series only
	StatusReady     Status = "ready"      // series only
	StatusCancelled Status = "cancelled"  // series only
	StatusFailed    Status = "failed"     // series only
)

// StatusOf returns the shown status of a card from its state, the state of its series, and
// whether its last day has passed. The database function card_shown has the same rule.
func StatusOf(card db.CardState, series db.SeriesState, expired bool) Status {
	switch {
	case card == db.CardStateUsed:
		return StatusUsed
	case card == db.CardStateVoid || series == db.SeriesStateVoid || series == db.SeriesStateCancelled:
		return StatusVoid
	case card == db.CardStateDisabled:
		return StatusDisabled
	case expired:
		return StatusExpired
	case series == db.SeriesStateLocked:
		return StatusLocked
	case series == db.SeriesStateActive:
		return StatusActive
	}
	return StatusInactive
}

// SeriesStatus returns the shown status of a series from its state and whether its last day
// has passed.
func SeriesStatus(series db.SeriesState, expired bool) Status {
	if expired && (series == db.SeriesStateActive || series == db.SeriesStateLocked || series == db.SeriesStateReady) {
		return StatusExpired
	}
	return Status(series)
}
