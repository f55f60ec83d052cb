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

// Refusals of a form as a whole: no page of ours sends what they refuse.
var (
	errTwice      = fault.New(fault.Invalid, "field_twice", "The form names a field more than once. Open its page again and fill it in once more.")
	errTurned     = fault.New(fault.Invalid, "field_turned", "A field holds an invisible mark that turns text round. Type the text instead of pasting it.")
	errManyFields = fault.New(fault.Invalid, "many_fields", "The form has more fields than it can have. Open its page again and fill it in once more.")
)

// Form returns the fields of a posted form, refusing what could not be stored or
// would be shown as what it is not.
func (s *Kit) Form(c *gin.Context) (url.Values, error) {
	arrived := s.untimed(c)
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

// checkFields refuses fields that can't be stored, that come twice where a page has
// them once, and that hold marks which let a name be read as another.
func checkFields(form url.Values) error {
	for key, values := range form {
		if !IsCleanText(key) {
			return ErrMalformed
		}
		if len(values) > 1 && key != "partners" && key != "serial" && key != "columns" { // lists of boxes
			return errTwice
		}
		for _, v := range values {
			if !IsCleanText(v) {
				return ErrMalformed
			}
			// Where codes are typed marks are dropped: phones paste them along.
			if strings.ContainsFunc(v, isBidiOverride) && key != "code" && key != "find" {
				return errTurned
			}
		}
	}
	return nil
}

// isBidiOverride reports whether a character overrides the direction of what follows. The
// marks that names of mixed scripts need (U+200E, U+200F) do not.
func isBidiOverride(r rune) bool { return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 }

// ErrNoKey refuses a form that came without the idempotency key that its page has drawn.
var ErrNoKey = fault.New(fault.Invalid, "form_key_missing", "The form did not arrive complete, so nothing was done. Send it again from its page.")

// KeyedForm is Form for an act that a second sending would repeat. It also returns the
// form's idempotency key, and ErrNoKey where the form has none.
func (s *Kit) KeyedForm(c *gin.Context) (url.Values, uuid.UUID, error) {
	form, err := s.Form(c)
	if err != nil {
		return nil, uuid.Nil, err
	}
	key, err := ReadKey(form)
	return form, key, err
}

// ReadKey reads the idempotency key that a page has drawn for its form. It returns ErrNoKey where the form has none, and never draws one: under a key
// of the server's own each sending would be a new act. The nil UUID is no key, because in
// the domain it means a missing one.
func ReadKey(form url.Values) (uuid.UUID, error) {
	key, err := uuid.Parse(form.Get("key"))
	if err != nil || key == uuid.Nil {
		return uuid.Nil, ErrNoKey
	}
	return key, nil
}

// MaxBody is the largest form that is read.
const MaxBody = 64 << 10

// CodeField is the field for a card's code. Codes of ours know no case, and phones write
// capitals for them. Where customers may hold cards of another system, whose codes may
// have both, what is typed stays as it is: the browser changes nothing that the server
// wouldn't.
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

// Refuse sets the headers of a page that says what is wrong with a request, and returns the
// status of the page.
func (s *Kit) Refuse(c *gin.Context, err error) int {
	o := OutcomeOf(err, s.Now())
	o.writeHeader(c.Writer.Header())
	return o.Status
}

// RefuseForm is Refuse for a form that is shown again. What is missing or forbidden is what
// the form names, not its page.
func (s *Kit) RefuseForm(c *gin.Context, err error) int {
	status := s.Refuse(c, err)
	if status == http.StatusNotFound || status == http.StatusForbidden {
		return http.StatusUnprocessableEntity
	}
	return status
}
