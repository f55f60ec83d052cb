package kit

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"refill/internal/cardcode"
	"refill/internal/fault"
	"refill/internal/lang"
)

// Errors about a form as a whole, not about one of its fields.
var (
	errTwice      = fault.New(fault.Invalid, "field_twice", "The form names a field more than once. Open its page again and fill it in once more.")
	errTurned     = fault.New(fault.Invalid, "field_turned", "A field holds an invisible mark that turns text round. Type the text instead of pasting it.")
	errManyFields = fault.New(fault.Invalid, "many_fields", "The form has more fields than it can have. Open its page again and fill it in once more.")
)

// Form returns the fields of a posted form. It returns an error for text that can't be
// stored, and for text that would be displayed as something else.
func (s *Kit) Form(c *gin.Context) (url.Values, error) {
	arrived := s.Untimed(c)
	err := c.Request.ParseForm()
	arrived()
	if err != nil {
		if strings.Contains(err.Error(), "request body too large") {
			return nil, &http.MaxBytesError{Limit: MaxBody}
		}
		return nil, ErrMalformed.Because(err)
	}
	return c.Request.PostForm, checkFields(c.Request.PostForm)
}

// checkFields returns an error for text that can't be stored, for a field that is sent more
// than once although pages have it once, and for bidi overrides, which can make one name
// look like another.
func checkFields(form url.Values) error {
	for key, values := range form {
		if !IsCleanText(key) {
			return ErrMalformed
		}
		if len(values) > 1 && key != "partners" && key != "serial" && key != "columns" { // lists of check boxes
			return errTwice
		}
		for _, v := range values {
			if !IsCleanText(v) {
				return ErrMalformed
			}
			// Fields for codes may contain such marks, which are dropped later: phones
			// paste them along with a code.
			if strings.ContainsFunc(v, isBidiOverride) && key != "code" && key != "find" {
				return errTurned
			}
		}
	}
	return nil
}

// isBidiOverride reports whether a character overrides the direction of the text after it.
// The marks that names in mixed scripts need (U+200E, U+200F) are not overrides.
func isBidiOverride(r rune) bool { return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 }

// ErrNoKey is the error for a form that was sent without the idempotency key of its page.
var ErrNoKey = fault.New(fault.Invalid, "form_key_missing", "The form did not arrive complete, so nothing was done. Send it again from its page.")

// KeyedForm is Form for an action that must not be repeated when the form is sent twice. It
// also returns the form's idempotency key, or ErrNoKey if the form has none.
func (s *Kit) KeyedForm(c *gin.Context) (url.Values, uuid.UUID, error) {
	form, err := s.Form(c)
	if err != nil {
		return nil, uuid.Nil, err
	}
	key, err := ReadKey(form)
	return form, key, err
}

// ReadKey returns the idempotency key that the page generated for its form, or ErrNoKey if
// the form has none. The server never generates a missing key: each repetition would get
// another key and be carried out again. The nil UUID is no valid key either, because the
// domain reads it as a missing one.
func ReadKey(form url.Values) (uuid.UUID, error) {
	key, err := uuid.Parse(form.Get("key"))
	if err != nil || key == uuid.Nil {
		return uuid.Nil, ErrNoKey
	}
	return key, nil
}

// MaxBody is the size limit for the text of a form, in bytes.
const MaxBody = 64 << 10

// CodeField returns the form field for a card's code. The portal's own codes ignore case,
// so the field offers capitals. Codes imported from another system may be case-sensitive.
// Where such codes are accepted, the browser leaves the text as typed.
func (s *Kit) CodeField(c *gin.Context) (Field, error) {
	imported, err := s.Cards.Codes.TakesImported(c.Request.Context())
	if err != nil {
		return Field{}, err
	}
	f := Field{
		Name: "code", Label: lang.M("Code"), Mono: true, Plain: true, Capitals: !imported, AsTyped: imported, Autocomplete: "off", MaxLength: 300,
		Hint: lang.M("As printed on the card. Spaces and dashes don’t matter."),
	}
	formats, _, err := s.Cards.Codes.Formats(c.Request.Context(), false)
	letters := slices.ContainsFunc(formats, func(one cardcode.Format) bool { return one.Alphabet != cardcode.Digits })
	if err == nil && !imported && !letters {
		f.Capitals, f.InputMode, f.Hint = false, "numeric", lang.M("The digits of the code on the card. Spaces, dashes and letters before them don’t matter.")
	}
	return f, err
}

// Refuse sets the response headers for an error, such as Retry-After, and returns the
// status. The caller renders a page with that status.
func (s *Kit) Refuse(c *gin.Context, err error) int {
	o := OutcomeOf(err, s.Now())
	o.writeHeader(c.Writer.Header())
	return o.Status
}

// RefuseForm is Refuse for a form that is shown again. It returns 422 instead of 404 and
// 403: what is missing or forbidden is a value in the form, not its page.
func (s *Kit) RefuseForm(c *gin.Context, err error) int {
	status := s.Refuse(c, err)
	if status == http.StatusNotFound || status == http.StatusForbidden {
		return http.StatusUnprocessableEntity
	}
	return status
}
