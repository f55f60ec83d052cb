package importfile

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Limits of a quotation over several lines. Beyond them its first quotation mark counts as
// a stray one.
const (
	maxJoin      = 64       // lines
	maxJoinBytes = 64 << 10 // of them together
	maxReopened  = 8        // quotations over several lines in one row
)

// csvRows reads CSV. It does not use encoding/csv, which silently swallows rows after an
// unclosed quotation mark, and does not accept CR as the end of a line.
type csvRows struct {
	in         *lines
	old        *charmap.Charmap // encoding of lines that are not valid UTF-8; nil: none
	comma      byte
	cells      []string
	number     int32
	width      int  // cells of the last row on a single line
	strayQuote bool // the row has a single quotation mark within a quotation
	opened     int  // index of the cell with that quotation

	base          int64 // offset of the next row in the text, in bytes
	noCloseBefore int64 // no line before this offset ends a quotation
}

// openCSV detects the encoding and the delimiter from the beginning of a file.
func openCSV(r io.Reader, head []byte) (Rows, error) {
	text, begin, old, most, err := decoded(r, head)
	if err != nil {
		return nil, err
	}
	c := &csvRows{in: newLines(text, most), old: old, comma: delimiter(string(begin))}
	if _, line, ok := separatorLine(string(begin)); ok {
		_, next, err := c.in.peek(0)
		if err == nil && line != "" {
			c.skip(next)
			c.number++
		}
	}
	return c, nil
}

func (c *csvRows) skip(next int) {
	c.in.skip(next)
	c.base += int64(next)
}

// line returns the line at an offset as text.
func (c *csvRows) line(offset int) (text string, next int, err error) {
	raw, next, err := c.in.peek(offset)
	if err != nil {
		return "", next, err
	}
	if c.old != nil && !utf8.Valid(raw) {
		if raw, err = c.old.NewDecoder().Bytes(raw); err != nil {
			return "", next, err
		}
	}
	return string(raw), next, nil
}

// Next returns the next row.
func (c *csvRows) Next() (Row, error) {
	text, next, err := c.line(0)
	if errors.Is(err, io.EOF) {
		return Row{}, io.EOF
	}
	if err != nil {
		return Row{}, err
	}
	c.number++
	row := Row{Number: c.number, Lines: 1}
	open := c.split(text)
	if c.strayQuote && len(c.cells) < c.width && strings.Count(text, string(c.comma)) == c.width-1 {
		open = c.opened // a stray mark began a quotation, and the mark of another cell ended it
		c.splitStray(text, open)
	} else if open >= 0 {
		joined, behind, lines, swallowed, err := c.join(text, next)
		if err != nil {
			return Row{}, err
		}
		if lines > 1 {
			c.split(joined)
			next, row.Lines, row.Swallowed = behind, lines, swallowed
		} else {
			c.splitStray(text, open)
		}
	}
	if row.Lines == 1 {
		c.width = len(c.cells)
	}
	c.skip(next)
	for i := range c.cells {
		c.cells[i] = clean(c.cells[i])
	}
	row.Cells = c.cells
	return row, nil
}

// join searches the following lines for the end of a quotation. lines is 1 where the mark
// is a stray one: no line ends the quotation, or a line that it would swallow is itself a
// row.
func (c *csvRows) join(text string, next int) (joined string, behind int, lines int32, swallowed bool, err error) {
	if ends, err := c.hasClosingQuote(next); !ends || err != nil {
		return "", 0, 1, false, err
	}
	first := splitAll(text, c.comma)
	width := c.width
	if width == 0 {
		width = len(first)
	}
	var b strings.Builder
	b.WriteString(text)
	behind = next
	for n, reopened := int32(1), 0; n < maxJoin && b.Len() < maxJoinBytes && reopened < maxReopened; n++ {
		line, after, err := c.line(behind)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", 0, 0, false, err
		}
		switch likeRow(first, c.splitAlone(line, width), width) {
		case isRow:
			return "", 0, 1, false, nil
		case mayBeRow:
			swallowed = true
		case isNoRow:
		}
		b.WriteByte('\n')
		b.WriteString(line)
		behind = after
		if canCloseQuote(line, c.comma) {
			if c.split(b.String()) < 0 {
				return b.String(), behind, n + 1, swallowed, nil
			}
			reopened++
		}
	}
	return "", 0, 1, false, nil
}

// hasClosingQuote reports whether a following line may end a quotation. Where no line does,
// it examines each line only once.
func (c *csvRows) hasClosingQuote(next int) (bool, error) {
	at := next
	if c.noCloseBefore > c.base+int64(next) {
		at = int(c.noCloseBefore - c.base)
	}
	for n := 0; n < maxJoin && at-next < maxJoinBytes; n++ {
		line, after, err := c.in.peek(at)
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		c.noCloseBefore = c.base + int64(at)
		if bytes.IndexByte(line, '"') >= 0 && canCloseQuote(string(line), c.comma) {
			return true, nil
		}
		at = after
	}
	c.noCloseBefore = max(c.noCloseBefore, c.base+int64(at))
	return false, nil
}

