// Package pdf writes PDF files of any length in a few MiB of memory: it renders
// maroto's pages, rows, columns and texts onto its own core.Provider, and each
// page leaves for the io.Writer as soon as it is drawn. Fonts are embedded as
// subsets at the end, when it is known which glyphs were shown.
//
// It knows no card and no clock, never seeks, never starts a goroutine. What it
// doesn't draw (a second image, barcodes, lines, wrapped text) is an error, never a
// blank: a sheet that needs it has to bring it here first.
package pdf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
	"io"
	"unicode/utf16"

	"github.com/go-text/typesetting/bidi"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/shaping"
	"github.com/johnfercher/maroto/v2/pkg/consts/fontstyle"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/core/entity"
	"github.com/klauspost/compress/zlib"

	"refill/internal/export/qr"
)

// level of deflate for everything but QR codes, for which see squeezer. Measured on
// sheets of ten cards with their codes: level 1 makes 910 bytes a card, 5 makes 750
// for the same CPU time within the noise, 6 makes 725 for a tenth more, 9 makes 657
// for eight times as much. The squeezer makes 795, for three quarters of the time.
const level = 5

// Document is a file being written. After an error every further call returns
// that error. It is not safe for use by several goroutines.
type Document struct {
	file    *file
	cfg     *entity.Config
	faces   []*Face
	tree    pageTree
	err     error
	picture *picture // nil: none drawn so far

	fonts     Fonts // nil: the configuration's alone
	installed []*installed
	lines     map[lineKey]*textLine
	pieces    map[pieceKey]*textLine
	finds     map[findKey]*font.Font
	paragraph bidi.Paragraph
	shaper    shaping.HarfbuzzShaper

	boxes string // entries of every page
	start string // operators at the start of every page

	zip      *zlib.Writer
	zipped   bytes.Buffer
	page     []byte   // operators of the page being drawn
	squares  []byte   // those of its QR codes, which come after all others
	squeezer squeezer // of squares
	state    state
	codes    qr.Encoder
	matrix   qr.Matrix
	rects    []qr.Rect

	root, info int // object numbers
}

// New starts a document with the page size, margins, fonts and title of a maroto
// configuration: the same one that maroto.New takes, so that a sheet can be drawn
// either way. It returns an error when a font can't be read.
func New(w io.Writer, cfg *entity.Config) (*Document, error) {
	zip, err := zlib.NewWriterLevel(io.Discard, level)
	if err != nil {
		return nil, fmt.Errorf("pdf: deflate: %w", err)
	}
	d := &Document{file: newFile(w), cfg: cfg, zip: zip}
	d.root, d.info = d.file.reserve(), d.file.reserve()
	for _, f := range cfg.CustomFonts {
		face, err := newFace(f)
		if err != nil {
			return nil, err
		}
		face.id, face.doc = d.file.reserve(), d
		d.faces = append(d.faces, face)
	}
	d.tree.root = d.file.reserve()
	return d, nil
}

// Face returns a font of the configuration, for measuring, or nil.
func (d *Document) Face(family string, style fontstyle.Type) *Face {
	for _, f := range d.faces {
		if f.family == family && f.style == style {
			return f
		}
	}
	return nil
}

// Paper is what a page is printed on beyond its width, in millimetres.
type Paper struct {
	Height         float64 // of the page, where it is known only once its content is; 0: the configuration's
	Bleed          float64 // round what is left when the page is cut
	ShiftX, ShiftY float64 // to the right and down, of everything that is drawn
}

// SetPaper sets the paper, before the first page.
func (d *Document) SetPaper(p Paper) {
	if p.Height > 0 {
		d.cfg.Dimensions.Height = p.Height
	}
	if p.Bleed > 0 {
		width, height := d.cfg.Dimensions.Width*pointsPerMM, d.cfg.Dimensions.Height*pointsPerMM
		inset := p.Bleed * pointsPerMM
		d.boxes = fmt.Sprintf("/BleedBox[0 0 %s %s]/TrimBox[%s %s %s %s]", appendPoints(nil, width), appendPoints(nil, height),
			appendPoints(nil, inset), appendPoints(nil, inset), appendPoints(nil, width-inset), appendPoints(nil, height-inset))
	}
	if p.ShiftX != 0 || p.ShiftY != 0 {
		d.start = fmt.Sprintf("1 0 0 1 %s %s cm\n", appendPoints(nil, p.ShiftX*pointsPerMM), appendPoints(nil, -p.ShiftY*pointsPerMM))
	}
}

// Encrypt has the whole file encrypted so that it opens with a password, before the
// first page. Keys and vectors are read from random. Errors are those of
// PreparePassword, or random's.
func (d *Document) Encrypt(password string, random io.Reader) error {
	c, err := newCipherer(password, random)
	if err != nil {
		return err
	}
	d.file.cipher = c
	return nil
}

