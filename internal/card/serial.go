package card

import (
	"fmt"
	"strconv"
	"strings"

	"refill/internal/setting"
)

// FormatSerial writes a serial as the settings say: plain, padded to the width of
// the largest in its series (seven digits at least), or behind the series' number.
func FormatSerial(form, series string, serial, quantity int32) string {
	if form != setting.SerialPadded && form != setting.SerialSeries {
		return strconv.Itoa(int(serial))
	}
	padded := fmt.Sprintf("%0*d", max(serialWidth, len(strconv.Itoa(int(quantity)))), serial)
	if form == setting.SerialSeries {
		return series + "-" + padded
	}
	return padded
}

// serialWidth holds the serials of the largest series.
const serialWidth = 7

// ParseSerial reads a serial as people copy it from a card, in any of the forms,
// whatever the settings are. It is 0 for what is none, and for a serial of
// another series.
func ParseSerial(series, text string) int32 {
	text = strings.ReplaceAll(strings.TrimSpace(text), ",", "")
	text = strings.TrimPrefix(text, series+"-")
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 1 || n > MaxQuantity {
		return 0
	}
	return int32(n)
}
