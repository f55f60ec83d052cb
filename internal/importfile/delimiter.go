package importfile

import (
	"strings"
)

// delimiters are the possible delimiters of cells. If two split a file equally well, the
// later one wins, because a comma is often a decimal sign.
const delimiters = ",|;\t"

// sniffedLines is the number of lines that are examined to find the delimiter.
const sniffedLines = 60

// delimiter returns the delimiter that splits the most lines into the same number of cells.
// Among equals it returns the one that gives more cells.
func delimiter(head string) byte {
	if sep, _, ok := separatorLine(head); ok {
		return sep
	}
	var counts [len(delimiters)]map[int]int
	for i := range counts {
		counts[i] = map[int]int{}
	}
	n := 0
	for line := range strings.FieldsFuncSeq(head, func(r rune) bool { return r == '\n' || r == '\r' }) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' && !strings.HasPrefix(line, "#N/A") || strings.HasPrefix(line, "//") {
			continue
		}
		if n++; n > sniffedLines {
			break
		}
		for i, c := range countDelimiters(line) {
			if c > 0 {
				counts[i][c]++
			}
		}
	}
	best, bestLines, bestCells := byte(','), 0, 0
	for i, byCount := range counts {
		lines, cells := 0, 0
		for c, times := range byCount {
			if times > lines || times == lines && c > cells {
				lines, cells = times, c
			}
		}
		if lines > bestLines || lines == bestLines && lines > 0 && cells >= bestCells {
			best, bestLines, bestCells = delimiters[i], lines, cells
		}
	}
	return best
}

// countDelimiters counts the delimiters of a line outside quotations. A quotation that does
// not end on the line counts as plain text.
func countDelimiters(line string) (counts [len(delimiters)]int) {
	var before [len(delimiters)]int
	quoted := false
	for i := range len(line) {
		if line[i] == '"' {
			if quoted = !quoted; quoted {
				before = counts
			}
		}
		if at := strings.IndexByte(delimiters, line[i]); at >= 0 && !quoted {
			counts[at]++
		}
	}
	if quoted {
		return before
	}
	return counts
}

// separatorLine reads a first line such as "sep=;", which tells Excel the delimiter.
func separatorLine(head string) (sep byte, line string, ok bool) {
	line = head
	if end := strings.IndexAny(head, "\r\n"); end >= 0 {
		line = head[:end]
	}
	said := strings.Trim(line, `"' `)
	if len(said) == 5 && strings.EqualFold(said[:4], "sep=") && strings.IndexByte(delimiters+":^~!", said[4]) >= 0 {
		return said[4], line, true
	}
	return 0, line, false
}
