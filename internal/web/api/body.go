package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/web/kit"
)

// read decodes the JSON body of a request into a struct. It refuses fields that the struct
// does not have, so that typing errors show, fields that come twice, and text that can't be
// stored. Names of fields count exactly as they are written. Errors name the place and never
// the value.
func (s *Server) read(c *gin.Context, into any) error {
	if err := readQuery(c).err(); err != nil { // requests with a body have no parameters
		return err
	}
	kind, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || kind != "application/json" {
		return errMediaType
	}
	arrived := s.Untimed(c)
	body, err := io.ReadAll(c.Request.Body)
	arrived()
	if err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return err
		}
		return kit.ErrMalformed.Because(err)
	}
	if string(bytes.TrimSpace(body)) == "null" && len(fieldsOf(reflect.TypeOf(into).Elem())) > 0 { // null says nothing where there is nothing to say
		return errWrongType.At("")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := checkValue(decoder, reflect.TypeOf(into).Elem(), ""); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errNotJSON
	}
	if err := json.Unmarshal(body, into); err != nil {
		return errWrongType.Because(err)
	}
	return nil
}

// readNone checks that a request has no body, or an empty object, where there is nothing to
// say.
func (s *Server) readNone(c *gin.Context) error {
	if c.Request.ContentLength == 0 {
		return readQuery(c).err()
	}
	var nothing struct{}
	return s.read(c, &nothing)
}

// fieldName is the form of names that a problem repeats where no such field is known.
var fieldName = regexp.MustCompile(`^[A-Za-z_]{1,40}$`)

// checkValue reads one JSON value and compares it with the type that it is decoded into.
func checkValue(d *json.Decoder, t reflect.Type, pointer string) error {
	token, err := d.Token()
	if err != nil {
		return errNotJSON
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch token := token.(type) {
	case json.Delim:
		switch {
		case token == '{' && t.Kind() == reflect.Struct:
			return checkObject(d, t, pointer)
		case token == '[' && t.Kind() == reflect.Slice:
			return checkArray(d, t.Elem(), pointer)
		}
		return errWrongType.At(pointer)
	case string:
		if t.Kind() != reflect.String {
			return errWrongType.At(pointer)
		}
		if !kit.IsCleanText(token) {
			return kit.ErrMalformed.At(pointer)
		}
	case json.Number:
		if !isInteger(t.Kind()) {
			return errWrongType.At(pointer)
		}
		if _, err := strconv.ParseInt(token.String(), 10, t.Bits()); err != nil {
			return errWrongType.At(pointer)
		}
	case bool:
		if t.Kind() != reflect.Bool {
			return errWrongType.At(pointer)
		}
	}
	return nil // null leaves the field as it is
}

func isInteger(k reflect.Kind) bool {
	return slices.Contains([]reflect.Kind{reflect.Int, reflect.Int32, reflect.Int64}, k)
}

func checkArray(d *json.Decoder, of reflect.Type, pointer string) error {
	for i := 0; d.More(); i++ {
		if err := checkValue(d, of, pointer+"/"+strconv.Itoa(i)); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return errNotJSON
	}
	return nil
}

func checkObject(d *json.Decoder, t reflect.Type, pointer string) error {
	fields := fieldsOf(t)
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return errNotJSON
		}
		name, _ := token.(string)
		place := pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		of, known := fields[name]
		if !known {
			if !fieldName.MatchString(name) { // it may be anything, a code too
				place = pointer
			}
			return errUnknownField.At(place)
		}
		if seen[name] {
			return errTwiceField.At(place)
		}
		seen[name] = true
		if err := checkValue(d, of, place); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return errNotJSON
	}
	return nil
}

// fieldsOf returns the types of the fields of a struct by their names in JSON.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			maps.Copy(fields, fieldsOf(f.Type))
			continue
		}
		fields[name] = f.Type
	}
	return fields
}
