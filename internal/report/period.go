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

// Period is a choice of days. Days are calendar dates: only year, month and day of a
// time.Time count, whatever its zone.
type Period struct {
	Kind     PeriodKind
	From, To time.Time // of Custom, both days included; zero: the first movement, today
}

// Errors of a period. An edge that can't read a day returns ErrFrom or ErrTo as well.
var (
	ErrFrom  = fault.Field("from", "report_from", "From must be a date such as 2026-01-31.")
	ErrTo    = fault.Field("to", "report_to", "To must be a date such as 2026-01-31.")
	ErrOrder = fault.Field("to", "report_order", "To must not lie before From.")
)

// Years that a day may lie in. No card is older than the first, and no year from 9999
// on can be told from the sentinel of ReportMovements.
const (
	firstYear = 2000
	lastYear  = 9000
)

// Check returns a fault.List of what is wrong with the days of the period: ErrFrom,
// ErrTo, ErrOrder.
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

// Span is the time that figures are about.
type Span struct {
	First, Last  time.Time // its days, both included, as midnights in UTC
	Start, End   time.Time // its moments: from Start on and before End
	FromTheStart bool      // First is the day of the first movement of the ledger
	Unit         Unit      // never ByLength
}

// span resolves a period that Check accepts. today and first, the day of the first
// movement of the ledger, are days.
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
			s.First = s.Last // all of it lies before the first movement
		default:
			s.Last = s.First // all of it lies after today
		}
	default:
		s.FromTheStart = true
	}
	s.Start, s.End = DayStart(s.First, zone), DayStart(s.Last.AddDate(0, 0, 1), zone)
	s.Unit = unit.of(s.days())
	return s
}

// days is how many days the span has.
func (s Span) days() int { return int(s.Last.Sub(s.First)/(24*time.Hour)) + 1 }

// periods returns the first days of all periods that the span touches. The first of
// them may lie before the span.
func (s Span) periods() []time.Time {
	var list []time.Time
	for at := s.Unit.first(s.First); !at.After(s.Last); at = s.Unit.next(at) {
		list = append(list, at)
	}
	return list
}

// Unit is what a span is divided into.
type Unit int

// The units. A week begins on Monday, as in ISO 8601.
const (
	ByLength Unit = iota // days where the span is short, else months
	Day
	Week
	Month
)

// Limits of days as a unit.
const (
	shortDays = 100 // a span of fewer days is short
	mostDays  = 800 // a longer span has months instead of days
)

// of returns the unit for a span of so many days.
func (u Unit) of(days int) Unit {
	switch {
	case u == ByLength && days < shortDays:
		return Day
	case u == ByLength, u == Day && days > mostDays:
		return Month
	}
	return u
}

// trunc is what date_trunc of Postgres calls the unit.
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

// first returns the first day of the period that a day lies in.
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

// next returns the first day of the period after that of a first day.
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

// date returns a day.
func date(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// dateOf returns the day that a moment shows in its own zone.
func dateOf(at time.Time) time.Time { return date(at.Date()) }

// DayStart returns the first moment of a day in a zone. Of day only year, month and day
// count, whatever its zone. time.Date doesn't: where clocks are moved at midnight, it
// returns a moment of the day before or the second of two midnights. Where a zone left a
// day out, it is the first moment of the next day.
func DayStart(day time.Time, zone *time.Location) time.Time {
	day = dateOf(day)
	y, m, d := day.Date()
	at := time.Date(y, m, d, 0, 0, 0, 0, zone)
	start, end := at.ZoneBounds() // clocks are moved at these moments; zero where never
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
