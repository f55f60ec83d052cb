package render

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"refill/internal/render/pdf"
)

// pdfWriter collects the cards of a sheet and then draws the sheet.
type pdfWriter struct {
	doc          *pdf.Document
	design       *design
	front, sheet *sheet // front: nil for printing on one side
	cards        []Card
	sheets       int64
	err          error
}

// NewPDF starts a printed file in one of the layouts, written sheet by sheet. Memory does
// not depend on the number of cards. It returns ErrGlyph, ErrTooWide, ErrAddress,
// ErrLayout, ErrSides, ErrOffset, one of the ErrPassword… or ErrMeta, before a byte is
// written.
func NewPDF(w io.Writer, meta Meta) (Writer, error) { return newPDF(w, meta) }

func newPDF(w io.Writer, meta Meta) (*pdfWriter, error) {
	layout := layouts[0]
	if meta.Layout != "" {
		var known bool
		if layout, known = LayoutByName(meta.Layout); !known {
			return nil, ErrLayout
		}
	}
	for field, mm := range map[string]float64{"offset_x": meta.OffsetX, "offset_y": meta.OffsetY} {
		if !(math.Abs(mm) <= MaxOffset) { // false for NaN too
			e := *ErrOffset
			e.Field = field
			return nil, &e
		}
	}
	cfg, err := newConfig(meta, &layout)
	if err != nil {
		return nil, err
	}
	doc, err := pdf.New(w, cfg)
	if err != nil {
		return nil, fmt.Errorf("export: start pdf: %w", err)
	}
	doc.SetFonts(meta.Fonts)
	if meta.Locked {
		if err := doc.Encrypt(meta.Password, meta.Random); err != nil {
			return nil, passwordFault(err)
		}
	}
	d, err := newDesign(meta, layout, doc)
	if err != nil {
		return nil, err
	}
	doc.SetPaper(pdf.Paper{Height: d.layout.Height, Bleed: layout.Bleed, ShiftX: meta.OffsetX, ShiftY: meta.OffsetY})
	p := &pdfWriter{doc: doc, design: d, cards: make([]Card, 0, layout.PerSheet())}
	p.newSheets(layout.PerSheet())
	return p, nil
}

// passwordFault returns the fault of an invalid password.
func passwordFault(err error) error {
	for cause, says := range map[error]error{
		pdf.ErrPasswordShort: ErrPasswordShort, pdf.ErrPasswordLong: ErrPasswordLong, pdf.ErrPasswordChars: ErrPasswordChars,
	} {
		if errors.Is(err, cause) {
			return says
		}
	}
	return fmt.Errorf("export: encrypt pdf: %w", err)
}

// newSheets makes the sheets with places for a number of cards.
func (p *pdfWriter) newSheets(cards int) {
	if p.design.front != nil {
		p.front = p.design.newSheet(p.design.front, cards, false)
	}
	p.sheet = p.design.newSheet(p.design.art, cards, p.front != nil)
}

// Write adds a card. ErrGlyph and ErrTooWide are about the texts of the card; any other
// error is that of the underlying writer.
func (p *pdfWriter) Write(c Card) error {
	if p.err != nil {
		return p.err
	}
	p.cards = append(p.cards, c)
	if len(p.cards) == cap(p.cards) {
		p.err = p.flush()
	}
	return p.err
}

// Close draws the last sheet, which may not be full, and finishes the file. A file without
// cards has one empty sheet, because viewers reject a document without pages.
func (p *pdfWriter) Close() error {
	if p.err == nil && (len(p.cards) > 0 || p.sheets == 0) {
		p.err = p.flush()
	}
	if p.err == nil {
		if err := p.doc.Close(); err != nil {
			p.err = fmt.Errorf("export: finish pdf: %w", err)
		}
	}
	return p.err
}

