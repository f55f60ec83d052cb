package pdf

import (
	"bytes"
	"fmt"
	"unicode"

	"github.com/go-text/typesetting/font"
	"github.com/johnfercher/maroto/v2/pkg/consts/fontstyle"
	"github.com/johnfercher/maroto/v2/pkg/core/entity"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// GlyphError reports a character without a glyph. A viewer would show an empty box, so the
// document fails instead.
type GlyphError struct {
	Rune   rune
	Family string
}

// Error implements error.
func (e *GlyphError) Error() string {
	return fmt.Sprintf("pdf: font %s has no glyph for %q (%U)", e.Family, e.Rune, e.Rune)
}

// Face is a font of the configuration. It measures text and records the glyphs that the
// document uses, because only those are embedded.
type Face struct {
	family string
	style  fontstyle.Type
	raw    []byte // the whole TrueType file
	font   *sfnt.Font
	buf    sfnt.Buffer
	name   string // PostScript name
	id     int    // object number of the Type0 font
	doc    *Document
	shaper *font.Face // the same font for shaping; nil until a line needs it

	// Glyphs by character: an array for Latin, Greek and Cyrillic, a map for the rest.
	common [0x530]glyph
	rare   map[rune]glyph
	lacks  map[rune]error // cached errors of characters without a glyph
	shown  []rune         // by glyph: a character that the glyph shows; 0: the glyph is not used
	widths []int          // by glyph: width in thousandths of an em, of used glyphs
}

// glyph is the glyph of a character. The zero value means that it was not looked up yet.
type glyph struct {
	id    uint16
	width int16 // thousandths of an em
}

// newFace parses a font of the configuration.
func newFace(f entity.CustomFont) (*Face, error) {
	parsed, err := sfnt.Parse(f.GetBytes())
	if err != nil {
		return nil, fmt.Errorf("pdf: parse font %s: %w", f.GetFamily(), err)
	}
	face := &Face{
		family: f.GetFamily(), style: f.GetStyle(), raw: f.GetBytes(), font: parsed,
		rare: map[rune]glyph{}, lacks: map[rune]error{}, shown: make([]rune, parsed.NumGlyphs()), widths: make([]int, parsed.NumGlyphs()),
	}
	if face.name, err = parsed.Name(&face.buf, sfnt.NameIDPostScript); err != nil {
		return nil, fmt.Errorf("pdf: name of font %s: %w", f.GetFamily(), err)
	}
	return face, nil
}

// Width returns the width of a text in thousandths of the font size, or a *GlyphError.
func (f *Face) Width(text string) (int, error) {
	if width, err := f.plainWidth(text); err == nil {
		return width, nil
	}
	l, err := f.doc.typeset(f, text)
	if err != nil {
		return 0, err
	}
	return l.width, nil
}

// plainWidth returns the width of a text that needs no shaping, as most texts. It returns
// an error if a character has no glyph without shaping.
func (f *Face) plainWidth(text string) (int, error) {
	width := 0
	for _, r := range text {
		g, err := f.glyph(r)
		if err != nil {
			return 0, err
		}
		width += int(g.width)
	}
	return width, nil
}

// glyph returns the glyph of a character.
func (f *Face) glyph(r rune) (glyph, error) {
	if int(r) < len(f.common) {
		if g := f.common[r]; g.id != 0 {
			return g, nil
		}
	} else if g, ok := f.rare[r]; ok {
		return g, nil
	}
	if err, ok := f.lacks[r]; ok {
		return glyph{}, err
	}
	g, err := f.load(r)
	if err != nil {
		f.lacks[r] = err
		return glyph{}, err
	}
	if int(r) < len(f.common) {
		f.common[r] = g
	} else {
		f.rare[r] = g
	}
	return g, nil
}

// load reads a glyph from the font. It rejects control characters, because some fonts have
// invisible glyphs for them. It also rejects combining marks, and letters of scripts that
// need shaping, because they would print incorrectly without it.
func (f *Face) load(r rune) (glyph, error) {
	missing := &GlyphError{Rune: r, Family: f.family}
	if unprintable(r) || unicode.Is(unicode.M, r) || unicode.IsLetter(r) && !unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Common) {
		return glyph{}, missing
	}
	id, err := f.font.GlyphIndex(&f.buf, r)
	if err != nil {
		return glyph{}, fmt.Errorf("pdf: font %s: %w", f.family, err)
	}
	if id == 0 {
		return glyph{}, missing
	}
	width, err := f.advance(id)
	if err != nil {
		return glyph{}, err
	}
	return glyph{id: uint16(id), width: int16(width)}, nil //nolint:gosec // a few ems at most
}

// advance returns the width of a glyph in thousandths of an em.
func (f *Face) advance(id sfnt.GlyphIndex) (int, error) {
	// At 1000 pixels per em the advance is in thousandths, rounded to 1/64.
	width, err := f.font.GlyphAdvance(&f.buf, id, fixed.I(1000), 0)
	if err != nil {
		return 0, fmt.Errorf("pdf: font %s: %w", f.family, err)
	}
	return width.Round(), nil
}

// appendShow appends a text as the operand of Tj: two bytes for each glyph, escaped as a
// literal string requires (ISO 32000-1, section 7.3.4.2). It records the glyphs as used.
func (f *Face) appendShow(b []byte, text string) ([]byte, error) {
	b = append(b, '(')
	for _, r := range text {
		g, err := f.glyph(r)
		if err != nil {
			return b, err
		}
		f.shown[g.id], f.widths[g.id] = r, int(g.width)
		b = appendEscaped(appendEscaped(b, byte(g.id>>8)), byte(g.id)) //nolint:gosec // the low byte
	}
	return append(b, ')'), nil
}

// has reports whether the font can show all characters without shaping.
func (f *Face) has(text []rune) bool {
	for _, r := range text {
		if _, err := f.glyph(r); err != nil && !ignorable(r) {
			return false
		}
	}
	return true
}

func (f *Face) bold() bool { return f.style == fontstyle.Bold }

// shape prepares the font for shaping, for signs within texts that need it.
func (f *Face) shape() (err error) {
	if f.shaper == nil {
		if f.shaper, err = font.ParseTTF(bytes.NewReader(f.raw)); err != nil {
			return fmt.Errorf("pdf: font %s: %w", f.family, err)
		}
	}
	return nil
}

// mark records that a glyph is used, and returns its width.
func (f *Face) mark(id uint16, r rune) (int, error) {
	width, err := f.advance(sfnt.GlyphIndex(id))
	if f.shown[id] == 0 { // otherwise the glyph has a character already
		f.shown[id], f.widths[id] = r, width
	}
	return width, err
}

func appendEscaped(b []byte, c byte) []byte {
	switch c {
	case '(', ')', '\\':
		return append(b, '\\', c)
	case '\r':
		return append(b, '\\', 'r')
	}
	return append(b, c)
}
