package fault

import (
	"encoding/json"
	"fmt"
	"time"
)

// Keep serialises a fault, without its field and its cause, for a database column that
// says why something failed. Kept reads it back, so that it can be shown later in any
// language.
func (e *Error) Keep() string {
	k := kept{Code: e.Code, Message: e.message}
	for _, a := range e.Args {
		value, err := json.Marshal(a.Value)
		if err != nil {
			value, _ = json.Marshal(a.Value.String()) // cannot happen for the types above; the English text is the fallback
		}
		k.Args = append(k.Args, keptArg{a.Name, a.Value.kind(), value})
	}
	text, err := json.Marshal(k)
	if err != nil {
		return e.Text()
	}
	return string(text)
}

// Kept reads what Keep wrote. Any other text, as earlier versions stored it, becomes the
// message of a fault without a code; empty text becomes nil.
func Kept(text string) *Error {
	if text == "" {
		return nil
	}
	var k kept
	if err := json.Unmarshal([]byte(text), &k); err != nil || k.Code == "" {
		return &Error{message: text}
	}
	e := &Error{Code: k.Code, message: k.Message}
	for _, a := range k.Args {
		value, err := a.value()
		if err != nil {
			value = Text(a.Value)
		}
		e.Args = append(e.Args, Arg{a.Name, value})
	}
	return e
}

// kept is the stored form of a fault. It includes the message, because a later version may
// change the message of the code or drop the code.
type kept struct {
	Code    string    `json:"code"`
	Message string    `json:"message"`
	Args    []keptArg `json:"args,omitempty"`
}

type keptArg struct {
	Name  string          `json:"name"`
	Type  string          `json:"type"`
	Value json.RawMessage `json:"value"`
}

func (Number) kind() string    { return "number" }
func (Numbers) kind() string   { return "numbers" }
func (Money) kind() string     { return "money" }
func (Figure) kind() string    { return "figure" }
func (Size) kind() string      { return "size" }
func (Duration) kind() string  { return "duration" }
func (Day) kind() string       { return "day" }
func (Time) kind() string      { return "time" }
func (ZonedTime) kind() string { return "zoned" }
func (Clock) kind() string     { return "clock" }
func (Text) kind() string      { return "text" }
func (Name) kind() string      { return "name" }

func (a keptArg) value() (Value, error) {
	switch a.Type {
	case Number.kind(0):
		return read[Number](a.Value)
	case Numbers.kind(nil):
		return read[Numbers](a.Value)
	case Money.kind(Money{}):
		return read[Money](a.Value)
	case Figure.kind(Figure{}):
		return read[Figure](a.Value)
	case Size.kind(0):
		return read[Size](a.Value)
	case Duration.kind(0):
		return read[Duration](a.Value)
	case Day.kind(Day{}):
		at, err := read[moment](a.Value)
		return Day(at.time()), err
	case Time.kind(Time{}):
		at, err := read[moment](a.Value)
		return Time(at.time()), err
	case ZonedTime.kind(ZonedTime{}):
		at, err := read[moment](a.Value)
		return ZonedTime(at.time()), err
	case Clock.kind(Clock{}):
		at, err := read[moment](a.Value)
		return Clock(at.time()), err
	case Text.kind(""):
		return read[Text](a.Value)
	case Name.kind(""):
		return read[Name](a.Value)
	}
	return nil, fmt.Errorf("%w: argument of type %q", errPattern, a.Type)
}

func read[V any](raw json.RawMessage) (v V, err error) {
	err = json.Unmarshal(raw, &v)
	return v, err
}

// moment is a time in its zone, by the zone's IANA name.
type moment struct {
	At   time.Time `json:"at"`
	Zone string    `json:"zone"`
}

func (m moment) time() time.Time {
	if zone, err := time.LoadLocation(m.Zone); err == nil {
		return m.At.In(zone)
	}
	return m.At
}

func keepTime(t time.Time) ([]byte, error) {
	return json.Marshal(moment{t, t.Location().String()})
}

// MarshalJSON keeps the day with its zone.
func (v Day) MarshalJSON() ([]byte, error) { return keepTime(time.Time(v)) }

// MarshalJSON keeps the time with its zone.
func (v Time) MarshalJSON() ([]byte, error) { return keepTime(time.Time(v)) }

// MarshalJSON keeps the time with its zone.
func (v ZonedTime) MarshalJSON() ([]byte, error) { return keepTime(time.Time(v)) }

// MarshalJSON keeps the zone.
func (v Clock) MarshalJSON() ([]byte, error) { return keepTime(time.Time(v)) }
