package admin

import (
	"errors"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"refill/internal/card"
	"refill/internal/fault"
	"refill/internal/money"
	"refill/internal/report"
)

// The functions below read the text of a field. What is missing, or is no value at all, is
// the zero value where the domain refuses that in the words that fit. Where other words
// fit, or where zero means something, the second result is the fault.

// readCount reads a whole number of cards, with or without thousands separators. What is
// none is 0; what is too large for the type is its largest.
func readCount(text string) int32 {
	return int32(min(wholeNumber(text), math.MaxInt32)) //nolint:gosec // neither below zero nor above
}

// readPrice reads the price of one card in a currency.
func readPrice(text, currency string) (money.Amount, *fault.Error) {
	minor, err := money.Parse(text, currency)
	if errors.Is(err, money.ErrDecimals) {
		return money.Amount{Currency: currency}, fault.Field("price", "order_price_decimals", "Price may have at most {digits, plural, one {# decimal} other {# decimals}}, as in {example}.").
			With("digits", fault.Number(money.Digits(currency))).With("example", fault.Figure{Minor: 1000, Currency: currency})
	}
	return money.Amount{Minor: minor, Currency: currency}, nil // 0 with any other error
}

// readOrderDay reads the last day of a series. The example in the fault is a year after
// today.
func readOrderDay(text string, today time.Time) (time.Time, *fault.Error) {
	day, ok := calendarDay(text)
	if !ok {
		return day, fault.Field("valid_till", "order_valid_till", "Valid till must be a date such as {example}.").
			With("example", fault.Name(today.AddDate(1, 0, 0).Format(time.DateOnly)))
	}
	return day, nil
}

// readCardDay reads the last day of single cards.
func readCardDay(text string) (time.Time, *fault.Error) {
	day, ok := calendarDay(text)
	if !ok {
		return day, fault.Field("valid_till", "card_till", "Valid till must be a date like 2027-12-31.")
	}
	return day, nil
}

// calendarDay reads a date such as 2026-01-31. Empty text is the zero time; the date that is
// the zero time, in the year 1, is none.
func calendarDay(text string) (day time.Time, ok bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return time.Time{}, true
	}
	day, err := time.Parse(time.DateOnly, text)
	return day, err == nil && !day.IsZero()
}

// dayBounds reads a date such as 2026-01-31 as a filter of a list takes it: the first moment
// of the day in a zone, and that of the day after.
func dayBounds(text string, zone *time.Location) (start, end time.Time, ok bool) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil || day.Year() < 1900 || day.Year() > 9000 {
		return time.Time{}, time.Time{}, false
	}
	return report.DayStart(day, zone), report.DayStart(day.AddDate(0, 0, 1), zone), true
}

// unknownPartner is the id of no partner. The domain refuses it at its field.
const unknownPartner = -1

// readCardPartner reads the partner of single cards. 0 is for the partners of the series;
// what is no id becomes that of no partner.
func readCardPartner(text string) int64 {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 0 {
		return unknownPartner
	}
	return id
}

// readPartners reads the partners of a series: one choice, or the boxes of several.
func readPartners(form url.Values) card.Partners {
	if form.Get("partner") == SeveralPartners {
		return card.ParsePartners(form["partners"])
	}
	return card.ParsePartners(form["partner"])
}
