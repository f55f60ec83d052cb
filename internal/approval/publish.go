package approval

import "refill/internal/act"

// Publish tells of a request for a second person.
func (a Asked) Publish() act.Publication {
	return act.Publication{Type: "approval.asked", Ref: a.Approval}
}

// Publish tells of the end of a request.
func (e Ended) Publish() act.Publication {
	return act.Publication{Type: "approval.decided", Ref: e.Approval}
}
