package check

import "refill/internal/act"

// Asked is a run of the checks that a person requested.
type Asked struct {
	Run int64 `json:"run"`
}

// Broken is a run that found a rule broken that held before.
type Broken struct {
	Run   int64   `json:"run"`
	Rules []int64 `json:"rules"` // all that are broken, by number
}

// Publish tells of the run.
func (b Broken) Publish() act.Publication { return act.Publication{Type: "check.broken", Ref: b.Run} }

// Acts are the kinds of acts of this package.
func Acts() []act.Kind {
	return []act.Kind{
		act.Of[Asked](), act.Of[Broken](),
	}
}

// Action is the name in the audit trail.
func (Asked) Action() string { return "check.asked" }

// Action is the name in the audit trail.
func (Broken) Action() string { return "check.broken" }
