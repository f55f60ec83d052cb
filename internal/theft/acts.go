package theft

import "refill/internal/act"

type (
	// Raised is a new alarm. It concerns the customer and the series, where the rule
	// names one.
	Raised struct {
		act.Subject
		Alarm       int64 `json:"alarm"`
		Rule        Rule  `json:"rule"`
		Cards       int32 `json:"cards"`
		FirstSerial int32 `json:"first_serial,omitempty"`
		LastSerial  int32 `json:"last_serial,omitempty"`
	}
	// Acknowledged closes an alarm after a person has looked into it.
	Acknowledged struct {
		act.Subject
		Alarm  int64  `json:"alarm"`
		Rule   Rule   `json:"rule"`
		Reason string `json:"reason"`
	}
)

// Acts are the kinds of acts of this package.
func Acts() []act.Kind {
	return []act.Kind{
		act.Of[Raised](),
		act.Of[Acknowledged](),
	}
}

// Action is the name in the audit trail.
func (Raised) Action() string { return "alarm.raised" }

// Action is the name in the audit trail.
func (Acknowledged) Action() string { return "alarm.acknowledged" }
