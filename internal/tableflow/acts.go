package tableflow

import (
	"refill/internal/act"
	"refill/internal/db"
)

// Import is the import that an act is about.
type Import struct {
	Import int64 `json:"import"`
	// Of is the kind of the rows of the file. Empty means cards, because acts on imports of
	// cards leave it out (Flow.About); Uploaded always sets it.
	Of db.ImportKind `json:"of,omitempty"`
}

// Announce returns the event of the import.
func (i Import) Announce() []act.Event { return []act.Event{act.ImportEvent(i.Import)} }

type (
	// Uploaded is a file that was received.
	Uploaded struct {
		Import
		Size int64 `json:"size"` // of the clear file, in bytes
	}
	// Planned is an import whose questions are answered. Its dry run is queued.
	Planned struct{ Import }
	// Checked is a finished dry run.
	Checked struct {
		Import
		Cards     *int64 `json:"cards,omitempty"`     // to import; nil for customers
		Customers *int64 `json:"customers,omitempty"` // to import; nil for cards
	}
	// Confirmed is an import that begins.
	Confirmed struct {
		Import
		Cards     *int64 `json:"cards,omitempty"`
		Customers *int64 `json:"customers,omitempty"`
		Credits   *int64 `json:"credits,omitempty"` // sum of the positive opening balances, in minor units
		Debts     *int64 `json:"debts,omitempty"`   // sum of the negative opening balances, in minor units
		File      string `json:"file"`
		SHA256    string `json:"sha256"`             // of the file, hexadecimal
		Approval  int64  `json:"approval,omitempty"` // id of the request that a second person approved
	}
	// Finished is the end of an import.
	Finished struct {
		Import
		Customers *int64 `json:"customers,omitempty"` // imported customers; nil for cards
	}
	// Cancelled is an import that was cancelled before it began.
	Cancelled struct{ Import }
	// Stopped is an import that a person stopped before its end.
	Stopped struct{ Import }
	// Failed is an import that stopped because of an error before its end.
	Failed struct{ Import }
	// Resumed is an import that continues.
	Resumed struct{ Import }
	// Expired is an upload that was not continued in time.
	Expired struct{ Import }
	// Probed is the alarm about a file that names many existing cards or customers.
	Probed struct {
		Import
		File string `json:"file"`
	}
	// BarLifted lifts the bar on imports of a member of staff.
	BarLifted struct {
		Import
		Staff  int64  `json:"staff"` // id of the barred person
		Reason string `json:"reason"`
	}
	// Voided makes all series of an import void.
	Voided struct {
		Import
		Cards  int64  `json:"cards"` // unused cards, which become void
		Used   int64  `json:"used"`  // used cards, which stay
		Value  int64  `json:"value"` // of the unused cards, in minor units
		Reason string `json:"reason"`
	}
)

// Acts returns the kinds of acts of this package.
func Acts() []act.Kind {
	return []act.Kind{
		act.Of[Uploaded](),
		act.Of[Planned](),
		act.Of[Checked](),
		act.Of[Confirmed](),
		act.Of[Finished](),
		act.Of[Cancelled](),
		act.Of[Stopped](),
		act.Of[Failed](),
		act.Of[Resumed](),
		act.Of[Expired](),
		act.Of[Probed](),
		act.Of[BarLifted](),
		act.Of[Voided](),
	}
}

// Action is the name in the audit trail.
func (Uploaded) Action() string { return "import.uploaded" }

// Action is the name in the audit trail.
func (Planned) Action() string { return "import.planned" }

// Action is the name in the audit trail.
func (Checked) Action() string { return "import.checked" }

// Action is the name in the audit trail.
func (Confirmed) Action() string { return "import.confirmed" }

// Action is the name in the audit trail.
func (Finished) Action() string { return "import.finished" }

// Action is the name in the audit trail.
func (Cancelled) Action() string { return "import.cancelled" }

// Action is the name in the audit trail.
func (Stopped) Action() string { return "import.stopped" }

// Action is the name in the audit trail.
func (Failed) Action() string { return "import.failed" }

// Action is the name in the audit trail.
func (Resumed) Action() string { return "import.resumed" }

// Action is the name in the audit trail.
func (Expired) Action() string { return "import.expired" }

// Action is the name in the audit trail.
func (Probed) Action() string { return "import.probed" }

// Action is the name in the audit trail.
func (BarLifted) Action() string { return "import.bar_lifted" }

// Action is the name in the audit trail.
func (Voided) Action() string { return "import.voided" }
