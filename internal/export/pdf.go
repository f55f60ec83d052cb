package export

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"refill/internal/export/pdf"
)

// pdfWriter gathers the cards of a sheet, then draws it.
type pdfWriter struct {
	doc          *pdf.Document
	design       *design
	front, sheet *sheet // front: nil for paper of one side
	cards        []Card
	sheets       int64
	err          error
}

// NewPDF starts a printed file in one of the layouts, written sheet by sheet.
// Memory stays the same whatever the number of cards. It returns ErrGlyph,
// ErrTooWide, ErrAddress, ErrLayout, ErrSides, ErrOffset, one of the
// ErrPassword… or ErrMeta, each saying what to mend, before a byte is written.
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
		if !(math.Abs(mm) <= MaxOffset) { // also what is no number
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
	p.lay(layout.PerSheet())
	return p, nil
}

// passwordFault says at the password what speaks against it.
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

// lay describes sheets with places for some cards.
func (p *pdfWriter) lay(cards int) {
	if p.design.front != nil {
		p.front = p.design.newSheet(p.design.front, cards, false)
	}
	p.sheet = p.design.newSheet(p.design.art, cards, p.front != nil)
}

// Write adds a card. ErrGlyph and ErrTooWide tell of the card's own texts; other
// errors are the underlying writer's.
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

// Close draws the last sheet, which may not be full, and finishes the file. A
// file without cards has one sheet without cards: viewers refuse a document that
// has no page.
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

// flush draws a sheet, its front before its back.
func (p *pdfWriter) flush() error {
	p.sheets++
	if len(p.cards) < cap(p.cards) {
		p.lay(len(p.cards)) // the last one
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

// draw puts the cards on one side of a sheet and draws it.
func (p *pdfWriter) draw(art artwork, s *sheet) error {
	if err := p.design.setSheet(art, s, p.cards, p.sheets); err != nil {
		return err
	}
	if err := p.doc.Page(s.page); err != nil {
		return fmt.Errorf("export: sheet %d: %w", p.sheets, err)
	}
	return nil
}

// Preview draws the first sheet as SVG pictures of its sides, one or two, front
// first, from as many cards as it has places. The cards are made up by whoever
// asks: nothing here knows whether a code is real.
func Preview(meta Meta, cards []Card) ([][]byte, error) {
	meta.Locked = false // there is nothing in it to hide
	p, err := newPDF(io.Discard, meta)
	if err != nil {
		return nil, err
	}
	p.cards = append(p.cards, cards[:min(len(cards), cap(p.cards))]...)
	p.sheets = 1
	p.lay(len(p.cards))
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

// title returns what the document is called.
func (m *Meta) title() string {
	if m.Title != "" {
		return m.Title
	}
	return strings.TrimSpace(m.Brand + " " + m.Series)
}

// rightToLeft reports whether the card runs right to left: its running text does, or
// where it has none, the word for what it is.
func (m *Meta) rightToLeft() bool {
	if text := strings.Join(m.Instructions, " "); strings.TrimSpace(text) != "" {
		return pdf.RightToLeft(text)
	}
	return pdf.RightToLeft(m.Labels.Kind)
}

// sampleCode returns a code as long as those of the file.
func (m *Meta) sampleCode() string {
	if m.SampleCode != "" {
		return m.SampleCode
	}
	return "XXX-XXXX-XXXX-XXXX-XXXX"
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
		{&l.PrintBoth, "Print at 100 % on both sides, turn over the long edge"},
	} {
		if *word.to == "" {
			*word.to = word.english
		}
	}
	return l
}
