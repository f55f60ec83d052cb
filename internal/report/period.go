package report

import (
	"time"

	"refill/internal/fault"
)

// PeriodKind is how a period is chosen.
type PeriodKind int

// The kinds of period. Today is the day of the database's clock in the zone of the
// question.
const (
	AllTime   PeriodKind = iota // from the first movement of the ledger to today
	ThisMonth                   // from the first day of this month to today
	LastMonth                   // the whole month before this one
	ThisYear                    // from 1 January to today
	Custom                      // from one day to another one
)

// Period is a requested range of days. Days are calendar dates: only year, month and day of
// a time.Time are used, whatever its zone.
type Period struct {
	Kind     PeriodKind
	From, To time.Time // of Custom, both days included; zero: the first movement, today
}

// Errors of a period. Code that parses a day also returns ErrFrom or ErrTo.
var (
	ErrFrom  = fault.Field("from", "report_from", "From must be a date such as 2026-01-31.")
	ErrTo    = fault.Field("to", "report_to", "To must be a date such as 2026-01-31.")
	ErrOrder = fault.Field("to", "report_order", "To must not lie before From.")
)

// The first and the last year of a day. No card is older than the first one. From the year
// 9999 on, a day could not be told from the period that ReportMovements returns for later
// movements.
const (
	firstYear = 2000
	lastYear  = 9000
)

// Check returns a fault.List with the errors in the days of the period: ErrFrom, ErrTo,
// ErrOrder.
func (p Period) Check() error {
	if p.Kind != Custom {
		return nil
	}
	var list fault.List
	held := func(day time.Time) bool {
		return day.IsZero() || day.Year() >= firstYear && day.Year() <= lastYear
	}
	if !held(p.From) {
		list = append(list, ErrFrom)
	}
	if !held(p.To) {
		list = append(list, ErrTo)
	}
	if len(list) == 0 && !p.From.IsZero() && !p.To.IsZero() && dateOf(p.To).Before(dateOf(p.From)) {
		list = append(list, ErrOrder)
	}
	return list.Err()
}

// Span is a resolved period: the days that figures cover.
type Span struct {
	First, Last  time.Time // its days, both included, as midnights in UTC
	Start, End   time.Time // its instants: from Start, before End
	FromTheStart bool      // First is the day of the first movement of the ledger
	Unit         Unit      // never ByLength
}

// span resolves a period that Check accepts. today is the current day, and first is the day
// of the first movement of the ledger.
func (p Period) span(today, first time.Time, zone *time.Location, unit Unit) Span {
	s := Span{First: dateOf(first), Last: dateOf(today)}
	year, month, _ := today.Date()
	switch p.Kind {
	case ThisMonth:
		s.First = date(year, month, 1)
	case LastMonth:
		s.First, s.Last = date(year, month-1, 1), date(year, month, 0)
	case ThisYear:
		s.First = date(year, time.January, 1)
	case Custom:
		s.FromTheStart = p.From.IsZero()
		if !s.FromTheStart {
			s.First = dateOf(p.From)
		}
		if !p.To.IsZero() {
			s.Last = dateOf(p.To)
		}
		switch {
		case !s.Last.Before(s.First):
		case s.FromTheStart:
			s.First = s.Last // the whole period is before the first movement
		default:
			s.Last = s.First // the whole period is after today
		}
	default:
		s.FromTheStart = true
	}
	s.Start, s.End = DayStart(s.First, zone), DayStart(s.Last.AddDate(0, 0, 1), zone)
	s.Unit = unit.of(s.days())
	return s
}

// days returns the number of days in the span.
func (s Span) days() int { return int(s.Last.Sub(s.First)/(24*time.Hour)) + 1 }

// periods returns the first days of all periods that overlap the span. The first of them
// may be before the span.
func (s Span) periods() []time.Time {
	var list []time.Time
	for at := s.Unit.first(s.First); !at.After(s.Last); at = s.Unit.next(at) {
		list = append(list, at)
	}
	return list
}

// Unit is the length of the periods into which a span is divided.
type Unit int

// The units. A week begins on Monday, as in ISO 8601.
const (
	ByLength Unit = iota // days for a short span, otherwise months
	Day
	Week
	Month
)

// Limits for the unit Day.
const (
	shortDays = 100 // a span of fewer days is short
	mostDays  = 800 // a longer span has months instead of days
)

// of returns the unit for a span with a number of days.
func (u Unit) of(days int) Unit {
	switch {
	case u == ByLength && days < shortDays:
		return Day
	case u == ByLength, u == Day && days > mostDays:
		return Month
	}
	return u
}

// trunc returns the name of the unit for Postgres' date_trunc.
func (u Unit) trunc() string {
	switch u {
	case Week:
		return "week"
	case Month:
		return "month"
	default:
		return "day"
	}
}

// first returns the first day of the period that contains a day.
func (u Unit) first(day time.Time) time.Time {
	y, m, d := day.Date()
	switch u {
	case Month:
		d = 1
	case Week:
		d -= (int(day.Weekday()) + 6) % 7
	default:
	}
	return date(y, m, d)
}

// next returns the first day of the following period.
func (u Unit) next(first time.Time) time.Time {
	switch u {
	case Month:
		return first.AddDate(0, 1, 0)
	case Week:
		return first.AddDate(0, 0, 7)
	default:
		return first.AddDate(0, 0, 1)
	}
}

// date returns a day as midnight in UTC.
func date(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// dateOf returns the calendar date of a time in its own zone.
func dateOf(at time.Time) time.Time { return date(at.Date()) }

// DayStart returns the first instant of a day in a zone. Only year, month and day of day
// are used, whatever its zone. time.Date can't be used for it: where the clocks change at
// midnight, it returns an instant of the day before, or the second of two midnights. For a
// day that the zone skipped it returns the first instant of the next day.
func DayStart(day time.Time, zone *time.Location) time.Time {
	day = dateOf(day)
	y, m, d := day.Date()
	at := time.Date(y, m, d, 0, 0, 0, 0, zone)
	start, end := at.ZoneBounds() // instants at which the clocks change; zero if they don't
	if dateOf(at).Before(day) {
		return end
	}
	if start.IsZero() || dateOf(start).Before(day) {
		return at
	}
	before := start.Add(-time.Nanosecond).In(zone)
	if dateOf(before).Before(day) {
		return start
	}
	_, offset := before.Zone()
	return time.Date(y, m, d, 0, 0, 0, 0, time.FixedZone("", offset)).In(zone)
}
