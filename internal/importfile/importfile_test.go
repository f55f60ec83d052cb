package importfile_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"refill/internal/fault"
	"refill/internal/importfile"
)

// read returns every row of a file, cells joined by a bar.
func read(t *testing.T, file []byte) ([]string, error) {
	t.Helper()
	rows, err := importfile.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	var all []string
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, fmt.Sprintf("%d %s", row.Number, strings.Join(row.Cells, "|")))
	}
}

// wide is the table of TestCSV in UTF-16.
func wide(bigEndian, mark bool) []byte {
	var b []byte
	units := utf16.Encode([]rune("code;price\naé;5,0\n;\nb;\n"))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	for _, u := range units {
		if bigEndian {
			b = binary.BigEndian.AppendUint16(b, u)
		} else {
			b = binary.LittleEndian.AppendUint16(b, u)
		}
	}
	return b
}

func TestCSV(t *testing.T) {
	t.Parallel()
	want := []string{"1 code|price", "2 aé|5,0", "4 b|"}
	for name, file := range map[string][]byte{
		"semicolons":               []byte("code;price\naé;5,0\n;\nb;\n"),
		"tabs, CRLF":               []byte("code\tprice\r\naé\t5,0\r\n\t\r\nb\t\r\n"),
		"commas, quotes":           []byte("code,price\n\"aé\",\"5,0\"\n,\nb,\n"),
		"a mark":                   []byte("\xef\xbb\xbfcode;price\naé;5,0\n;\nb;\n"),
		"Windows":                  []byte("code;price\na\xe9;5,0\n;\nb;\n"),
		"UTF-16":                   wide(false, true),
		"UTF-16 without mark":      wide(false, false),
		"UTF-16, big end first":    wide(true, true),
		"big end first, no mark":   wide(true, false),
		"spaces round the cells":   []byte("code ; price\n aé; 5,0\n;\nb;\n"),
		"formulas that were tamed": []byte("code;price\naé;'-x\n"),
		"what is no text":          []byte("code;price\naé;5\x07\x1b[0\n"),
		"a cell that is too long":  []byte("code;price\naé;" + strings.Repeat("é", 400) + "\n"),
	} {
		got, err := read(t, file)
		require.NoError(t, err, name)
		if one, other := map[string]string{
			"formulas that were tamed": "2 aé|-x", "what is no text": "2 aé|5\ufffd\ufffd[0", "a cell that is too long": "2 aé|" + strings.Repeat("é", 250),
		}[name]; other {
			require.Equal(t, one, got[1])
			continue
		}
		require.Equal(t, want, got, name)
	}
}

// sheet is a small workbook with the parts given.
func sheet(tb testing.TB, parts map[string]string) []byte {
	tb.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range parts {
		w, err := z.Create(name)
		require.NoError(tb, err)
		_, err = io.WriteString(w, text)
		require.NoError(tb, err)
	}
	require.NoError(tb, z.Close())
	return b.Bytes()
}

func workbook() map[string]string {
	return map[string]string{
		"xl/workbook.xml":            `<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Cards" r:id="rId7"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId7" Target="worksheets/cards.xml"/></Relationships>`,
		"xl/styles.xml":              `<styleSheet><numFmts><numFmt numFmtId="165" formatCode="dd\.mm\.yyyy"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="165"/></cellXfs></styleSheet>`,
		"xl/sharedStrings.xml":       `<sst><si><t>code</t></si><si><r><t>ab</t></r><r><t>cd</t></r><rPh><t>x</t></rPh></si></sst>`,
		"xl/worksheets/cards.xml": `<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="inlineStr"><is><t>price</t></is></c></row>` +
			`<row r="3"><c r="A3" t="s"><v>1</v></c><c r="B3" s="1"><v>46022</v></c><c r="C3"><v>1.25E1</v></c><c r="D3" s="2"><v>46022.5</v></c><c r="E3"><v>123456789012</v></c></row></sheetData></worksheet>`,
	}
}

func TestXLSX(t *testing.T) {
	t.Parallel()
	got, err := read(t, sheet(t, workbook()))
	require.NoError(t, err)
	require.Equal(t, []string{"1 code||price", "3 abcd|2025-12-31|12.5|2025-12-31|123456789012"}, got)
}

