package tableimport

import (
	"errors"

	"refill/internal/importfile"
)

var errSoon = errors.New("tableimport: not written yet")

// MakeSurvey reads a whole file once.
func MakeSurvey(rows importfile.Rows, schema Schema, o SurveyOptions) (*Survey, error) {
	return nil, errSoon
}

// Plan proposes how the file is read.
func (s *Survey) Plan(schema Schema) Plan { return Plan{} }

// Adapt fits a plan that a person chose, or that was remembered, to this file.
func (s *Survey) Adapt(schema Schema, plan Plan) Plan { return plan }

// Questions lists what the plan leaves open.
func (s *Survey) Questions(schema Schema, plan Plan) []Question { return nil }

// Key is the same for files of the same shape.
func (s *Survey) Key() string { return "" }

// Reader applies a plan to the rows of a file.
type Reader struct{}

// NewReader begins to read.
func NewReader(rows importfile.Rows, schema Schema, plan Plan) *Reader { return &Reader{} }

// Next gives every row that is not blank; io.EOF ends them.
func (r *Reader) Next() (Record, error) { return Record{}, errSoon }

// Mask hides all of a code but its ends.
func Mask(text string) string { return "" }

// Show is a value for display.
func Show(kind Kind, text string) string { return "" }

// ReadAmount reads one amount.
func ReadAmount(text, currency string, decimal Decimal) Value { return Value{} }

// ReadDate reads one date.
func ReadDate(text string, order DateOrder) Value { return Value{} }
