package admin

import (
	"strings"

	"refill/internal/lang"
)

// jobErrorWords says in words what an error of a job means. The error itself is a text for
// the people who run the portal.
func jobErrorWords(text string) string {
	has := func(parts ...string) bool {
		for _, part := range parts {
			if strings.Contains(strings.ToLower(text), part) {
				return true
			}
		}
		return false
	}
	switch {
	case text == "":
		return ""
	case has("smtp server"):
		return lang.M("The SMTP server did not take the message. Its answer is in the error.")
	case has("jobcancelerror"):
		return lang.M("It was stopped for good: what it was for was cancelled, or can’t be done any more.")
	case has("no space left", "disk is full", "disk full"):
		return lang.M("There was no room left on a disk.")
	case has("permission denied", "read-only file system"):
		return lang.M("The folder of the files could not be written to.")
	case has("deadline exceeded", "timed out", "timeout"):
		return lang.M("It took too long and was stopped.")
	case has("context canceled"):
		return lang.M("The worker was stopped while the job ran.")
	case has("connection refused", "failed to connect", "connection reset", "broken pipe", "conn closed", "unexpected eof", "sqlstate 57p", "sqlstate 08"):
		return lang.M("The connection to the database broke off.")
	case has("panic"):
		return lang.M("The program made a mistake. The log has more.")
	}
	return lang.M("The attempt failed. The details are for the people who run the portal.")
}
