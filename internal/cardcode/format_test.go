package cardcode

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/fault"
)

// The check digit catches every single wrong digit and every swap of neighbours,
// in codes of every length.
func TestCheckDigitCatches(t *testing.T) {
	t.Parallel()
	d := &Drawer{}
	for length := 12; length <= 24; length++ {
		f := Format{Digits, length}
		for range 30 {
			code := []byte(d.Draw(f).symbols)
			require.True(t, f.holds(code))
			for i := range code {
				for wrong := byte('0'); wrong <= '9'; wrong++ {
					typed := append([]byte{}, code...)
					typed[i] = wrong
					require.Equal(t, wrong == code[i], f.holds(typed), "%s for %s", typed, code)
				}
				if i > 0 && code[i] != code[i-1] {
					typed := append([]byte{}, code...)
					typed[i], typed[i-1] = typed[i-1], typed[i]
					require.False(t, f.holds(typed), "%s for %s", typed, code)
				}
			}
		}
	}
}

// The property that the algorithm rests on, over the whole table: 0 in the
// diagonal, every row and column a permutation, and no swap unnoticed.
func TestQuasigroup(t *testing.T) {
	t.Parallel()
	for c := range byte(10) {
		require.Zero(t, quasigroup[c][c])
		row, column := map[byte]bool{}, map[byte]bool{}
		for x := range byte(10) {
			row[quasigroup[c][x]], column[quasigroup[x][c]] = true, true
			for y := range x {
				require.NotEqual(t, quasigroup[quasigroup[c][x]][y], quasigroup[quasigroup[c][y]][x])
			}
		}
		require.Len(t, row, 10)
		require.Len(t, column, 10)
	}
	require.Equal(t, byte(4), damm([]byte("572")), "the example of the thesis")
}

func TestDrawDigitsIsUniform(t *testing.T) {
	t.Parallel()
	const n = 20_000
	d := &Drawer{}
	var counts [20][10]float64
	for range n {
		for place, symbol := range []byte(d.Draw(Format{Digits, 21}).symbols[:20]) {
			counts[place][symbol-'0']++
		}
	}
	for place := range counts {
		chi := 0.0
		for _, count := range counts[place] {
			chi += (count - n/10) * (count - n/10) / (n / 10)
		}
		require.Less(t, chi, 50.0, "place %d", place) // 9 degrees of freedom
	}
}

// However it is typed, a code is among its own candidates.
func TestEveryFormatIsReadBesideTheOthers(t *testing.T) {
	t.Parallel()
	d := &Drawer{}
	for _, f := range formats {
		for i := range 500 {
			code := d.Draw(f)
			printed := code.Reveal([]string{"", "QuickAccess", "2026", "A1"}[i%4])
			for _, typed := range []string{
				printed, strings.ToLower(printed), strings.ReplaceAll(printed, "-", ""), strings.ReplaceAll(printed, "-", " "),
				"202601-QuickAccess-" + code.symbols, "https://refill.example.net/r#" + printed,
			} {
				got, err := ParseCode(typed, formats)
				require.NoError(t, err)
				require.Contains(t, got, code)
				for i := 1; i < len(got); i++ {
					require.GreaterOrEqual(t, len(got[i-1].symbols), len(got[i].symbols), "the longest first")
				}
			}
		}
	}
}

func TestParseCodeSaysWhatIsWrongInItsFormat(t *testing.T) {
	t.Parallel()
	digit := Format{Digits, 12}
	for _, c := range []struct {
		typed   string
		formats []Format
		want    error
		says    string
	}{
		{"1234-5678-901", []Format{digit}, ErrCodeShort, "too short"},
		{"1234-5678-901A", []Format{digit}, ErrCodeSymbol, "the letter A"},
		{"0000-0000-0001", []Format{digit}, ErrCodeTyping, "not right"},
		{"0000-0000-0001", []Format{usual, digit}, ErrCodeTyping, "not right"},
		{"2345-6789-ABCD-EFG0", []Format{usual, digit}, ErrCodeSymbol, "the digit 0"},
		{"2345-6789-ABCD-EF22", []Format{usual, digit}, ErrCodeTyping, "not right"},
	} {
		_, err := ParseCode(c.typed, c.formats)
		require.ErrorIs(t, err, c.want, c.typed)
		require.Contains(t, fault.All(err)[0].Text(), c.says, c.typed)
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	for length, want := range map[int]string{
		12: "••••-••••-••••", 13: "••••-••••-•••••", 14: "••••-••••-••••-••", 16: "••••-••••-••••-••••", 21: "••••-••••-••••-••••-•••••",
	} {
		require.Equal(t, want, Format{Digits, length}.Mask())
	}
	require.Equal(t, "••••-••••-••••-••••-90123", Code{"123456789012345690123"}.Masked())
	require.Equal(t, "P-1234-5678-9012-3456-90123", Code{"123456789012345690123"}.Reveal("P"))
}
