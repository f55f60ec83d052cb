package card_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/cardcode"
)

// A made-up code is no card's: its check never holds, in any format.
func TestSampleCodesAreNoCodes(t *testing.T) {
	t.Parallel()
	for _, f := range []cardcode.Format{{Alphabet: cardcode.Letters, Length: 12}, {Alphabet: cardcode.Letters, Length: 16}, {Alphabet: cardcode.Letters, Length: 24}, {Alphabet: cardcode.Digits, Length: 12}, {Alphabet: cardcode.Digits, Length: 21}} {
		seen := map[string]bool{}
		for n := range 10 {
			code := f.Sample("QuickAccess", n)
			_, err := cardcode.ParseCode(code, []cardcode.Format{f})
			require.ErrorIs(t, err, cardcode.ErrCodeTyping, "%v %d", f, n)
			require.False(t, seen[code])
			seen[code] = true
		}
	}
}
