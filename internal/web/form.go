package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/fault"
)

// Refusals of a form as a whole: no page of ours sends what they refuse.
var (
	errTwice      = fault.New(fault.Invalid, "field_twice", "The form names a field more than once. Open its page again and fill it in once more.")
	errTurned     = fault.New(fault.Invalid, "field_turned", "A field holds an invisible mark that turns text round. Type the text instead of pasting it.")
	errManyFields = fault.New(fault.Invalid, "many_fields", "The form has more fields than it can have. Open its page again and fill it in once more.")
)

// form returns the fields of a posted form, refusing what could not be stored or
// would be shown as what it is not.
func (s *Server) form(c *gin.Context) (url.Values, error) {
	arrived := s.untimed(c)
	err := c.Request.ParseForm()
	arrived()
	if err != nil {
		if strings.Contains(err.Error(), "request body too large") {
			return nil, &http.MaxBytesError{Limit: maxBody}
		}
		return nil, errMalformed.With(err)
	}
	return c.Request.PostForm, checkFields(c.Request.PostForm)
}

// checkFields refuses fields that can't be stored, that stand twice where a page has
// them once, and that hold marks which let a name be read as another.
func checkFields(form url.Values) error {
	for key, values := range form {
		if !sound(key) {
			return errMalformed
		}
		if len(values) > 1 && key != "partners" && key != "serial" && key != "columns" { // lists of boxes
			return errTwice
		}
		for _, v := range values {
			if !sound(v) {
				return errMalformed
			}
			// Where codes are typed marks are dropped: phones paste them along.
			if strings.ContainsFunc(v, turns) && key != "code" && key != "find" {
				return errTurned
			}
		}
	}
	return nil
}

// turns reports whether a character overrides the direction of what follows. The
// marks that names of mixed scripts need (U+200E, U+200F) do not.
func turns(r rune) bool { return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 }

// errNilKey says that a form's key is one that no page draws.
var errNilKey = errors.New("web: the nil UUID is no key of a form")

// readKey reads the idempotency key of a form. The nil UUID is none: in the domain it
// stands for a missing key.
func readKey(text string) (uuid.UUID, error) {
	key, err := uuid.Parse(text)
	if err == nil && key == uuid.Nil {
		err = errNilKey
	}
	return key, err
}
