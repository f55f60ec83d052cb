package importfile

import "strings"

// likeness tells whether a line within a quotation is a row of its own.
type likeness uint8

const (
	isNoRow likeness = iota
	mayBeRow
	isRow
)

// likeRow compares a line that a quotation would swallow with the line on which the
// quotation begins. The line counts as a row where it has as many cells as the rows of the
// table, and numbers, dates and codes in the same columns.
func likeRow(first, cells []string, width int) likeness {
	if len(cells) != width {
		return isNoRow
	}
	if width == 1 {
		a, b := strings.Trim(first[0], `" `), strings.Trim(cells[0], `" `)
		switch {
		case signature(a) == signature(b) && signature(a) != words && len(a) == len(b):
			return isRow
		case signature(b) == words || b == "":
			return isNoRow
		}
		return mayBeRow
	}
	same := 0
	for i := range min(len(first), len(cells)) {
		a, b := signature(strings.Trim(first[i], `" `)), signature(strings.Trim(cells[i], `" `))
		switch {
		case a == nothing || b == nothing || a == words:
		case a == b:
			same++
		default:
			return isNoRow
		}
	}
	if same > 0 {
		return isRow
	}
	return mayBeRow
}

// The kinds of a cell's content.
const (
	nothing = iota
	words
	number // digits and the signs within amounts and dates
	token  // one word of letters and digits
)

func signature(cell string) int {
	digits, letters, spaces := 0, 0, 0
	for i := range len(cell) {
		switch b := cell[i]; {
		case b >= '0' && b <= '9':
			digits++
		case b == ' ':
			spaces++
		case b >= 'A' && b <= 'Z', b >= 'a' && b <= 'z', b >= 0x80:
			letters++
		}
	}
	switch {
	case cell == "":
		return nothing
	case digits == 0 || spaces > 1 && letters > 0:
		return words
	case letters == 0:
		return number
	}
	return token
}
