package kit

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
)

// maxParts is more than any form with a file has.
const maxParts = 500

// FormWithFile returns the fields of a multipart form and the file of one of
// them; no bytes where none was chosen. Of a file it keeps one byte more than
// the limit, so that the caller can say that it is too large, and what else
// was typed is not lost. Nothing goes to disk.
func (s *Kit) FormWithFile(c *gin.Context, name string, limit int64) (url.Values, []byte, error) {
	reader, err := c.Request.MultipartReader()
	if err != nil {
		form, formErr := s.Form(c) // without script or file, some clients send the plain kind
		return form, nil, formErr
	}
	defer s.untimed(c)()
	form, left := url.Values{}, int64(MaxBody)
	var file []byte
	for parts := 0; ; parts++ {
		if parts == maxParts {
			return nil, nil, errManyFields
		}
		part, err := reader.NextPart()
		if err == io.EOF { //nolint:errorlint // multipart returns it bare
			return form, file, checkFields(form)
		}
		if err != nil {
			return nil, nil, unreadable(err)
		}
		if part.FormName() == name {
			if file, err = readFile(part, limit); err != nil {
				return nil, nil, unreadable(err)
			}
			continue
		}
		text, err := io.ReadAll(io.LimitReader(part, left+1))
		if err != nil {
			return nil, nil, unreadable(err)
		}
		if left -= int64(len(text)); left < 0 {
			return nil, nil, &http.MaxBytesError{Limit: MaxBody}
		}
		form.Add(part.FormName(), string(text))
	}
}

// readFile reads a file up to one byte past the limit and discards the rest.
func readFile(part *multipart.Part, limit int64) ([]byte, error) {
	var b bytes.Buffer
	if _, err := io.Copy(&b, io.LimitReader(part, limit+1)); err != nil {
		return nil, err
	}
	_, err := io.Copy(io.Discard, part)
	return b.Bytes(), err
}

// unreadable returns the error for a form that breaks off, or is too large.
func unreadable(err error) error {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge
	}
	return ErrMalformed.Because(err)
}

// Zones are the names of time zones that both sides know: Postgres lists them,
// Go must be able to load them. They are read once.
func (s *Kit) Zones(ctx context.Context) ([]string, error) {
	s.zoneMu.Lock()
	defer s.zoneMu.Unlock()
	if s.zoneNames != nil {
		return s.zoneNames, nil
	}
	names, err := db.New().PartnerZones(ctx, s.Pool)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, err := time.LoadLocation(name); err == nil {
			s.zoneNames = append(s.zoneNames, name)
		}
	}
	return s.zoneNames, nil
}
