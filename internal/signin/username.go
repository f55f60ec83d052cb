package signin

import (
	"strings"
)

// ValidUsername reports whether a username, already in lower case, can be kept.
func ValidUsername(username string) bool {
	if len(username) < 1 || len(username) > 64 {
		return false
	}
	return !strings.ContainsFunc(username, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("._-@", r)
	})
}
