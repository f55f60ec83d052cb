package tableimport

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// plainASCII reports whether a text is printable ASCII only, as nearly every cell is.
func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// isMark reports whether a symbol is invisible: a direction mark, a joiner, or a byte order
// mark.
func isMark(r rune) bool {
	return unicode.In(r, unicode.Cf) || unicode.In(r, unicode.Variation_Selector)
}

// zeroOf returns the digit zero of the script of a digit. The ten digits of a script are
// consecutive (Unicode category Nd).
func zeroOf(r rune) (rune, bool) {
	if r < 0x80 || !unicode.Is(unicode.Nd, r) {
		return 0, false
	}
	lo := r // digit sets may adjoin, and each begins at its zero
	for unicode.Is(unicode.Nd, lo-1) {
		lo--
	}
	return r - (r-lo)%10, true
}

// Digits converts the digits of every script to ASCII and removes invisible symbols.
// Full-width signs, spaces and dashes of every kind become ASCII.
func Digits(text string) string {
	if plainASCII(text) {
		return text
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r < 0x80:
			return r
		case isMark(r):
			return -1
		case unicode.IsSpace(r):
			return ' '
		case r >= 0xff01 && r <= 0xff5e: // full width
			return r - 0xff01 + '!'
		case r >= 0x2010 && r <= 0x2015, r == 0x2212, r == 0xfe58, r == 0xfe63:
			return '-'
		}
		if zero, ok := zeroOf(r); ok {
			return '0' + r - zero
		}
		return r
	}, text))
}

// Fold returns a text for comparison: without accents, case, invisible marks and digits of
// other scripts, and with single spaces.
func Fold(text string) string {
	if !plainASCII(text) {
		text = strings.Map(func(r rune) rune {
			switch {
			case unicode.Is(unicode.Mn, r), r == 0x640: // accents; the Arabic tatweel
				return -1
			case r == 'ß':
				return 's'
			case r == 'ı':
				return 'i'
			case r == 0x649: // forms of Arabic letters that people swap
				return 0x64a
			case r == 0x629:
				return 0x647
			case r == 0x6cc:
				return 0x64a
			case r == 0x6a9:
				return 0x643
			case r == 0x671:
				return 0x627
			case r == '’' || r == '‘' || r == '`':
				return '\''
			}
			return r
		}, norm.NFKD.String(Digits(text)))
	}
	return strings.Join(strings.Fields(strings.ToLower(text)), " ")
}

// WordKey returns the key of a word in a column of few words: folded, without the signs
// around it.
func WordKey(text string) string {
	return strings.TrimFunc(Fold(text), func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(`"'.,:;!*()[]`, r)
	})
}

// headingKey returns a heading for comparison: folded, letters and digits only.
func headingKey(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, Fold(text))
}

// unquote removes spaces, quotation marks and direction marks around a value. They are
// never part of a code, an amount or a date.
func unquote(s string) string {
	if plain := plainASCII(s); plain {
		if s == "" || s[0] > '\'' && s[len(s)-1] > '\'' {
			return s
		}
	}
	return strings.TrimFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || isMark(r) || strings.ContainsRune("\"'`´‘’“”„«»", r)
	})
}

// cut truncates a text to maxShown symbols.
func cut(text string) string {
	if len(text) <= maxShown || utf8.RuneCountInString(text) <= maxShown {
		return text
	}
	return strings.TrimSpace(string([]rune(text)[:maxShown-1])) + "…"
}
