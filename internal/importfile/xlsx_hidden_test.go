package importfile_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/importfile"
)

func table(t *testing.T, rows string) *importfile.Table {
	t.Helper()
	book := workbook()
	book["xl/worksheets/cards.xml"] = `<worksheet><sheetData>` + rows + `</worksheet>`
	file := sheet(t, book)
	got, err := importfile.OpenTable(bytes.NewReader(file), int64(len(file)), importfile.Options{})
	require.NoError(t, err)
	return got
}

// A formula without a stored result is read as an error, not as an empty cell. Programs
// that write workbooks leave the calculation to the spreadsheet.
func TestFormulasWithoutResult(t *testing.T) {
	t.Parallel()
	rows := table(t, `<row r="1"><c r="A1"><f>B1*2</f></c><c r="B1"><f>B1*2</f><v></v></c><c r="C1"><f>B1*2</f><v/></c>`+
		`<c r="D1"><f>B1*2</f><v>20</v></c><c r="E1" t="str"><f>IF(A1,"","x")</f><v></v></c><c r="F1"/><c r="G1"><f ca="1"/></c><c r="H1" t="str"><f>A1</f></c></row></sheetData>`)
	row, err := rows.Next()
	require.NoError(t, err)
	require.Equal(t, []string{"#CALC!", "#CALC!", "#CALC!", "20", "", "", "#CALC!", "#CALC!"}, row.Cells)
	require.Equal(t, []importfile.CellKind{
		importfile.CellError, importfile.CellError, importfile.CellError, importfile.CellNumber, importfile.CellText, importfile.CellText, importfile.CellError, importfile.CellError,
	}, row.Kinds)
}

// A row that a filter or a person has hidden is marked as hidden.
func TestHiddenRows(t *testing.T) {
	t.Parallel()
	rows := table(t, `<row r="1"><c><v>1</v></c></row><row r="2" hidden="1"><c><v>2</v></c></row><row r="3" hidden="true"><c><v>3</v></c></row><row r="4" hidden="0"><c><v>4</v></c></row></sheetData>`)
	var hidden []bool
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		hidden = append(hidden, row.Hidden)
	}
	require.Equal(t, []bool{false, true, true, false}, hidden)
}

// After the rows have been read, the last row of merged cells is known.
func TestMergedRows(t *testing.T) {
	t.Parallel()
	for merges, last := range map[string]int32{
		``: 0, `<mergeCells><mergeCell ref="A1:F1"/></mergeCells>`: 0, `<mergeCells count="2"><mergeCell ref="B2:B7"/><mergeCell ref="A1:C3"/></mergeCells>`: 7,
		`<mergeCells><mergeCell ref="nonsense"/><mergeCell ref="B9:B8"/><mergeCell/></mergeCells>`: 0,
	} {
		rows := table(t, `<row r="1"><c><v>1</v></c></row></sheetData>`+merges)
		for {
			if _, err := rows.Next(); err != nil {
				require.ErrorIs(t, err, io.EOF)
				break
			}
		}
		require.Equal(t, last, rows.Merged(), merges)
	}
}

// A percentage is read with its sign, because 10 % is not an amount of 0.10.
func TestPercentages(t *testing.T) {
	t.Parallel()
	require.Equal(t, "10 %", formatted(t, "0.1", "", 9))
	require.Equal(t, "12.5 %", formatted(t, "0.125", "", 10))
	require.Equal(t, "7 %", formatted(t, "7.0000000000000007E-2", "0.00%", 0))
	require.Equal(t, "10", formatted(t, "10", `0" % off"`, 0), "a text in quotes is no sign")
}

// HTML, XML and JSON are refused. As tables, each of their lines would be a code.
func TestTextThatIsNoTable(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"<html><table><tr><td>AAAABBBB0001</td></tr></table></html>", "\ufeff\r\n  <!DOCTYPE html>\n<table>", "<table border=1>\n<tr>", "<?xml version=\"1.0\"?>\n<Workbook>",
		"[\n{\"code\":\"AAAABBBB0001\"},\n{\"code\":\"AAAABBBB0002\"}]", "[{\"code\":1}]", "[[\"code\"],[\"x\"]]", "{\n  \"vouchers\": []\n}", "[\"AAAABBBB0001\",\n\"AAAABBBB0002\"]",
	} {
		_, err := importfile.OpenTable(strings.NewReader(text), int64(len(text)), importfile.Options{})
		require.ErrorIs(t, err, importfile.ErrKind, text)
	}
	for _, text := range []string{"<code>,price\nAAAA,1\n", "[vouchers]\ncode,price\n", "{x},y\n", "< 5,6\n"} {
		_, err := importfile.OpenTable(strings.NewReader(text), int64(len(text)), importfile.Options{})
		require.NoError(t, err, text)
	}
}
