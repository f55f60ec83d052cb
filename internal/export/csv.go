package export

import (
	"fmt"
	"io"
	"strconv"
)

// csvHeader names the columns. Programs outside rely on the names and their
// order (design.md, section 7): only ever add to the end.
const csvHeader = "serial,code,price,currency,valid_till,series,status\n"

// csvFlush is how many bytes gather before they go to the writer: large enough
// that a file costs few system calls, small enough that memory stays flat.
const csvFlush = 64 << 10

// csvWriter appends records to one buffer. encoding/csv would do, but it scans
// every cell twice and takes a slice of strings a card; this is four times as
// fast, and the tests hold it against encoding/csv.
type csvWriter struct {
	w   io.Writer
	buf []byte
	err error
}

// NewCSV starts a table of cards: UTF-8 without a byte order mark (a program
// reading by column name would take the mark for part of "serial"), quoted as RFC
// 4180 says, lines ending in LF as encoding/csv writes them. Cells that a
// spreadsheet would run as a formula are disarmed with a leading apostrophe. The
// error is always nil today; it stands for what NewPDF needs it for.
func NewCSV(w io.Writer) (Writer, error) {
	c := &csvWriter{w: w, buf: make([]byte, 0, csvFlush+1<<10)}
	c.buf = append(c.buf, csvHeader...)
	return c, nil
}

// Write adds a card's record.
func (c *csvWriter) Write(card Card) error {
	if c.err != nil {
		return c.err
	}
	b := strconv.AppendInt(c.buf, card.Serial, 10)
	b = appendCell(append(b, ','), card.Code)
	b = appendCell(append(b, ','), card.Price)
	b = appendCell(append(b, ','), card.Currency)
	b = appendCell(append(b, ','), card.ValidTill)
	b = appendCell(append(b, ','), card.Series)
	b = appendCell(append(b, ','), card.Status)
	c.buf = append(b, '\n')
	if len(c.buf) >= csvFlush {
		c.flush()
	}
	return c.err
}

// Close writes what is left.
func (c *csvWriter) Close() error {
	if c.err == nil {
		c.flush()
	}
	return c.err
}

// flush hands the buffer to the writer and remembers the first error: a file
// with a hole must not be finished as if it were whole.
func (c *csvWriter) flush() {
	n, err := c.w.Write(c.buf)
	if err == nil && n < len(c.buf) {
		err = io.ErrShortWrite
	}
	if err != nil {
		c.err = fmt.Errorf("export: write csv: %w", err)
	}
	c.buf = c.buf[:0]
}

// appendCell appends one cell, disarmed and quoted where it must be. Quotes are
// put round a cell with a comma, a quote, CR or LF (RFC 4180, section 2), and
// round a leading space, which some readers would trim.
func appendCell(b []byte, s string) []byte {
	if s == "" {
		return b
	}
	runs, quote := runsAsFormula(s[0]), s[0] == ' '
	for i := 0; i < len(s) && !quote; i++ {
		quote = s[i] == ',' || s[i] == '"' || s[i] == '\n' || s[i] == '\r'
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

// runsAsFormula reports whether a spreadsheet takes a cell that starts so for a
// formula (OWASP, "CSV Injection").
func runsAsFormula(first byte) bool {
	switch first {
	case '=', '+', '-', '@', '\t', '\r':
		return true
	}
	return false
}
