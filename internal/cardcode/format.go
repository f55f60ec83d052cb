package cardcode

import (
	"math"
	"strings"

	"refill/internal/fault"
)

// Alphabet names a set of symbols for codes.
type Alphabet string

// The alphabets.
const (
	Letters Alphabet = "letters"
	Digits  Alphabet = "digits"
)

// Lengths returns how many symbols a code of the alphabet may have, the check symbol
// included.
func (a Alphabet) Lengths() []int {
	if a != Digits {
		return []int{12, 16, 20, 24}
	}
	lengths := make([]int, 0, 13)
	for n := 12; n <= 24; n++ {
		lengths = append(lengths, n)
	}
	return lengths
}

// UsualLength is the default length of a code. It keeps the odds of guessing one of a
// million cards low enough; with digits that takes 20 and a check digit.
func (a Alphabet) UsualLength() int {
	if a == Digits {
		return 21
	}
	return 16
}

// letters has the 31 symbols of a code of letters and digits. 0, O, 1, I and L are left
// out, because people confuse them. The check symbol relies on 31 being prime.
const letters = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"

// DigitSymbols has the symbols of a code for numeric keypads.
const DigitSymbols = "0123456789"

// Format is the form of the codes of a series, fixed when the series is ordered. Length
// includes the check symbol: 15 random letters are 74.3 bits.
type Format struct {
	Alphabet Alphabet
	Length   int
}

// Symbols returns all symbols that a code of the format may have.
func (f Format) Symbols() string {
	if f.Alphabet == Digits {
		return DigitSymbols
	}
	return letters
}

// Codes returns the number of different codes of the format.
func (f Format) Codes() float64 {
	return math.Pow(float64(len(f.Symbols())), float64(f.Length-1))
}

// Mask returns a code of the format with every symbol hidden.
func (f Format) Mask() string { return masked(f.Length, "") }

// read takes the last symbols of a typed text as a code of the format.
func (f Format) read(symbols []byte) (Code, *fault.Error) {
	if len(symbols) < f.Length {
		return Code{}, ErrCodeShort
	}
	symbols = symbols[len(symbols)-f.Length:]
	for _, s := range symbols {
		switch {
		case strings.IndexByte(f.Symbols(), s) >= 0:
		case f.Alphabet == Digits:
			return Code{}, errCodeDigits.With("length", fault.Number(f.Length)).With("letter", fault.Text(s)).Because(ErrCodeSymbol)
		case s >= '0' && s <= '9':
			return Code{}, errCodeDigit.With("digit", fault.Text(s)).Because(ErrCodeSymbol)
		default:
			return Code{}, errCodeLetter.With("letter", fault.Text(s)).Because(ErrCodeSymbol)
		}
	}
	if !f.holds(symbols) {
		return Code{}, ErrCodeTyping
	}
	return Code{string(symbols)}, nil
}

// holds reports whether the check symbol of a whole code is right.
func (f Format) holds(symbols []byte) bool {
	if f.Alphabet == Digits {
		return damm(symbols) == 0
	}
	return weighted(symbols) == 0
}

// value maps a symbol to its index in letters, and any other byte to 255.
func value(symbol byte) byte {
	return byte(strings.IndexByte(letters, symbol)) //nolint:gosec // -1 becomes 255, as promised
}

// weighted returns the sum of i · value(symbol i), i from 1, mod 31. A code is valid when
// the sum is 0. The weights are below the prime 31 and differ, so every single wrong
// symbol and every swap of two different symbols changes the sum.
func weighted(symbols []byte) int {
	sum := 0
	for i, s := range symbols {
		sum += (i + 1) * int(value(s))
	}
	return sum % len(letters)
}

// checkSymbol returns the symbol that makes head valid when it is appended.
func checkSymbol(head []byte) byte {
	weight := len(head) + 1
	rest := weighted(head)
	for v := range len(letters) {
		if (rest+weight*v)%len(letters) == 0 {
			return letters[v]
		}
	}
	panic("card: no check symbol; the alphabet's length is not prime")
}

// quasigroup is the weakly totally anti-symmetric quasigroup of order 10 from H.
// Michael Damm, "Total anti-symmetrische Quasigruppen" (Marburg 2004), page 111.
var quasigroup = [10][10]byte{ //nolint:gochecknoglobals // a constant in all but name
	{0, 3, 1, 7, 5, 9, 8, 6, 4, 2},
	{7, 0, 9, 2, 1, 5, 4, 8, 6, 3},
	{4, 2, 0, 6, 8, 7, 1, 3, 5, 9},
	{1, 7, 5, 0, 9, 8, 3, 4, 2, 6},
	{6, 1, 2, 3, 0, 4, 5, 9, 7, 8},
	{3, 6, 7, 4, 2, 0, 9, 5, 8, 1},
	{5, 8, 6, 9, 7, 2, 0, 1, 3, 4},
	{8, 9, 4, 5, 3, 6, 2, 0, 1, 7},
	{9, 4, 3, 8, 6, 1, 7, 2, 0, 5},
	{2, 5, 8, 1, 4, 3, 6, 7, 9, 0},
}

// damm returns the check digit of digits by Damm's algorithm, and 0 for digits that end
// with their check digit. It catches every single wrong digit and every swap of
// neighbours.
func damm(digits []byte) byte {
	interim := byte(0)
	for _, d := range digits {
		interim = quasigroup[interim][d-'0']
	}
	return interim
}

// Sample returns an invalid code of the format for previews, a different one for each n.
// Its check symbol is wrong, so no card has it.
func (f Format) Sample(prefix string, n int) string {
	symbols := f.Symbols()
	var b strings.Builder
	for i := range f.Length {
		b.WriteByte(symbols[(i+n)%len(symbols)])
	}
	code := []byte(b.String())
	if f.holds(code) {
		code[0] = symbols[(n+1)%len(symbols)]
	}
	return Code{string(code)}.Reveal(prefix)
}
