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

// The functions below read the text of a form field. For missing or invalid text they
// return the zero value, which the domain then refuses with its own message. If another
// message fits better, or if zero has a meaning, the second result is the error.

// readCount reads a whole number of cards, with or without thousands separators. It returns
// 0 for other text, and the largest int32 for a larger number.
func readCount(text string) int32 {
	return int32(min(wholeNumber(text), math.MaxInt32)) //nolint:gosec // neither below zero nor above
}

// readOverlap reads the hours that a key goes on working beside the one that replaces it. It
// returns a time below zero for other text, because zero ends the key at once.
func readOverlap(text string) time.Duration {
	hours, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return -1
	}
	return time.Duration(hours) * time.Hour
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

// readOrderDay reads the last day of a series. The example in the error is one year after
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

// calendarDay reads a date such as 2026-01-31. It returns the zero time for an empty text.
// It rejects 0001-01-01, because that date is the zero time.
func calendarDay(text string) (day time.Time, ok bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return time.Time{}, true
	}
	day, err := time.Parse(time.DateOnly, text)
	return day, err == nil && !day.IsZero()
}

// dayBounds reads a date such as 2026-01-31 as the bounds of a filter: the first moment of
// that day in a zone, and the first moment of the next day.
func dayBounds(text string, zone *time.Location) (start, end time.Time, ok bool) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil || day.Year() < 1900 || day.Year() > 9000 {
		return time.Time{}, time.Time{}, false
	}
	return report.DayStart(day, zone), report.DayStart(day.AddDate(0, 0, 1), zone), true
}

// unknownPartner is an ID that no partner has. The domain refuses it with an error at its
// field.
const unknownPartner = -1

// readCardPartner reads the partner of single cards. 0 means the partners of the series. It
// returns unknownPartner for text that is not an ID.
func readCardPartner(text string) int64 {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 0 {
		return unknownPartner
	}
	return id
}

// readPartners reads the partners of a series: one choice, or several check boxes.
func readPartners(form url.Values) card.Partners {
	if form.Get("partner") == SeveralPartners {
		return card.ParsePartners(form["partners"])
	}
	return card.ParsePartners(form["partner"])
}
