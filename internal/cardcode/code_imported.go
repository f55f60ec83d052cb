package cardcode

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ImportedMark begins the symbols of a code that another system made. Codes of this
// program never contain the byte, so blind indexes and sealed codes of the two kinds never
// coincide.
const ImportedMark = "\x00"

// The fewest and the most symbols of an imported code, spaces and dashes not counted.
const (
	MinImported = 6
	MaxImported = 64
)

// IsImported reports whether another system made the code.
func (c Code) IsImported() bool { return strings.HasPrefix(c.symbols, ImportedMark) }

// Indexed returns the text that the blind index is computed from. An imported code is
// indexed without dashes, because people type them in different places.
func (c Code) Indexed() string {
	if !c.IsImported() {
		return c.symbols
	}
	return strings.ReplaceAll(c.symbols, "-", "")
}

// Bare returns an imported code without the separators that people leave out or change. A
// code that would become too short keeps them.
func (c Code) Bare() Code {
	if !c.IsImported() {
		return c
	}
	bare := strings.Map(func(r rune) rune {
		if Separates(r) {
			return -1
		}
		return r
	}, c.symbols[len(ImportedMark):])
	if utf8.RuneCountInString(bare) < MinImported {
		return c
	}
	return Code{ImportedMark + bare}
}

// ParseImported reads a code that another system made: any printable characters, in their
// own case. It removes spaces and invisible marks, unifies all kinds of dashes, and maps
// the digits of every script to 0 to 9.
func ParseImported(text string) (Code, bool) {
	if len(text) > longestInput {
		return Code{}, false
	}
	var b strings.Builder
	b.WriteString(ImportedMark)
	symbols := 0
	for _, r := range PlainText(text) {
		switch {
		case r == '-', r >= 0x2010 && r <= 0x2015, r == 0x2212, r == 0x30fc:
			b.WriteByte('-')
		case unicode.IsSpace(r), unicode.In(r, unicode.Cf):
		case r == unicode.ReplacementChar, !unicode.IsPrint(r):
			return Code{}, false
		default:
			b.WriteRune(r)
			symbols++
		}
	}
	if symbols < MinImported || symbols > MaxImported {
		return Code{}, false
	}
	return Code{strings.TrimRight(b.String(), "-")}, true
}

// ImportedFormat is the one format of this program's codes that is recognised in a file. A
// code of another format is imported as a foreign code, and works as one.
var ImportedFormat = Format{Letters, 16} //nolint:gochecknoglobals // a constant, were structs allowed to be

// ownForm matches this program's codes as they are usually printed. A matching code with a
// correct check symbol comes from another installation of this program and is kept as a
// code of our own.
var ownForm = regexp.MustCompile(`^(?:[A-Za-z0-9]+-)?[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}$`)

// ParseForeign reads a code from an imported file. From the address of a QR code it takes
// the code alone, as for scanned cards.
func ParseForeign(text string) (Code, bool) {
	text = Scanned(text)
	if ownForm.MatchString(text) {
		if codes, err := ParseCode(text, []Format{ImportedFormat}); err == nil {
			return codes[0], true
		}
	}
	return ParseImported(text)
}

// shownImported returns the last symbols of an imported code that a screen may show: so
// few that they do not help to guess the rest.
func (c Code) shownImported() string {
	symbols := []rune(c.Indexed()[len(ImportedMark):])
	shown := 0
	switch {
	case len(symbols) >= 12:
		shown = 4
	case len(symbols) >= 9:
		shown = 2
	}
	return string(symbols[len(symbols)-shown:])
}

// maskedImported hides an imported code except for the symbols of shownImported.
func (c Code) maskedImported() string {
	return "••••-" + strings.TrimSuffix("••••-"+c.shown(), "-")
}

// Scanned returns the code within the address that a QR code holds. It returns any other
// text unchanged, since an imported code may contain a “#”.
func Scanned(text string) string {
	address, fragment, ok := strings.Cut(text, "#")
	if !ok || !strings.Contains(address, "://") {
		return text
	}
	if plain, err := url.PathUnescape(fragment); err == nil {
		return plain
	}
	return fragment
}

// Foreign returns the symbols of an imported code as it was read.
func (c Code) Foreign() string { return strings.TrimPrefix(c.symbols, ImportedMark) }
