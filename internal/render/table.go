package render

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"refill/internal/money"
)

// TableFormat is the file format of a table.
type TableFormat string

// The formats: CSV for programs, XLSX for people.
const (
	TableCSV  TableFormat = "csv"
	TableXLSX TableFormat = "xlsx"
)

// ColumnKind is the type of a column's cells.
type ColumnKind int

// The kinds, and the Go type of a cell of each. A nil cell of any kind is empty.
const (
	ColumnText   ColumnKind = iota // string
	ColumnNumber                   // int64, int, int32 or float64
	ColumnMoney                    // money.Amount; the currency needs a column of its own
	ColumnDate                     // time.Time, of which only the date is written
	ColumnTime                     // time.Time, in its own time zone
)

// Column is one column of a table.
type Column struct {
	Name  string
	Kind  ColumnKind
	Width int // in characters; 0: by kind and name
}

// TableWriter writes the rows of one table, one after another. It is not safe for
// concurrent use. After an error every further call returns that error.
type TableWriter interface {
	// Row adds a row with one cell for each column.
	Row(cells ...any) error
	// Close finishes the file; without it the file is incomplete. It does not
	// close the underlying writer.
	Close() error
}

// errCell reports a programming error: a row does not fit its columns.
var errCell = errors.New("a row does not fit the columns of its table")

// NewTable starts a table and writes its header. Memory does not depend on the number of
// rows. A text that a spreadsheet would run as a formula gets an apostrophe (CSV) or is
// marked as text (XLSX).
func NewTable(w io.Writer, format TableFormat, columns []Column) (TableWriter, error) {
	switch format {
	case TableCSV:
		return newCSVTable(w, columns)
	case TableXLSX:
		return newXLSXTable(w, columns)
	}
	return nil, fmt.Errorf("export: no table format %q", format) //nolint:err113 // a programming error
}

// csvTable writes a table by RFC 4180, in UTF-8, with lines ending in LF. Money is a plain
// decimal, a date 2006-01-02, a time RFC 3339 with its offset.
type csvTable struct {
	w       *bufio.Writer
	columns []Column
	line    []byte
	err     error
}

func newCSVTable(w io.Writer, columns []Column) (*csvTable, error) {
	t := &csvTable{w: bufio.NewWriterSize(w, csvFlush), columns: columns}
	for i, c := range columns {
		if i > 0 {
			t.line = append(t.line, ',')
		}
		t.line = appendTableText(t.line, c.Name)
	}
	return t, t.flushLine()
}

// Row implements TableWriter.
func (t *csvTable) Row(cells ...any) error {
	if t.err != nil {
		return t.err
	}
	if len(cells) != len(t.columns) {
		t.err = fmt.Errorf("%w: %d cells for %d columns", errCell, len(cells), len(t.columns))
		return t.err
	}
	for i, cell := range cells {
		if i > 0 {
			t.line = append(t.line, ',')
		}
		if t.line, t.err = appendTableCell(t.line, t.columns[i], cell); t.err != nil {
			return t.err
		}
	}
	return t.flushLine()
}

func (t *csvTable) flushLine() error {
	t.line = append(t.line, '\n')
	if _, err := t.w.Write(t.line); err != nil {
		t.err = fmt.Errorf("export: write a table: %w", err)
	}
	t.line = t.line[:0]
	return t.err
}

// Close implements TableWriter.
func (t *csvTable) Close() error {
	if t.err == nil {
		if err := t.w.Flush(); err != nil {
			t.err = fmt.Errorf("export: write a table: %w", err)
		}
	}
	return t.err
}

// appendTableCell appends a cell in the CSV format.
func appendTableCell(b []byte, column Column, cell any) ([]byte, error) {
	if cell == nil {
		return b, nil
	}
	switch column.Kind {
	case ColumnText:
		if s, ok := cell.(string); ok {
			return appendTableText(b, s), nil
		}
	case ColumnNumber:
		if s, ok := numberText(cell); ok {
			return append(b, s...), nil
		}
	case ColumnMoney:
		if a, ok := cell.(money.Amount); ok {
			return append(b, a.Decimal()...), nil
		}
	case ColumnDate:
		if at, ok := cell.(time.Time); ok {
			return at.AppendFormat(b, time.DateOnly), nil
		}
	case ColumnTime:
		if at, ok := cell.(time.Time); ok {
			return at.AppendFormat(b, time.RFC3339), nil
		}
	}
	return b, fmt.Errorf("%w: a %T in column %q", errCell, cell, column.Name)
}

// appendTableText appends a text, with an apostrophe where a spreadsheet would run it as a
// formula.
func appendTableText(b []byte, s string) []byte {
	if mayRunAsFormula(s) && !runsAsFormula(s[0]) { // appendCell adds the apostrophe to the simple cases
		s = "'" + s
	}
	return appendCell(b, s)
}

// mayRunAsFormula reports whether a spreadsheet may run a text as a formula. It includes
// texts that begin with blanks, which some programs trim, or with a full-width sign, which
// some programs convert.
func mayRunAsFormula(s string) bool {
	if s == "" {
		return false
	}
	if runsAsFormula(s[0]) || s[0] == '\n' {
		return true
	}
	trimmed := strings.TrimLeftFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	})
	for _, r := range trimmed {
		return strings.ContainsRune("=+-@＝＋－＠−﹢﹣﹦﹫", r)
	}
	return false
}

// numberText writes a number without an exponent.
func numberText(cell any) (string, bool) {
	switch n := cell.(type) {
	case int64:
		return strconv.FormatInt(n, 10), true
	case int32:
		return strconv.FormatInt(int64(n), 10), true
	case int:
		return strconv.Itoa(n), true
	case float64:
		if math.IsNaN(n) || math.IsInf(n, 0) {
			return "", false
		}
		return strconv.FormatFloat(n, 'f', -1, 64), true
	}
	return "", false
}
