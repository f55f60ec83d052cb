package cardcode

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"unicode"

	"refill/internal/fault"
)

// Code is the secret of a card: its symbols in upper case, without prefix and dashes. It
// formats and logs as "[code]"; only Reveal returns the symbols.
type Code struct{ symbols string }

// IsZero reports whether the code is empty.
func (c Code) IsZero() bool { return c.symbols == "" }

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

// Reveal returns the code as it is printed, PREFIX-XXXX-XXXX-XXXX-XXXX. It is called by
// exports, and by the display of one code, which writes an audit row first. The zero Code
// belongs to a card whose code was erased; it returns the empty string, without a prefix.
func (c Code) Reveal(prefix string) string {
	if c.symbols == "" {
		return ""
	}
	if c.IsImported() { // the printed card cannot change, so the code is returned as it is
		return c.symbols[len(ImportedMark):]
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
	if c.IsImported() {
		return c.maskedImported()
	}
	return masked(len(c.symbols), c.shown())
}

// shown returns the last symbols of a code that screens show. The hash by which a card is
// found from the end of its code is made of the same symbols; see LastFour.
func (c Code) shown() string {
	if c.IsImported() {
		return c.shownImported()
	}
	end := 0
	for i := 0; i < len(c.symbols); {
		end = groupAt(i, len(c.symbols))
		i += end
	}
	return c.symbols[len(c.symbols)-end:]
}

// groupLength is the number of symbols between two dashes of a printed code.
const groupLength = 4

// groupAt returns the length of the group that begins at a position. A single symbol left
// over at the end joins the group before it.
func groupAt(at, length int) int {
	if left := length - at; left <= groupLength+1 {
		return left
	}
	return groupLength
}

// masked hides all groups of a code except the last one, which is given. Where last is
// empty it hides that one too.
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

// Drawer draws codes from crypto/rand, which it reads in blocks.
type Drawer struct {
	pool [4096]byte
	left []byte
}

// next returns one random byte.
func (d *Drawer) next() byte {
	if len(d.left) == 0 {
		_, _ = rand.Read(d.pool[:]) // crashes the program rather than fail (Go 1.24)
		d.left = d.pool[:]
	}
	b := d.left[0]
	d.left[0] = 0
	d.left = d.left[1:]
	return b
}

// Draw returns a new random code of a format. It discards bytes that would make some
// symbols likelier than others (rejection sampling).
func (d *Drawer) Draw(f Format) Code {
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

// Errors of a typed code. They depend on the text alone: no card was looked up, and the
// attempt is not charged.
var (
	ErrCodeMissing = fault.Field("code", "code_missing", "Enter the code that is printed on the card.")
	ErrCodeShort   = fault.Field("code", "code_short", "This code is too short. Enter all of its groups.")
	ErrCodeSymbol  = fault.Field("code", "code_symbol", "A code has no such character.")
	errCodeLong    = fault.Field("code", "code_long", "This is much longer than a code. Enter only the code that is printed on the card.")
	errCodeOther   = fault.Field("code", "code_character", "A code has no character “{character}”. It is made of letters and digits.")
	errCodeDigit   = fault.Field("code", "code_digit", "A code never has the digit {digit}. Look again: it is another character.")
	errCodeLetter  = fault.Field("code", "code_letter", "A code never has the letter {letter}. Look again: it is another character.")
	errCodeDigits  = fault.Field("code", "code_digits", "A code of {length} digits never has the letter {letter}.")
	ErrCodeScript  = fault.Field("code", "code_script", "A code is made of Latin letters and digits. Switch your keyboard to Latin letters and type the code again.")
	ErrCodeTyping  = fault.Field("code", "code_typing", "One of the characters is not right. Compare the code with the card and try again.")
)

// longestInput is the longest text, in characters, that is read as a code. A scanned
// address with a long host name fits.
const longestInput = 300

// ParseCode reads a code as people enter it: in any case, with spaces or dashes of any
// kind, in full-width characters, in the digits of any script, in Cyrillic or Greek
// letters that look like Latin ones, with or without its prefix, or as the address that a
// QR code holds. It ignores the prefix and reads the last symbols, as many as a format
// has. It returns one candidate for each format whose check symbol is right, the longest
// first. Where there is none, the error says what is wrong with the text; no card is
// looked up.
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

// entered returns the letters and digits of a typed text, in capitals.
func entered(text string) ([]byte, error) {
	if len(text) > longestInput {
		return nil, errCodeLong.Because(ErrCodeSymbol)
	}
	if _, fragment, ok := strings.Cut(text, "#"); ok {
		text = fragment
	}
	symbols := make([]byte, 0, len(text))
	for _, r := range Latin(strings.ToUpper(PlainText(text))) {
		if r < 128 && (r >= '0' && r <= '9' || r >= 'A' && r <= 'Z') {
			symbols = append(symbols, byte(r)) //nolint:gosec // below 128
			continue
		}
		if r > unicode.MaxLatin1 && unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) && !Separates(r) {
			return nil, ErrCodeScript
		}
		if !Separates(r) {
			return nil, errCodeOther.With("character", fault.Text(r)).Because(ErrCodeSymbol)
		}
	}
	if len(symbols) == 0 {
		return nil, ErrCodeMissing
	}
	return symbols, nil
}

// plainest returns the most helpful fault: a wrong check symbol before a character that
// the format does not have, and that before a code that is too short.
func plainest(faults []*fault.Error) error {
	for _, kind := range []*fault.Error{ErrCodeTyping, ErrCodeSymbol, ErrCodeShort} {
		for _, f := range faults {
			if errors.Is(f, kind) {
				return f
			}
		}
	}
	return ErrCodeTyping
}

// Separates reports whether a rune may separate the symbols of a code: spaces, invisible
// marks, dashes, dots and underscores.
func Separates(r rune) bool {
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
