package export

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"refill/internal/fault"
	"refill/internal/money"
)

// CardTable is how a table of cards is written. The zero value is the CSV that
// programs outside rely on.
type CardTable struct {
	More      []string // names of MoreColumns, after the seven of every table
	Delimiter byte     // of a CSV; 0: a comma
	Encoding  Encoding // of a CSV
}

// Encoding is how the letters of a CSV are written.
type Encoding string

// The encodings. Excel reads UTF-8 only with a mark, and takes tabs in UTF-16 for
// columns whatever the country; programs want UTF-8 without one.
const (
	UTF8     Encoding = ""
	UTF8BOM  Encoding = "utf-8-bom"
	UTF16LE  Encoding = "utf-16le"
	byteMark          = "\xef\xbb\xbf"
)

// Refusals of a table.
var (
	ErrColumns   = fault.Field("columns", "export_columns", "Choose from the columns that are offered.")
	ErrDelimiter = fault.Field("delimiter", "export_delimiter", "Choose comma, semicolon or tab.")
	ErrEncoding  = fault.Field("encoding", "export_encoding", "Choose one of the encodings.")
)

// MoreColumn is a column that a table may have beyond the seven.
type MoreColumn struct {
	Name, Title string
	cell        func(*Card) string
}

// MoreColumns are the columns that can be chosen, in the order that they stand in.
func MoreColumns() []MoreColumn {
	return []MoreColumn{
		{"printed_serial", "Serial as it is printed", (*Card).serial},
		{"prefix", "Prefix", func(c *Card) string { return c.Prefix }},
		{"partner", "Partner", func(c *Card) string { return c.Partner }},
		{"link", "Address in the QR code", func(c *Card) string { return c.Link }},
	}
}

// more picks the columns of a table.
func (t *CardTable) more() ([]MoreColumn, error) {
	wanted := map[string]bool{}
	for _, name := range t.More {
		wanted[name] = true
	}
	var picked []MoreColumn
	for _, c := range MoreColumns() {
		if wanted[c.Name] {
			picked = append(picked, c)
			delete(wanted, c.Name)
		}
	}
	if len(wanted) > 0 {
		return nil, ErrColumns
	}
	return picked, nil
}

// encoded is what a CSV goes through on its way out, and what ends it.
func (t *CardTable) encoded(w io.Writer) (io.Writer, func() error, error) {
	switch t.Encoding {
	case UTF8, UTF8BOM:
		return w, func() error { return nil }, nil
	case UTF16LE:
		wide := transform.NewWriter(w, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder())
		return wide, wide.Close, nil
	}
	return nil, nil, ErrEncoding
}

// cardSheet writes cards into a workbook.
type cardSheet struct {
	table TableWriter
	more  []MoreColumn
	cells []any
	price string // what amount was read from
	minor int64
	dated string // what day was read from
	day   any
}

// NewCardSheet starts a workbook of cards: codes are text, prices and days are
// what a spreadsheet reckons with.
func NewCardSheet(w io.Writer, t CardTable) (Writer, error) {
	more, err := t.more()
	if err != nil {
		return nil, err
	}
	columns := []Column{
		{Name: "serial", Kind: ColumnNumber},
		{Name: "code", Width: 32},
		{Name: "price", Kind: ColumnMoney},
		{Name: "currency", Width: 10},
		{Name: "valid_till", Kind: ColumnDate},
		{Name: "series", Width: 12},
		{Name: "status", Width: 12},
	}
	for _, c := range more {
		columns = append(columns, Column{Name: c.Name})
	}
	table, err := NewTable(w, TableXLSX, columns)
	return &cardSheet{table: table, more: more, cells: make([]any, len(columns))}, err
}

// Write adds a card's row.
func (s *cardSheet) Write(c Card) error {
	if c.Price != s.price {
		minor, err := money.Parse(c.Price, c.Currency)
		if err != nil {
			return fmt.Errorf("export: price of card %d: %w", c.Serial, err)
		}
		s.price, s.minor = c.Price, minor
	}
	if c.ValidTill != s.dated {
		day, err := time.Parse(time.DateOnly, c.ValidTill)
		if err != nil {
			return fmt.Errorf("export: last day of card %d: %w", c.Serial, err)
		}
		s.dated, s.day = c.ValidTill, day
	}
	s.cells = append(s.cells[:0], c.Serial, c.Code, money.Amount{Minor: s.minor, Currency: c.Currency}, c.Currency, s.day, c.Series, c.Status)
	for _, m := range s.more {
		s.cells = append(s.cells, m.cell(&c))
	}
	return s.table.Row(s.cells...)
}

// Close finishes the workbook.
func (s *cardSheet) Close() error { return s.table.Close() }

// cardLines writes cards as JSON Lines.
type cardLines struct {
	out  lineWriter
	more []MoreColumn
}

// NewCardLines starts a file of JSON Lines: one object a card, with the columns of
// the CSV as its members. A price is a text, so that no reader makes a float of it.
func NewCardLines(w io.Writer, t CardTable) (Writer, error) {
	more, err := t.more()
	return &cardLines{out: newLineWriter(w, "json lines"), more: more}, err
}

// Write adds a card's object.
func (l *cardLines) Write(c Card) error {
	b := fmt.Appendf(l.out.buf, `{"serial":%d`, c.Serial)
	for _, m := range []struct{ name, text string }{
		{"code", c.Code}, {"price", c.Price}, {"currency", c.Currency}, {"valid_till", c.ValidTill}, {"series", c.Series}, {"status", c.Status},
	} {
		b = appendMember(b, m.name, m.text)
	}
	for _, m := range l.more {
		b = appendMember(b, m.Name, m.cell(&c))
	}
	l.out.buf = append(b, "}\n"...)
	return l.out.flushFull()
}

// Close writes what is left.
func (l *cardLines) Close() error { return l.out.flush() }

func appendMember(b []byte, name, text string) []byte {
	b = append(append(append(b, ',', '"'), name...), '"', ':')
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(text) // a string always can be
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), text...), '"')
}

// lineWriter gathers lines and hands them on. After an error nothing more is
// written: a file with a hole must not be finished as if it were whole.
type lineWriter struct {
	w    io.Writer
	what string
	buf  []byte
	err  error
}

func newLineWriter(w io.Writer, what string) lineWriter {
	return lineWriter{w: w, what: what, buf: make([]byte, 0, csvFlush+1<<10)}
}

// flushFull hands the lines on once there are enough.
func (l *lineWriter) flushFull() error {
	if len(l.buf) < csvFlush {
		return l.err
	}
	return l.flush()
}

func (l *lineWriter) flush() error {
	if l.err == nil {
		n, err := l.w.Write(l.buf)
		if err == nil && n < len(l.buf) {
			err = io.ErrShortWrite
		}
		if err != nil {
			l.err = fmt.Errorf("export: write %s: %w", l.what, err)
		}
	}
	l.buf = l.buf[:0]
	return l.err
}
