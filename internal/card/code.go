package card

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"unicode"

	"refill/internal/fault"
)

// Code is the secret of a card: upper case, without prefix or dashes. It prints
// as "[code]" wherever it is formatted or logged; Reveal is the one way out.
type Code struct{ symbols string }

// String keeps the code out of logs and errors.
func (Code) String() string { return "[code]" }

// GoString keeps the code out of %#v.
func (Code) GoString() string { return "[code]" }

// Format keeps the code out of every verb, %x and %q among them.
func (Code) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[code]")) }

// LogValue keeps the code out of slog.
func (Code) LogValue() slog.Value { return slog.StringValue("[code]") }

// MarshalText keeps the code out of JSON.
func (Code) MarshalText() ([]byte, error) { return []byte("[code]"), nil }

// Reveal returns the code as it is printed, PREFIX-XXXX-XXXX-XXXX-XXXX. Callers
// are the export, and the reveal that an audit row stands for. The zero Code, of a
// card whose code was erased, reveals nothing, no prefix either.
func (c Code) Reveal(prefix string) string {
	if c.symbols == "" {
		return ""
	}
	if c.isImported() { // printed long ago, with all that belongs to it
		return c.symbols[len(importedMark):]
	}
	var b strings.Builder
	b.Grow(len(prefix) + len(c.symbols) + len(c.symbols)/groupLength + 1)
	if prefix != "" {
		b.WriteString(prefix)
		b.WriteByte('-')
	}
	for i := 0; i < len(c.symbols); {
		if i > 0 {
			b.WriteByte('-')
		}
		n := groupAt(i, len(c.symbols))
		b.WriteString(c.symbols[i : i+n])
		i += n
	}
	return b.String()
}

// Masked returns the code with all but its last group hidden, for screens.
func (c Code) Masked() string {
	if c.isImported() {
		return c.maskedImported()
	}
	return masked(len(c.symbols), c.shown())
}

// shown is the end of a code that screens show. What is hashed so that a card is
// found by the end of its code is taken from here too: see lastFour.
func (c Code) shown() string {
	if c.isImported() {
		return c.shownImported()
	}
	end := 0
	for i := 0; i < len(c.symbols); {
		end = groupAt(i, len(c.symbols))
		i += end
	}
	return c.symbols[len(c.symbols)-end:]
}

// groupLength is how many symbols stand between two dashes of a printed code.
const groupLength = 4

// groupAt is how many symbols the group that begins at a place has. A symbol that
// would stand alone at the end joins the group before it.
func groupAt(at, length int) int {
	if left := length - at; left <= groupLength+1 {
		return left
	}
	return groupLength
}

// masked hides all groups of a code but the last, which is given; that one too
// where it is not.
func masked(length int, last string) string {
	var b strings.Builder
	for i := 0; i < length; {
		if i > 0 {
			b.WriteByte('-')
		}
		n := groupAt(i, length)
		if i+n == length && last != "" {
			b.WriteString(last)
		} else {
			b.WriteString(strings.Repeat("•", n))
		}
		i += n
	}
	return b.String()
}

// drawer draws codes from crypto/rand, which it reads in large bites.
type drawer struct {
	pool [4096]byte
	left []byte
}

// next returns one random byte.
func (d *drawer) next() byte {
	if len(d.left) == 0 {
		_, _ = rand.Read(d.pool[:]) // crashes the program rather than fail (Go 1.24)
		d.left = d.pool[:]
	}
	b := d.left[0]
	d.left[0] = 0
	d.left = d.left[1:]
	return b
}

// draw returns a new code of a format. Bytes that would make some symbols
// likelier than others are thrown away.
func (d *drawer) draw(f Format) Code {
	symbols := make([]byte, f.Length)
	if f.Alphabet == Digits {
		for i := 0; i < f.Length-1; {
			if b := d.next(); b < 250 { // 25 · 10
				symbols[i] = '0' + b%10
				i++
			}
		}
		symbols[f.Length-1] = '0' + damm(symbols[:f.Length-1])
		return Code{string(symbols)}
	}
	for i := 0; i < f.Length-1; {
		if b := d.next(); b < 248 { // 8 · 31
			symbols[i] = letters[b%31]
			i++
		}
	}
	symbols[f.Length-1] = checkSymbol(symbols[:f.Length-1])
	return Code{string(symbols)}
}

