package render

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/johnfercher/maroto/v2/pkg/components/col"
	"github.com/johnfercher/maroto/v2/pkg/components/page"
	"github.com/johnfercher/maroto/v2/pkg/components/row"
	"github.com/johnfercher/maroto/v2/pkg/consts/align"
	"github.com/johnfercher/maroto/v2/pkg/consts/fontstyle"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/props"

	"refill/internal/render/pdf"
)

// The geometry of a statement on A4, in millimetres.
const (
	statementMargin = 15.0
	statementTop    = 15.0
	statementLine   = 6.0  // height of a row
	statementHead   = 10.0 // height of a heading
	statementGap    = 3.0  // between columns
	statementBase   = 4.2  // baseline of a row's text
	statementRows   = 40   // of a page
)

// StatementColumn is a column of a statement.
type StatementColumn struct {
	Name  string
	Width float64 // millimetres; all of them together 180
	Right bool    // numbers
}

// Statement is a customer's payments on paper.
type Statement struct {
	Title   string
	Notes   []string // below the title, one a line
	Columns []StatementColumn
	Page    string // of a page's number, with %d for it
	Fonts   Fonts
}

// Fonts is a source of fonts for characters that the shipped fonts lack.
type Fonts = pdf.Fonts

// StatementWriter writes the rows of one statement, page by page. It is not safe for
// concurrent use.
type StatementWriter struct {
	doc        *pdf.Document
	s          Statement
	layout     Layout
	text, bold typeface
	title      typeface
	rows       []core.Row
	lines      int
	pages      int
}

// NewStatement starts a statement. A character that no font has is printed as "?".
func NewStatement(w io.Writer, s Statement) (*StatementWriter, error) {
	layout := Layout{Width: 210, Height: 297}
	cfg, err := newConfig(Meta{Title: s.Title}, &layout)
	if err != nil {
		return nil, err
	}
	doc, err := pdf.New(w, cfg)
	if err != nil {
		return nil, fmt.Errorf("statement: start pdf: %w", err)
	}
	doc.SetFonts(s.Fonts)
	face := func(style fontstyle.Type, size float64) typeface {
		return typeface{face: doc.Face(sans, style), family: sans, style: style, size: size, floor: 6.5}
	}
	st := &StatementWriter{
		doc: doc, s: s, layout: layout,
		text: face(fontstyle.Normal, 9), bold: face(fontstyle.Bold, 9), title: face(fontstyle.Bold, 16),
	}
	return st, st.begin()
}

// begin starts a page with its heading.
func (st *StatementWriter) begin() error {
	st.pages++
	st.rows, st.lines = []core.Row{blank(&st.layout, statementTop)}, 0
	if st.pages == 1 {
		if err := st.line(&st.title, statementHead, 7, []StatementColumn{{Width: 180}}, st.s.Title); err != nil {
			return err
		}
		for _, note := range st.s.Notes {
			if err := st.line(&st.text, statementLine, statementBase, []StatementColumn{{Width: 180}}, note); err != nil {
				return err
			}
			st.lines++
		}
		st.rows = append(st.rows, blank(&st.layout, statementLine))
		st.lines += 3
	}
	names := make([]string, len(st.s.Columns))
	for i, c := range st.s.Columns {
		names[i] = c.Name
	}
	return st.line(&st.bold, statementLine, statementBase, st.s.Columns, names...)
}

// line adds a row of texts.
func (st *StatementWriter) line(t *typeface, height, base float64, columns []StatementColumn, cells ...string) error {
	r := row.New(height).Add(col.New(units(statementMargin)))
	for i, c := range columns {
		prop := props.Text{Color: &props.BlackColor, Align: align.Left, Right: statementGap}
		if c.Right {
			prop.Align = align.Right
		}
		s, err := t.fitOrCut("statement", cells[i], c.Width-statementGap)
		if errors.Is(err, ErrGlyph) {
			s, err = t.fitOrCut("statement", st.printable(t, cells[i]), c.Width-statementGap)
		}
		if err != nil {
			return err
		}
		r.Add(col.New(units(c.Width)).Add(t.line(s, base, prop)))
	}
	st.rows = append(st.rows, r.Add(col.New(units(statementMargin))))
	return nil
}

// printable replaces the characters that no font has.
func (st *StatementWriter) printable(t *typeface, text string) string {
	return strings.Map(func(r rune) rune {
		if _, err := t.face.Width(string(r)); err != nil {
			return '?'
		}
		return r
	}, clean(text))
}

// Row adds a payment, with one text for each column.
func (st *StatementWriter) Row(cells ...string) error {
	if len(cells) != len(st.s.Columns) {
		return errCell
	}
	if st.lines >= statementRows {
		if err := st.flush(); err != nil {
			return err
		}
		if err := st.begin(); err != nil {
			return err
		}
	}
	st.lines++
	return st.line(&st.text, statementLine, statementBase, st.s.Columns, cells...)
}

// flush draws the page.
func (st *StatementWriter) flush() error {
	used := statementTop + statementLine*float64(st.lines+1)
	if st.pages == 1 {
		used += statementHead - statementLine
	}
	st.rows = append(st.rows, blank(&st.layout, st.layout.Height-statementTop-statementLine-used))
	number := StatementColumn{Width: 180, Right: true}
	if err := st.line(&st.text, statementLine, statementBase, []StatementColumn{number}, fmt.Sprintf(st.s.Page, st.pages)); err != nil {
		return err
	}
	if err := st.doc.Page(page.New().Add(st.rows...)); err != nil {
		return fmt.Errorf("statement: draw a page: %w", err)
	}
	return nil
}

// Close draws the last page and finishes the file.
func (st *StatementWriter) Close() error {
	if err := st.flush(); err != nil {
		return err
	}
	if err := st.doc.Close(); err != nil {
		return fmt.Errorf("statement: finish pdf: %w", err)
	}
	return nil
}
