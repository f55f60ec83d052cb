package audit

import (
	"strings"
	"unicode/utf8"

	"refill/internal/fault"
)

// CheckReason refuses a reason with fewer than 3 or more than 300 characters, surrounding
// spaces not counted. The trail keeps reasons for ever.
func CheckReason(reason string) error {
	if n := utf8.RuneCountInString(strings.TrimSpace(reason)); n < 3 || n > 300 {
		return fault.Field("reason", "reason", "Give a reason of 3 to 300 characters; it is kept for good.")
	}
	return nil
}