// Errors of a code as it was typed. None of them says anything about a card:
// the code was not looked up, and the attempt is not charged.
var (
	ErrCodeMissing = fault.Field("code", "code_missing", "Enter the code that is printed on the card.")
	ErrCodeShort   = fault.Field("code", "code_short", "This code is too short. Enter all of its groups.")
	ErrCodeSymbol  = fault.Field("code", "code_symbol", "A code has no such character.")
	ErrCodeScript  = fault.Field("code", "code_script", "A code is made of Latin letters and digits. Switch your keyboard to Latin letters and type the code again.")
	ErrCodeTyping  = fault.Field("code", "code_typing", "One of the characters is not right. Compare the code with the card and try again.")
)

// longestInput is the most that is read of an entered code; a scanned address
// with a long host still fits.
const longestInput = 300

// ParseCode reads a code as people enter it: any case, with spaces or dashes of
// any kind, in full-width characters, in the digits of any script, in Cyrillic or
// Greek letters that look like Latin ones, with or without its prefix, or as the
// address that the QR code holds. The prefix is only a label: what counts are
// the last symbols, as many as a format has. It returns one candidate for each of
// the formats whose check holds, the longest first; where none does the error
// says what is wrong with the code, without a look-up.
func ParseCode(text string, formats []Format) ([]Code, error) {
	symbols, err := entered(text)
	if err != nil {
		return nil, err
	}
	var found []Code
	var faults []*fault.Error
	for _, f := range formats {
		code, err := f.read(symbols)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		found = append(found, code)
	}
	if len(found) == 0 {
		return nil, plainest(faults)
	}
	slices.SortStableFunc(found, func(a, b Code) int { return len(b.symbols) - len(a.symbols) })
	return found, nil
}

// entered returns the letters and digits of what was typed, in capitals.
func entered(text string) ([]byte, error) {
	if len(text) > longestInput {
		return nil, ErrCodeSymbol.Saying("This is much longer than a code. Enter only the code that is printed on the card.")
	}
	if _, fragment, ok := strings.Cut(text, "#"); ok {
		text = fragment
	}
	symbols := make([]byte, 0, len(text))
	for _, r := range latin(strings.ToUpper(PlainText(text))) {
		if r < 128 && (r >= '0' && r <= '9' || r >= 'A' && r <= 'Z') {
			symbols = append(symbols, byte(r)) //nolint:gosec // below 128
			continue
		}
		if r > unicode.MaxLatin1 && unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) && !separates(r) {
			return nil, ErrCodeScript
		}
		if !separates(r) {
			return nil, ErrCodeSymbol.Saying(fmt.Sprintf("A code has no character “%c”. It is made of letters and digits.", r))
		}
	}
	if len(symbols) == 0 {
		return nil, ErrCodeMissing
	}
	return symbols, nil
}

// plainest picks the fault that helps most: a check that failed over a character
// that is not of the format, and that over a code too short.
func plainest(faults []*fault.Error) error {
	for _, kind := range []*fault.Error{ErrCodeTyping, ErrCodeSymbol, ErrCodeShort} {
		for _, f := range faults {
			if f.Code == kind.Code {
				return f
			}
		}
	}
	return ErrCodeTyping
}

// separates reports whether a rune may stand between the symbols of a code:
// spaces, invisible marks, dashes, dots and underscores.
func separates(r rune) bool {
	switch {
	case r <= ' ', r == 0x7f, r == '-', r == '_', r == '.', r == ',', r == '/', r == ':', r == '*', r == '\'', r == '"':
		return true
	case r == 0xa0, r == 0xad, r == 0x1680, r == 0x202f, r == 0x205f, r == 0x3000, r == 0xfeff, r == 0x30fc, r == 0x2212, r == 0xb7:
		return true
	case r >= 0x2000 && r <= 0x2015: // spaces, zero-width marks, hyphens and dashes
		return true
	case r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f: // direction marks and joiners
		return true
	}
	return false
}

// spell names a character that is easily mistaken.
func spell(symbol byte) string {
	switch symbol {
	case '0':
		return "the digit 0"
	case '1':
		return "the digit 1"
	}
	return "the letter " + string(symbol)
}