// flush draws the collected cards as a sheet, front first.
func (p *pdfWriter) flush() error {
	p.sheets++
	if len(p.cards) < cap(p.cards) {
		p.newSheets(len(p.cards)) // the last sheet
	}
	if p.front != nil {
		if err := p.draw(p.design.front, p.front); err != nil {
			return err
		}
	}
	if err := p.draw(p.design.art, p.sheet); err != nil {
		return err
	}
	p.cards = p.cards[:0]
	return nil
}

// draw draws one side of a sheet with the collected cards.
func (p *pdfWriter) draw(art artwork, s *sheet) error {
	if err := p.design.setSheet(art, s, p.cards, p.sheets); err != nil {
		return err
	}
	if err := p.doc.Page(s.page); err != nil {
		return fmt.Errorf("export: sheet %d: %w", p.sheets, err)
	}
	return nil
}

// Preview returns SVG images of the first sheet, one for each side, front first. It uses as
// many cards as the sheet has places. The caller supplies sample cards: this package can't
// tell whether a code is real.
func Preview(meta Meta, cards []Card) ([][]byte, error) {
	meta.Locked = false // a preview is not encrypted
	p, err := newPDF(io.Discard, meta)
	if err != nil {
		return nil, err
	}
	p.cards = append(p.cards, cards[:min(len(cards), cap(p.cards))]...)
	p.sheets = 1
	p.newSheets(len(p.cards))
	var sides [][]byte
	draw := func(art artwork, s *sheet) error {
		if err := p.design.setSheet(art, s, p.cards, 1); err != nil {
			return err
		}
		picture, err := p.doc.SVG(s.page, p.design.layout.edges()...)
		sides = append(sides, picture)
		return err
	}
	if p.front != nil {
		if err := draw(p.design.front, p.front); err != nil {
			return nil, err
		}
	}
	return sides, draw(p.design.art, p.sheet)
}

// Picture returns an SVG image of one card of bank card size, without the bleed around it.
func Picture(meta Meta, c Card) ([]byte, error) {
	meta.Layout, meta.BothSides, meta.Locked = "id-1", false, false
	p, err := newPDF(io.Discard, meta)
	if err != nil {
		return nil, err
	}
	p.newSheets(1)
	if err := p.design.setSheet(p.design.art, p.sheet, []Card{c}, 1); err != nil {
		return nil, err
	}
	l := &p.design.layout
	return p.doc.SVGPart(p.sheet.page, [4]float64{l.Left, l.Top, l.CardWidth, l.CardHeight})
}

// title returns the title of the document.
func (m *Meta) title() string {
	if m.Title != "" {
		return m.Title
	}
	return strings.TrimSpace(m.Brand + " " + m.Series)
}

// rightToLeft reports whether the card runs right to left: by its instructions, or by the
// word for the kind of card if there are none.
func (m *Meta) rightToLeft() bool {
	if text := strings.Join(m.Instructions, " "); strings.TrimSpace(text) != "" {
		return pdf.RightToLeft(text)
	}
	return pdf.RightToLeft(m.Labels.Kind)
}

// sampleCode returns an invalid code as long as the codes of the file.
func (m *Meta) sampleCode() string {
	if m.SampleCode != "" {
		return m.SampleCode
	}
	return "XXX-XXXX-XXXX-XXXX-XXXX"
}

// withDefaults replaces empty labels by the English words.
func (l Labels) withDefaults() Labels {
	for _, word := range []struct {
		to      *string
		english string
	}{
		{&l.Kind, "Refill card"},
		{&l.Serial, "Serial"},
		{&l.Series, "Series"},
		{&l.ValidTill, "Valid till"},
		{&l.Sheet, "Sheet %d"},
		{&l.SheetOf, "Sheet %d of %d"},
		{&l.Print, "Print at 100 %, cut along the marks"},
		{&l.PrintBoth, "Print at 100 % on both sides, turn over the long edge"},
	} {
		if *word.to == "" {
			*word.to = word.english
		}
	}
	return l
}