// Cells refer to shared texts in any order, and there may be many.
func TestSharedTexts(t *testing.T) {
	t.Parallel()
	const n = 5000
	var texts, cells strings.Builder
	for i := range n {
		fmt.Fprintf(&texts, "<si><t>%d %s</t></si>", i, strings.Repeat("x", 400))
		fmt.Fprintf(&cells, `<row><c t="s"><v>%d</v></c><c t="s"><v>%d</v></c></row>`, (i+10)%n, n-1-i)
	}
	book := workbook()
	book["xl/sharedStrings.xml"] = "<sst>" + texts.String() + "</sst>"
	book["xl/worksheets/cards.xml"] = "<worksheet><sheetData>" + cells.String() + "</sheetData></worksheet>"
	got, err := read(t, sheet(t, book))
	require.NoError(t, err)
	require.Len(t, got, n)
	for i, row := range got {
		x := strings.Repeat("x", 400)
		require.Equal(t, fmt.Sprintf("%d %d %s|%d %s", i+1, (i+10)%n, x, n-1-i, x), row)
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	cut := workbook()
	cut["xl/worksheets/cards.xml"] = strings.TrimSuffix(cut["xl/worksheets/cards.xml"], "</row></sheetData></worksheet>")
	astray := workbook()
	astray["xl/sharedStrings.xml"] = `<sst><si><t>SECRET</t></si></sst>`
	for name, c := range map[string]struct {
		file []byte
		want error
	}{
		"nothing":         {nil, importfile.ErrEmpty},
		"an old workbook": {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on"), importfile.ErrKind},
		"a picture":       {[]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), importfile.ErrKind},
		"another archive": {sheet(t, map[string]string{"readme": "x"}), importfile.ErrKind},
		"cut off":         {sheet(t, cut), importfile.ErrBroken},
		"astray":          {sheet(t, astray), importfile.ErrBroken},
		"half an archive": {sheet(t, workbook())[:300], importfile.ErrBroken},
		"too wide":        {[]byte(strings.Repeat("a,", 60) + "\n"), importfile.ErrWide},
		"too long":        {bytes.Repeat([]byte("a\n"), importfile.MaxRows+1), importfile.ErrTooMany},
	} {
		_, err := read(t, c.file)
		require.ErrorIs(t, err, c.want, name)
		require.NotContains(t, err.Error(), "SECRET", name)
	}
}

// Reading any file ends within the bounds and without a panic.
func FuzzOpen(f *testing.F) {
	f.Add([]byte("code;price\na;5\n"))
	f.Add([]byte("\xff\xfec\x00;\x00"))
	f.Add([]byte("\"a\"b\",,\n'=x"))
	f.Add(sheet(f, workbook()))
	f.Fuzz(func(t *testing.T, file []byte) {
		rows, err := importfile.Open(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return
		}
		for {
			row, err := rows.Next()
			if err != nil {
				return
			}
			require.LessOrEqual(t, len(row.Cells), importfile.MaxColumns)
			for _, cell := range row.Cells {
				require.LessOrEqual(t, len(cell), importfile.MaxCell)
				require.True(t, utf8.ValidString(cell), "%q", cell)
				require.NotContains(t, cell, "\x00", "the database takes none")
			}
		}
	})
}

// The same for what a workbook holds, inside an archive that is sound.
func FuzzSheet(f *testing.F) {
	book := workbook()
	f.Add(book["xl/worksheets/cards.xml"], book["xl/sharedStrings.xml"], book["xl/styles.xml"], book["xl/workbook.xml"])
	f.Add(`<worksheet><sheetData><row r="99999999999"><c r="ZZZZ1" t="s"><v>-1</v></c></row></sheetData></worksheet>`, `<sst><si/></sst>`, "", "")
	f.Add(`<row><c t="n" s="1"><v>1e309</v></c><c s="-1"><v>NaN</v></c><c t="b"><v>1</v></c>`, "<sst>", "<styleSheet>", `<workbook><workbookPr date1904="1"/></workbook>`)
	f.Fuzz(func(t *testing.T, cells, texts, styles, top string) {
		parts := workbook()
		parts["xl/worksheets/cards.xml"], parts["xl/sharedStrings.xml"], parts["xl/styles.xml"] = cells, texts, styles
		if top != "" {
			parts["xl/workbook.xml"] = top
			parts["xl/worksheets/sheet1.xml"] = cells
		}
		rows, err := read(t, sheet(t, parts))
		if err != nil {
			var refused *fault.Error
			require.ErrorAs(t, err, &refused)
		}
		for _, row := range rows {
			require.True(t, utf8.ValidString(row))
			require.NotContains(t, row, "\x00")
		}
	})
}
