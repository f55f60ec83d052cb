// Package importfile reads tables that other programs wrote: CSV in its common dialects,
// and XLSX. It also reads JSON Lines and printer files, as the product exports them. It
// returns rows of text one at a time, in memory that does not grow with the rows. It knows
// nothing of cards, and no error quotes the content of a file.
package importfile

import (
	"bytes"
	"io"
	"regexp"

	"refill/internal/fault"
)

// Limits of a file.
const (
	MaxBytes   = 200 << 20 // of the upload
	MaxRows    = 1_000_001 // headings included
	MaxColumns = 50
	MaxCell    = 500 // bytes of a cell; longer ones are truncated
)

// Errors of files. None quotes the content.
var (
	ErrEmpty   = fault.Field("file", "import_empty", "This file has no rows.")
	ErrTooMany = fault.Field("file", "import_too_many", "This file has more than {most} rows. Split it and import the parts one after another.").With("most", fault.Number(MaxRows))
	ErrWide    = fault.Field("file", "import_wide", "This file has a row with more than 50 columns. Keep those that describe the cards.")
	ErrLong    = fault.Field("file", "import_long", "This file has a row that is far too long for one. It may be no table, or a quotation mark has no second one. Save it again and upload it once more.")
	ErrBroken  = fault.Field("file", "import_broken", "This file can’t be read to its end: it is damaged, or not a CSV or XLSX file. Save it again and upload it once more.")
	ErrBomb    = fault.Field("file", "import_bomb", "This file unpacks to far more than it may. Save it as CSV and import that.")
	ErrSheet   = fault.Field("sheet", "import_sheet", "This workbook has no such sheet. Choose one of those listed.")
	ErrMerged  = fault.Field("file", "import_merged", "This sheet has cells that are merged over several rows. What they say of each row can’t be told. Unmerge them, fill in each row, and upload the file again.")
	ErrKind    = fault.Field("file", "import_kind", "Choose a CSV or XLSX file, or one that was exported here. Other kinds, such as XLS or ODS, can be saved as one of them.")
)

// Row is a row of a table. Number counts from 1 as in a spreadsheet, with empty rows. Cells
// and Kinds are valid only until the next row is read.
type Row struct {
	Number    int32
	Cells     []string
	Kinds     []CellKind // of a workbook; nil: all cells are text
	Lines     int32      // number of lines in a text file
	Swallowed bool       // a quotation over several lines may have swallowed other rows
	Hidden    bool       // in a workbook, by a filter or by hand
}

// CellKind is the type of a cell in a workbook.
type CellKind uint8

// The kinds of a cell. The text of a number has a point as the decimal sign, and after it
// the currency of its format if there is one. The text of a date is ISO 8601.
const (
	CellText CellKind = iota
	CellNumber
	CellDate
	CellBool
	CellError
)

// Rows reads the rows of a table; io.EOF ends them.
type Rows interface {
	Next() (Row, error)
}

// Sheet is a sheet of a workbook.
type Sheet struct {
	Name   string
	Hidden bool
}

// Options are options of reading a file.
type Options struct {
	Sheet string // name of a sheet of a workbook; empty: the first visible sheet with rows
}

// Table is an open file.
type Table struct {
	bounded
	sheets []Sheet
	sheet  string
	merged func() int32
}

// Sheets returns the sheets of a workbook in its order, or nil for another file.
func (t *Table) Sheets() []Sheet { return t.sheets }

// Merged returns the number of the last row that merged cells cover together with other
// rows; 0: there are no such cells. The result is valid after all rows have been read.
func (t *Table) Merged() int32 {
	if t.merged == nil {
		return 0
	}
	return t.merged()
}

// Sheet returns the name of the open sheet.
func (t *Table) Sheet() string { return t.sheet }

// Open detects the type of a file and opens it.
func Open(r io.ReaderAt, size int64) (Rows, error) { return OpenTable(r, size, Options{}) }

// OpenTable is Open with options. It returns ErrSheet where the workbook lacks the sheet.
func OpenTable(r io.ReaderAt, size int64, o Options) (*Table, error) {
	if size == 0 {
		return nil, ErrEmpty
	}
	head := make([]byte, min(size, sniffBytes))
	if n, err := r.ReadAt(head, 0); n < len(head) && err != nil && err != io.EOF {
		return nil, err
	}
	t := &Table{}
	var err error
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		var x *xlsxRows
		if x, err = openXLSX(r, size, o.Sheet); err == nil {
			t.rows, t.sheets, t.sheet, t.merged = x, x.sheets, x.name, func() int32 { return x.merged }
		}
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")), bytes.HasPrefix(head, []byte("%PDF")), bytes.HasPrefix(head, []byte("\x1f\x8b")), isMarkup(head):
		err = ErrKind
	case bytes.HasPrefix(head, []byte(printerMagic)):
		t.rows = openPrinterFile(io.NewSectionReader(r, 0, size))
	case bytes.HasPrefix(head, []byte(`{"`)):
		t.rows = openJSONLines(io.NewSectionReader(r, 0, size))
	default:
		t.rows, err = openCSV(io.NewSectionReader(r, 0, size), head)
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// markup matches the beginning of a web page or of JSON. Read as CSV, each of its lines
// would be a cell, and therefore a code that no card has.
var markup = regexp.MustCompile(`^(?:\x{feff})?\s*(?:<(?:!doctype|\?xml|html|head|body|table|meta|style|div|script)[\s>]|\[\s*[\[{"]|\{\s+")`)

// isMarkup reports whether a file is a web page or JSON.
func isMarkup(head []byte) bool { return markup.Match(bytes.ToLower(head[:min(len(head), 512)])) }

// bounded enforces the limits of a file, and skips empty rows.
type bounded struct {
	rows  Rows
	n     int
	blank int
}

// Next returns the next row that is not empty.
func (b *bounded) Next() (Row, error) {
	for {
		row, err := b.rows.Next()
		if err != nil {
			return Row{}, err
		}
		if len(row.Cells) > MaxColumns {
			return Row{}, ErrWide
		}
		blank := true
		for i, cell := range row.Cells {
			if len(cell) > MaxCell {
				row.Cells[i] = cutBytes(cell, MaxCell)
			}
			blank = blank && cell == ""
		}
		if blank {
			if b.blank++; b.blank > mostBlank {
				return Row{}, ErrTooMany
			}
			continue
		}
		if b.n++; b.n > MaxRows {
			return Row{}, ErrTooMany
		}
		return row, nil
	}
}
