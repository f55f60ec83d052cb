package render_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/render"
)

// errDisk simulates a full disk.
var errDisk = errors.New("no space left on device")

// fullDisk accepts some bytes and then fails, as a full disk does.
type fullDisk struct{ left int }

func (d *fullDisk) Write(p []byte) (int, error) {
	if len(p) > d.left {
		n := d.left
		d.left = 0
		return n, errDisk
	}
	d.left -= len(p)
	return len(p), nil
}

// writeCSV writes cards and reads the table back with encoding/csv.
func writeCSV(t *testing.T, cards ...render.Card) [][]string {
	t.Helper()
	var buf bytes.Buffer
	w, err := render.NewCSV(&buf)
	require.NoError(t, err)
	for _, c := range cards {
		require.NoError(t, w.Write(c))
	}
	require.NoError(t, w.Close())
	r := csv.NewReader(&buf)
	r.FieldsPerRecord = 7
	rows, err := r.ReadAll()
	require.NoError(t, err)
	return rows
}

func TestCSV(t *testing.T) {
	t.Parallel()
	t.Run("HeaderAndOrder", func(t *testing.T) {
		t.Parallel()
		rows := writeCSV(t, sampleCard(7))
		require.Equal(t, strings.Split("serial,code,price,currency,valid_till,series,status", ","), rows[0])
		require.Equal(t, []string{"7", sampleCard(7).Code, "10.00", "USD", "2027-12-31", "202611", "active"}, rows[1])
	})
	t.Run("NoCards", func(t *testing.T) {
		t.Parallel()
		require.Len(t, writeCSV(t), 1)
	})
	t.Run("ManyCardsKeepTheirOrder", func(t *testing.T) {
		t.Parallel()
		cards := make([]render.Card, 5000) // more than one buffer
		for i := range cards {
			cards[i] = sampleCard(int64(i + 1))
		}
		rows := writeCSV(t, cards...)
		require.Len(t, rows, 5001)
		for i, c := range cards {
			require.Equal(t, c.Code, rows[i+1][1])
		}
	})
}

func TestCSVHostileCells(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, cell, want string }{
		{"Comma", "a,b", "a,b"},
		{"Quote", `say "hi"`, `say "hi"`},
		{"OnlyQuotes", `""`, `""`},
		{"LineFeed", "a\nb", "a\nb"},
		{"LeadingSpace", " a", " a"},
		{"Cyrillic", "Карта № 1", "Карта № 1"},
		{"Formula", "=1+1", "'=1+1"},
		{"Plus", "+49", "'+49"},
		{"Minus", "-1", "'-1"},
		{"At", "@SUM(A1)", "'@SUM(A1)"},
		{"Tab", "\t=1", "'\t=1"},
		{"CarriageReturn", "\r=1", "'\r=1"},
		{"FormulaWithQuotes", `=HYPERLINK("http://x","y")`, `'=HYPERLINK("http://x","y")`},
		{"EqualsInside", "a=b", "a=b"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := sampleCard(1)
			c.Code, c.Status = tc.cell, tc.cell
			row := writeCSV(t, c)[1]
			require.Equal(t, tc.want, row[1])
			require.Equal(t, tc.want, row[6])
		})
	}
}

func TestCSVReportsAFullDisk(t *testing.T) {
	t.Parallel()
	w, err := render.NewCSV(&fullDisk{left: 100_000})
	require.NoError(t, err)
	var failed error
	for i := int64(1); i <= 10_000 && failed == nil; i++ {
		failed = w.Write(sampleCard(i))
	}
	require.ErrorIs(t, failed, errDisk)
	require.ErrorIs(t, w.Write(sampleCard(1)), errDisk, "the error stays")
	require.ErrorIs(t, w.Close(), errDisk, "a file with a hole is never finished")
	require.NotContains(t, failed.Error(), "K7QP")
}

// FuzzCSVCell compares the appender with encoding/csv: whatever a cell contains, the reader
// returns one record with that cell, and the cell never starts a formula.
func FuzzCSVCell(f *testing.F) {
	for _, s := range []string{"", "a", "=1", `"`, "a\r\nb", ",", "\t", " \"", "'=", "\xff", "é"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, code, status string) {
		c := sampleCard(1)
		c.Code, c.Status = code, status
		row := writeCSV(t, c)[1]
		for i, cell := range map[int]string{1: code, 6: status} {
			want := cell
			if want != "" && strings.ContainsRune("=+-@\t\r", rune(want[0])) {
				want = "'" + want
			}
			// encoding/csv converts CR LF inside quotes to LF.
			require.Equal(t, strings.ReplaceAll(want, "\r\n", "\n"), row[i])
		}
	})
}

func BenchmarkCSV(b *testing.B) {
	card := sampleCard(123456)
	var count countingWriter
	w, err := render.NewCSV(&count)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Write(card); err != nil {
			b.Fatal(err)
		}
	}
	require.NoError(b, w.Close())
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "cards/s")
	b.ReportMetric(float64(count)/float64(b.N), "bytes/card")
}

// countingWriter counts the bytes and discards them.
type countingWriter int64

func (c *countingWriter) Write(p []byte) (int, error) {
	*c += countingWriter(len(p))
	return len(p), nil
}

var _ io.Writer = (*countingWriter)(nil)
