package importfile_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/importfile"
)

// formatted returns the text that is read from a workbook with one number in a format.
func formatted(t *testing.T, number, format string, id int) string {
	t.Helper()
	book := workbook()
	formats := ""
	if format != "" {
		id = 170
		formats = `<numFmts><numFmt numFmtId="170" formatCode="` + strings.NewReplacer("&", "&amp;", `"`, "&quot;", "<", "&lt;").Replace(format) + `"/></numFmts>`
	}
	book["xl/styles.xml"] = fmt.Sprintf(`<styleSheet>%s<cellXfs><xf numFmtId="0"/><xf numFmtId="%d"/></cellXfs></styleSheet>`, formats, id)
	book["xl/worksheets/cards.xml"] = `<worksheet><sheetData><row><c s="1"><v>` + number + `</v></c></row></sheetData></worksheet>`
	got, err := read(t, sheet(t, book))
	require.NoError(t, err)
	require.Len(t, got, 1)
	return strings.TrimPrefix(got[0], "1 ")
}

// A number is read as its format shows it, if the format shows a date, a time, a currency
// or a pattern of zeros. Other texts, colours and conditions in a format have no effect.
func TestNumberFormats(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ number, format, want string }{
		{"10", `#,##0.00\ "USD"`, "10 USD"},
		{"10", `"USD" #,##0.00`, "10 USD"},
		{"10.5", `[$€-407]\ #,##0.00`, "10.5 €"},
		{"10.5", `#,##0.00\ [$EUR]`, "10.5 EUR"},
		{"10", `#,##0.00;[Red]\-#,##0.00`, "10"},
		{"10", `[Red]#,##0.00`, "10"},
		{"10", `[Blue][>=5]0.00;[Red]0`, "10"},
		{"10", `0 "days"`, "10"},
		{"10", `0\d`, "10"},
		{"10", `0" yd"`, "10"},
		{"10", `_(* #,##0.00_);_(* \(#,##0.00\)`, "10"},
		{"10", `General`, "10"},
		{"10", `General "days"`, "10"},
		{"1234567", `0.00E+00`, "1234567"},
		{"12345678", `000000000000`, "000012345678"},
		{"12345678", `0000\-0000\-0000`, "0000-1234-5678"},
		{"12345678", `0000-0000-0000`, "0000-1234-5678"},
		{"482915663012", `0000" "0000" "0000`, "4829 1566 3012"},
		{"12345678", `"RF-"00000000`, "RF-12345678"},
		{"1234567890123", `0000`, "1234567890123"},
		{"1.2345678E7", `000000000000`, "000012345678"},
		{"12345678", `0`, "12345678"},
		{"0.30000000000000004", `0.00`, "0.3"},
		{"1.2345678901234568E+15", `000000000000`, "1.23456789012346E+15"},
		{"1.2345678901234568E+15", `General`, "1.23456789012346E+15"},
		{"1234567890123456", `General`, "1234567890123456"},
		{"46568", `[$-409]d\-mmm\-yy;@`, "2027-06-30"},
		{"46568", `dd/mm/yyyy`, "2027-06-30"},
		{"46568", `[$-F800]dddd\,\ mmmm\ dd\,\ yyyy`, "2027-06-30"},
		{"46568", `mmm\-yy`, "2027-06-30"},
		{"46568", `yyyy"年"m"月"d"日"`, "2027-06-30"},
		{"46568", `[$-411]ge.m.d`, "2027-06-30"},
		{"46568", `m/d`, "2027-06-30"},
		{"46568", `[Red]dd.mm.yyyy`, "2027-06-30"},
		{"46568.5", `dd.mm.yyyy\ hh:mm`, "2027-06-30 12:00:00"},
		{"46568.75", `m/d/yyyy h:mm AM/PM`, "2027-06-30 18:00:00"},
		{"46568.999999999", `yyyy-mm-dd hh:mm:ss`, "2027-07-01 00:00:00"},
		{"1.5", `[h]:mm:ss`, "36:00:00"},
		{"0.5", `h:mm`, "12:00:00"},
		{"482915663012", `dd.mm.yyyy`, "482915663012"},
		{"TRUE", `0`, "TRUE"},
	} {
		require.Equal(t, c.want, formatted(t, c.number, c.format, 0), "%s in %s", c.number, c.format)
	}
	for id, want := range map[int]string{
		0: "46568", 1: "46568", 2: "46568", 4: "46568", 14: "2027-06-30", 17: "2027-06-30", 22: "2027-06-30 00:00:00",
		27: "2027-06-30", 31: "2027-06-30", 36: "2027-06-30", 37: "46568", 44: "46568", 46: "1117632:00:00", 49: "46568", 50: "2027-06-30", 58: "2027-06-30", 59: "46568",
	} {
		require.Equal(t, want, formatted(t, "46568", "", id), "format %d", id)
	}
}

