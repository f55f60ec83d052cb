package importfile

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	utf16 "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// sniffed is how much of a file is looked at to find out what it is.
const sniffed = 64 << 10

// csvRows reads a CSV file.
type csvRows struct {
	r  *csv.Reader
	in *metered
	n  int32
}

// openCSV guesses encoding and delimiter from the beginning of a file.
func openCSV(r io.Reader, head []byte) (Rows, error) {
	if bytes.IndexByte(head, 0) >= 0 && encodingOf(head) == nil {
		return nil, ErrKind
	}
	in := &metered{r: r, left: maxRow, err: ErrLong}
	text := io.Reader(bufio.NewReaderSize(in, sniffed))
	if e := encodingOf(head); e != nil {
		text = transform.NewReader(text, e.NewDecoder())
		// The head may end within a character; what came before is enough.
		head, _ = io.ReadAll(transform.NewReader(bytes.NewReader(head), e.NewDecoder()))
	}
	reader := csv.NewReader(text)
	reader.Comma = delimiter(string(head))
	reader.FieldsPerRecord = -1
	reader.LazyQuotes = true
	reader.ReuseRecord = true
	return &csvRows{r: reader, in: in}, nil
}

// encodingOf tells the encoding by its mark, or by what plain text has: every
// other byte zero, or bytes that are no UTF-8. nil: UTF-8 without a mark.
func encodingOf(head []byte) encoding.Encoding {
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		return utf16.UTF8BOM
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return utf16.UTF16(utf16.LittleEndian, utf16.UseBOM)
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return utf16.UTF16(utf16.BigEndian, utf16.UseBOM)
	}
	var even, odd int
	for i, b := range head {
		if b != 0 {
			continue
		}
		if i%2 == 0 {
			even++
		} else {
			odd++
		}
	}
	switch {
	case odd > len(head)/4 && even == 0:
		return utf16.UTF16(utf16.LittleEndian, utf16.IgnoreBOM)
	case even > len(head)/4 && odd == 0:
		return utf16.UTF16(utf16.BigEndian, utf16.IgnoreBOM)
	case even+odd > 0:
		return nil
	}
	for cut := range min(utf8.UTFMax, len(head)) { // the head may end within a character
		if utf8.Valid(head[:len(head)-cut]) {
			return nil
		}
	}
	return charmap.Windows1252
}

// delimiter is the one of comma, semicolon and tab that the first line has most
// of, outside quotes.
func delimiter(head string) rune {
	counts := map[rune]int{}
	quoted := false
	for _, r := range head {
		if r == '"' {
			quoted = !quoted
		}
		if quoted {
			continue
		}
		if (r == '\n' || r == '\r') && len(counts) > 0 {
			break
		}
		if strings.ContainsRune(",;\t", r) {
			counts[r]++
		}
	}
	best := ','
	for _, r := range ";\t" {
		if counts[r] > counts[best] {
			best = r
		}
	}
	return best
}

// Next reads a record.
func (c *csvRows) Next() (Row, error) {
	c.in.left = maxRow
	cells, err := c.r.Read()
	if errors.Is(err, io.EOF) {
		return Row{}, io.EOF
	}
	if _, unreadable := errors.AsType[*csv.ParseError](err); unreadable {
		return Row{}, ErrBroken // the error itself would tell the line, and might one day tell more
	}
	if err != nil {
		return Row{}, err
	}
	c.n++
	for i := range cells {
		cells[i] = clean(cells[i])
	}
	return Row{Number: c.n, Cells: cells}, nil
}

// clean takes away what is round a cell: space, and the apostrophe that keeps a
// spreadsheet from running it as a formula (our own exports write it). What is no
// text becomes the sign for that, which no code has.
func clean(cell string) string {
	cell = strings.TrimSpace(cell)
	if len(cell) > 1 && cell[0] == '\'' && strings.IndexByte("=+-@\t\r", cell[1]) >= 0 {
		cell = cell[1:]
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(cell, "\ufffd"))
}
