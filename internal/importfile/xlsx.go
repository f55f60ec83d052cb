package importfile

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
)

// XLSX files are read here and not by a library. The available libraries either unpack
// large sheets to unencrypted temporary files, which must never happen to a file of codes,
// or treat a truncated file as complete.

// Limits of the unpacked files of the archive.
const (
	maxSheet   = 2 << 30 // bytes of the sheet's XML
	maxStrings = 1 << 29 // bytes of the XML of the shared texts
	maxStyles  = 16 << 20
	maxFiles   = 2000
)

// xlsxRows reads a sheet of a workbook.
type xlsxRows struct {
	sheet   *tokenReader
	texts   sharedTexts
	formats []cellFormat // by index of the style
	from    time.Time    // day 0 of the workbook's calendar
	cells   []string
	kinds   []CellKind
	last    int32
	merged  int32 // last row of cells that are merged over several rows

	probing bool // shared texts are not looked up

	name   string  // of the sheet
	sheets []Sheet // of the workbook
}

// openXLSX reads styles and texts of a workbook, and opens a sheet.
func openXLSX(r io.ReaderAt, size int64, wanted string) (*xlsxRows, error) {
	from := &directoryReader{r: r, left: maxDirectory}
	archive, err := zip.NewReader(from, size)
	if err != nil || len(archive.File) > maxFiles {
		return nil, parseError(err)
	}
	from.known = true
	files := map[string]*zip.File{}
	for _, f := range archive.File {
		files[strings.TrimPrefix(f.Name, "/")] = f
	}
	x := &xlsxRows{from: time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)}
	name, err := x.chooseSheet(files, wanted)
	if err != nil {
		return nil, err
	}
	if err := x.readStyles(files["xl/styles.xml"]); err != nil {
		return nil, err
	}
	if err := x.texts.open(files["xl/sharedStrings.xml"]); err != nil {
		return nil, err
	}
	sheet, err := open(files[name], maxSheet)
	if err != nil {
		return nil, err
	}
	x.sheet = newTokens(sheet)
	return x, nil
}

// parseError returns ErrBomb for the parser's ErrBomb, and ErrBroken for any other error.
func parseError(err error) error {
	if errors.Is(err, ErrBomb) {
		return ErrBomb
	}
	return ErrBroken
}

// open opens a file of the archive. It returns ErrBomb where the file is larger than most
// bytes. The ZIP reader itself rejects a file that is larger than its declared size.
func open(f *zip.File, most uint64) (io.Reader, error) {
	if f == nil {
		return nil, ErrKind
	}
	if f.UncompressedSize64 > most {
		return nil, ErrBomb
	}
	r, err := f.Open()
	if err != nil {
		return nil, ErrBroken
	}
	return io.LimitReader(r, int64(most)), nil //nolint:gosec // our own bound
}

// decode unmarshals a small XML file of the archive. A missing file is treated as empty.
func decode(f *zip.File, into any) error {
	if f == nil {
		return nil
	}
	r, err := open(f, maxStyles)
	if err != nil {
		return err
	}
	if err := xml.NewTokenDecoder(newTokens(r)).Decode(into); err != nil {
		return parseError(err)
	}
	return nil
}

// textOf returns the text of an element, with formatted runs joined, and without the
// phonetic readings of East Asian texts.
func textOf(d *tokenReader) (string, error) {
	text, _, err := contentOf(d)
	return text, err
}

// content tells whether an element contains a formula and a value.
type content struct{ formula, value bool }

