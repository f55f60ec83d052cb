package card

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/setting"
)

// Alphabet names what codes are made of.
type Alphabet string

// The alphabets. Those of the settings are named alike.
const (
	Letters Alphabet = setting.Letters
	Digits  Alphabet = setting.Digits
)

// letters has the 31 symbols of a code of letters and digits, without 0, O, 1, I
// and L, which people take for one another. 31 is prime, and the check symbol
// rests on that.
const letters = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"

// digits has the symbols of a code for keypads.
const digits = "0123456789"

// Format is the form of the codes of a series, fixed when it is ordered. Length
// includes the check symbol: 15 random letters are 74.3 bits.
type Format struct {
	Alphabet Alphabet
	Length   int
}

// FormatOf is the format of series ordered under these settings.
func FormatOf(s setting.Settings) Format { return Format{Alphabet(s.CodeAlphabet), s.CodeLength} }

// FormatOfSeries is the format that a series was ordered with.
func FormatOfSeries(s db.Series) Format { return Format{Alphabet(s.CodeAlphabet), int(s.CodeLength)} }

// Symbols are all symbols that a code of the format may have.
func (f Format) Symbols() string {
	if f.Alphabet == Digits {
		return digits
	}
	return letters
}

// Codes is how many different codes there are.
func (f Format) Codes() float64 {
	return math.Pow(float64(len(f.Symbols())), float64(f.Length-1))
}

// Mask is the form of a code with every symbol hidden.
func (f Format) Mask() string { return masked(f.Length, "") }

// read takes the last symbols of what was typed for a code of the format.
func (f Format) read(symbols []byte) (Code, *fault.Error) {
	if len(symbols) < f.Length {
		return Code{}, ErrCodeShort
	}
	symbols = symbols[len(symbols)-f.Length:]
	for _, s := range symbols {
		switch {
		case strings.IndexByte(f.Symbols(), s) >= 0:
		case f.Alphabet == Digits:
			return Code{}, ErrCodeSymbol.Saying(fmt.Sprintf("A code of %d digits never has %s.", f.Length, spell(s)))
		default:
			return Code{}, ErrCodeSymbol.Saying(fmt.Sprintf("A code never has %s. Look again: it is another character.", spell(s)))
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

// value maps a symbol to its place among the letters, 255 for any other byte.
func value(symbol byte) byte {
	return byte(strings.IndexByte(letters, symbol)) //nolint:gosec // -1 becomes 255, as promised
}

// weighted returns the sum of i · value(symbol i), i from 1, mod 31. A code holds
// when it is 0. All weights up to 30 differ and none is 0 mod the prime 31, so
// every single wrong symbol and every swap of two different symbols changes it.
func weighted(symbols []byte) int {
	sum := 0
	for i, s := range symbols {
		sum += (i + 1) * int(value(s))
	}
	return sum % len(letters)
}

// checkSymbol returns the symbol that makes head followed by it hold.
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

// damm returns the check digit of digits by Damm's algorithm, and 0 for digits
// that end in theirs. It catches every single wrong digit and every swap of
// neighbours.
func damm(digits []byte) byte {
	interim := byte(0)
	for _, d := range digits {
		interim = quasigroup[interim][d-'0']
	}
	return interim
}

// formatsFor is how long a process may read codes without hearing of a format
// that is new. (Where a code holds in no format that is known, it asks at once.)
const formatsFor = 2 * time.Second

// candidates reads what was typed as the codes that it may be, in every format in
// use. Other kinds of code join here.
func (s *Service) candidates(ctx context.Context, text string) ([]Code, error) {
	formats, fresh, err := s.formats(ctx, false)
	if err != nil {
		return nil, err
	}
	codes, err := ParseCode(text, formats)
	if err == nil || fresh {
		return codes, err
	}
	if formats, _, err = s.formats(ctx, true); err != nil {
		return nil, err
	}
	return ParseCode(text, formats)
}

// formats returns the formats in use, those of the settings and of every series,
// and whether they were asked for just now.
func (s *Service) formats(ctx context.Context, anew bool) ([]Format, bool, error) {
	s.known.Lock()
	defer s.known.Unlock()
	if !anew && s.known.formats != nil && s.settings.Now().Sub(s.known.asked) < formatsFor {
		return s.known.formats, false, nil
	}
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return nil, false, err
	}
	rows, err := s.q.SeriesFormats(ctx, s.db)
	if err != nil {
		return nil, false, fmt.Errorf("ask for the formats of codes: %w", err)
	}
	formats := []Format{FormatOf(settings)}
	for _, row := range rows {
		f := Format{Alphabet(row.CodeAlphabet), int(row.CodeLength)}
		if !slices.Contains(formats, f) {
			formats = append(formats, f)
		}
	}
	s.known.formats, s.known.asked = formats, s.settings.Now()
	return formats, true, nil
}
