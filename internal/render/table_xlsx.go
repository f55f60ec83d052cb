package render

import (
	"archive/zip"
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"

	"refill/internal/money"
)

// xlsxTable streams an Office Open XML workbook: first the rows, last the parts that
// describe them. It uses one buffer and no temporary file. excelize's stream writer takes
// 0.8 s and 60 MB for 100,000 rows of eight cells; this writer takes 0.2 s and 1 MB. The
// tests read its files with excelize.
type xlsxTable struct {
	zip     *zip.Writer
	w       *bufio.Writer
	columns []Column
	line    []byte
	row     int // of the sheet
	sheets  int
	err     error
}

// xlsxRows is the largest number of rows of a sheet; further rows begin another sheet.
const xlsxRows = 1 << 20

// xlsxText is the longest text of a cell, in UTF-16 units.
const xlsxText = 32767

// Styles of cells: indexes in cellXfs below.
const (
	xlsxPlain = iota
	xlsxHead
	xlsxWords
	xlsxNumber
	xlsxDate
	xlsxTime
	xlsxMoney // followed by the styles of money with 1, 2, 3 and 4 decimals
)

const xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

const sheetSpace = `"http://schemas.openxmlformats.org/spreadsheetml/2006/main"`

const xlsxStyles = xmlHead + `<styleSheet xmlns=` + sheetSpace + `><numFmts count="5">` +
	`<numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/><numFmt numFmtId="165" formatCode="yyyy\-mm\-dd\ hh:mm:ss"/>` +
	`<numFmt numFmtId="166" formatCode="#,##0.0"/><numFmt numFmtId="167" formatCode="#,##0.000"/><numFmt numFmtId="168" formatCode="#,##0.0000"/></numFmts>` +
	`<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
	`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
	`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
	`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="11">` +
	`<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
	`<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>` +
	`<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="3" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="3" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="166" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="167" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="168" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>`

// xlsxTypes declares every part as a sheet except the listed ones: readers expect this part
// first, and the number of sheets is known only at the end.
const xlsxTypes = xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
	`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
	`<Default Extension="xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>` +
	`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
	`<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>`

const relationSpace = `"http://schemas.openxmlformats.org/officeDocument/2006/relationships`

const xlsxRoot = xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
	`<Relationship Id="rId1" Type=` + relationSpace + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`

func newXLSXTable(w io.Writer, columns []Column) (*xlsxTable, error) {
	t := &xlsxTable{zip: zip.NewWriter(w), columns: columns}
	t.zip.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(out, flate.BestSpeed)
	})
	t.part("[Content_Types].xml", xlsxTypes)
	t.part("_rels/.rels", xlsxRoot)
	t.part("xl/styles.xml", xlsxStyles)
	t.openSheet()
	return t, t.err
}

// part writes a complete part of the package.
func (t *xlsxTable) part(name, text string) {
	if t.err != nil {
		return
	}
	w, err := t.zip.Create(name)
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	t.fail(err)
}

func (t *xlsxTable) fail(err error) {
	if err != nil && t.err == nil {
		t.err = fmt.Errorf("export: write a table: %w", err)
	}
}

// openSheet begins a sheet with a frozen header and the widths of the columns.
func (t *xlsxTable) openSheet() {
	if t.err != nil {
		return
	}
	t.sheets++
	t.row = 1
	w, err := t.zip.Create(fmt.Sprintf("xl/worksheets/sheet%d.xml", t.sheets))
	if err != nil {
		t.fail(err)
		return
	}
	t.w = bufio.NewWriterSize(w, csvFlush)
	b := append(t.line[:0], xmlHead+`<worksheet xmlns=`+sheetSpace+`><sheetViews><sheetView workbookViewId="0">`+
		`<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>`...)
	for i, c := range t.columns {
		b = fmt.Appendf(b, `<col min="%d" max="%d" width="%d" customWidth="1"/>`, i+1, i+1, c.width())
	}
	b = append(b, `</cols><sheetData><row r="1">`...)
	for i, c := range t.columns {
		b = appendXLSXText(b, cellName(i, 1), xlsxHead, c.Name)
	}
	t.write(append(b, `</row>`...))
}

// width returns the width of a column, in characters.
func (c Column) width() int {
	if c.Width > 0 {
		return c.Width
	}
	suits := map[ColumnKind]int{ColumnText: 20, ColumnNumber: 12, ColumnMoney: 16, ColumnDate: 12, ColumnTime: 20}
	return max(suits[c.Kind], min(utf8.RuneCountInString(c.Name)+2, 40))
}

func (t *xlsxTable) write(b []byte) {
	_, err := t.w.Write(b)
	t.fail(err)
	t.line = b[:0]
}

func (t *xlsxTable) closeSheet() {
	if t.err == nil {
		t.write(append(t.line[:0], `</sheetData></worksheet>`...))
	}
	if t.err == nil {
		t.fail(t.w.Flush())
	}
}

// Row implements TableWriter.
func (t *xlsxTable) Row(cells ...any) error {
	if t.err == nil && t.row == xlsxRows {
		t.closeSheet()
		t.openSheet()
	}
	if t.err != nil {
		return t.err
	}
	if len(cells) != len(t.columns) {
		t.err = fmt.Errorf("%w: %d cells for %d columns", errCell, len(cells), len(t.columns))
		return t.err
	}
	t.row++
	b := append(t.line[:0], `<row r="`...)
	b = append(strconv.AppendInt(b, int64(t.row), 10), `">`...)
	for i, cell := range cells {
		var ok bool
		if b, ok = appendXLSXCell(b, cellName(i, t.row), t.columns[i].Kind, cell); !ok {
			t.err = fmt.Errorf("%w: a %T in column %q", errCell, cell, t.columns[i].Name)
			return t.err
		}
	}
	t.write(append(b, `</row>`...))
	return t.err
}

