package tableimport

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// orders is a set of date orders.
type orders uint8

const (
	orderDMY orders = 1 << iota
	orderMDY
	orderYMD
)

// order returns the only order of a set, or "" where the set has several orders or none.
func (o orders) order() DateOrder {
	switch o {
	case orderDMY:
		return DayMonthYear
	case orderMDY:
		return MonthDayYear
	case orderYMD:
		return YearMonthDay
	}
	return ""
}

// dateReading is the set of dates that a text can be. Where can is empty, the date does not
// depend on an order.
type dateReading struct {
	ok    bool
	none  bool // the text says that there is no date
	day   time.Time
	clock time.Duration
	short bool // the year has two digits

	parts [3]int // the three numbers in the text, where the order is not certain
	can   orders // the orders in which the numbers are a date
}

// in returns the date in an order.
func (d dateReading) in(o DateOrder) (time.Time, bool) {
	a, b, c := d.parts[0], d.parts[1], d.parts[2]
	switch o {
	case DayMonthYear:
		return civil(c, b, a)
	case MonthDayYear:
		return civil(c, a, b)
	case YearMonthDay:
		return civil(a, b, c)
	case OrderOpen:
	}
	return time.Time{}, false
}

// depends reports whether the date depends on the order: 05/05/2027 does not.
func (d dateReading) depends() bool {
	var first time.Time
	for _, o := range []orders{orderDMY, orderMDY, orderYMD} {
		if d.can&o == 0 {
			continue
		}
		day, _ := d.in(o.order())
		if !first.IsZero() && !day.Equal(first) {
			return true
		}
		first = day
	}
	return false
}

// farYear is the first year that two digits can't express: 99 may be a past year, or a mark
// for "no end". C and POSIX read 69 as 1969.
const farYear = 2069

// civil returns a date in the years 2000 to 2200. A year of two digits means 2000 to 2099.
func civil(year, month, day int) (time.Time, bool) {
	if year < 100 {
		year += 2000
	}
	if year < 2000 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31 {
		return time.Time{}, false
	}
	date := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return date, date.Day() == day
}

// readDate reads a date in any usual notation, with or without a time. It takes the date as
// written and ignores a time zone after the time.
func readDate(text string) dateReading {
	if len(text) == 10 && text[4] == '-' && text[7] == '-' && isDigits(text[:4]) && isDigits(text[5:7]) && isDigits(text[8:]) {
		return yearFirst(number(text[:4]), number(text[5:7]), number(text[8:]))
	}
	text = unquote(Digits(text))
	if len(text) > 60 || text == "" {
		return dateReading{}
	}
	if text[0] >= '0' && text[0] <= '9' {
		if d, ok := serialDate(text); ok {
			return d
		}
	} else if _, none := noDateKeys()[WordKey(text)]; none || text == "∞" {
		return dateReading{ok: true, none: true}
	}
	date, clock, ok := cutClock(text)
	if !ok {
		return dateReading{}
	}
	d := readParts(date)
	d.clock = clock
	return d
}

func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

// yearFirst reads a date that begins with a four-digit year. A year zero, and the epoch of
// a program, mean no date.
func yearFirst(year, month, day int) dateReading {
	if isNone(year, month, day) {
		return dateReading{ok: true, none: true}
	}
	date, ok := civil(year, month, day)
	return dateReading{ok: ok && year >= 100, day: date}
}

func isNone(year, month, day int) bool {
	switch {
	case year == 0 && (month == 0 || day == 0), year >= 9000:
		return true
	case year == 1970, year == 1900, year == 1:
		return month <= 1 && day <= 1
	}
	return year == 1899 && month == 12 && day >= 30
}

// serialDate reads a date of digits only: a spreadsheet's day number (1 is 1 January 1900),
// 20271231, or 20271231235959.
func serialDate(text string) (dateReading, bool) {
	whole, fraction, pointed := strings.Cut(strings.Replace(text, ",", ".", 1), ".")
	if !isDigits(whole) || pointed && !isDigits(fraction) {
		return dateReading{}, false
	}
	n := number(whole)
	switch {
	case strings.Trim(text, "0") == "":
		return dateReading{ok: true, none: true}, true
	case len(whole) == 8 && !pointed:
		return yearFirst(n/10000, n/100%100, n%100), true
	case len(whole) == 14 && !pointed:
		day := number(whole[:8])
		d := yearFirst(day/10000, day/100%100, day%100)
		clock, ok := clockOf(number(whole[8:10]), number(whole[10:12]), number(whole[12:]))
		d.ok, d.clock = d.ok && ok, clock
		return d, true
	case len(whole) == 5 && n >= 36526: // the years 2000 to 2173; six digits may be a date with a year of two digits
		d := dateReading{ok: true, day: time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n)}
		if pointed {
			part, _ := strconv.ParseFloat("0."+fraction, 64)
			d.clock = time.Duration(part*86400+0.5) * time.Second
		}
		return d, true
	}
	return dateReading{}, !pointed
}

func clockOf(hour, minute, second int) (time.Duration, bool) {
	if hour > 24 || minute > 59 || second > 60 {
		return 0, false
	}
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second, true
}

