package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/goccy/go-yaml"
)

// object is a map that keeps the order of its file, so that pages show fields as they were
// written.
type object = yaml.MapSlice

// get returns the value of a key; nil where there is none.
func get(o object, key any) any {
	for _, item := range o {
		if item.Key == key {
			return item.Value
		}
	}
	return nil
}

// child returns the object of a key; nil where there is none.
func child(o object, key string) object {
	inner, _ := get(o, key).(object)
	return inner
}

// text returns the text of a key; empty where there is none.
func text(o object, key string) string {
	s, _ := get(o, key).(string)
	return s
}

// set replaces the value of a key, or adds it.
func set(o object, key string, value any) object {
	for i := range o {
		if o[i].Key == key {
			o[i].Value = value
			return o
		}
	}
	return append(o, yaml.MapItem{Key: key, Value: value})
}

// writeJSON writes a value of a YAML file as JSON, in its order.
func writeJSON(b *bytes.Buffer, value any) error {
	switch value := value.(type) {
	case object:
		b.WriteByte('{')
		for i, item := range value {
			key, ok := item.Key.(string)
			if !ok {
				return fmt.Errorf("the key %v is no text: put it in quotes", item.Key)
			}
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeScalar(b, key); err != nil {
				return err
			}
			b.WriteByte(':')
			if err := writeJSON(b, item.Value); err != nil {
				return err
			}
		}
		b.WriteByte('}')
		return nil
	case []any:
		b.WriteByte('[')
		for i, item := range value {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeJSON(b, item); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	}
	return writeScalar(b, value)
}

func writeScalar(b *bytes.Buffer, value any) error {
	encoder := json.NewEncoder(b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the line break that Encode adds
	return nil
}

// Named is one entry of an Ordered.
type Named[T any] struct {
	Name  string
	Value T
}

// Ordered is a JSON object that keeps its order.
type Ordered[T any] []Named[T]

// UnmarshalJSON implements json.Unmarshaler.
func (o *Ordered[T]) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var value T
		if err := d.Decode(&value); err != nil {
			return err
		}
		*o = append(*o, Named[T]{fmt.Sprint(name), value})
	}
	return nil
}

// Get returns the value of a name; the zero value where there is none.
func (o Ordered[T]) Get(name string) T {
	for _, entry := range o {
		if entry.Name == name {
			return entry.Value
		}
	}
	var none T
	return none
}
