package tableflow_test

import (
	"archive/zip"
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/importfile"
	"refill/internal/tableflow"
	"refill/internal/tableimport"
)

// merged is a workbook of two headings and two rows, with cells merged.
func merged(t *testing.T, merges string) []byte {
	t.Helper()
	row := func(n, a, b string) string {
		return `<row r="` + n + `"><c r="A` + n + `" t="inlineStr"><is><t>` + a + `</t></is></c><c r="B` + n + `" t="inlineStr"><is><t>` + b + `</t></is></c></row>`
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range map[string]string{
		"xl/workbook.xml":            `<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Cards" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="r1" Target="worksheets/s.xml"/></Relationships>`,
		"xl/worksheets/s.xml": `<worksheet><sheetData>` + row("1", "Our cards", "") + row("2", "code", "price") + row("3", "AAAABBBB0001", "10") + row("4", "AAAABBBB0002", "") +
			`</sheetData><mergeCells>` + merges + `</mergeCells></worksheet>`,
	} {
		w, err := z.Create(name)
		require.NoError(t, err)
		_, err = io.WriteString(w, text)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

// A price in a merged cell is in the first row only; the other rows would be read as cards
// without a price.
func TestMergedRowsAreRefused(t *testing.T) {
	t.Parallel()
	schema := tableimport.Schema{Currency: "USD", Fields: []tableimport.Field{{Name: "code", Kind: tableimport.Code, Required: true, Headings: tableimport.HeadCode}}}
	for merges, want := range map[string]error{
		`<mergeCell ref="B3:B4"/>`: importfile.ErrMerged, `<mergeCell ref="A1:B1"/>`: nil, `<mergeCell ref="A1:A2"/>`: nil, `<mergeCell ref="A3:B3"/>`: nil,
	} {
		file := merged(t, merges)
		_, err := tableflow.LookAt(bytes.NewReader(file), int64(len(file)), "", schema)
		if want == nil {
			require.NoError(t, err, merges)
		} else {
			require.ErrorIs(t, err, want, merges)
		}
	}
}
