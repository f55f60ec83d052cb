package cardcode

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// PlainText normalises a code for comparison: full-width characters become narrow, letters
// with combining marks become one character, and digits of every script become 0 to 9.
func PlainText(text string) string {
	return strings.Map(plainDigit, norm.NFC.String(width.Narrow.String(text)))
}

// plainDigit maps a decimal digit of any script to 0 to 9, and leaves other runes.
// Unicode encodes decimal digits in ascending runs of ten.
func plainDigit(r rune) rune {
	if r < 0x80 || !unicode.Is(unicode.Nd, r) {
		return r
	}
	for _, block := range unicode.Nd.R16 {
		if lo, hi := rune(block.Lo), rune(block.Hi); lo <= r && r <= hi {
			return '0' + (r-lo)%10
		}
	}
	for _, block := range unicode.Nd.R32 {
		if lo, hi := rune(block.Lo), rune(block.Hi); lo <= r && r <= hi { //nolint:gosec // runes
			return '0' + (r-lo)%10
		}
	}
	return r
}

// lookAlikes are capital letters of Cyrillic and Greek that are drawn like a
// Latin capital. Each has one Latin letter only, so mapping them is unambiguous.
var lookAlikes = map[rune]rune{ //nolint:gochecknoglobals // a table
	'А': 'A', 'В': 'B', 'Е': 'E', 'К': 'K', 'М': 'M', 'Н': 'H', 'О': 'O', 'Р': 'P', 'С': 'C', 'Т': 'T', 'У': 'Y', 'Х': 'X',
	'Ѕ': 'S', 'І': 'I', 'Ј': 'J', 'Ԛ': 'Q', 'Ԝ': 'W', 'Ү': 'Y',
	'Α': 'A', 'Β': 'B', 'Ε': 'E', 'Ζ': 'Z', 'Η': 'H', 'Ι': 'I', 'Κ': 'K', 'Μ': 'M', 'Ν': 'N', 'Ο': 'O', 'Ρ': 'P', 'Τ': 'T', 'Υ': 'Y', 'Χ': 'X',
}

// Latin maps look-alikes of Latin letters to those, in the case that they have.
func Latin(text string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 {
			return r
		}
		if like, ok := lookAlikes[r]; ok {
			return like
		}
		if like, ok := lookAlikes[unicode.ToUpper(r)]; ok {
			return unicode.ToLower(like)
		}
		return r
	}, text)
}

// folded returns a text in one case, for any script. It converts to capitals first,
// because some letters have two small forms and one capital.
func folded(text string) string {
	return strings.Map(func(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }, text)
}
