package importfile

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// How far a quotation may reach over lines. Beyond that its first mark is taken for a
// stray one.
const (
	maxJoin      = 64       // lines
	maxJoinBytes = 64 << 10 // of them together
	maxReopened  = 8        // quotations that reach over lines, of one row
)

// csvRows reads a table of text. encoding/csv is not used: a quotation mark without a
// second one makes it swallow rows without a word, and it knows no CR as the end of a
// line.
type csvRows struct {
	in     *lines
	old    *charmap.Charmap // of lines that are no UTF-8; nil: none
	comma  byte
	cells  []string
	number int32
	width  int  // cells of the last row that lay on one line
	lone   bool // the row has a quotation mark within a quotation …
	opened int  // … which is this cell

	base  int64 // bytes of the text before the next row
	clear int64 // up to here no line ends a quotation
}

// openCSV guesses encoding and delimiter from the beginning of a file.
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

// line returns the line behind so many bytes as text.
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

// Next reads a row.
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
	if c.lone && len(c.cells) < c.width && strings.Count(text, string(c.comma)) == c.width-1 {
		open = c.opened // one mark began a quotation that another cell's ended
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

// join looks for the end of a quotation that the line does not end. lines is 1 where the
// mark is a stray one: where nothing ends it, or where a line that it would swallow is
// itself a row.
func (c *csvRows) join(text string, next int) (joined string, behind int, lines int32, swallowed bool, err error) {
	if ends, err := c.ends(next); !ends || err != nil {
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
		switch likeRow(first, c.alone(line, width), width) {
		case isRow:
			return "", 0, 1, false, nil
		case mayBeRow:
			swallowed = true
		case isNoRow:
		}
		b.WriteByte('\n')
		b.WriteString(line)
		behind = after
		if closes(line, c.comma) {
			if c.split(b.String()) < 0 {
				return b.String(), behind, n + 1, swallowed, nil
			}
			reopened++
		}
	}
	return "", 0, 1, false, nil
}

// ends reports whether a line that follows may end a quotation. It looks at no line
// twice where none does.
func (c *csvRows) ends(next int) (bool, error) {
	at := next
	if c.clear > c.base+int64(next) {
		at = int(c.clear - c.base)
	}
	for n := 0; n < maxJoin && at-next < maxJoinBytes; n++ {
		line, after, err := c.in.peek(at)
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		c.clear = c.base + int64(at)
		if bytes.IndexByte(line, '"') >= 0 && closes(string(line), c.comma) {
			return true, nil
		}
		at = after
	}
	c.clear = max(c.clear, c.base+int64(at))
	return false, nil
}

// alone parts a line that a quotation would swallow: at every delimiter, or with its own
// quotations where that gives a row of the table.
func (c *csvRows) alone(line string, width int) []string {
	cells := splitAll(line, c.comma)
	if len(cells) != width && strings.Contains(line, `"`) && c.split(line) < 0 {
		return c.cells
	}
	return cells
}

// closes reports whether a quotation may end in the line.
func closes(line string, comma byte) bool {
	for i := 0; ; i++ {
		at := strings.IndexByte(line[i:], '"')
		if at < 0 {
			return false
		}
		if i += at; endsAt(line, i+1, comma) {
			return true
		}
	}
}

// endsAt reports whether the text ends a cell at a place, but for spaces.
func endsAt(text string, i int, comma byte) bool {
	for i < len(text) && text[i] == ' ' {
		i++
	}
	return i == len(text) || text[i] == comma
}

// split parts a row into cells. It returns the first cell whose quotation does not end,
// or -1. It makes no more cells than a table may have, and one.
func (c *csvRows) split(text string) (open int) {
	c.cells, c.lone = c.cells[:0], false
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
		if strings.HasPrefix(text[start:], `="`) { // a formula that is a text: ="00123"
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
		if lone && !c.lone {
			c.lone, c.opened = true, len(c.cells)
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

// endOfQuote finds the mark that ends a quotation: one behind which the cell ends. A mark
// that is doubled stands for itself, and so does one within the text.
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
		if endsAt(text, i+1, c.comma) {
			return i, escaped, lone
		}
		lone = true
	}
}

// splitStray parts a row as if the mark that begins the stray cell were not there, and
// any further one that nothing ends.
func (c *csvRows) splitStray(text string, stray int) {
	var all []string
	for open := stray; len(all) <= MaxColumns; {
		c.split(text)
		all = append(all, c.cells[:open]...)
		for range open {
			text = c.behindCell(text)
		}
		text = text[strings.IndexByte(text, '"')+1:]
		if open = c.split(text); open < 0 {
			c.cells = append(all, c.cells...)
			return
		}
		if open == 0 && strings.HasPrefix(text, `"`) { // marks one behind another
			text = strings.TrimLeft(text, `"`)
			if open = c.split(text); open < 0 {
				c.cells = append(all, c.cells...)
				return
			}
		}
	}
	c.cells = all
}

// behindCell returns what stands behind the first cell of a row.
func (c *csvRows) behindCell(text string) string {
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

// splitAll parts a line at every delimiter.
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
		return append(cells, text, "") // one more than a table may have
	}
	return append(cells, text)
}
