package render_test

import (
	"bytes"
	"encoding/csv"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"refill/internal/money"
	"refill/internal/render"
)

var tableColumns = []render.Column{
	{Name: "Name"},
	{Name: "Cards", Kind: render.ColumnNumber},
	{Name: "Sum", Kind: render.ColumnMoney},
	{Name: "Day", Kind: render.ColumnDate},
	{Name: "At", Kind: render.ColumnTime},
}

func writeTable(t *testing.T, format render.TableFormat, rows ...[]any) *bytes.Buffer {
	t.Helper()
	var file bytes.Buffer
	w, err := render.NewTable(&file, format, tableColumns)
	require.NoError(t, err)
	for _, row := range rows {
		require.NoError(t, w.Row(row...))
	}
	require.NoError(t, w.Close())
	return &file
}

func tableRow(name string) []any {
	at := time.Date(2026, 3, 29, 23, 30, 15, 0, time.FixedZone("CEST", 7200))
	return []any{name, int64(1234567), money.Amount{Minor: -123456789, Currency: "USD"}, at, at}
}

func TestTableCSV(t *testing.T) {
	t.Parallel()
	rows, err := csv.NewReader(writeTable(t, render.TableCSV, tableRow(`Müller, "M"`), []any{nil, nil, nil, nil, nil})).ReadAll()
	require.NoError(t, err)
	require.Equal(t, [][]string{
		{"Name", "Cards", "Sum", "Day", "At"},
		{`Müller, "M"`, "1234567", "-1234567.89", "2026-03-29", "2026-03-29T23:30:15+02:00"},
		{"", "", "", "", ""},
	}, rows)
}

func TestTableXLSX(t *testing.T) {
	t.Parallel()
	names := []string{"Müller & <Söhne>", " blanks ", "=1+1", "007", "_x0041_", "a\nb\tc", "Карта № 1", "\x01bell"}
	var rows [][]any
	for _, name := range names {
		rows = append(rows, tableRow(name))
	}
	book, err := excelize.OpenReader(writeTable(t, render.TableXLSX, rows...))
	require.NoError(t, err)
	defer book.Close() //nolint:errcheck // only read
	got, err := book.GetRows("Sheet1")
	require.NoError(t, err)
	require.Equal(t, []string{"Name", "Cards", "Sum", "Day", "At"}, got[0])
	for i, name := range names {
		require.Equal(t, []string{name, "1,234,567", "-1,234,567.89", "2026-03-29", "2026-03-29 23:30:15"}, got[i+1])
	}
	raw, err := book.GetCellValue("Sheet1", "C2", excelize.Options{RawCellValue: true})
	require.NoError(t, err)
	require.Equal(t, "-1234567.89", raw)
	formula, err := book.GetCellFormula("Sheet1", "A4")
	require.NoError(t, err)
	require.Empty(t, formula)
	panes, err := book.GetPanes("Sheet1")
	require.NoError(t, err)
	require.True(t, panes.Freeze)
	require.Equal(t, 1, panes.YSplit)
}

// Amounts have the decimals of their currency in a workbook.
func TestTableXLSXDecimals(t *testing.T) {
	t.Parallel()
	var rows [][]any
	for _, code := range []string{"JPY", "XCD", "KWD", "CLF"} {
		row := tableRow(code)
		row[2] = money.Amount{Minor: 12345678, Currency: code}
		rows = append(rows, row)
	}
	book, err := excelize.OpenReader(writeTable(t, render.TableXLSX, rows...))
	require.NoError(t, err)
	defer book.Close() //nolint:errcheck // only read
	for i, want := range []string{"12,345,678", "123,456.78", "12,345.678", "1,234.5678"} {
		got, err := book.GetCellValue("Sheet1", "C"+strconv.Itoa(i+2))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestTableDisarmsFormulas(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "  =1", "\u00a0@x", "\u200b=1", "＝1", "＋1", "－1", "＠x"} {
		rows, err := csv.NewReader(writeTable(t, render.TableCSV, tableRow(s))).ReadAll()
		require.NoError(t, err)
		require.Equal(t, "'"+s, rows[1][0], "%q", s)
	}
	for _, s := range []string{"a=b", "1-2", "Nord", "", " x"} {
		rows, err := csv.NewReader(writeTable(t, render.TableCSV, tableRow(s))).ReadAll()
		require.NoError(t, err)
		require.Equal(t, s, rows[1][0])
	}
}

func TestTableRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	for _, format := range []render.TableFormat{render.TableCSV, render.TableXLSX} {
		w, err := render.NewTable(&bytes.Buffer{}, format, tableColumns)
		require.NoError(t, err)
		require.Error(t, w.Row("only one"))
		require.Error(t, w.Row(tableRow("later")...), "the error stays")
		require.Error(t, w.Close(), "a file with a hole is never finished")

		w, err = render.NewTable(&bytes.Buffer{}, format, tableColumns)
		require.NoError(t, err)
		wrong := tableRow("x")
		wrong[2] = "12.00"
		require.ErrorContains(t, w.Row(wrong...), "Sum")

		w, err = render.NewTable(&fullDisk{left: 100_000}, format, tableColumns)
		require.NoError(t, err)
		for i := 0; i < 100_000 && err == nil; i++ {
			err = w.Row(tableRow(strings.Repeat("x", i%50))...)
		}
		require.ErrorIs(t, err, errDisk)
		require.ErrorIs(t, w.Close(), errDisk)
	}
	_, err := render.NewTable(&bytes.Buffer{}, "doc", tableColumns)
	require.Error(t, err)
}

