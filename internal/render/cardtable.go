package render

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"refill/internal/fault"
	"refill/internal/money"
)

// CardTable has the options of a table of cards. The zero value is the default CSV, on
// which external programs rely.
type CardTable struct {
	More      []string // names of MoreColumns, after the seven default columns
	Delimiter byte     // of a CSV; 0: a comma
	Encoding  Encoding // of a CSV
}

// Encoding is the text encoding of a CSV.
type Encoding string

// The encodings. Excel recognises UTF-8 only by a byte order mark, and splits tabs in
// UTF-16 into columns in every locale; programs expect UTF-8 without a mark.
const (
	UTF8     Encoding = ""
	UTF8BOM  Encoding = "utf-8-bom"
	UTF16LE  Encoding = "utf-16le"
	byteMark          = "\xef\xbb\xbf"
)

// Errors of the options of a table.
var (
	ErrColumns   = fault.Field("columns", "export_columns", "Choose from the columns that are offered.")
	ErrDelimiter = fault.Field("delimiter", "export_delimiter", "Choose comma, semicolon or tab.")
	ErrEncoding  = fault.Field("encoding", "export_encoding", "Choose one of the encodings.")
)

// MoreColumn is an optional column, besides the seven default ones.
type MoreColumn struct {
	Name, Title string
	cell        func(*Card) string
}

// MoreColumns lists the optional columns in their order in the file.
func MoreColumns() []MoreColumn {
	return []MoreColumn{
		{"printed_serial", "Serial as it is printed", (*Card).serial},
		{"prefix", "Prefix", func(c *Card) string { return c.Prefix }},
		{"partner", "Partner", func(c *Card) string { return c.Partner }},
		{"link", "Address in the QR code", func(c *Card) string { return c.Link }},
	}
}

// more returns the chosen optional columns.
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

// Rows returns the header and the cells of cards as texts, for a preview of a table.
func (t *CardTable) Rows(cards []Card) (header []string, rows [][]string, err error) {
	more, err := t.more()
	if err != nil {
		return nil, nil, err
	}
	header = []string{"serial", "code", "price", "currency", "valid_till", "series", "status"}
	for _, m := range more {
		header = append(header, m.Name)
	}
	for i := range cards {
		c := &cards[i]
		row := []string{strconv.FormatInt(c.Serial, 10), c.Code, c.Price, c.Currency, c.ValidTill, c.Series, c.Status}
		for _, m := range more {
			row = append(row, m.cell(c))
		}
		rows = append(rows, row)
	}
	return header, rows, nil
}

// encoded wraps w in the encoding of a CSV and returns the function that ends it.
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
	price string // the text that amount was parsed from
	minor int64
	dated string // the text that day was parsed from
	day   any
}

// NewCardSheet starts a workbook of cards: codes are text, prices and days are numbers
// that a spreadsheet can calculate with.
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

// NewCardLines starts a file of JSON Lines: one object for each card, with the columns of
// the CSV as members. A price is a string, so that no reader parses it as a float.
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

// Close writes the remaining buffer.
func (l *cardLines) Close() error { return l.out.flush() }

func appendMember(b []byte, name, text string) []byte {
	b = append(append(append(b, ',', '"'), name...), '"', ':')
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(text) // a string can always be encoded
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), text...), '"')
}

// lineWriter collects lines and writes them in blocks. After an error it writes nothing
// more, because a file with a gap must not be completed.
type lineWriter struct {
	w    io.Writer
	what string
	buf  []byte
	err  error
}

func newLineWriter(w io.Writer, what string) lineWriter {
	return lineWriter{w: w, what: what, buf: make([]byte, 0, csvFlush+1<<10)}
}

// flushFull writes the lines once the block is full.
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
