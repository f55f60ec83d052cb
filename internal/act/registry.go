package act

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Kind pairs an action with the Go type of its acts.
type Kind struct {
	action string
	decode func(Row) (Act, error)
}

// Of returns the kind of the acts of type T.
func Of[T Act]() Kind {
	var zero T
	return Kind{zero.Action(), func(r Row) (Act, error) {
		var a T
		err := json.Unmarshal(r.Detail, &a)
		if of, ok := any(&a).(interface{ setSubject(Subject) }); ok {
			of.setSubject(r.Subject)
		}
		return a, err
	}}
}

// Row is the part of an audit row that an act is decoded from.
type Row struct {
	Action  string
	Subject Subject
	Detail  []byte
}

// Unknown is an act whose action is not in the registry.
type Unknown struct{ Name string }

// Action returns the action of the row.
func (u Unknown) Action() string { return u.Name }

// Registry knows kinds of acts by their actions.
type Registry map[string]Kind

// NewRegistry returns a registry of kinds. Of two kinds with the same action the later one
// wins.
func NewRegistry(kinds ...Kind) Registry {
	r := make(Registry, len(kinds))
	for _, k := range kinds {
		r[k.action] = k
	}
	return r
}

// Action is the action that all acts of a kind have.
func (k Kind) Action() string { return k.action }

// Actions lists the actions that a registry knows.
func (r Registry) Actions() []string { return slices.Sorted(maps.Keys(r)) }

// Decode returns the act of an audit row. A row with an action that is not registered is
// Unknown. Together with an error it returns the fields that could be read.
func (r Registry) Decode(row Row) (Act, error) {
	kind, ok := r[row.Action]
	if !ok {
		return Unknown{row.Action}, nil
	}
	a, err := kind.decode(row)
	if err != nil {
		return a, fmt.Errorf("detail of %s: %w", row.Action, err)
	}
	return a, nil
}
