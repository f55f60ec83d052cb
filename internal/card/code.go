package card

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"

	"golang.org/x/text/width"

	"refill/internal/fault"
)

// alphabet has the 31 symbols of a code: digits and capitals without 0, O, 1, I
// and L, which people take for one another. 31 is prime, and the check symbol
// rests on that.
const alphabet = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"

// CodeLength is how many symbols a code has, the check symbol included: 15
// random ones are 74.3 bits.
const CodeLength = 16

// groupLength is how many symbols stand between two dashes of a printed code.
const groupLength = 4

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
// are the export, and the reveal that an audit row stands for.
func (c Code) Reveal(prefix string) string {
	var b strings.Builder
	b.Grow(len(prefix) + len(c.symbols) + len(c.symbols)/groupLength + 1)
	if prefix != "" {
		b.WriteString(prefix)
		b.WriteByte('-')
	}
	for i := 0; i < len(c.symbols); i += groupLength {
		if i > 0 {
			b.WriteByte('-')
		}
		b.WriteString(c.symbols[i:min(i+groupLength, len(c.symbols))])
	}
	return b.String()
}

// Masked returns the code with all but its last group hidden, for screens.
func (c Code) Masked() string {
	n := len(c.symbols) - groupLength
	return strings.Repeat("••••-", n/groupLength) + c.symbols[n:]
}

// value maps a symbol to its place in the alphabet, 255 for any other byte.
func value(symbol byte) byte {
	return byte(strings.IndexByte(alphabet, symbol)) //nolint:gosec // -1 becomes 255, as promised
}

// weighted returns the sum of i · value(symbol i), i from 1, mod 31. A code holds
// when it is 0. All weights up to 30 differ and none is 0 mod the prime 31, so
// every single wrong symbol and every swap of two different symbols changes it.
func weighted(symbols []byte) int {
	sum := 0
	for i, s := range symbols {
		sum += (i + 1) * int(value(s))
	}
	return sum % len(alphabet)
}

// checkSymbol returns the symbol that makes head followed by it hold.
func checkSymbol(head []byte) byte {
	weight := len(head) + 1
	rest := weighted(head)
	for v := range len(alphabet) {
		if (rest+weight*v)%len(alphabet) == 0 {
			return alphabet[v]
		}
	}
	panic("card: no check symbol; the alphabet's length is not prime")
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

// draw returns a new code of length symbols. Bytes from 248 on are thrown away:
// 248 = 8 · 31, so that every symbol is equally likely.
func (d *drawer) draw(length int) Code {
	symbols := make([]byte, length)
	for i := 0; i < length-1; {
		if b := d.next(); b < 248 {
			symbols[i] = alphabet[b%31]
			i++
		}
	}
	symbols[length-1] = checkSymbol(symbols[:length-1])
	return Code{string(symbols)}
}

// Errors of a code as it was typed. None of them says anything about a card:
// the code was not looked up, and the attempt is not charged.
var (
	ErrCodeMissing = fault.Field("code", "code_missing", "Enter the code that is printed on the card.")
	ErrCodeShort   = fault.Field("code", "code_short", "This code is too short. Enter all of it: four groups of four letters and digits.")
	ErrCodeSymbol  = fault.Field("code", "code_symbol", "A code has no such character.")
	ErrCodeTyping  = fault.Field("code", "code_typing", "One of the characters is not right. Compare the code with the card and try again.")
)

// longestInput is the most that is read of an entered code; a scanned address
// with a long host still fits.
const longestInput = 300

// ParseCode reads a code as people enter it: any case, with spaces or dashes of
// any kind, in full-width characters, with or without its prefix, or as the
// address that the QR code holds. The prefix is only a label: what counts are
// the last CodeLength symbols.
func ParseCode(text string) (Code, error) {
	if len(text) > longestInput {
		return Code{}, ErrCodeSymbol.Saying("This is much longer than a code. Enter only the code that is printed on the card.")
	}
	if _, fragment, ok := strings.Cut(text, "#"); ok {
		text = fragment
	}
	symbols := make([]byte, 0, len(text))
	letters := strings.ToUpper(width.Narrow.String(text))
	for _, r := range letters {
		if r < 128 && (r >= '0' && r <= '9' || r >= 'A' && r <= 'Z') {
			symbols = append(symbols, byte(r)) //nolint:gosec // below 128
			continue
		}
		if !separates(r) {
			return Code{}, ErrCodeSymbol.Saying(fmt.Sprintf("A code has no character “%c”. It is made of letters and digits.", r))
		}
	}
	switch {
	case len(symbols) == 0:
		return Code{}, ErrCodeMissing
	case len(symbols) < CodeLength:
		return Code{}, ErrCodeShort
	}
	symbols = symbols[len(symbols)-CodeLength:]
	for _, s := range symbols {
		if value(s) == 255 {
			return Code{}, ErrCodeSymbol.Saying(fmt.Sprintf("A code never has %s. Look again: it is another character.", spell(s)))
		}
	}
	if weighted(symbols) != 0 {
		return Code{}, ErrCodeTyping
	}
	return Code{string(symbols)}, nil
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

// Alphabet returns the symbols of a code, for people to see.
func Alphabet() string { return alphabet }
