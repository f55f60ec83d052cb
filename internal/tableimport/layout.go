package tableimport

import (
	"slices"
	"strings"

	"refill/internal/importfile"
)

// sampled is the number of rows at the beginning of a file from which the beginning of the
// table is found.
const sampled = 200

// sampleRow is a row of the sample.
type sampleRow struct {
	number    int32
	cells     []string
	kinds     []importfile.CellKind
	lines     int32
	swallowed bool
	hidden    bool
	comment   bool
	filled    int // cells that are not empty
}

// layout tells data rows, headings, comments and totals apart.
type layout struct {
	Layout
	keys    []string // of the headings
	digits  []bool   // the headings that contain digits
	named   int      // headings that are not empty
	usual   int      // number of filled cells of a usual row
	comment string
}

// commentMarks may begin a comment.
var commentMarks = []string{"#", "//", ";"} //nolint:gochecknoglobals // a table

// findLayout finds the table by comparing the first rows of a file.
func findLayout(sample []sampleRow) layout {
	var l layout
	l.Comment = commentMark(sample)
	l.comment = l.Comment
	for i := range sample {
		sample[i].comment = l.isComment(sample[i].cells)
	}
	l.usual = usualWidth(sample)
	best, bestKnown, data := -1, -1, -1
	if at := l.knownHeadings(sample); at >= 0 {
		best, bestKnown = at, len(sample[at].cells)
	}
	tried := 0
	for i := max(0, best+1); i < len(sample); i++ {
		row := &sample[i]
		if best >= 0 { // the table begins below known headings
			data = i
			break
		}
		if row.comment && !headingInComment(row, l.usual) {
			continue
		}
		if tried++; tried > mostTitles {
			data = i
			break
		}
		v := l.judge(sample, i)
		if v.data {
			data = i
			break
		}
		if v.heading && (v.known > bestKnown || l.usual <= 1 && v.known == bestKnown) {
			best, bestKnown = i, v.known
		}
	}
	if best >= 0 {
		l.Heading = sample[best].number
		l.Names = headings(sample[best].cells, l.comment)
		data = best + 1
	}
	switch {
	case data >= 0 && data < len(sample):
		l.First = sample[data].number
	case len(sample) > 0:
		l.First = sample[len(sample)-1].number + 1
	}
	l.index()
	return l
}

// mostTitles is the largest number of rows above the headings.
const mostTitles = 30

// knownHeadings finds a row of which most cells are known headings, before the first row
// that is certainly data; -1: there is none.
func (l *layout) knownHeadings(sample []sampleRow) int {
	for i := range sample[:min(len(sample), mostTitles)] {
		row := &sample[i]
		if row.comment && !headingInComment(row, l.usual) {
			continue
		}
		v := l.judge(sample, i)
		switch {
		case v.heading && v.known*2 >= row.filled && v.known > 0:
			return i
		case v.fits > 0 && v.data:
			return -1
		}
	}
	return -1
}

// headings returns the cells of a row of headings as they are stored: truncated, without a
// comment mark, and masked where a cell looks like a code.
func headings(cells []string, comment string) []string {
	names := make([]string, len(cells))
	for i, cell := range cells {
		if i == 0 && comment != "" {
			cell = strings.TrimSpace(strings.TrimPrefix(cell, comment))
		}
		if names[i] = cut(cell); looksLikeCode(cell) && !isWord(cell) {
			names[i] = Mask(cell)
		}
	}
	return names
}

func (l *layout) index() {
	l.keys, l.digits = make([]string, len(l.Names)), make([]bool, len(l.Names))
	for i, name := range l.Names {
		l.digits[i] = strings.ContainsAny(Digits(name), "0123456789")
		if l.keys[i] = headingKey(name); l.keys[i] != "" {
			l.named++
		}
	}
}

// commentMark returns the mark with which some rows begin, but not the majority of the rows
// profileBelow the top.
func commentMark(sample []sampleRow) string {
	for _, mark := range commentMarks {
		leading, marked, others := 0, 0, 0
		for i := range sample {
			if beginsComment(sample[i].cells, mark) {
				marked++
				if others == 0 {
					leading++
				}
			} else {
				others++
			}
		}
		if marked > 0 && others > 0 && marked-leading <= others {
			return mark
		}
	}
	return ""
}