// Memory does not grow with the rows, and a full sheet continues in another.
//
//nolint:paralleltest // it measures the memory of the process
func TestTableXLSXOfAMillionRows(t *testing.T) {
	if testing.Short() {
		t.Skip("a million rows")
	}
	var size countingWriter
	w, err := render.NewTable(&size, render.TableXLSX, []render.Column{{Name: "N", Kind: render.ColumnNumber}})
	require.NoError(t, err)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range 1 << 20 {
		require.NoError(t, w.Row(i))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.NoError(t, w.Close())
	require.Less(t, after.HeapAlloc, before.HeapAlloc+16<<20)
	require.Positive(t, int64(size))
}

// Every text can be read back unchanged from both kinds of file, and neither runs it.
func FuzzTableText(f *testing.F) {
	for _, text := range []string{"=1", "\t@x", "\u200b=1", "＝1", "a\r\nb", "\x00\x1b", "\xff\xfe", "_x000D_", "]]>&<", "'=", " x "} {
		f.Add(text)
	}
	columns := []render.Column{{Name: "T"}, {Name: "End"}}
	f.Fuzz(func(t *testing.T, text string) {
		var b bytes.Buffer
		w, err := render.NewTable(&b, render.TableCSV, columns)
		require.NoError(t, err)
		require.NoError(t, w.Row(text, "end"))
		require.NoError(t, w.Close())
		rows, err := csv.NewReader(&b).ReadAll()
		require.NoError(t, err)
		require.Len(t, rows, 2)
		require.Equal(t, "end", rows[1][1])
		whole := strings.ReplaceAll(text, "\r\n", "\n") // encoding/csv returns it so
		require.Contains(t, []string{whole, "'" + whole}, rows[1][0])
		require.NotRegexp(t, "^[=+@\t\r-]", rows[1][0])

		b.Reset()
		w, err = render.NewTable(&b, render.TableXLSX, columns)
		require.NoError(t, err)
		require.NoError(t, w.Row(text, "end"))
		require.NoError(t, w.Close())
		book, err := excelize.OpenReader(&b)
		require.NoError(t, err)
		defer book.Close() //nolint:errcheck // only read
		formula, err := book.GetCellFormula("Sheet1", "A2")
		require.NoError(t, err)
		require.Empty(t, formula)
		end, err := book.GetCellValue("Sheet1", "B2")
		require.NoError(t, err)
		require.Equal(t, "end", end)
	})
}

func BenchmarkTable(b *testing.B) {
	for _, format := range []render.TableFormat{render.TableCSV, render.TableXLSX} {
		b.Run(string(format), func(b *testing.B) {
			var size countingWriter
			w, err := render.NewTable(&size, format, append(tableColumns, render.Column{Name: "x"}, render.Column{Name: "y"}, render.Column{Name: "z"}))
			require.NoError(b, err)
			row := append(tableRow("Partner North"), "202611", "active", "Customer Name")
			b.ReportAllocs()
			for b.Loop() {
				if err := w.Row(row...); err != nil {
					b.Fatal(err)
				}
			}
			require.NoError(b, w.Close())
		})
	}
}
