package splynx

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/money"
	"refill/internal/web/caller"
	"refill/internal/web/kit"
)

// fields are the fields of a body, as text. Fields that a call does not know are ignored, as
// Splynx does: programs send many.
type fields map[string]string

// read reads a body that is a JSON object or a form. Only plain values are taken.
func (s *Server) read(c *gin.Context) (fields, error) {
	kind, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil && c.GetHeader("Content-Type") != "" {
		return nil, errBody
	}
	arrived := s.Untimed(c)
	defer arrived()
	f := fields{}
	switch kind {
	case "application/x-www-form-urlencoded", "multipart/form-data":
		if err := c.Request.ParseMultipartForm(kit.MaxBody); err != nil && !errors.Is(err, http.ErrNotMultipart) {
			return nil, unread(err)
		}
		for name, values := range c.Request.PostForm {
			f[name] = values[len(values)-1] // as PHP does
		}
	default: // some programs name no type, or another one, and send JSON
		body, err := io.ReadAll(c.Request.Body)
		if err != nil {
			return nil, unread(err)
		}
		if f, err = readJSON(body); err != nil {
			return nil, err
		}
	}
	for name, value := range f {
		if !kit.IsCleanText(name) || !kit.IsCleanText(value) {
			return nil, kit.ErrMalformed
		}
	}
	return f, nil
}

// unread returns the error of a body that did not arrive, or is too large.
func unread(err error) error {
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return err
	}
	if strings.Contains(err.Error(), "request body too large") { // of the reader of forms
		return &http.MaxBytesError{Limit: kit.MaxBody}
	}
	return kit.ErrMalformed.Because(err)
}

// readJSON reads the plain values of a JSON object. Numbers keep their digits.
func readJSON(body []byte) (fields, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return fields{}, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var values map[string]any
	if err := decoder.Decode(&values); err != nil || values == nil {
		return nil, errBody
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errBody
	}
	f := fields{}
	for name, value := range values {
		switch value := value.(type) {
		case string:
			f[name] = value
		case json.Number:
			f[name] = value.String()
		case bool:
			f[name] = "0"
			if value {
				f[name] = "1"
			}
		}
	}
	return f, nil
}

// noID is the id of nothing.
const noID = -1

// readID reads an id; noID where the text is none, so that it is answered as a missing one.
func readID(text string) int64 {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 || text != strconv.FormatInt(id, 10) {
		return noID
	}
	return id
}

// day reads a day; the zero time where the field is not there.
func (f fields) day(name string) (time.Time, error) {
	text := f[name]
	if text == "" || text == "0000-00-00" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.DateOnly, text)
	if err != nil || at.Year() < 1900 || at.Year() > 9000 {
		return time.Time{}, errDay
	}
	return at, nil
}

// amount reads an amount. Splynx writes four decimals: zeros beyond those of the currency are
// left out.
func (f fields) amount(name, currency string) (money.Amount, error) {
	text := f[name]
	if text == "" {
		return money.Amount{}, errNeeded
	}
	if whole, decimals, found := strings.Cut(text, "."); found {
		for len(decimals) > money.Digits(currency) && strings.HasSuffix(decimals, "0") {
			decimals = strings.TrimSuffix(decimals, "0")
		}
		if text = whole; decimals != "" {
			text = whole + "." + decimals
		}
	}
	minor, err := caller.ReadAmount(text, currency)
	if err != nil {
		return money.Amount{}, errAmount
	}
	return money.Amount{Minor: minor, Currency: currency}, nil
}

// four writes an amount with four decimals at least.
func four(minor int64, currency string) string {
	text := money.Amount{Minor: minor, Currency: currency}.Decimal()
	whole, decimals, _ := strings.Cut(text, ".")
	return whole + "." + decimals + strings.Repeat("0", max(0, 4-len(decimals)))
}

// Times as Splynx writes them.
const (
	momentForm = "2006-01-02 15:04:05"
	noMoment   = "0000-00-00 00:00:00"
)

// zone returns the time zone of the installation, in which times are written where no partner
// has another one.
func (s *Server) zone() *time.Location { return s.Local(s.Now().UTC()).Location() }