// beginsComment reports whether the first filled cell begins with a mark. A mark alone in
// the first of several filled cells is a heading.
func beginsComment(cells []string, mark string) bool {
	for i, cell := range cells {
		if cell == "" {
			continue
		}
		if !strings.HasPrefix(cell, mark) || isSheetError(cell) && strings.Trim(cell, "#") != "" || strings.EqualFold(cell, "#n/a") {
			return false
		}
		return len(cell) > len(mark) || !slices.ContainsFunc(cells[i+1:], func(c string) bool { return c != "" })
	}
	return false
}

func (l *layout) isComment(cells []string) bool {
	return l.comment != "" && beginsComment(cells, l.comment)
}

// usualWidth returns the number of filled cells that most rows have.
func usualWidth(sample []sampleRow) int {
	counts := map[int]int{}
	for i := range sample {
		row := &sample[i]
		for _, cell := range row.cells {
			if cell != "" {
				row.filled++
			}
		}
		if !row.comment {
			counts[row.filled]++
		}
	}
	usual := 0
	for filled, n := range counts {
		if n > counts[usual] || n == counts[usual] && filled > usual {
			usual = filled
		}
	}
	return usual
}

// headingInComment reports whether a comment is the row of headings, such as "#code,price".
func headingInComment(row *sampleRow, usual int) bool {
	if row.filled < usual {
		return false
	}
	known, filled := 0, 0
	for i, cell := range row.cells {
		if i == 0 {
			cell = strings.TrimLeft(cell, "#/; ")
		}
		if cell == "" {
			continue
		}
		filled++
		if _, ok := headingOf(cell); ok {
			known++
		}
	}
	return known > 0 && known*2 >= filled
}

// verdict is the classification of a row of the sample.
type verdict struct {
	heading, data bool
	known, fits   int // cells that are known headings, cells that fit the rows below
}

// judge classifies a row by comparison with the rows below it.
func (l *layout) judge(sample []sampleRow, i int) verdict {
	row := &sample[i]
	var v verdict
	misfits := 0
	for column, cell := range row.cells {
		if column == 0 && row.comment {
			cell = strings.TrimLeft(cell, l.comment+" ")
		}
		if cell == "" || isPlaceholder(cell) && cell != "#" {
			continue
		}
		if _, ok := headingOf(cell); ok {
			v.known++
			continue
		}
		switch compare(cell, profileBelow(sample[i+1:], column)) {
		case fit:
			v.fits++
		case misfit:
			misfits++
		case neutral:
		}
	}
	narrow := l.usual > 1 && row.filled == 1 || row.filled*2 < l.usual // a title, unless it is data
	v.data = v.fits > 0 && v.known < 2*v.fits || !narrow && v.fits == 0 && misfits == 0 && v.known == 0
	v.heading = !v.data && !narrow
	return v
}

// reason returns why a row does not belong to the table; empty: it does. code is the column
// of the codes, or -1.
func (l *layout) reason(row importfile.Row, code int) Reason {
	if row.Number == l.Heading {
		return ReasonHeading
	}
	if l.comment != "" && l.isComment(row.Cells) {
		return ReasonComment
	}
	if row.Number < l.First {
		return ReasonTitle
	}
	if l.repeats(row.Cells) {
		return ReasonHeading
	}
	filled, first := 0, ""
	for _, cell := range row.Cells {
		if cell == "" {
			continue
		}
		if filled++; filled == 1 {
			first = cell
		}
	}
	if mayNameTotal(first) {
		if like := totalOf(first); like == isTotal || like == mayBeTotal && filled < max(l.usual, 2) {
			return ReasonTotal
		}
	}
	if code >= 0 && code < len(row.Cells) {
		cell := row.Cells[code]
		if mayNameTotal(cell) && totalOf(cell) != noTotal {
			return ReasonTotal
		}
	}
	return ""
}

// mayNameTotal reports whether a cell can be the words of a total. It quickly excludes
// single tokens with digits, as nearly every code is one.
func mayNameTotal(cell string) bool {
	digits := false
	for i := range len(cell) {
		if cell[i] == ' ' {
			return true
		}
		digits = digits || cell[i] >= '0' && cell[i] <= '9'
	}
	return cell != "" && !digits
}

// repeats reports whether a row repeats the headings.
func (l *layout) repeats(cells []string) bool {
	if l.named == 0 {
		return false
	}
	same := 0
	for i, cell := range cells {
		if cell == "" {
			continue
		}
		if i >= len(l.keys) || len(cell) > 4*maxShown || l.keys[i] == "" || !mayNameTotal(cell) && !l.digits[i] || headingKey(cell) != l.keys[i] {
			return false
		}
		same++
	}
	return same > 0 && same*2 >= l.named
}
