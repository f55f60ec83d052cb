package render

import (
	"fmt"
	"io"
	"strconv"
)

// csvColumns returns the columns of every table. External programs rely on the names and
// their order: add only to the end.
func csvColumns() []string {
	return []string{"serial", "code", "price", "currency", "valid_till", "series", "status"}
}

// csvFlush is the number of bytes that are collected before a write: large enough for few
// system calls, small enough for constant memory.
const csvFlush = 64 << 10

// csvWriter appends records to one buffer. encoding/csv scans every cell twice and takes a
// slice of strings for each card; this writer is four times as fast. The tests compare its
// output with encoding/csv.
type csvWriter struct {
	lineWriter

	more      []MoreColumn
	delimiter byte
	first     string // the beginning of each record
	end       func() error
}

// NewCSV starts the default table of cards: UTF-8 without a byte order mark (a program
// that reads by column name would take the mark for part of "serial"), quoted by RFC 4180,
// with lines ending in LF as in encoding/csv. A cell that a spreadsheet would run as a
// formula gets a leading apostrophe.
func NewCSV(w io.Writer) (Writer, error) { return NewCardCSV(w, CardTable{}) }

// NewCardCSV starts a CSV with options. It returns ErrColumns, ErrDelimiter or ErrEncoding
// for an invalid option.
func NewCardCSV(w io.Writer, t CardTable) (Writer, error) { return newCSV(w, t, "") }

func newCSV(w io.Writer, t CardTable, first string) (*csvWriter, error) {
	c := &csvWriter{delimiter: t.Delimiter, first: first}
	switch c.delimiter {
	case 0:
		c.delimiter = ','
	case ',', ';', '\t':
	default:
		return nil, ErrDelimiter
	}
	var err error
	if c.more, err = t.more(); err != nil {
		return nil, err
	}
	out, end, err := t.encoded(w)
	if err != nil {
		return nil, err
	}
	c.lineWriter, c.end = newLineWriter(out, "csv"), end
	if t.Encoding == UTF8BOM {
		c.buf = append(c.buf, byteMark...)
	}
	for i, name := range csvColumns() {
		if i > 0 {
			c.buf = append(c.buf, c.delimiter)
		}
		c.buf = append(c.buf, name...)
	}
	for _, m := range c.more {
		c.buf = append(append(c.buf, c.delimiter), m.Name...)
	}
	c.buf = append(c.buf, '\n')
	return c, nil
}

// Write adds a card's record.
func (c *csvWriter) Write(card Card) error {
	if c.err != nil {
		return c.err
	}
	b := strconv.AppendInt(append(c.buf, c.first...), card.Serial, 10)
	b = c.appendCell(append(b, c.delimiter), card.Code)
	b = c.appendCell(append(b, c.delimiter), card.Price)
	b = c.appendCell(append(b, c.delimiter), card.Currency)
	b = c.appendCell(append(b, c.delimiter), card.ValidTill)
	b = c.appendCell(append(b, c.delimiter), card.Series)
	b = c.appendCell(append(b, c.delimiter), card.Status)
	for _, m := range c.more {
		b = c.appendCell(append(b, c.delimiter), m.cell(&card))
	}
	c.buf = append(b, '\n')
	return c.flushFull()
}

// Close writes the remaining buffer.
func (c *csvWriter) Close() error {
	if err := c.flush(); err != nil {
		return err
	}
	if err := c.end(); err != nil {
		c.err = fmt.Errorf("export: write csv: %w", err)
	}
	return c.err
}

func (c *csvWriter) appendCell(b []byte, s string) []byte {
	return appendCellBetween(b, s, c.delimiter)
}

// appendCell appends one cell of a table with commas.
func appendCell(b []byte, s string) []byte { return appendCellBetween(b, s, ',') }

// appendCellBetween appends one cell, with the apostrophe against formulas and with quotes
// where needed: round a cell with a delimiter, a quote, CR or LF (RFC 4180, section 2),
// and round a leading space, which some readers would trim.
func appendCellBetween(b []byte, s string, delimiter byte) []byte {
	if s == "" {
		return b
	}
	runs, quote := runsAsFormula(s[0]), s[0] == ' '
	for i := 0; i < len(s) && !quote; i++ {
		quote = s[i] == delimiter || s[i] == '"' || s[i] == '\n' || s[i] == '\r'
	}
	if quote {
		b = append(b, '"')
	}
	if runs {
		b = append(b, '\'')
	}
	if !quote {
		return append(b, s...)
	}
	for i := range len(s) {
		if s[i] == '"' {
			b = append(b, '"')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}

// runsAsFormula reports whether a spreadsheet takes a cell with this first byte for a
// formula (OWASP, "CSV Injection").
func runsAsFormula(first byte) bool {
	switch first {
	case '=', '+', '-', '@', '\t', '\r':
		return true
	}
	return false
}
