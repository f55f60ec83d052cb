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
	// ClientBarLifted lifts the bars of an API client.
	ClientBarLifted struct {
		ClientID int64  `json:"client_id"`
		Name     string `json:"name"`
		Reason   string `json:"reason"`
	}
)

// Alarmed says that codes seem to be guessed.
type Alarmed struct {
	PartnerID int64 `json:"partner_id"` // whose customers try them; 0: staff of all partners
	Wrong     int64 `json:"wrong"`      // codes without a card within the last hour
}

// Publish tells of the partner.
func (a Alarmed) Publish() act.Publication {
	return act.Publication{Type: "guesses.alarm", Ref: a.PartnerID}
}

// Acts returns the kinds of acts of this package.
func Acts() []act.Kind {
	return []act.Kind{act.Of[BarLifted](), act.Of[StaffBarLifted](), act.Of[ClientBarLifted](), act.Of[Alarmed]()}
}

// Action is the name in the audit trail.
func (BarLifted) Action() string { return "guesses.cleared" }

// Action is the name in the audit trail.
func (StaffBarLifted) Action() string { return "guesses.staff_cleared" }

// Action is the name in the audit trail.
func (ClientBarLifted) Action() string { return "guesses.client_cleared" }

// Action is the name in the audit trail.
func (Alarmed) Action() string { return "guesses.alarm" }