// Page draws a page of maroto components and writes it. Errors are a
// *GlyphError, qr.ErrTooLong, something drawn that this package doesn't draw, or
// the writer's.
func (d *Document) Page(p core.Page) error {
	if d.err != nil {
		return d.err
	}
	if d.render(p); d.err != nil {
		return d.err
	}
	content := d.file.reserve()
	d.file.stream(content, "", d.deflatePage())
	page, parent := d.tree.add(d.file)
	d.file.object(page, "<</Type/Page/Parent %d 0 R/Contents %d 0 R%s>>", parent, content, d.boxes)
	d.fail(d.file.err)
	return d.err
}

// render turns a page into operators.
func (d *Document) render(p core.Page) {
	d.page = append(d.page[:0], "2 J\n"...) // lines end in squares, as gofpdf's
	d.page = append(d.page, d.start...)
	d.squares = d.squares[:0]
	d.state = newState(d.cfg)
	p.SetConfig(d.cfg)
	p.Render(d, entity.NewRootCell(d.cfg.Dimensions.Width, d.cfg.Dimensions.Height, *d.cfg.Margins))
}

// Close writes what pages share and the table of objects.
func (d *Document) Close() error {
	if d.err != nil {
		return d.err
	}
	fonts := []byte{}
	for i, f := range d.faces {
		if d.fail(d.writeFace(f)); d.err != nil {
			return d.err
		}
		fonts = fmt.Appendf(fonts, "/F%d %d 0 R", i, f.id)
	}
	for i, in := range d.installed {
		d.writeInstalled(in)
		fonts = fmt.Appendf(fonts, "/F%d %d 0 R", len(d.faces)+i, in.id)
	}
	resources := fmt.Sprintf("/Font<<%s>>", fonts)
	if d.picture != nil {
		resources += fmt.Sprintf("/XObject<</P %d 0 R>>", d.picture.id)
	}
	// Size and fonts stand at the root of the tree; every page inherits them.
	d.tree.write(d.file, fmt.Sprintf("/MediaBox[0 0 %s %s]/Resources<<%s>>",
		appendPoints(nil, d.cfg.Dimensions.Width*pointsPerMM), appendPoints(nil, d.cfg.Dimensions.Height*pointsPerMM), resources))
	// Viewers offer to print at actual size: a shrunk card is no card.
	more := ""
	if d.file.cipher != nil { // what of PDF 2.0 the file uses
		more = "/Extensions<</ADBE<</BaseVersion/1.7/ExtensionLevel 8>>>>"
	}
	d.file.object(d.root, "<</Type/Catalog/Pages %d 0 R/ViewerPreferences<</PrintScaling/None/DisplayDocTitle true>>%s>>", d.tree.root, more)
	d.file.object(d.info, "<</Title%s/Producer%s>>", d.file.text(titleOf(d.cfg)), d.file.text("Refill"))
	d.fail(d.file.finish(d.root, d.info))
	if d.err == nil {
		d.err = errClosed // for what is called after this
		return nil
	}
	return d.err
}

// errClosed is what a call after Close gets.
var errClosed = errors.New("pdf: document is closed")

// fail keeps the first error.
func (d *Document) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

// deflate compresses data; the result is good until the next call. The writer is
// used again and again: making one a page was most of gofpdf's allocation.
func (d *Document) deflate(data []byte) []byte {
	d.zipped.Reset()
	d.zip.Reset(&d.zipped)
	_, err := d.zip.Write(data)
	d.fail(errors.Join(err, d.zip.Close()))
	return d.zipped.Bytes()
}

// deflatePage compresses the page's operators. Those of its QR codes are deflated
// already: their block is put behind the others, which end at a whole byte.
func (d *Document) deflatePage() []byte {
	if len(d.squares) == 0 {
		return d.deflate(d.page)
	}
	d.zipped.Reset()
	d.zip.Reset(&d.zipped)
	_, err := d.zip.Write(d.page)
	d.fail(errors.Join(err, d.zip.Flush()))
	d.zipped.Write(d.squeezer.end())
	sum := adler32.New()
	sum.Write(d.page)
	sum.Write(d.squares)
	return sum.Sum(d.zipped.Bytes())
}

// titleOf returns the configuration's title as a text string in UTF-16.
func titleOf(cfg *entity.Config) string {
	b := []byte{0xFE, 0xFF}
	if cfg.Metadata != nil && cfg.Metadata.Title != nil {
		for _, unit := range utf16.Encode([]rune(cfg.Metadata.Title.Text)) {
			b = binary.BigEndian.AppendUint16(b, unit)
		}
	}
	return string(b)
}
