package importfile

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean takes away what is round a cell: space of every kind, marks of direction and
// others that show nothing, the formula ="…" and the apostrophe by which a spreadsheet is
// told that a cell is text (our own exports write it before formulas). What is no text
// becomes the sign for that, which no code has.
func clean(cell string) string {
	if plain(cell) {
		return untold(strings.Trim(cell, " "))
	}
	cell = strings.TrimFunc(strings.ToValidUTF8(cell, "\ufffd"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || r == 0x1a // the end of a file in DOS
	})
	return untold(strings.Map(func(r rune) rune {
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

// untold takes away how a spreadsheet is told that a cell is text.
func untold(cell string) string {
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
