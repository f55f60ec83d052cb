package approval

import (
	"refill/internal/act"
	"refill/internal/db"
)

// Asked records that a person requested approval. Its subject is that of the act to be
// approved.
type Asked struct {
	act.Subject
	Approval int64           `json:"approval"`
	Kind     db.ApprovalKind `json:"kind"`
	Value    string          `json:"value,omitempty"`  // decimal, of all cards or of the payment
	Before   string          `json:"before,omitempty"` // decimal, sum of the person's acts without approval in the 24 hours before, which count towards the limit
	Cards    int64           `json:"cards,omitempty"`
}

// Ended holds the fields of the acts below, which record how a request ended.
type Ended struct {
	act.Subject
	Approval    int64           `json:"approval"`
	Kind        db.ApprovalKind `json:"kind"`
	RequestedBy int64           `json:"requested_by"`
	Value       string          `json:"value,omitempty"` // decimal
	Cards       int64           `json:"cards,omitempty"`
	Reason      string          `json:"reason,omitempty"`
	Export      int64           `json:"export,omitempty"`
}

// Announce tells pages of the request, and of the series that waits for it.
func (a Asked) Announce() []act.Event { return events(a.Approval, a.SeriesID) }

// Announce tells pages of the request, and of the series that waited for it.
func (e Ended) Announce() []act.Event { return events(e.Approval, e.SeriesID) }

func events(id, seriesID int64) []act.Event {
	list := []act.Event{act.ApprovalEvent(id)}
	if seriesID != 0 {
		list = append(list, act.SeriesEvent(seriesID))
	}
	return list
}

type (
	// Approved is a request that a second person approved.
	Approved struct{ Ended }
	// Refused is a request that a second person refused.
	Refused struct{ Ended }
	// Withdrawn is a request that was taken back.
	Withdrawn struct{ Ended }
	// Expired is a request that waited too long.
	Expired struct{ Ended }
	// Outdated is a request whose subject changed meanwhile.
	Outdated struct{ Ended }
)

// in returns the act that records the transition to a state.
func (e Ended) in(state db.ApprovalState) act.Act {
	switch state {
	case db.ApprovalStateApproved:
		return Approved{e}
	case db.ApprovalStateRefused:
		return Refused{e}
	case db.ApprovalStateWithdrawn:
		return Withdrawn{e}
	case db.ApprovalStateExpired:
		return Expired{e}
	default:
		return Outdated{e}
	}
}

// Acts are the kinds of acts of this package.
func Acts() []act.Kind {
	return []act.Kind{
		act.Of[Asked](),
		act.Of[Approved](),
		act.Of[Refused](),
		act.Of[Withdrawn](),
		act.Of[Expired](),
		act.Of[Outdated](),
	}
}

// Action is the name in the audit trail.
func (Asked) Action() string { return "approval.asked" }

// Action is the name in the audit trail.
func (Approved) Action() string { return "approval.approved" }

// Action is the name in the audit trail.
func (Refused) Action() string { return "approval.refused" }

// Action is the name in the audit trail.
func (Withdrawn) Action() string { return "approval.withdrawn" }

// Action is the name in the audit trail.
func (Expired) Action() string { return "approval.expired" }

// Action is the name in the audit trail.
func (Outdated) Action() string { return "approval.outdated" }
