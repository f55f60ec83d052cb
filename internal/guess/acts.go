package guess

import "refill/internal/act"

// Acts upon bars against wrong codes.
type (
	// BarLifted lifts the bars of a customer, whom it concerns.
	BarLifted struct {
		act.Subject
		Reason string `json:"reason"`
	}
	// StaffBarLifted lifts the bars of a member of staff.
	StaffBarLifted struct {
		Staff  string `json:"staff"` // username
		Reason string `json:"reason"`
	}
)

// Acts returns the kinds of acts of this package.
func Acts() []act.Kind { return []act.Kind{act.Of[BarLifted](), act.Of[StaffBarLifted]()} }

// Action is the name in the audit trail.
func (BarLifted) Action() string { return "guesses.cleared" }

// Action is the name in the audit trail.
func (StaffBarLifted) Action() string { return "guesses.staff_cleared" }
