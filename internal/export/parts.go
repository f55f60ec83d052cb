package export

import (
	"archive/zip"
	"fmt"
	"io"
)

// PartCards is how many cards a PDF of a ZIP holds: one that any viewer opens at
// once and a print shop's front end takes.
const PartCards = 10_000

// partsWriter writes one PDF after another into a ZIP, none of which is kept.
type partsWriter struct {
	zip   *zip.Writer
	meta  Meta
	each  int64  // cards a part
	part  Writer // nil: none begun
	cards int64  // in it
	parts int64
	err   error
}

// NewPDFParts starts a ZIP of PDFs of PartCards cards each, written as the cards
// come. What a PDF would refuse is refused before a byte is written. The PDFs are
// deflated already, so the ZIP only stores them.
func NewPDFParts(w io.Writer, meta Meta) (Writer, error) { return newPDFParts(w, meta, PartCards) }

func newPDFParts(w io.Writer, meta Meta, each int64) (Writer, error) {
	if _, err := newPDF(io.Discard, meta); err != nil {
		return nil, err
	}
	return &partsWriter{zip: zip.NewWriter(w), meta: meta, each: each}, nil
}

// Write adds a card, to a new part where one is full.
func (p *partsWriter) Write(c Card) error {
	if p.err == nil && p.cards == p.each {
		p.finish()
	}
	if p.err == nil && p.part == nil {
		p.begin(fmt.Sprintf("cards-%s-part-%03d-from-%07d.pdf", p.meta.Series, p.parts+1, c.Serial))
	}
	if p.err != nil {
		return p.err
	}
	p.cards++
	p.fail(p.part.Write(c))
	return p.err
}

// begin starts the next part.
func (p *partsWriter) begin(name string) {
	p.parts++
	file, err := p.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
	if err != nil {
		p.fail(fmt.Errorf("export: write zip: %w", err))
		return
	}
	meta := p.meta
	if meta.Count > 0 {
		meta.Count = min(meta.Count-(p.parts-1)*p.each, p.each)
	}
	meta.Title = fmt.Sprintf("%s, part %d", p.meta.title(), p.parts)
	p.part, err = newPDF(file, meta)
	p.fail(err)
}

// finish ends the part that is being written.
func (p *partsWriter) finish() {
	p.fail(p.part.Close())
	p.part, p.cards = nil, 0
}

// Close ends the last part and the ZIP. A ZIP without cards has one part without
// cards.
func (p *partsWriter) Close() error {
	if p.err == nil && p.parts == 0 {
		p.begin(fmt.Sprintf("cards-%s.pdf", p.meta.Series))
	}
	if p.err == nil && p.part != nil {
		p.finish()
	}
	if p.err == nil {
		if err := p.zip.Close(); err != nil {
			p.fail(fmt.Errorf("export: write zip: %w", err))
		}
	}
	return p.err
}

func (p *partsWriter) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}