// splitAlone splits a line that a quotation would swallow: at every delimiter, or with its
// own quotations where that gives as many cells as a row of the table.
func (c *csvRows) splitAlone(line string, width int) []string {
	cells := splitAll(line, c.comma)
	if len(cells) != width && strings.Contains(line, `"`) && c.split(line) < 0 {
		return c.cells
	}
	return cells
}

// canCloseQuote reports whether a quotation may end on the line.
func canCloseQuote(line string, comma byte) bool {
	for i := 0; ; i++ {
		at := strings.IndexByte(line[i:], '"')
		if at < 0 {
			return false
		}
		if i += at; cellEndsAt(line, i+1, comma) {
			return true
		}
	}
}

// cellEndsAt reports whether a cell ends at an index, apart from spaces.
func cellEndsAt(text string, i int, comma byte) bool {
	for i < len(text) && text[i] == ' ' {
		i++
	}
	return i == len(text) || text[i] == comma
}

// split splits a row into cells. It returns the index of the first cell whose quotation
// does not end, or -1. It stops after MaxColumns+1 cells.
func (c *csvRows) split(text string) (open int) {
	c.cells, c.strayQuote = c.cells[:0], false
	if strings.IndexByte(text, '"') < 0 {
		c.cells = appendCells(c.cells, text, c.comma)
		return -1
	}
	for len(c.cells) <= MaxColumns {
		start := 0
		for start < len(text) && text[start] == ' ' {
			start++
		}
		quote := start
		if strings.HasPrefix(text[start:], `="`) { // a text written as a formula: ="00123"
			quote++
		}
		if quote == len(text) || text[quote] != '"' {
			at := strings.IndexByte(text, c.comma)
			if at < 0 {
				c.cells = append(c.cells, text)
				return -1
			}
			c.cells, text = append(c.cells, text[:at]), text[at+1:]
			continue
		}
		end, escaped, lone := c.endOfQuote(text, quote+1)
		if end < 0 {
			return len(c.cells)
		}
		if lone && !c.strayQuote {
			c.strayQuote, c.opened = true, len(c.cells)
		}
		cell := text[quote+1 : end]
		if escaped {
			cell = strings.ReplaceAll(cell, `""`, `"`)
		}
		c.cells = append(c.cells, cell)
		text = strings.TrimLeft(text[end+1:], " ")
		if text == "" {
			return -1
		}
		text = text[1:]
	}
	return -1
}

// endOfQuote finds the quotation mark that ends a cell: a mark before a delimiter or the
// end of the line. A doubled mark is one mark of the text. A single mark within the text is
// part of the text too, and sets lone.
func (c *csvRows) endOfQuote(text string, from int) (end int, escaped, lone bool) {
	for i := from; ; i++ {
		at := strings.IndexByte(text[i:], '"')
		if at < 0 {
			return -1, escaped, lone
		}
		i += at
		if i+1 < len(text) && text[i+1] == '"' {
			escaped = true
			i++
			continue
		}
		if cellEndsAt(text, i+1, c.comma) {
			return i, escaped, lone
		}
		lone = true
	}
}

// splitStray splits a row as if the mark that begins the stray cell, and any further
// unclosed mark, did not exist.
func (c *csvRows) splitStray(text string, stray int) {
	var all []string
	for open := stray; len(all) <= MaxColumns; {
		c.split(text)
		all = append(all, c.cells[:open]...)
		for range open {
			text = c.afterCell(text)
		}
		text = text[strings.IndexByte(text, '"')+1:]
		if open = c.split(text); open < 0 {
			c.cells = append(all, c.cells...)
			return
		}
		if open == 0 && strings.HasPrefix(text, `"`) { // several marks in a row
			text = strings.TrimLeft(text, `"`)
			if open = c.split(text); open < 0 {
				c.cells = append(all, c.cells...)
				return
			}
		}
	}
	c.cells = all
}

// afterCell returns the text after the first cell of a row.
func (c *csvRows) afterCell(text string) string {
	start := strings.TrimLeft(text, " ")
	start = strings.TrimPrefix(start, "=")
	from := 0
	if strings.HasPrefix(start, `"`) {
		if end, _, _ := c.endOfQuote(start, 1); end >= 0 {
			text, from = start, end
		}
	}
	at := strings.IndexByte(text[from:], c.comma)
	if at < 0 {
		return ""
	}
	return text[from+at+1:]
}

// splitAll splits a line at every delimiter.
func splitAll(text string, comma byte) []string { return appendCells(nil, text, comma) }

func appendCells(cells []string, text string, comma byte) []string {
	for len(cells) < MaxColumns {
		at := strings.IndexByte(text, comma)
		if at < 0 {
			break
		}
		cells, text = append(cells, text[:at]), text[at+1:]
	}
	if strings.IndexByte(text, comma) >= 0 {
		return append(cells, text, "") // one cell more than MaxColumns
	}
	return append(cells, text)
}