// cutClock separates a date from the time of day and the text after it.
func cutClock(text string) (date string, clock time.Duration, ok bool) {
	colon := strings.IndexByte(text, ':')
	if colon < 0 {
		return text, 0, true
	}
	begin := colon
	for begin > 0 && text[begin-1] >= '0' && text[begin-1] <= '9' && colon-begin < 2 {
		begin--
	}
	if begin == colon || begin == 0 {
		return "", 0, false
	}
	date = strings.TrimRight(strings.TrimRight(text[:begin], " ,"), "Tt")
	rest := text[begin:]
	var parts [3]int
	n := 0
	for n < 3 {
		end := 0
		for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
			end++
		}
		if end == 0 || end > 2 {
			return "", 0, false
		}
		parts[n], rest = number(rest[:end]), rest[end:]
		if n++; !strings.HasPrefix(rest, ":") {
			break
		}
		rest = rest[1:]
	}
	if n < 2 {
		return "", 0, false
	}
	if strings.HasPrefix(rest, ".") || strings.HasPrefix(rest, ",") { // fractions of a second
		rest = strings.TrimLeft(rest[1:], "0123456789")
	}
	hour, rest, ok := readAMPM(parts[0], rest)
	if !ok || !isZone(rest) {
		return "", 0, false
	}
	clock, ok = clockOf(hour, parts[1], parts[2])
	return date, clock, ok
}

// readAMPM reads AM and PM after a time.
func readAMPM(hour int, rest string) (int, string, bool) {
	word := Fold(rest)
	for _, mark := range []struct {
		text string
		pm   bool
	}{{"am", false}, {"a.m.", false}, {"ص", false}, {"pm", true}, {"p.m.", true}, {"م", true}} {
		behind, ok := strings.CutPrefix(word, mark.text)
		if !ok {
			continue
		}
		if hour < 1 || hour > 12 {
			return 0, "", false
		}
		hour %= 12
		if mark.pm {
			hour += 12
		}
		return hour, behind, true
	}
	return hour, rest, true
}

// isZone reports whether a text is a time zone: Z, UTC, +02:00, GMT+1, CET, [Europe/Rome].
func isZone(text string) bool {
	text = strings.TrimSpace(text)
	if len(text) > 40 {
		return false
	}
	return strings.Trim(text, "+-:0123456789()[]/_ ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == ""
}

// readParts reads a date of numbers and the name of a month.
func readParts(text string) dateReading {
	var numbers, lengths []int
	var month time.Month
	named := -1 // how many numbers are before the name of the month
	var word, before string
	hyphens := true
	for text != "" && len(numbers) < 4 {
		r := rune(text[0])
		switch {
		case r >= '0' && r <= '9':
			end := 0
			for end < len(text) && text[end] >= '0' && text[end] <= '9' {
				end++
			}
			if end > 4 {
				return dateReading{}
			}
			numbers, lengths, text = append(numbers, number(text[:end])), append(lengths, end), text[end:]
		case strings.ContainsRune("-/. ,_", r):
			hyphens = hyphens && r == '-'
			text = text[1:]
		default:
			end := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) && r != 'º' && r != 'ª' })
			if end < 0 {
				end = len(text)
			}
			if end == 0 {
				return dateReading{}
			}
			before, word, text = word, Fold(text[:end]), text[end:]
			m := monthKeys()[word]
			if m == 0 {
				m = monthKeys()[before+" "+word]
			}
			_, quiet := noiseKeys()[word]
			switch {
			case m != 0 && named < 0:
				month, named = m, len(numbers)
			case quiet || word == "كانون" || word == "تشرين": // the first of two words
			default:
				return dateReading{}
			}
		}
	}
	switch {
	case named >= 0 && len(numbers) == 2:
		day, year := 0, 1
		if lengths[0] == 4 {
			day, year = 1, 0
		}
		if lengths[day] > 2 || lengths[year] == 3 || lengths[year] == 1 {
			return dateReading{}
		}
		date, ok := civil(numbers[year], int(month), numbers[day])
		return dateReading{ok: ok && (lengths[year] == 2 || numbers[year] >= 100), day: date, short: lengths[year] == 2}
	case named < 0 && len(numbers) == 3:
		return numeric([3]int(numbers), [3]int(lengths), hyphens)
	}
	return dateReading{}
}

// numeric reads a date of three numbers.
func numeric(n, lengths [3]int, hyphens bool) dateReading {
	switch {
	case n == [3]int{}:
		return dateReading{ok: true, none: true}
	case lengths[0] == 4 && lengths[1] <= 2 && lengths[2] <= 2:
		return yearFirst(n[0], n[1], n[2])
	case lengths[0] > 2 || lengths[1] > 2 || lengths[2] == 3 || lengths[2] == 1:
		return dateReading{}
	case lengths[2] == 4 && (isNone(n[2], n[1], n[0]) || isNone(n[2], n[0], n[1])):
		return dateReading{ok: true, none: true}
	case lengths[2] == 4 && n[2] < 100:
		return dateReading{}
	}
	d := dateReading{parts: n, short: lengths[2] != 4}
	for _, o := range []orders{orderDMY, orderMDY, orderYMD} {
		if o == orderYMD && (!hyphens || lengths[2] == 4) { // a two-digit year comes first only with hyphens
			continue
		}
		if day, ok := d.in(o.order()); ok {
			d.can, d.day = d.can|o, day
		}
	}
	d.ok = d.can != 0
	return d
}

// ReadDate reads one date in an order.
func ReadDate(text string, order DateOrder) Value { return dateValue(text, readDate(text), order) }

// dateValue returns the date of a reading in the order of its column.
func dateValue(text string, d dateReading, order DateOrder) Value {
	v := Value{State: Bad, Text: text, Reason: ReasonDate, Day: d.day, Clock: d.clock}
	switch {
	case !d.ok:
		return v
	case d.none:
		return Value{State: Empty, Text: text, None: true}
	case d.can == 0:
	case order != "" && order != OrderOpen: // a date in another order is not valid
		day, ok := d.in(order)
		if !ok {
			return v
		}
		v.Day = day
	case d.depends():
		v.Reason = ReasonOpenDate
		return v
	}
	if d.short && v.Day.Year() >= farYear {
		v.Reason = ReasonCentury
		return v
	}
	v.State, v.Reason = Good, ""
	return v
}
