package kit

import (
	"context"
	"fmt"
	"html/template"
	"reflect"
	"strconv"
	"strings"
	"time"

	"refill/internal/blob"
	"refill/internal/lang"
	"refill/internal/money"
)

// functions returns the functions that templates may call.
func (s *Kit) functions() template.FuncMap {
	return template.FuncMap{
		"asset": s.assets.URL,
		"money": func(minor int64, currency string) string {
			return money.Amount{Minor: minor, Currency: currency}.String()
		},
		"number": Number,
		"card": func(series string, serial any) (string, error) {
			switch r := reflect.ValueOf(serial); {
			case r.CanInt():
				return CardName(series, r.Int()), nil
			default:
				return "", fmt.Errorf("serial of a %T", serial)
			}
		},
		"ago":    func(t time.Time) string { return ago(s.Now(), t) },
		"exact":  func(t time.Time) string { return s.Local(t).Format("2 Jan 2006, 15:04:05 MST") },
		"iso":    func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"day":    Day,
		"clock":  s.Clock,
		"zero":   IsZero,
		"size":   blob.SizeText,
		"plural": Plural,
		"lower":  strings.ToLower,
	}
}

// dayForm is the one form of a date on pages, clockForm that of a date with its time.
const (
	dayForm   = "2 Jan 2006"
	clockForm = "2 Jan 2006, 15:04"
)

// Day formats a date for a page.
func Day(t time.Time) string { return t.Format(dayForm) }

// Clock formats a time for a page, in the zone that Local chooses. The page names the zone
// once.
func (s *Kit) Clock(t time.Time) string { return s.Local(t).Format(clockForm) }

// IsZero reports whether a figure, with its currency or sign, is zero.
func IsZero(figure string) bool {
	return strings.Contains(figure, "0") && !strings.ContainsAny(figure, "123456789")
}

// Local converts a time to the installation's time zone. It leaves a time alone that
// already has a zone other than UTC or the machine's. Portal pages set the partner's zone
// that way, by In.
func (s *Kit) Local(t time.Time) time.Time {
	if t.Location() != time.UTC && t.Location() != time.Local {
		return t
	}
	settings, err := s.Settings.Get(context.Background()) // cached for two seconds; templates have no context
	if err != nil {
		return t.UTC()
	}
	return t.In(Zone(settings.TimeZone))
}

// Zone returns the time zone with an IANA name; UTC if the name is unknown. It never
// returns time.UTC itself, so that Local can tell a time that is meant in UTC from one that
// is not converted yet.
func Zone(name string) *time.Location {
	location, err := time.LoadLocation(name)
	if err != nil || location == time.UTC {
		return time.FixedZone("UTC", 0)
	}
	return location
}

// Number writes a whole number of any type with separators: 1,000,000.
func Number(v any) (string, error) {
	switch r := reflect.ValueOf(v); {
	case r.CanInt():
		n := strconv.FormatInt(r.Int(), 10)
		if strings.HasPrefix(n, "-") {
			return money.Minus + money.Group(n[1:]), nil
		}
		return money.Group(n), nil
	case r.CanUint():
		return money.Group(strconv.FormatUint(r.Uint(), 10)), nil
	}
	return "", fmt.Errorf("number of a %T", v)
}

// Plural chooses the word that goes with a number: {{number .N}} {{plural .N "card" "cards"}}.
func Plural(v any, one, many string) (string, error) {
	n, err := Number(v)
	if n == "1" {
		return one, err
	}
	return many, err
}

// Word chooses the word that goes with a number: "is" or "are".
func Word(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// Count returns a number with its noun: "1 card", "1,200 cards".
func Count(n int64, one, many string) string {
	return money.Group(strconv.FormatInt(n, 10)) + " " + Word(n, one, many)
}

// ago returns the distance of a time from now, such as "5 min ago" or "in 2 days". From 30
// days on it returns the date.
func ago(now, t time.Time) string {
	d := now.Sub(t)
	future := d < 0
	d = d.Abs()
	var text string
	switch {
	case d < 10*time.Second:
		return lang.M("just now")
	case d < time.Minute:
		text = strconv.Itoa(int(d.Seconds())) + " s"
	case d < time.Hour:
		text = strconv.Itoa(int(d.Minutes())) + " min"
	case d < 24*time.Hour:
		text = strconv.Itoa(int(d.Hours())) + " h"
	case d < 48*time.Hour:
		text = "1 day"
	case d < 30*24*time.Hour:
		text = strconv.Itoa(int(d.Hours()/24)) + " days"
	default:
		return Day(t)
	}
	if future {
		return "in " + text
	}
	return text + " ago"
}
