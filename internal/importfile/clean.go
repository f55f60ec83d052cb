package importfile

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean removes what surrounds the value of a cell: white space, invisible marks, the
// formula ="…", and the apostrophe that marks a cell as text in a spreadsheet (the
// product's own exports write it before formulas). Bytes that are not valid text become
// U+FFFD, which no code contains.
func clean(cell string) string {
	if plain(cell) {
		return unwrapText(strings.Trim(cell, " "))
	}
	cell = strings.TrimFunc(strings.ToValidUTF8(cell, "\ufffd"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || r == 0x1a // end-of-file mark of DOS
	})
	return unwrapText(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case unicode.IsControl(r):
			return utf8.RuneError
		}
		return r
	}, cell))
}

func plain(cell string) bool {
	for i := range len(cell) {
		if cell[i] < ' ' || cell[i] > '~' {
			return false
		}
	}
	return true
}

// unwrapText removes the notations by which a spreadsheet marks a cell as text.
func unwrapText(cell string) string {
	if len(cell) < 2 {
		return cell
	}
	if cell[0] == '\'' && strings.IndexByte("=+-@0123456789", cell[1]) >= 0 {
		return cell[1:]
	}
	if strings.HasPrefix(cell, `="`) && strings.HasSuffix(cell, `"`) && strings.Count(cell, `"`) == 2 {
		return strings.TrimSpace(cell[2 : len(cell)-1])
	}
	return cell
}
