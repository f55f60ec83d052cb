package tableimport

import (
	"strings"
	"unicode"
)

const hidden = "••••"

// maxShown is the number of symbols of a value that are displayed.
const maxShown = 40

// Mask masks a code. It shows no symbol of fewer than 6, the first and the last of 6 to 11,
// and the first two and the last two of 12 or more. That is enough to tell columns apart
// and never enough to use a code.
func Mask(text string) string {
	symbols := []rune(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) || isMark(r) {
			return -1
		}
		return r
	}, text))
	switch n := len(symbols); {
	case n == 0:
		return ""
	case n < 6:
		return hidden
	case n < 12:
		return string(symbols[:1]) + hidden + string(symbols[n-1:])
	default:
		return string(symbols[:2]) + hidden + string(symbols[n-2:])
	}
}

// Show returns a rejected value for display, truncated to 40 symbols. It masks a code, a
// value of another kind that looks like a code, and a word in a column without words,
// because a person may have chosen the wrong column. It does not mask words of a status,
// because a person must choose their meaning.
func Show(kind Kind, text string) string {
	switch {
	case text == "":
		return ""
	case isPlaceholder(text) || isSheetError(text) || totalOf(text) == isTotal || isWord(text):
		return cut(text)
	case isScientific(text):
		at := strings.IndexAny(text, "eE")
		return cut(text[:min(at, 4)]) + "…" + text[at:]
	case kind == Code, looksLikeCode(text) && isOnePiece(text), kind != Text && kind != Status && len(text) >= 6 && !strings.Contains(text, " ") && strings.IndexFunc(text, unicode.IsDigit) < 0:
		return Mask(text)
	}
	pieces := strings.Fields(text)
	for i, piece := range pieces {
		if looksLikeCode(piece) && !isWord(piece) {
			pieces[i] = Mask(piece)
		}
	}
	return cut(strings.Join(pieces, " "))
}

// isOnePiece reports whether a text is a single token, or groups of digits and letters as a
// code may be printed.
func isOnePiece(text string) bool {
	for piece := range strings.FieldsSeq(text) {
		if len(piece) > 1 && strings.IndexFunc(piece, unicode.IsLetter) >= 0 && strings.IndexFunc(piece, unicode.IsDigit) < 0 {
			return !strings.Contains(text, " ")
		}
	}
	return true
}

// isWord reports whether a text is a known heading or a known word of a status.
func isWord(text string) bool {
	if len(text) > 60 {
		return false
	}
	if _, ok := knownHeadings()[headingKey(text)]; ok {
		return true
	}
	_, ok := knownStatus()[WordKey(text)]
	return ok
}

// looksLikeCode reports whether a single value may be a code: one token of six symbols or
// more with digits among letters, capitals among small letters, or more digits than an
// amount has.
func looksLikeCode(text string) bool {
	text = unquote(Digits(text))
	if !isOnePiece(text) {
		for piece := range strings.FieldsSeq(text) {
			if looksLikeCode(piece) {
				return true
			}
		}
		return false
	}
	var digits, upper, lower, inside, other int
	for i, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case unicode.IsUpper(r):
			upper++
			if i > 0 {
				inside++
			}
		case unicode.IsLetter(r):
			lower++
		case r == '-' || r == '_':
		case r == '.' || r == ',' || r == '/' || r == ':' || r == ' ' || r == '\'':
			other++
		case r == '@':
			return false
		}
	}
	letters := upper + lower
	switch {
	case digits+letters < 6 || other > 0 && letters == 0:
		return false
	case letters == 0:
		return digits >= 8
	case other > 0 && readDate(text).ok:
		return false
	case digits > 0:
		return other == 0 || digits+letters >= 12
	}
	return inside > 0 && lower > 0 && other == 0
}