// Booleans, errors, results of formulas and ISO dates are read as a sheet shows them.
func TestKindsOfCells(t *testing.T) {
	t.Parallel()
	book := workbook()
	book["xl/worksheets/cards.xml"] = `<worksheet><sheetData><row><c t="b"><v>1</v></c><c t="b"><v>0</v></c><c t="e"><v>#VALUE!</v></c><c t="str"><f>A1</f><v>AB12</v></c>` +
		`<c t="d"><v>2027-06-30</v></c><c><f>1+1</f><v>2</v></c><c t="str"><v/></c><c s="1"><v>46568</v></c><c t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c></row></sheetData></worksheet>`
	file := sheet(t, book)
	rows, err := importfile.Open(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	row, err := rows.Next()
	require.NoError(t, err)
	require.Equal(t, []string{"TRUE", "FALSE", "#VALUE!", "AB12", "2027-06-30", "2", "", "2027-06-30", "ab"}, row.Cells)
	require.Equal(t, []importfile.CellKind{
		importfile.CellBool, importfile.CellBool, importfile.CellError, importfile.CellText, importfile.CellDate,
		importfile.CellNumber, importfile.CellText, importfile.CellDate, importfile.CellText,
	}, row.Kinds)
}

// The sheet that is read is the one named in the options, or the first visible sheet that
// has rows.
func TestSheets(t *testing.T) {
	t.Parallel()
	book := workbook()
	book["xl/workbook.xml"] = `<workbook xmlns:r="http://purl.oclc.org/ooxml/officeDocument/relationships"><sheets><sheet name="Old" state="hidden" r:id="r1"/><sheet name="Cover" r:id="r2"/>` +
		`<sheet name="Chart" r:id="r5"/><sheet name="Cards &amp; more" r:id="r3"/><sheet name="Deep" state="veryHidden" r:id="r4"/></sheets></workbook>`
	book["xl/_rels/workbook.xml.rels"] = `<Relationships><Relationship Id="r1" Target="worksheets/s1.xml"/><Relationship Id="r2" Target="/xl/worksheets/s2.xml"/><Relationship Id="r3" Target="worksheets/s3.xml"/>` +
		`<Relationship Id="r4" Target="worksheets/s4.xml"/><Relationship Id="r5" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/chartsheet" Target="chartsheets/c1.xml"/></Relationships>`
	one := func(text string) string {
		return `<worksheet><sheetData><row><c t="inlineStr"><is><t>` + text + `</t></is></c></row></sheetData></worksheet>`
	}
	book["xl/worksheets/s1.xml"], book["xl/worksheets/s2.xml"], book["xl/worksheets/s3.xml"], book["xl/worksheets/s4.xml"] = one("old"), one(""), one("cards"), one("deep")
	file := sheet(t, book)
	for wanted, want := range map[string]string{"": "Cards & more cards", "Old": "Old old", "Deep": "Deep deep"} {
		table, err := importfile.OpenTable(bytes.NewReader(file), int64(len(file)), importfile.Options{Sheet: wanted})
		require.NoError(t, err)
		require.Equal(t, []importfile.Sheet{{"Old", true}, {"Cover", false}, {"Cards & more", false}, {"Deep", true}}, table.Sheets())
		row, err := table.Next()
		require.NoError(t, err)
		require.Equal(t, want, table.Sheet()+" "+row.Cells[0])
	}
	_, err := importfile.OpenTable(bytes.NewReader(file), int64(len(file)), importfile.Options{Sheet: "Chart"})
	require.ErrorIs(t, err, importfile.ErrSheet)
}
