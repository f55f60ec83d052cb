package cardcode

import (
	"fmt"
	"strconv"
	"strings"
)

// Forms of a printed serial.
const (
	SerialPlain  = "plain"  // 42
	SerialPadded = "padded" // 0000042
	SerialSeries = "series" // 202611-0000042
)

// FormatSerial writes a serial as the settings say: plain, padded to the width of
// the largest that there may be, or padded behind the series' number.
func FormatSerial(form, series string, serial int32) string {
	switch form {
	case SerialPadded:
		return fmt.Sprintf("%0*d", serialWidth, serial)
	case SerialSeries:
		return fmt.Sprintf("%s-%0*d", series, serialWidth, serial)
	}
	return strconv.Itoa(int(serial))
}

// serialWidth holds MaxQuantity.
const serialWidth = 7

// ReadSerial reads a serial as people copy it from a card, in any of the forms,
// independent of the settings. ok is false where the text is no serial; it may be a code
// then. The caller checks that the series has the serial.
func ReadSerial(series, text string) (serial int32, ok bool) {
	text = strings.ReplaceAll(strings.TrimSpace(text), ",", "")
	text = strings.TrimPrefix(text, series+"-")
	if len(text) > serialWidth+2 {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 32)
	return int32(n), err == nil
}
