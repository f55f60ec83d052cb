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

// An XLSX file is read here, not by a library: those that are about unpack large
// sheets to temporary files in clear, which a file of codes must never be, or take
// a file that is cut off for one that has ended.

// What may come out of the archive.
const (
	maxSheet   = 2 << 30 // bytes of the sheet's XML
	maxStrings = 1 << 29 // bytes of the shared texts' XML
	maxStyles  = 16 << 20
	maxFiles   = 2000
)

// xlsxRows reads a sheet of a workbook.
type xlsxRows struct {
	sheet   *tokens
	texts   sharedTexts
	formats []cellFormat // by style
	from    time.Time    // the day 0
	cells   []string
	kinds   []CellKind
	last    int32
	merged  int32 // the last row of cells that are merged over several

	probing bool // texts that are shared are not looked up

	name   string  // of the sheet
	sheets []Sheet // of the workbook
}

// openXLSX reads what the cells refer to, and begins a sheet.
func openXLSX(r io.ReaderAt, size int64, wanted string) (*xlsxRows, error) {
	from := &directory{r: r, left: maxDirectory}
	archive, err := zip.NewReader(from, size)
	if err != nil || len(archive.File) > maxFiles {
		return nil, broken(err)
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

// broken is what a parser's error is told as: itself where it is one of ours.
func broken(err error) error {
	if errors.Is(err, ErrBomb) {
		return ErrBomb
	}
	return ErrBroken
}

// open opens one file of the archive, which may not be larger than it may. (The
// zip reader itself refuses a file that is larger than it says.)
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

// decode unmarshals a small file of the archive; one that is not there is empty.
func decode(f *zip.File, into any) error {
	if f == nil {
		return nil
	}
	r, err := open(f, maxStyles)
	if err != nil {
		return err
	}
	if err := xml.NewTokenDecoder(newTokens(r)).Decode(into); err != nil {
		return broken(err)
	}
	return nil
}

// textOf gathers the text of an element to its end, formatted runs together, without
// the reading aids that East Asian texts carry.
func textOf(d *tokens) (string, error) {
	text, _, err := contentOf(d)
	return text, err
}

// content is what an element was found to hold besides its text.
type content struct{ formula, value bool }

// contentOf gathers the text of an element to its end, and says what it holds.
func contentOf(d *tokens) (string, content, error) {
	var b strings.Builder
	var has content
	depth, inText, aside := 1, 0, 0
	for depth > 0 {
		token, err := d.Token()
		if err != nil {
			return "", has, broken(err)
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

// Next reads up to the end of the next row.
func (x *xlsxRows) Next() (Row, error) {
	x.sheet.next()
	for {
		token, err := x.sheet.Token()
		if errors.Is(err, io.EOF) {
			return Row{}, io.EOF
		}
		if err != nil {
			return Row{}, broken(err)
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

// merge notes cells that are merged, such as B2:B7.
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
			return Row{}, broken(err)
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

// value is what a cell shows.
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

// notCalculated stands for a formula whose result is not in the file. A library that
// writes workbooks leaves the calculating to the spreadsheet that opens them. An empty
// text may be a result.
const notCalculated = "#CALC!"

// columnOf reads the letters of a reference such as AB12; next is the column of a
// cell that has none.
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
