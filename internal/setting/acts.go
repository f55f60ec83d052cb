package setting

import (
	"encoding/json"

	"refill/internal/act"
)

// Changed is a change of settings: the new values by the settings' names. Of print shops
// it keeps names and fingerprints only, because a key is long.
type Changed map[string]json.RawMessage

// Acts are the kinds of acts of this package.
func Acts() []act.Kind {
	return []act.Kind{
		act.Of[Changed](),
	}
}

// Action is the name in the audit trail.
func (Changed) Action() string { return "setting.changed" }
