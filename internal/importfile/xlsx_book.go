package importfile

import (
	"archive/zip"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"time"
)

// maxProbe is the number of rows that are examined to see whether a sheet has data, and
// probedSheets the number of sheets that are.
const (
	maxProbe     = 1000
	probedSheets = 20
)

// workbook is the list of sheets of a workbook.
type workbook struct {
	Properties struct {
		Date1904 string `xml:"date1904,attr"`
	} `xml:"workbookPr"`
	Sheets []struct {
		Name  string `xml:"name,attr"`
		State string `xml:"state,attr"`
		ID    string `xml:"id,attr"` // id of its relationship; the namespace differs between dialects
	} `xml:"sheets>sheet"`
}

// relationships map sheets to files.
type relationships struct {
	Links []struct {
		ID     string `xml:"Id,attr"`
		Type   string `xml:"Type,attr"`
		Target string `xml:"Target,attr"`
	} `xml:"Relationship"`
}

// chooseSheet returns the file of a sheet by its name, or of the first visible sheet with
// rows. It also reads the calendar of the workbook.
func (x *xlsxRows) chooseSheet(files map[string]*zip.File, wanted string) (string, error) {
	var b workbook
	var l relationships
	if err := errors.Join(decode(files["xl/workbook.xml"], &b), decode(files["xl/_rels/workbook.xml.rels"], &l)); err != nil {
		return "", parseError(err)
	}
	if b.Properties.Date1904 == "1" || b.Properties.Date1904 == "true" {
		x.from = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	var targets []string
	for _, sheet := range b.Sheets {
		target := l.target(sheet.ID)
		if target == "" { // a sheet of charts or macros, or without a relationship
			continue
		}
		targets = append(targets, target)
		x.sheets = append(x.sheets, Sheet{Name: cutBytes(clean(sheet.Name), 100), Hidden: sheet.State == "hidden" || sheet.State == "veryHidden"})
	}
	if len(targets) == 0 {
		targets, x.sheets = []string{"xl/worksheets/sheet1.xml"}, []Sheet{{Name: "Sheet1"}}
	}
	at, err := x.pick(files, targets, wanted)
	if err != nil {
		return "", err
	}
	x.name = x.sheets[at].Name
	return targets[at], nil
}

// target returns the file of a relationship to a worksheet.
func (l relationships) target(id string) string {
	for _, link := range l.Links {
		if link.ID != id || link.Type != "" && !strings.HasSuffix(link.Type, "/worksheet") {
			continue
		}
		if whole, ok := strings.CutPrefix(link.Target, "/"); ok {
			return whole
		}
		return path.Join("xl", link.Target)
	}
	return ""
}

// pick returns the index of the sheet to read.
func (x *xlsxRows) pick(files map[string]*zip.File, targets []string, wanted string) (int, error) {
	if wanted != "" {
		at := slices.IndexFunc(x.sheets, func(s Sheet) bool { return s.Name == wanted })
		if at < 0 {
			return 0, ErrSheet
		}
		return at, nil
	}
	first := max(0, slices.IndexFunc(x.sheets, func(s Sheet) bool { return !s.Hidden }))
	probed := 0
	for i, sheet := range x.sheets {
		if sheet.Hidden {
			continue
		}
		if probed++; probed > probedSheets {
			break
		}
		if full, err := hasRows(files[targets[i]]); full || err != nil {
			return i, nil //nolint:nilerr // reading the sheet says what is wrong with it
		}
	}
	return first, nil
}

// hasRows reports whether any cell of a sheet has content.
func hasRows(f *zip.File) (bool, error) {
	r, err := open(f, maxSheet)
	if err != nil {
		return false, err
	}
	probe := &xlsxRows{sheet: newTokens(r), probing: true}
	for range maxProbe {
		row, err := probe.Next()
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(row.Cells, func(cell string) bool { return cell != "" }) {
			return true, nil
		}
	}
	return false, nil
}

// readStyles reads the number formats of the cell styles.
func (x *xlsxRows) readStyles(f *zip.File) error {
	var styles struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			ID int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := decode(f, &styles); err != nil {
		return err
	}
	own := map[int]cellFormat{}
	for _, format := range styles.Formats {
		own[format.ID] = parseFormat(cutBytes(format.Code, MaxCell))
	}
	for _, cell := range styles.Cells {
		format, ok := own[cell.ID]
		if !ok {
			format = builtin(cell.ID)
		}
		x.formats = append(x.formats, format)
	}
	return nil
}

// cutBytes shortens a text to at most so many bytes.
func cutBytes(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") // the cut may split a character
}
