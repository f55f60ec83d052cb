package tableimport

import (
	"strings"
	"unicode"
)

const hidden = "••••"

// maxShown is how many symbols of a value are shown.
const maxShown = 40

// Mask hides a code. Of fewer than 6 symbols it shows none, from 6 symbols on the first
// and the last one, from 12 on the first and the last two: enough to tell columns apart,
// never enough to use it.
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

// Show is a value for display beside the reason why it failed, cut to 40 symbols. A code
// is masked, and so is a value of another kind that looks like one, and a word where none
// belongs: a person may have chosen the wrong column. Words of a status are shown, since a
// person must say what they mean.
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

// isOnePiece reports whether a text has no words of letters: a code may be printed in
// groups.
func isOnePiece(text string) bool {
	for piece := range strings.FieldsSeq(text) {
		if len(piece) > 1 && strings.IndexFunc(piece, unicode.IsLetter) >= 0 && strings.IndexFunc(piece, unicode.IsDigit) < 0 {
			return !strings.Contains(text, " ")
		}
	}
	return true
}

// isWord reports whether a text is a heading or a word for a status.
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

// looksLikeCode reports whether a value by itself may be a code: six symbols and more in
// one piece, with digits among letters, capitals among small ones, or more digits than
// an amount has.
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
