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

// maxParts is the limit on the parts of a multipart form. No form of the portal reaches it.
const maxParts = 500

// FormWithFile returns the fields of a multipart form and the content of its file in the
// named field, which is empty if none was chosen. It reads at most one byte more than limit
// of the file, so that the caller can tell that the file is too large and still has the
// other fields. Nothing is written to disk.
func (s *Kit) FormWithFile(c *gin.Context, name string, limit int64) (url.Values, []byte, error) {
	reader, err := c.Request.MultipartReader()
	if err != nil {
		form, formErr := s.Form(c) // without a script or a file, some clients send a URL-encoded form
		return form, nil, formErr
	}
	defer s.Untimed(c)()
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

// unreadable returns the error for a form that is too large or can't be read to its end.
func unreadable(err error) error {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge
	}
	return ErrMalformed.Because(err)
}

// Zones returns the names of the time zones that both Postgres and Go know. It asks the
// database once and keeps the result.
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
