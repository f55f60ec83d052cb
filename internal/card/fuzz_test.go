package card

import (
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"refill/internal/importfile"
	"refill/internal/setting"
	"refill/internal/tableimport"
)

// Whatever a file calls a code, what is taken for one reads as itself again, however
// it is spaced, and its masked form does not tell it.
func FuzzParseForeign(f *testing.F) {
	for _, text := range []string{
		"202201-QuickAccess-irfUPbEZ", "2345-6789-ABCD-EFGH", "------", "=cmd|' /C calc'!A0", "ＡＢＣＤＥＦ１２", "a\u202eb\u200fcdefgh", "\xff\xfe\xc0\x80aaaaaa", "ééééééé", "\x00secret",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		code, ok := parseForeign(text)
		if !ok {
			return
		}
		shown := code.Reveal("P")
		require.True(t, utf8.ValidString(shown))
		again, ok := parseForeign(shown)
		require.True(t, ok)
		if !code.isImported() {
			require.Equal(t, code, again)
			return
		}
		require.Equal(t, code.indexed(), again.indexed())
		spaced, ok := parseImported(" " + strings.ReplaceAll(shown, "-", " – ") + "\n")
		require.True(t, ok)
		require.Equal(t, code.indexed(), spaced.indexed())
		require.NotContains(t, code.maskedImported(), code.indexed()[len(importedMark):])
	})
}

// What was sealed opens as itself and as no other card; what was not sealed does not
// open.
func FuzzSealOpen(f *testing.F) {
	keys := testKeys(f, 1)
	f.Add("202201-QuickAccess-irfUPbEZ", int64(7), int32(42), []byte("no code at all, but as long as one"))
	f.Add("QuickAccess-2345-6789-ABCD-EFGH", int64(1<<62), int32(-1), []byte{})
	f.Fuzz(func(t *testing.T, text string, series int64, serial int32, junk []byte) {
		seal, err := keys.sealer(1, series)
		require.NoError(t, err)
		_, err = seal.open(junk, serial)
		require.Error(t, err)
		code, ok := parseForeign(text)
		if !ok {
			code = (&drawer{}).draw(usual)
		}
		sealed := seal.append(nil, code, serial, &drawer{})
		opened, err := seal.open(sealed, serial)
		require.NoError(t, err)
		require.Equal(t, code, opened)
		_, err = seal.open(sealed, serial+1)
		require.Error(t, err)
		other, err := keys.sealer(1, series+1)
		require.NoError(t, err)
		_, err = other.open(sealed, serial)
		require.Error(t, err)
		if len(junk) > 0 && len(sealed) > 0 {
			sealed[int(junk[0])%len(sealed)] ^= 1 | junk[0]
			_, err = seal.open(sealed, serial)
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
		for _, form := range []string{setting.SerialPlain, setting.SerialPadded, setting.SerialSeries} {
			again, ok := ReadSerial("202611", FormatSerial(form, "202611", serial))
			require.True(t, ok)
			require.Equal(t, serial, again)
		}
	})
}

// Whatever a row of an imported file holds, a card that comes of it is one that may
// be: with a price, a date, and no code among what is kept in clear.
func FuzzImportRow(f *testing.F) {
	f.Add("202201-QuickAccess-irfUPbEZ", "1", "10.00", "USD", "31.12.2030", "Active", ".", "dmy")
	f.Add("AAAA-aaaa-0001", "AAAAaaaa0001", "1.250,00", "usd", "2030-12-31 23:59", "Used", ",", "")
	f.Add("=cmd", "-1", "1e309", "", "99999-1-1", "", ".", "mdy")
	f.Fuzz(func(t *testing.T, code, serial, price, currency, till, status, decimal, dates string) {
		p := ImportPlan{Currency: "USD", Table: tableimport.Plan{First: 1, Columns: map[string]int{
			ColumnCode: 0, ColumnSerial: 1, ColumnPrice: 2, ColumnCurrency: 3, ColumnValidTill: 4, ColumnStatus: 5,
		}}}
		p.Table.Decimals = map[string]tableimport.Decimal{ColumnPrice: tableimport.Decimal(decimal)}
		p.Table.Orders = map[string]tableimport.DateOrder{ColumnValidTill: tableimport.DateOrder(dates)}
		rows := newRows(&oneRow{cells: []string{code, serial, price, currency, till, status}}, p, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		got, left, err := rows.next()
		require.NoError(t, err)
		c, reason := importedCard{}, ""
		if got != nil {
			c = *got
		}
		if left != nil {
			reason = left.Reason
		}
		if reason != "" {
			require.NotEqual(t, reason, ReasonWords(reason), "there are words for it")
			return
		}
		require.Positive(t, c.price)
		require.LessOrEqual(t, c.price, int64(maxPrice))
		require.Positive(t, c.validTill.Year())
		require.LessOrEqual(t, utf8.RuneCountInString(c.serial), 64)
		require.NotEmpty(t, c.code.indexed())
		if c.serial != "" {
			if told, ok := parseImported(c.serial); ok {
				require.NotContains(t, told.indexed(), strings.TrimPrefix(c.code.indexed(), importedMark))
			}
		}
	})
}

// oneRow is a file of one row.
type oneRow struct{ cells []string }

// Next implements importfile.Rows.
func (r *oneRow) Next() (importfile.Row, error) {
	if r.cells == nil {
		return importfile.Row{}, io.EOF
	}
	cells := r.cells
	r.cells = nil
	return importfile.Row{Number: 1, Cells: cells}, nil
}
