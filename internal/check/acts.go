package check

import "refill/internal/act"

// Asked is a run of the checks that a person requested.
type Asked struct {
	Run int64 `json:"run"`
}

// Acts are the kinds of acts of this package.
func Acts() []act.Kind {
	return []act.Kind{
		act.Of[Asked](),
	}
}

// Action is the name in the audit trail.
func (Asked) Action() string { return "check.asked" }
