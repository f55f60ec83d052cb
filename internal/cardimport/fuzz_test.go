package cardimport

import (
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/importfile"
	"refill/internal/tableimport"
)

// A card that a row of an imported file makes is valid whatever the row holds: it has a
// price and a date, and no column stored in clear contains its code.
func FuzzImportRow(f *testing.F) {
	f.Add("202201-QuickAccess-irfUPbEZ", "1", "10.00", "USD", "31.12.2030", "Active", ".", "dmy")
	f.Add("AAAA-aaaa-0001", "AAAAaaaa0001", "1.250,00", "usd", "2030-12-31 23:59", "Used", ",", "")
	f.Add("=cmd", "-1", "1e309", "", "99999-1-1", "", ".", "mdy")
	f.Fuzz(func(t *testing.T, code, serial, price, currency, till, status, decimal, dates string) {
		p := Plan{Currency: "USD", Table: tableimport.Plan{First: 1, Columns: map[string]int{
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
		require.LessOrEqual(t, c.price, int64(card.MaxPrice))
		require.Positive(t, c.validTill.Year())
		require.LessOrEqual(t, utf8.RuneCountInString(c.serial), 64)
		require.NotEmpty(t, c.code.Indexed())
		if c.serial != "" {
			if told, ok := cardcode.ParseImported(c.serial); ok {
				require.NotContains(t, told.Indexed(), strings.TrimPrefix(c.code.Indexed(), cardcode.ImportedMark))
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
