package codestore

import "refill/internal/act"

// Acts upon keys and upon stored codes.
type (
	// ReadingsWritten is a series of imported codes whose further readings are all written.
	ReadingsWritten struct {
		act.Subject
		Cards int64 `json:"cards"`
	}
	// Tampered is a card whose row was changed by something other than the program.
	Tampered struct {
		act.Subject
		What string `json:"what"` // what does not match
	}
	// KeyRef identifies the key of an act.
	KeyRef struct {
		Key int16 `json:"key"`
	}
	// RotationStarted begins to seal all cards under a new key.
	RotationStarted KeyRef
	// RotationFinished is the end of RotationStarted. Cards were sealed under the new key.
	RotationFinished struct {
		KeyRef
		Cards int64 `json:"cards"`
	}
	// ReindexStarted begins to index all cards under a new key.
	ReindexStarted KeyRef
	// ReindexFinished is the end of ReindexStarted. Cards were indexed under the new key.
	ReindexFinished struct {
		KeyRef
		Cards          int64 `json:"cards"`
		ShortCodesLeft int64 `json:"short_codes_left,omitempty"` // imported short codes that are indexed under older keys only
	}
	// KeyRetired takes a sealing key out of use.
	KeyRetired KeyRef
	// MacsKept says that every shredded card has the MAC of its index.
	MacsKept struct{}
)

// Acts returns the kinds of acts of this package.
func Acts() []act.Kind {
	return []act.Kind{
		act.Of[ReadingsWritten](),
		act.Of[Tampered](),
		act.Of[RotationStarted](),
		act.Of[RotationFinished](),
		act.Of[ReindexStarted](),
		act.Of[ReindexFinished](),
		act.Of[KeyRetired](),
		act.Of[MacsKept](),
	}
}

// Action is the name in the audit trail.
func (ReadingsWritten) Action() string { return "readings.written" }

// Action is the name in the audit trail.
func (Tampered) Action() string { return "card.tampered" }

// Action is the name in the audit trail.
func (RotationStarted) Action() string { return "keys.rotation_started" }

// Action is the name in the audit trail.
func (RotationFinished) Action() string { return "keys.rotation_finished" }

// Action is the name in the audit trail.
func (ReindexStarted) Action() string { return "keys.reindex_started" }

// Action is the name in the audit trail.
func (ReindexFinished) Action() string { return "keys.reindex_finished" }

// Action is the name in the audit trail.
func (KeyRetired) Action() string { return "keys.retired" }

// Action is the name in the audit trail.
func (MacsKept) Action() string { return "keys.macs_kept" }
