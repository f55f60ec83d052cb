// Package pdf writes PDF files of any length in a few MiB of memory. It implements maroto's
// core.Provider: it draws maroto's pages, rows, columns and texts, and writes each page to
// the io.Writer at once. Fonts are embedded as subsets at the end of the file, when all
// used glyphs are known.
//
// It knows nothing of cards and reads no clock, never seeks, and never starts a goroutine.
// A component that it can't draw (a second image, barcodes, lines, wrapped text) is an
// error, never a blank area.
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

	"refill/internal/render/qr"
)

// level is the compression level for everything but QR codes, for which see qrDeflater.
// Measured on sheets of ten cards with their codes: level 1 gives 910 bytes a card, 5 gives
// 750 in about the same CPU time, 6 gives 725 in a tenth more, 9 gives 657 in eight times
// as much. The qrDeflater gives 795, in three quarters of the time.
const level = 5

// Document is a PDF file that is being written. After an error every further call returns
// that error. It is not safe for concurrent use.
type Document struct {
	file    *file
	cfg     *entity.Config
	faces   []*Face
	tree    pageTree
	err     error
	picture *picture // nil: no image drawn yet

	fonts     Fonts // nil: only fonts of the configuration
	installed []*installed
	lines     map[lineKey]*textLine
	pieces    map[pieceKey]*textLine
	finds     map[findKey]*font.Font
	paragraph bidi.Paragraph
	shaper    shaping.HarfbuzzShaper

	boxes string // box entries of every page object
	start string // operators at the beginning of every page

	zip        *zlib.Writer
	zipped     bytes.Buffer
	page       []byte     // operators of the page, without QR codes
	qrPage     []byte     // operators of its QR codes, which follow all others
	qrDeflater qrDeflater // compresses qrPage
	state      state
	codes      qr.Encoder
	matrix     qr.Matrix
	rects      []qr.Rect

	root, info int // object numbers
}

// New starts a document with page size, margins, fonts and title of a maroto configuration.
// maroto.New takes the same configuration, so that a sheet can be drawn by either. It
// returns an error where a font can't be read.
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

// Face returns a font of the configuration for measuring, or nil.
func (d *Document) Face(family string, style fontstyle.Type) *Face {
	for _, f := range d.faces {
		if f.family == family && f.style == style {
			return f
		}
	}
	return nil
}

// Paper describes the paper beyond its width, in millimetres.
type Paper struct {
	Height         float64 // height of the page, where it depends on the content; 0: that of the configuration
	Bleed          float64 // width of the bleed around the trimmed page
	ShiftX, ShiftY float64 // shift of everything to the right and down
}

// SetPaper sets the paper. It must be called before the first page.
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

// Encrypt encrypts the whole file with a password. It must be called before the first page.
// Keys and initialization vectors are read from random. It returns the errors of
// PreparePassword and of random.
func (d *Document) Encrypt(password string, random io.Reader) error {
	c, err := newEncrypter(password, random)
	if err != nil {
		return err
	}
	d.file.cipher = c
	return nil
}

// Page draws a page of maroto components and writes it. It returns a *GlyphError,
// qr.ErrTooLong, ErrNotDrawn, or an error of the writer.
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

// render converts a page to operators.
func (d *Document) render(p core.Page) {
	d.page = append(d.page[:0], "2 J\n"...) // lines have projecting square caps, as gofpdf draws them
	d.page = append(d.page, d.start...)
	d.qrPage = d.qrPage[:0]
	d.state = newState(d.cfg)
	p.SetConfig(d.cfg)
	p.Render(d, entity.NewRootCell(d.cfg.Dimensions.Width, d.cfg.Dimensions.Height, *d.cfg.Margins))
}

// Close writes the objects that pages share and the cross-reference table.
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
	// Page size and fonts are set at the root of the page tree, and every page inherits
	// them.
	d.tree.write(d.file, fmt.Sprintf("/MediaBox[0 0 %s %s]/Resources<<%s>>",
		appendPoints(nil, d.cfg.Dimensions.Width*pointsPerMM), appendPoints(nil, d.cfg.Dimensions.Height*pointsPerMM), resources))
	// Viewers are told not to scale the page: cards must have their exact size.
	more := ""
	if d.file.cipher != nil { // the encryption is an extension of PDF 1.7
		more = "/Extensions<</ADBE<</BaseVersion/1.7/ExtensionLevel 8>>>>"
	}
	d.file.object(d.root, "<</Type/Catalog/Pages %d 0 R/ViewerPreferences<</PrintScaling/None/DisplayDocTitle true>>%s>>", d.tree.root, more)
	d.file.object(d.info, "<</Title%s/Producer%s>>", d.file.text(titleOf(d.cfg)), d.file.text("Refill"))
	d.fail(d.file.finish(d.root, d.info))
	if d.err == nil {
		d.err = errClosed // returned by later calls
		return nil
	}
	return d.err
}

// errClosed is returned by a call after Close.
var errClosed = errors.New("pdf: document is closed")

// fail stores the first error.
func (d *Document) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

// deflate compresses data. The result is valid until the next call. It reuses one
// compressor: a new one for each page caused most of gofpdf's allocations.
func (d *Document) deflate(data []byte) []byte {
	d.zipped.Reset()
	d.zip.Reset(&d.zipped)
	_, err := d.zip.Write(data)
	d.fail(errors.Join(err, d.zip.Close()))
	return d.zipped.Bytes()
}

// deflatePage compresses the operators of the page. The operators of its QR codes are
// compressed already as a deflate block, which is appended after the others at a byte
// boundary.
func (d *Document) deflatePage() []byte {
	if len(d.qrPage) == 0 {
		return d.deflate(d.page)
	}
	d.zipped.Reset()
	d.zip.Reset(&d.zipped)
	_, err := d.zip.Write(d.page)
	d.fail(errors.Join(err, d.zip.Flush()))
	d.zipped.Write(d.qrDeflater.end())
	sum := adler32.New()
	sum.Write(d.page)
	sum.Write(d.qrPage)
	return sum.Sum(d.zipped.Bytes())
}

// titleOf returns the title of the configuration as a UTF-16 text string.
func titleOf(cfg *entity.Config) string {
	b := []byte{0xFE, 0xFF}
	if cfg.Metadata != nil && cfg.Metadata.Title != nil {
		for _, unit := range utf16.Encode([]rune(cfg.Metadata.Title.Text)) {
			b = binary.BigEndian.AppendUint16(b, unit)
		}
	}
	return string(b)
}
