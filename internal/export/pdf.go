package export

import (
	"fmt"
	"io"
	"strings"

	"refill/internal/export/pdf"
)

// pdfWriter gathers ten cards, then draws their sheet.
type pdfWriter struct {
	doc    *pdf.Document
	design *design
	sheet  *sheet
	cards  []Card
	sheets int64
	err    error
}

// NewPDF starts a printed file: A4 sheets of ten cards of bank card size with cut
// marks, written as they fill. Memory stays the same whatever the number of
// cards. It returns ErrGlyph, ErrTooWide, ErrAddress or ErrMeta, each saying what
// to mend, before a byte is written.
func NewPDF(w io.Writer, meta Meta) (Writer, error) {
	cfg, err := newConfig(meta)
	if err != nil {
		return nil, err
	}
	doc, err := pdf.New(w, cfg)
	if err != nil {
		return nil, fmt.Errorf("export: start pdf: %w", err)
	}
	d, err := newDesign(meta, doc)
	if err != nil {
		return nil, err
	}
	return &pdfWriter{doc: doc, design: d, sheet: d.newSheet(cardsPerSheet), cards: make([]Card, 0, cardsPerSheet)}, nil
}

// Write adds a card. ErrGlyph and ErrTooWide tell of the card's own texts; other
// errors are the underlying writer's.
func (p *pdfWriter) Write(c Card) error {
	if p.err != nil {
		return p.err
	}
	p.cards = append(p.cards, c)
	if len(p.cards) == cardsPerSheet {
		p.err = p.flush()
	}
	return p.err
}

// Close draws the last sheet, which may have fewer than ten cards, and finishes
// the file. A file without cards has one sheet without cards: viewers refuse a
// document that has no page.
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

// flush draws a sheet.
func (p *pdfWriter) flush() error {
	p.sheets++
	if len(p.cards) < cardsPerSheet {
		p.sheet = p.design.newSheet(len(p.cards)) // the last one
	}
	if err := p.design.setSheet(p.sheet, p.cards, p.sheets); err != nil {
		return err
	}
	if err := p.doc.Page(p.sheet.page); err != nil {
		return fmt.Errorf("export: sheet %d: %w", p.sheets, err)
	}
	p.cards = p.cards[:0]
	return nil
}

// title returns what the document is called.
func (m *Meta) title() string {
	if m.Title != "" {
		return m.Title
	}
	return strings.TrimSpace(m.Brand + " " + m.Series)
}

// withDefaults fills in the English words.
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
	} {
		if *word.to == "" {
			*word.to = word.english
		}
	}
	return l
}