// Close implements TableWriter.
func (t *xlsxTable) Close() error {
	t.closeSheet()
	var book, links strings.Builder
	book.WriteString(xmlHead + `<workbook xmlns=` + sheetSpace + ` xmlns:r=` + relationSpace + `"><sheets>`)
	links.WriteString(xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`)
	for n := 1; n <= t.sheets; n++ {
		fmt.Fprintf(&book, `<sheet name="Sheet%d" sheetId="%d" r:id="rId%d"/>`, n, n, n)
		fmt.Fprintf(&links, `<Relationship Id="rId%d" Type=%s/worksheet" Target="worksheets/sheet%d.xml"/>`, n, relationSpace, n)
	}
	book.WriteString(`</sheets></workbook>`)
	fmt.Fprintf(&links, `<Relationship Id="rId%d" Type=%s/styles" Target="styles.xml"/></Relationships>`, t.sheets+1, relationSpace)
	t.part("xl/workbook.xml", book.String())
	t.part("xl/_rels/workbook.xml.rels", links.String())
	if t.err == nil {
		t.fail(t.zip.Close())
	}
	return t.err
}

// cellName returns the name of a cell, such as B7.
func cellName(column, row int) string {
	name := strconv.Itoa(row)
	for n := column; n >= 0; n = n/26 - 1 {
		name = string(rune('A'+n%26)) + name
	}
	return name
}

// appendXLSXCell appends a cell. It returns false where the value has the wrong type for
// its column.
func appendXLSXCell(b []byte, name string, kind ColumnKind, cell any) ([]byte, bool) {
	if cell == nil {
		return b, true
	}
	value := func(style int, text string) ([]byte, bool) {
		b = append(append(b, `<c r="`...), name...)
		b = strconv.AppendInt(append(b, `" s="`...), int64(style), 10)
		b = append(append(b, `"><v>`...), text...)
		return append(b, `</v></c>`...), true
	}
	switch kind {
	case ColumnText:
		if s, ok := cell.(string); ok {
			return appendXLSXText(b, name, xlsxWords, s), true
		}
	case ColumnNumber:
		if s, ok := numberText(cell); ok {
			style := xlsxNumber
			if _, broken := cell.(float64); broken {
				style = xlsxPlain
			}
			return value(style, s)
		}
	case ColumnMoney:
		if a, ok := cell.(money.Amount); ok {
			return value(xlsxMoney+money.Digits(a.Currency), a.Decimal())
		}
	case ColumnDate:
		if at, ok := cell.(time.Time); ok {
			return value(xlsxDate, strconv.FormatInt(serialSeconds(at)/86400, 10))
		}
	case ColumnTime:
		if at, ok := cell.(time.Time); ok {
			return value(xlsxTime, strconv.FormatFloat(float64(serialSeconds(at))/86400, 'f', 10, 64))
		}
	}
	return b, false
}

// serialSeconds returns the seconds since the spreadsheet epoch, by local time in the zone
// of at.
func serialSeconds(at time.Time) int64 {
	wall := time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, time.UTC)
	return wall.Unix() - time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).Unix()
}

// appendXLSXText appends a text cell. XML can't contain most control characters. The format
// writes them as _xHHHH_, so a text that looks like such an escape has its underscore
// escaped.
func appendXLSXText(b []byte, name string, style int, s string) []byte {
	b = append(append(b, `<c r="`...), name...)
	b = strconv.AppendInt(append(b, `" s="`...), int64(style), 10)
	b = append(b, `" t="inlineStr"><is><t xml:space="preserve">`...)
	units := 0
	for i, r := range s {
		if units++; r > 0xFFFF {
			units++
		}
		if units > xlsxText {
			break
		}
		switch {
		case r == '&':
			b = append(b, "&amp;"...)
		case r == '<':
			b = append(b, "&lt;"...)
		case r == '>':
			b = append(b, "&gt;"...)
		case r == '_' && looksEscaped(s[i:]):
			b = append(b, "_x005F_"...)
		case r < ' ' && r != '\t' && r != '\n':
			b = fmt.Appendf(b, "_x%04X_", r)
		case r == 0xFFFE || r == 0xFFFF:
			b = utf8.AppendRune(b, utf8.RuneError)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, `</t></is></c>`...)
}

// looksEscaped reports whether a text begins like an escape of the format.
func looksEscaped(s string) bool {
	return len(s) >= 7 && s[1] == 'x' && s[6] == '_' && strings.Trim(s[2:6], "0123456789abcdefABCDEF") == ""
}
