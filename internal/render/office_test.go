package render_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"refill/internal/importfile"
	"refill/internal/render"
)

// hostile are texts that a spreadsheet would run as formulas or convert.
func hostile() []string {
	return []string{
		"=1+1", "+1", "-1", "@SUM(1+1)", "=cmd|' /C calc'!A0", "\t=1+1", "\r=1+1", `=HYPERLINK("http://evil.example","y")`, "=1+1;2", "'=1+1", "＝1+1", " =1+1", "=1\n+1",
		"-2+3+cmd|' /C calc'!A0", `=IMPORTXML("http://evil.example","//a")`, "%0A=1+1", `",=1+1`,
	}
}

// officeCSV are the options of LibreOffice for CSV: commas, quotes, UTF-8, with detection
// of numbers and formulas.
const officeCSV = "44,34,76,1,,0,false,true,false,false,false,0,true"

// office converts files with LibreOffice and returns the folder of the results.
func office(t *testing.T, to string, files ...string) string {
	t.Helper()
	if to == "csv" {
		to = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true"
	}
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	args := []string{"--headless", "--norestore", "-env:UserInstallation=file://" + filepath.Join(dir, "profile"), "--convert-to", to, "--outdir", dir}
	if filepath.Ext(files[0]) == ".csv" {
		args = append(args, "--infilter=CSV:"+officeCSV)
	}
	said, err := exec.CommandContext(ctx, "soffice", append(args, files...)...).CombinedOutput()
	require.NoError(t, err, string(said))
	return dir
}

// inBook reads the first sheet of a workbook. A formula anywhere fails the test.
func inBook(t *testing.T, file string) [][]string {
	t.Helper()
	book, err := excelize.OpenFile(file)
	require.NoError(t, err)
	defer book.Close() //nolint:errcheck // only read
	name := book.GetSheetName(0)
	rows, err := book.GetRows(name, excelize.Options{RawCellValue: true})
	require.NoError(t, err)
	for i, row := range rows {
		for j, text := range row {
			cell, err := excelize.CoordinatesToCellName(j+1, i+1)
			require.NoError(t, err)
			formula, err := book.GetCellFormula(name, cell)
			require.NoError(t, err)
			require.Empty(t, formula, "%s holds %q", cell, text)
		}
	}
	return rows
}

// imported reads a file as the import of cards does.
func imported(t *testing.T, file string) [][]string {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	rows, err := importfile.Open(bytes.NewReader(content), int64(len(content)))
	require.NoError(t, err)
	var all [][]string
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		all = append(all, append([]string(nil), row.Cells...))
	}
}

// A file of this package survives opening and saving in a spreadsheet: no cell runs as a
// formula, and serials and codes stay unchanged.
func TestOfficeRoundTrip(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("soffice"); err != nil {
		t.Skip("no LibreOffice here; .ci/setup test installs it where it can")
	}
	dir := t.TempDir()
	write := func(name string, fill func(w io.Writer)) string {
		file, err := os.Create(filepath.Join(dir, name))
		require.NoError(t, err)
		fill(file)
		require.NoError(t, file.Close())
		return file.Name()
	}
	codes := []string{"2345-6789-ABCD-EFGH", "5724-0000-0000-0000-0000-0", "0000-0000-0001", "1E5-2345-6789-ABCD-EFGH", "202201-QuickAccess-irfUPbEZ", "=1+1-abc", "-1-abcdef", "@SUM(A1)"}
	cards := write("cards.csv", func(w io.Writer) {
		out, err := render.NewCSV(w)
		require.NoError(t, err)
		for i, code := range codes {
			c := sampleCard(int64(i + 1_000_000))
			c.Code = code
			require.NoError(t, out.Write(c))
		}
		require.NoError(t, out.Close())
	})
	table := func(format render.TableFormat) string {
		return write("table-"+string(format)+"."+string(format), func(w io.Writer) {
			out, err := render.NewTable(w, format, []render.Column{{Name: "N", Kind: render.ColumnNumber}, {Name: "Text"}})
			require.NoError(t, err)
			for i, text := range hostile() {
				require.NoError(t, out.Row(i+1_000_000, text))
			}
			require.NoError(t, out.Close())
		})
	}
	asCSV, asXLSX := table(render.TableCSV), table(render.TableXLSX)

	armed := write("armed.csv", func(w io.Writer) {
		_, err := io.WriteString(w, "n,text\n1,=1+1\n")
		require.NoError(t, err)
	})

	books := office(t, "xlsx", cards, asCSV, armed)
	book, err := excelize.OpenFile(filepath.Join(books, "armed.xlsx"))
	require.NoError(t, err)
	defer book.Close() //nolint:errcheck // only read
	formula, err := book.GetCellFormula(book.GetSheetName(0), "B2")
	require.NoError(t, err)
	require.Equal(t, "1+1", formula, "what is not disarmed does run")
	for i, row := range inBook(t, filepath.Join(books, "cards.xlsx"))[1:] {
		require.Equal(t, strconv.Itoa(i+1_000_000), row[0])
		require.Equal(t, codes[i], strings.TrimPrefix(row[1], "'"), "a code is text, whole")
	}
	for i, row := range imported(t, filepath.Join(books, "cards.xlsx"))[1:] {
		require.Equal(t, []string{strconv.Itoa(i + 1_000_000), codes[i]}, row[:2], "and comes back as it was")
	}
	plain := func(text string) string { return strings.Join(strings.Fields(strings.TrimPrefix(text, "'")), " ") }
	for _, file := range []string{filepath.Join(books, "table-csv.xlsx"), filepath.Join(office(t, "xlsx", asXLSX), "table-xlsx.xlsx")} {
		for i, row := range inBook(t, file)[1:] {
			require.Equal(t, strconv.Itoa(i+1_000_000), row[0], file)
			require.Equal(t, plain(hostile()[i]), plain(row[1]), file)
		}
	}

	tables := office(t, "csv", filepath.Join(books, "cards.xlsx"), asXLSX)
	for i, row := range imported(t, filepath.Join(tables, "cards.csv"))[1:] {
		require.Equal(t, []string{strconv.Itoa(i + 1_000_000), codes[i]}, row[:2])
	}
	content, err := os.Open(filepath.Join(tables, "table-xlsx.csv"))
	require.NoError(t, err)
	defer content.Close() //nolint:errcheck // only read
	rows, err := csv.NewReader(content).ReadAll()
	require.NoError(t, err)
	for i, row := range rows[1:] {
		require.Equal(t, plain(hostile()[i]), plain(row[1]), "shown as it was written, not as what it would come to")
	}
}
