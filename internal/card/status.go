package card

import "refill/internal/db"

// Status is what a card or series is shown as. More than is stored: a card of a
// series that is locked, not yet active or past its date shows that.
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
	StatusQueued    Status = "queued"     // series only
	StatusWorking   Status = "generating" // series only
	StatusReady     Status = "ready"      // series only
	StatusCancelled Status = "cancelled"  // series only
	StatusFailed    Status = "failed"     // series only
)

// StatusOf derives what a card is shown as from its own state, its series' state
// and whether its date has passed.
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

// SeriesStatus derives what a series is shown as.
func SeriesStatus(series db.SeriesState, expired bool) Status {
	if expired && (series == db.SeriesStateActive || series == db.SeriesStateLocked || series == db.SeriesStateReady) {
		return StatusExpired
	}
	return Status(series)
}
