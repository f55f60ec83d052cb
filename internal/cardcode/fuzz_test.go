package cardcode

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// A text that is accepted as a code is read as the same code again with any spacing, and
// its masked form does not contain it.
func FuzzParseForeign(f *testing.F) {
	for _, text := range []string{
		"202201-QuickAccess-irfUPbEZ", "2345-6789-ABCD-EFGH", "------", "=cmd|' /C calc'!A0", "ＡＢＣＤＥＦ１２", "a\u202eb\u200fcdefgh", "\xff\xfe\xc0\x80aaaaaa", "ééééééé", "\x00secret",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		code, ok := ParseForeign(text)
		if !ok {
			return
		}
		shown := code.Reveal("P")
		require.True(t, utf8.ValidString(shown))
		again, ok := ParseForeign(shown)
		require.True(t, ok)
		if !code.IsImported() {
			require.Equal(t, code, again)
			return
		}
		require.Equal(t, code.Indexed(), again.Indexed())
		spaced, ok := ParseImported(" " + strings.ReplaceAll(shown, "-", " – ") + "\n")
		require.True(t, ok)
		require.Equal(t, code.Indexed(), spaced.Indexed())
		require.NotContains(t, code.maskedImported(), code.Indexed()[len(ImportedMark):])
	})
}

// What was sealed opens as itself and as no other card; what was not sealed does not
// open.
func FuzzSealOpen(f *testing.F) {
	keys := testKeys(f, 1)
	f.Add("202201-QuickAccess-irfUPbEZ", int64(7), int32(42), []byte("no code at all, but as long as one"))
	f.Add("QuickAccess-2345-6789-ABCD-EFGH", int64(1<<62), int32(-1), []byte{})
	f.Fuzz(func(t *testing.T, text string, series int64, serial int32, junk []byte) {
		seal, err := keys.Sealer(1, series)
		require.NoError(t, err)
		_, err = seal.Open(junk, serial)
		require.Error(t, err)
		code, ok := ParseForeign(text)
		if !ok {
			code = (&Drawer{}).Draw(usual)
		}
		sealed := seal.Append(nil, code, serial, &Drawer{})
		opened, err := seal.Open(sealed, serial)
		require.NoError(t, err)
		require.Equal(t, code, opened)
		_, err = seal.Open(sealed, serial+1)
		require.Error(t, err)
		other, err := keys.Sealer(1, series+1)
		require.NoError(t, err)
		_, err = other.Open(sealed, serial)
		require.Error(t, err)
		if len(junk) > 0 && len(sealed) > 0 {
			sealed[int(junk[0])%len(sealed)] ^= 1 | junk[0]
			_, err = seal.Open(sealed, serial)
			require.Error(t, err)
		}
	})
}

// A serial that was read is written, in every form, as one that reads the same.
func FuzzReadSerial(f *testing.F) {
	for _, text := range []string{"42", "0000042", "202611-0000042", " 1,000 ", "-1", "+5", "1e309", "9223372036854775808", "٤٢"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		serial, ok := ReadSerial("202611", text)
		if !ok {
			return
		}
		for _, form := range []string{SerialPlain, SerialPadded, SerialSeries} {
			again, ok := ReadSerial("202611", FormatSerial(form, "202611", serial))
			require.True(t, ok)
			require.Equal(t, serial, again)
		}
	})
}
