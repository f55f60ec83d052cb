package cardfile

import "refill/internal/act"

// Publish tells of a file that can be fetched.
func (a Finished) Publish() act.Publication {
	return act.Publication{Type: "export.ready", Ref: a.Export}
}

// Publish tells of a file that could not be made.
func (a Failed) Publish() act.Publication {
	return act.Publication{Type: "export.failed", Ref: a.Export}
}
