package admin

import (
	"regexp"
	"strconv"
	"strings"

	"refill/internal/card"
)

// Forms in which pages, cards and receipts name a card: 202611-42, 202611-0000042, 202611 /
// 50,943, “Series 202611, serial 42”.
var (
	cardNumber   = regexp.MustCompile(`^(?:series\s*)?#?(\d{6,12})\s*[-–—/,:; ]\s*(?:serial|card|nr|no)?[.:]?\s*#?(\d[\d,.'’\x{a0}\x{202f} ]*)$`)
	serialNumber = regexp.MustCompile(`^(?:serial|card|nr|no)?[.:]?\s*#?(\d[\d,.'’\x{a0}\x{202f} ]*)$`)
	grouping     = regexp.MustCompile(`^\d{1,3}([,.'’\x{a0}\x{202f} ]\d{3})+$`)
)

// namedCard reads a series number and a serial.
func namedCard(text string) (number string, serial int32, ok bool) {
	m := cardNumber.FindStringSubmatch(strings.ToLower(text))
	if m == nil {
		return "", 0, false
	}
	serial, ok = readGrouped(m[2])
	return m[1], serial, ok
}

// plainSerial reads a serial without its series. It returns false for a number that no
// series can have, because that may be a code.
func plainSerial(text string) (int32, bool) {
	m := serialNumber.FindStringSubmatch(strings.ToLower(text))
	if m == nil {
		return 0, false
	}
	return readGrouped(m[1])
}

// readGrouped reads a serial with or without thousands separators.
func readGrouped(text string) (int32, bool) {
	if grouping.MatchString(text) {
		text = strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, text)
	}
	if len(text) > len("0000042")+2 {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 32)
	return int32(n), err == nil && n > 0 && n <= card.MaxQuantity
}

var (
	seriesDigits = regexp.MustCompile(`^(?:series\s*)?#?(\d{4,12})$`)
	seriesPrefix = regexp.MustCompile(`^[A-Za-z0-9]{2,20}$`)
)

// seriesStart returns LIKE patterns for the series whose number, or whose card prefix,
// begins with a text. A pattern is empty if the text is no such beginning.
func seriesStart(text string) (number, prefix string) {
	if m := seriesDigits.FindStringSubmatch(strings.ToLower(text)); m != nil {
		number = m[1] + "%"
	}
	if seriesPrefix.MatchString(text) && strings.Trim(text, "0123456789") != "" {
		prefix = strings.ToLower(text) + "%"
	}
	return number, prefix
}
