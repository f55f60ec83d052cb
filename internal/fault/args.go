package fault

import (
	"strconv"
	"strings"
	"time"

	"refill/internal/money"
)

// Arg is the value of the placeholder with its name.
type Arg struct {
	Name  string
	Value Value
}

// Value is one of the types below. String writes it in English as the pages do.
type Value interface {
	String() string
	logged() string // the value for the log
	kind() string   // the name of the type in the database
}

// Number is a whole number, written 1,000,000. It can also be the count that chooses a
// plural form. The edge can write it, and each type below, in the reader's language;
// Text and Name are the same in every language.
type Number int64

type (
	// Numbers are a list: 3, 5 and 12.
	Numbers []int64
	// Money is an amount with its currency: USD 1,250.00.
	Money money.Amount
	// Figure is an amount as it is typed into a form, without its currency: 1,250.00.
	Figure money.Amount
	// Size is a number of bytes: 12.0 MB.
	Size int64
	// Duration is written in the largest unit that divides it: 90 seconds, 2 minutes.
	Duration time.Duration
	// Day is a day of the calendar: 2 Jan 2026.
	Day time.Time
	// Time is written in the zone that it carries, the reader's own: 2 January 2026 at 15:04.
	// A time within a minute is written as the minute that begins after it, so that a text
	// never names a minute in which a wait is not over.
	Time time.Time
	// ZonedTime is Time for a reader who may be in another zone: 2 January 2026 at 15:04 CET.
	ZonedTime time.Time
	// Clock is the end of a wait that may be less than a minute: 15:04:05 CET.
	Clock time.Time
	// Text is text that a person typed or a file contains. It is never logged, because it
	// may contain the code of a card.
	Text string
	// Name is a name that is the same in every language: a currency, a package, the number
	// of a series.
	Name string
)

func (v Number) String() string {
	if v < 0 {
		return "-" + money.Group(strconv.FormatInt(int64(v), 10)[1:])
	}
	return money.Group(strconv.FormatInt(int64(v), 10))
}

func (v Numbers) String() string {
	texts := make([]string, len(v))
	for i, n := range v {
		texts[i] = Number(n).String()
	}
	if last := len(texts) - 1; last > 0 {
		return strings.Join(texts[:last], ", ") + " and " + texts[last]
	}
	return strings.Join(texts, "")
}

func (v Money) String() string { return money.Amount(v).String() }

func (v Figure) String() string {
	return strings.TrimPrefix(money.Amount(v).String(), v.Currency+" ")
}

func (v Size) String() string {
	switch n := float64(v); {
	case v < 1000:
		return strconv.FormatInt(int64(v), 10) + " B"
	case v < 1000*1000:
		return strconv.FormatFloat(n/1e3, 'f', 0, 64) + " kB"
	case v < 1000*1000*1000:
		return strconv.FormatFloat(n/1e6, 'f', 1, 64) + " MB"
	default:
		return strconv.FormatFloat(n/1e9, 'f', 1, 64) + " GB"
	}
}

func (v Duration) String() string {
	d := time.Duration(v)
	n, unit := d/time.Second, "second"
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		n, unit = d/time.Hour, "hour"
	case d >= time.Minute && d%time.Minute == 0:
		n, unit = d/time.Minute, "minute"
	}
	if n != 1 {
		unit += "s"
	}
	return Number(n).String() + " " + unit
}

const (
	dayForm  = "2 Jan 2006"
	timeForm = "2 January 2006 at 15:04"
)

// minuteAfter returns the first whole minute that is not before a time.
func minuteAfter(t time.Time) time.Time { return t.Add(time.Minute - 1).Truncate(time.Minute) }

func (v Day) String() string       { return time.Time(v).Format(dayForm) }
func (v Time) String() string      { return minuteAfter(time.Time(v)).Format(timeForm) }
func (v ZonedTime) String() string { return minuteAfter(time.Time(v)).Format(timeForm + " MST") }
func (v Clock) String() string     { return time.Time(v).Format("15:04:05 MST") }
func (v Text) String() string      { return string(v) }
func (v Name) String() string      { return string(v) }

func (v Number) logged() string    { return strconv.FormatInt(int64(v), 10) }
func (v Numbers) logged() string   { return v.String() }
func (v Money) logged() string     { return v.Currency + " " + money.Amount(v).Decimal() }
func (v Figure) logged() string    { return money.Amount(v).Decimal() }
func (v Size) logged() string      { return strconv.FormatInt(int64(v), 10) }
func (v Duration) logged() string  { return time.Duration(v).String() }
func (v Day) logged() string       { return time.Time(v).Format(time.DateOnly) }
func (v Time) logged() string      { return time.Time(v).Format(time.RFC3339) }
func (v ZonedTime) logged() string { return time.Time(v).Format(time.RFC3339) }
func (v Clock) logged() string     { return time.Time(v).Format(time.RFC3339) }
func (v Text) logged() string      { return "…" }
func (v Name) logged() string      { return string(v) }

// logged formats arguments for the log.
func logged(args []Arg) string {
	texts := make([]string, len(args))
	for i, a := range args {
		texts[i] = a.Name + "=" + a.Value.logged()
	}
	return strings.Join(texts, " ")
}
