package cardcode

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/fault"
)

// usual is the format that codes have by default.
var usual = Format{Letters, 16}

func TestDrawnCodesHold(t *testing.T) {
	t.Parallel()
	d := &Drawer{}
	seen := map[string]bool{}
	for range 10_000 {
		c := d.Draw(usual)
		require.Len(t, c.symbols, usual.Length)
		require.False(t, seen[c.symbols], "the same code twice in ten thousand")
		seen[c.symbols] = true
		parsed, err := ParseCode(c.Reveal("QuickAccess"), []Format{usual})
		require.NoError(t, err)
		require.Equal(t, []Code{c}, parsed)
	}
}

// Every symbol must be equally likely in every place: a χ² test against the
// uniform distribution with 30 degrees of freedom; 0.001 % of honest runs exceed
// 73.
func TestDrawIsUniform(t *testing.T) {
	t.Parallel()
	const n = 31_000
	d := &Drawer{}
	var counts [15][256]float64
	for range n {
		for place, symbol := range []byte(d.Draw(usual).symbols[:15]) {
			counts[place][symbol]++
		}
	}
	for place := range counts {
		chi := 0.0
		for _, symbol := range []byte(letters) {
			diff := counts[place][symbol] - n/31
			chi += diff * diff / (n / 31)
		}
		require.Less(t, chi, 85.0, "place %d", place)
	}
}

// The check symbol catches every single wrong symbol and every swap of two.
func TestCheckSymbolCatches(t *testing.T) {
	t.Parallel()
	d := &Drawer{}
	for range 20 {
		code := []byte(d.Draw(usual).symbols)
		for i := range code {
			for _, wrong := range []byte(letters) {
				if wrong == code[i] {
					continue
				}
				typed := append([]byte{}, code...)
				typed[i] = wrong
				_, err := ParseCode(string(typed), []Format{usual})
				require.ErrorIs(t, err, ErrCodeTyping)
			}
			for j := range i {
				if code[i] == code[j] {
					continue
				}
				typed := append([]byte{}, code...)
				typed[i], typed[j] = typed[j], typed[i]
				_, err := ParseCode(string(typed), []Format{usual})
				require.ErrorIs(t, err, ErrCodeTyping)
			}
		}
	}
}

func TestParseCodeIsForgiving(t *testing.T) {
	t.Parallel()
	code := Code{"23456789ABCDEFG" + string(checkSymbol([]byte("23456789ABCDEFG")))}
	check := code.symbols[15:]
	for _, typed := range []string{
		"23456789ABCDEFG" + check,
		"2345-6789-ABCD-EFG" + check,
		strings.ToLower("2345-6789-abcd-efg" + check),
		" 2345 6789 ABCD EFG" + check + "\n",
		"2345–6789—ABCD−EFG" + check, // en dash, em dash, minus
		"２３４５-６７８９-ＡＢＣＤ-ＥＦＧ" + check,
		"\u200e2345\u200b-6789\u00a0ABCD\u00adEFG" + check + "\u202c",
		"QuickAccess-2345-6789-ABCD-EFG" + check,
		"QuickAccess2345-6789-ABCD-EFG" + check,
		"202601-QuickAccess-23456789ABCDEFG" + check,
		"https://refill.example.net/r#QuickAccess-2345-6789-ABCD-EFG" + check,
		"2345.6789.ABCD.EFG" + check,
	} {
		got, err := ParseCode(typed, []Format{usual})
		require.NoError(t, err, "%q", typed)
		require.Equal(t, []Code{code}, got, "%q", typed)
	}
}

