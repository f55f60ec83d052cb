package cardfile

import (
	"refill/internal/act"
	"refill/internal/db"
)

// Acts on a file of codes. Each concerns its series.
type (
	// Ref identifies the file that an act is about.
	Ref struct {
		Export int64           `json:"export"`
		Format db.ExportFormat `json:"format"`
	}
	// Requested is a request for a file.
	Requested struct {
		act.Subject
		Ref
		EncryptedFor string `json:"encrypted_for,omitempty"` // name of the print shop; empty: not encrypted
		Password     bool   `json:"password,omitempty"`      // the file opens with a password
		Reason       string `json:"reason,omitempty"`
	}
	// Finished is a file that is ready.
	Finished struct {
		act.Subject
		Ref
		Rows int32 `json:"rows"`
		Size int64 `json:"size"` // bytes
	}
	// Downloaded is a file that was fetched.
	Downloaded struct {
		act.Subject
		Ref
	}
	// Cancelled is a cancelled file.
	Cancelled struct {
		act.Subject
		Ref
	}
	// Failed is a file that could not be made.
	Failed struct {
		act.Subject
		Ref
	}
	// Retried makes a failed file again.
	Retried struct {
		act.Subject
		Ref
	}
	// SentWhole is the complete download of a file of a print-once series.
	SentWhole struct {
		act.Subject
		Ref
	}
	// Arrived confirms that such a file was received.
	Arrived struct {
		act.Subject
		Ref
		FetchedBy int64 `json:"fetched_by,omitempty"` // the member of staff who fetched it; 0: the actor
	}
	// Discarded deletes such a file before its codes are shredded.
	Discarded struct {
		act.Subject
		Ref
	}
	// Expired is the removal of a file at the end of its lifetime.
	Expired struct {
		Export int64 `json:"export"`
	}
)

// Acts are the kinds of acts of this package.
func Acts() []act.Kind {
	return []act.Kind{
		act.Of[Requested](),
		act.Of[Finished](),
		act.Of[Downloaded](),
		act.Of[Cancelled](),
		act.Of[Failed](),
		act.Of[Retried](),
		act.Of[SentWhole](),
		act.Of[Arrived](),
		act.Of[Discarded](),
		act.Of[Expired](),
	}
}

// Action is the name in the audit trail.
func (Requested) Action() string { return "export.requested" }

// Action is the name in the audit trail.
func (Finished) Action() string { return "export.finished" }

// Action is the name in the audit trail.
func (Downloaded) Action() string { return "export.downloaded" }

// Action is the name in the audit trail.
func (Cancelled) Action() string { return "export.cancelled" }

// Action is the name in the audit trail.
func (Failed) Action() string { return "export.failed" }

// Action is the name in the audit trail.
func (Retried) Action() string { return "export.retried" }

// Action is the name in the audit trail.
func (SentWhole) Action() string { return "export.sent_whole" }

// Action is the name in the audit trail.
func (Arrived) Action() string { return "export.arrived" }

// Action is the name in the audit trail.
func (Discarded) Action() string { return "export.discarded" }

// Action is the name in the audit trail.
func (Expired) Action() string { return "export.expired" }

// Acts built from a Ref, for functions that several acts share.

func refOf(e db.Export) Ref { return Ref{Export: e.ID, Format: e.Format} }

func cancelled(of act.Subject, ref Ref) act.Act  { return Cancelled{of, ref} }
func retried(of act.Subject, ref Ref) act.Act    { return Retried{of, ref} }
func downloaded(of act.Subject, ref Ref) act.Act { return Downloaded{of, ref} }
func failed(of act.Subject, ref Ref) act.Act     { return Failed{of, ref} }