// contentOf returns the text of an element and its content.
func contentOf(d *tokenReader) (string, content, error) {
	var b strings.Builder
	var has content
	depth, inText, aside := 1, 0, 0
	for depth > 0 {
		token, err := d.Token()
		if err != nil {
			return "", has, parseError(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			depth++
			switch t.Name.Local {
			case "f":
				has.formula = true
			case "t", "v":
				has.value = has.value || t.Name.Local == "v"
				inText = depth
			case "rPh":
				aside = depth
			}
		case xml.EndElement:
			if inText == depth {
				inText = 0
			}
			if aside == depth {
				aside = 0
			}
			depth--
		case xml.CharData:
			if inText > 0 && aside == 0 && b.Len() < MaxCell {
				b.Write(t[:min(len(t), MaxCell)])
			}
		}
	}
	return b.String(), has, nil
}

// Next returns the next row.
func (x *xlsxRows) Next() (Row, error) {
	x.sheet.next()
	for {
		token, err := x.sheet.Token()
		if errors.Is(err, io.EOF) {
			return Row{}, io.EOF
		}
		if err != nil {
			return Row{}, parseError(err)
		}
		start, ok := token.(xml.StartElement)
		switch {
		case ok && start.Name.Local == "row":
			return x.row(start)
		case ok && start.Name.Local == "mergeCell":
			x.merge(attribute(start, "ref"))
		}
	}
}

// merge records merged cells, such as B2:B7.
func (x *xlsxRows) merge(reference string) {
	from, to, _ := strings.Cut(reference, ":")
	first, err := strconv.ParseInt(strings.TrimLeft(from, "$ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 10, 32)
	last, also := strconv.ParseInt(strings.TrimLeft(to, "$ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 10, 32)
	if err == nil && also == nil && first < last {
		x.merged = max(x.merged, int32(last))
	}
}

func (x *xlsxRows) row(start xml.StartElement) (Row, error) {
	x.cells, x.kinds = x.cells[:0], x.kinds[:0]
	number := x.last + 1
	if n, err := strconv.ParseInt(attribute(start, "r"), 10, 32); err == nil && int32(n) > x.last {
		number = int32(n)
	}
	x.last = number
	hidden := attribute(start, "hidden")
	for {
		token, err := x.sheet.Token()
		if err != nil {
			return Row{}, parseError(err)
		}
		switch t := token.(type) {
		case xml.EndElement:
			return Row{Number: number, Cells: x.cells, Kinds: x.kinds, Lines: 1, Hidden: hidden == "1" || hidden == "true"}, nil
		case xml.StartElement:
			column := columnOf(attribute(t, "r"), len(x.cells))
			if column >= MaxColumns {
				return Row{}, ErrWide
			}
			for len(x.cells) <= column {
				x.cells, x.kinds = append(x.cells, ""), append(x.kinds, CellText)
			}
			text, has, err := contentOf(x.sheet)
			if err != nil {
				return Row{}, err
			}
			if has.formula && text == "" && (!has.value || attribute(t, "t") != "str") {
				x.cells[column], x.kinds[column] = notCalculated, CellError
				continue
			}
			if x.cells[column], x.kinds[column], err = x.value(t, text); err != nil {
				return Row{}, err
			}
		}
	}
}

// value returns the displayed text of a cell and its kind.
func (x *xlsxRows) value(cell xml.StartElement, text string) (string, CellKind, error) {
	switch attribute(cell, "t") {
	case "s":
		if x.probing {
			return text, CellText, nil
		}
		i, err := strconv.Atoi(text)
		if err != nil {
			return "", CellText, ErrBroken
		}
		shared, err := x.texts.at(i)
		return clean(shared), CellText, err
	case "b":
		switch text {
		case "1", "true":
			return "TRUE", CellBool, nil
		case "0", "false":
			return "FALSE", CellBool, nil
		}
	case "e":
		return clean(text), CellError, nil
	case "d":
		return clean(text), CellDate, nil
	case "", "n":
		var format cellFormat
		if style, err := strconv.Atoi(attribute(cell, "s")); err == nil && style >= 0 && style < len(x.formats) {
			format = x.formats[style]
		}
		shown, kind := format.number(strings.TrimSpace(text), x.from)
		return shown, kind, nil
	}
	return clean(text), CellText, nil
}

// notCalculated replaces the missing result of a formula. Some libraries that write
// workbooks leave the calculation to the spreadsheet. An empty text can't mark this case,
// because it can be a valid result.
const notCalculated = "#CALC!"

// columnOf returns the column of a reference such as AB12; next is the column of a cell
// without a reference.
func columnOf(reference string, next int) int {
	column := 0
	for i := 0; i < len(reference) && reference[i] >= 'A' && reference[i] <= 'Z' && i < 4; i++ {
		column = column*26 + int(reference[i]-'A') + 1
	}
	if column == 0 {
		return next
	}
	return column - 1
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}