// Codes are read from any keyboard layout: digits of every script count as digits, and a
// Cyrillic or Greek letter that looks like a Latin one counts as the Latin one.
func TestParseCodeReadsOtherKeyboards(t *testing.T) {
	t.Parallel()
	digitsOnly := Format{Digits, 12}
	want := "12345678901" + string('0'+damm([]byte("12345678901")))
	for _, zero := range []rune{'٠', '۰', '०', '০', '０', '𝟎'} {
		typed := strings.Map(func(r rune) rune { return zero + r - '0' }, want)
		got, err := ParseCode(typed, []Format{digitsOnly})
		require.NoError(t, err, typed)
		require.Equal(t, []Code{{want}}, got, typed)
	}
	head := "ABEKMHPCTYX2345"
	code := Code{head + string(checkSymbol([]byte(head)))}
	for _, typed := range []string{"АВЕКМНРСТУХ2345", "авекмнрстух2345", "ΑΒΕΚΜΗΡCΤΥΧ2345"} {
		got, err := ParseCode(typed+code.symbols[15:], []Format{usual})
		require.NoError(t, err, typed)
		require.Equal(t, []Code{code}, got, typed)
	}
	_, err := ParseCode("АВЕО-2345-6789-2345", []Format{usual}) // no code contains O, in any script
	require.ErrorIs(t, err, ErrCodeSymbol)
	_, err = ParseCode("Д", []Format{usual})
	require.Contains(t, fault.All(err)[0].Text(), "Switch your keyboard to Latin letters")
}

func TestParseCodeRefuses(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]error{
		"":                           ErrCodeMissing,
		" - - ":                      ErrCodeMissing,
		"2345-6789":                  ErrCodeShort,
		"2345-6789-ABCD-EF":          ErrCodeShort,
		"2345-6789-ABCD-EFG0":        ErrCodeSymbol,
		"2345-6789-ABCD-EFGI":        ErrCodeSymbol,
		"2345-6789-ABCD-EFG🎉2":       ErrCodeSymbol,
		"2345-6789-ABCD-EFGё":        ErrCodeScript, // no Latin letter looks like it
		"пароль":                     ErrCodeScript,
		"κωδικός":                    ErrCodeScript,
		"2345-6789-ABCD-EFG\xff":     ErrCodeSymbol,
		"2345-6789-ABCD-EF22":        ErrCodeTyping,
		"<script>alert(1)</script>":  ErrCodeSymbol,
		strings.Repeat("A", 301):     ErrCodeSymbol,
		strings.Repeat("\u200b", 80): ErrCodeMissing,
	} {
		_, err := ParseCode(typed, []Format{usual})
		require.ErrorIs(t, err, want, "%q", typed)
	}
}

func TestCodeNeverPrints(t *testing.T) {
	t.Parallel()
	code := (&Drawer{}).Draw(usual)
	struck := struct{ C Code }{code}
	text, err := json.Marshal(struck)
	require.NoError(t, err)
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", slog.Any("code", code), slog.Any("struck", struck))
	for _, printed := range []string{
		fmt.Sprint(code), fmt.Sprintf("%v %+v %#v %s %q %x %d", code, code, code, code, code, code, code),
		fmt.Sprintf("%v %+v", struck, &struck), string(text), logged.String(),
	} {
		require.NotContains(t, printed, code.symbols)
		require.NotContains(t, strings.ToLower(printed), fmt.Sprintf("%x", code.symbols))
	}
	require.Equal(t, "••••-••••-••••-"+code.symbols[12:], code.Masked())
}

// formats are several at once, as after the settings were changed.
var formats = []Format{usual, {Letters, 12}, {Digits, 21}, {Digits, 12}}

func FuzzParseCode(f *testing.F) {
	f.Add("QuickAccess-2345-6789-ABCD-EFGH")
	f.Add("https://refill.example.net/r#2345")
	f.Add("QuickAccess-5724-0000-0000-0000-0000-0")
	f.Fuzz(func(t *testing.T, typed string) {
		codes, err := ParseCode(typed, formats)
		if err != nil {
			require.Empty(t, codes)
			return
		}
		again, err := ParseCode(codes[0].Reveal("P"), formats)
		require.NoError(t, err)
		require.Contains(t, again, codes[0])
	})
}
