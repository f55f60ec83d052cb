package render

import (
	"archive/zip"
	"fmt"
	"io"
)

// PartCards is the number of cards in each PDF of a ZIP. Any viewer opens a PDF of this
// size at once, and the front end of a printing press accepts it.
const PartCards = 10_000

// zipPartsWriter writes PDFs one after another into a ZIP. It streams them and keeps none
// in memory.
type zipPartsWriter struct {
	zip   *zip.Writer
	meta  Meta
	each  int64  // cards in a full part
	part  Writer // the open part; nil: none
	cards int64  // cards in the open part
	parts int64
	err   error
}

// NewPDFParts starts a ZIP of PDFs with PartCards cards each. It returns the errors of
// NewPDF before it writes a byte. The PDFs are compressed already, so the ZIP stores them
// uncompressed.
func NewPDFParts(w io.Writer, meta Meta) (Writer, error) { return newPDFParts(w, meta, PartCards) }

func newPDFParts(w io.Writer, meta Meta, each int64) (Writer, error) {
	if _, err := newPDF(io.Discard, meta); err != nil {
		return nil, err
	}
	return &zipPartsWriter{zip: zip.NewWriter(w), meta: meta, each: each}, nil
}

// Write adds a card. It begins a new part where the open part is full.
func (p *zipPartsWriter) Write(c Card) error {
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

// begin opens the next part under a file name.
func (p *zipPartsWriter) begin(name string) {
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

// finish closes the open part.
func (p *zipPartsWriter) finish() {
	p.fail(p.part.Close())
	p.part, p.cards = nil, 0
}

// Close closes the last part and the ZIP. A ZIP without cards contains one PDF without
// cards.
func (p *zipPartsWriter) Close() error {
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

func (p *zipPartsWriter) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}
