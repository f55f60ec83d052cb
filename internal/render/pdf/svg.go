package pdf

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"

	"github.com/johnfercher/maroto/v2/pkg/core"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// SVG returns a page as an SVG image. It interprets the operators of the page, so that a
// preview can't differ from the file. Glyphs are drawn as outlines, so the image needs no
// font. edges (left, top, width and height in millimetres) are lines where the paper is cut
// or separated; they are shown in the image and never printed. SVG writes nothing to the
// document.
func (d *Document) SVG(p core.Page, edges ...[4]float64) ([]byte, error) {
	return d.svgOf(p, [4]float64{0, 0, d.cfg.Dimensions.Width, d.cfg.Dimensions.Height}, edges)
}

// SVGPart returns a part of a page as an SVG image: left, top, width and height in
// millimetres.
func (d *Document) SVGPart(p core.Page, part [4]float64) ([]byte, error) {
	return d.svgOf(p, part, nil)
}

func (d *Document) svgOf(p core.Page, part [4]float64, edges [][4]float64) ([]byte, error) {
	if d.err != nil {
		return nil, d.err
	}
	if d.render(p); d.err != nil {
		return nil, d.err
	}
	s := &svg{doc: d, fill: "#000", stroke: "#000", glyphs: map[glyphKey]bool{}}
	if err := s.read(append(d.page, d.qrPage...)); err != nil {
		return nil, err
	}
	width, height := d.cfg.Dimensions.Width, d.cfg.Dimensions.Height
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.2fmm" height="%.2fmm" viewBox="%s %s %s %s"><defs>%s</defs>`,
		part[2], part[3], appendPoints(nil, part[0]*pointsPerMM), appendPoints(nil, part[1]*pointsPerMM),
		appendPoints(nil, part[2]*pointsPerMM), appendPoints(nil, part[3]*pointsPerMM), s.defs.Bytes())
	fmt.Fprintf(&b, `<path fill="#fff" d="M0 0h%sv%sH0z"/><g transform="matrix(1 0 0 -1 0 %s)">%s</g>`,
		appendPoints(nil, width*pointsPerMM), appendPoints(nil, height*pointsPerMM), appendPoints(nil, height*pointsPerMM), s.body.Bytes())
	for _, e := range edges {
		fmt.Fprintf(&b, `<rect fill="none" stroke="#d6336c" stroke-width=".5" stroke-dasharray="3 2" x="%s" y="%s" width="%s" height="%s"/>`,
			appendPoints(nil, e[0]*pointsPerMM), appendPoints(nil, e[1]*pointsPerMM), appendPoints(nil, e[2]*pointsPerMM), appendPoints(nil, e[3]*pointsPerMM))
	}
	b.WriteString("</svg>")
	return b.Bytes(), nil
}

// svg is an SVG image under construction: the graphics state and the elements drawn.
// Coordinates are those of the page, whose y axis points up.
type svg struct {
	doc          *Document
	body, defs   bytes.Buffer
	fill, stroke string
	width        string
	face, x      int
	size         float64
	path         []byte
	groups       []int // groups opened since each q
	glyphs       map[glyphKey]bool
}

type glyphKey struct {
	face int
	id   uint16
}

// read interprets the operators of a page. It knows only the operators that this package
// writes.
func (s *svg) read(page []byte) error {
	var args []string
	var text []part
	for i := 0; i < len(page); {
		switch c := page[i]; c {
		case ' ', '\n', '[', ']':
			i++
		case '(':
			var p part
			p.text, i = literal(page, i+1)
			if len(args) > 0 { // in an array: a move before the string
				p.move, _ = strconv.Atoi(args[0])
			}
			text, args = append(text, p), args[:0]
		default:
			end := i
			for end < len(page) && !bytes.ContainsRune([]byte(" \n([]"), rune(page[end])) {
				end++
			}
			word := string(page[i:end])
			i = end
			if c == '/' || c == '-' || c == '.' || c >= '0' && c <= '9' {
				args = append(args, word)
				continue
			}
			if err := s.operator(word, args, text); err != nil {
				return err
			}
			args, text = args[:0], text[:0]
		}
	}
	for len(s.groups) > 0 {
		if err := s.operator("Q", nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// part is a string of a TJ array with the move to the left before it.
type part struct {
	move int // thousandths of the font size
	text []byte
}

// literal returns a literal string up to its closing parenthesis.
func literal(page []byte, i int) (text []byte, next int) {
	for ; i < len(page) && page[i] != ')'; i++ {
		c := page[i]
		if c == '\\' {
			i++
			if c = page[i]; c == 'r' {
				c = '\r'
			}
		}
		text = append(text, c)
	}
	return text, i + 1
}

func (s *svg) operator(name string, a []string, text []part) error {
	switch name {
	case "J":
	case "BT":
		s.x = 0
	case "ET":
		s.body.WriteString("</g>")
	case "q":
		s.groups = append(s.groups, 0)
	case "Q":
		last := len(s.groups) - 1
		for range s.groups[last] {
			s.body.WriteString("</g>")
		}
		s.groups = s.groups[:last]
	case "cm":
		fmt.Fprintf(&s.body, `<g transform="matrix(%s %s %s %s %s %s)">`, a[0], a[1], a[2], a[3], a[4], a[5])
		if n := len(s.groups); n > 0 {
			s.groups[n-1]++
		} else {
			s.groups = append(s.groups, 1) // the shift of the whole page
		}
	case "rg":
		s.fill = hexColor(a)
	case "RG":
		s.stroke = hexColor(a)
	case "w":
		s.width = a[0]
	case "re":
		s.path = fmt.Appendf(s.path, "M%s %sh%sv%sH%sz", a[0], a[1], a[2], a[3], a[0])
	case "m":
		s.path = fmt.Appendf(s.path, "M%s %s", a[0], a[1])
	case "l":
		s.path = fmt.Appendf(s.path, "L%s %s", a[0], a[1])
	case "f":
		fmt.Fprintf(&s.body, `<path fill="%s" d="%s"/>`, s.fill, s.path)
		s.path = s.path[:0]
	case "S":
		fmt.Fprintf(&s.body, `<path fill="none" stroke="%s" stroke-width="%s" stroke-linecap="square" d="%s"/>`, s.stroke, s.width, s.path)
		s.path = s.path[:0]
	case "Tf":
		s.face, _ = strconv.Atoi(a[0][len("/F"):])
		s.size, _ = strconv.ParseFloat(a[1], 64)
	case "Td":
		fmt.Fprintf(&s.body, `<g fill="%s" transform="translate(%s %s) scale(%.5f)">`, s.fill, a[0], a[1], s.size/1000)
	case "Tj", "TJ":
		return s.show(text)
	case "Do":
		fmt.Fprintf(&s.body, `<image width="1" height="1" preserveAspectRatio="none" transform="matrix(1 0 0 -1 0 1)" href="data:image/png;base64,%s"/>`,
			base64.StdEncoding.EncodeToString(s.doc.picture.source))
	default:
		return fmt.Errorf("%w: operator %q in a picture", ErrNotDrawn, name)
	}
	return nil
}

// hexColor converts three components to a hexadecimal colour.
func hexColor(a []string) string {
	var c [3]int
	for i := range c {
		part, _ := strconv.ParseFloat(a[i], 64)
		c[i] = int(part*255 + 0.5)
	}
	return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2])
}

// show draws a text of two bytes for each glyph. Positions are in thousandths of the font
// size.
func (s *svg) show(parts []part) error {
	for _, p := range parts {
		s.x -= p.move
		for i := 0; i+1 < len(p.text); i += 2 {
			key := glyphKey{s.face, uint16(p.text[i])<<8 | uint16(p.text[i+1])}
			if err := s.define(key); err != nil {
				return err
			}
			fmt.Fprintf(&s.body, `<use href="#f%dg%d" x="%d"/>`, key.face, key.id, s.x)
			s.x += s.doc.widthOf(key)
		}
	}
	return nil
}

// widthOf returns the width of a used glyph.
func (d *Document) widthOf(key glyphKey) int {
	if key.face < len(d.faces) {
		return d.faces[key.face].widths[key.id]
	}
	return d.installed[key.face-len(d.faces)].shown[key.id].width
}

// define adds the outline of a glyph to the definitions, once.
func (s *svg) define(key glyphKey) error {
	if s.glyphs[key] {
		return nil
	}
	s.glyphs[key] = true
	if n := key.face - len(s.doc.faces); n >= 0 {
		s.defineInstalled(key, s.doc.installed[n].shown[key.id].outline)
		return nil
	}
	face := s.doc.faces[key.face]
	segments, err := face.font.LoadGlyph(&face.buf, sfnt.GlyphIndex(key.id), fixed.I(1000), nil)
	if err != nil {
		return fmt.Errorf("pdf: outline of a glyph: %w", err)
	}
	fmt.Fprintf(&s.defs, `<path id="f%dg%d" d="`, key.face, key.id)
	for _, segment := range segments {
		letter, points := byte('M'), 1
		switch segment.Op {
		case sfnt.SegmentOpMoveTo:
		case sfnt.SegmentOpLineTo:
			letter = 'L'
		case sfnt.SegmentOpQuadTo:
			letter, points = 'Q', 2
		case sfnt.SegmentOpCubeTo:
			letter, points = 'C', 3
		}
		s.defs.WriteByte(letter)
		for _, p := range segment.Args[:points] {
			fmt.Fprintf(&s.defs, "%d %d ", p.X.Round(), -p.Y.Round()) // y points down in the outline
		}
	}
	s.defs.WriteString(`"/>`)
	return nil
}

// defineInstalled adds the outline of an embedded glyph of an installed font.
func (s *svg) defineInstalled(key glyphKey, outline []segment) {
	fmt.Fprintf(&s.defs, `<path id="f%dg%d" d="`, key.face, key.id)
	for i := range outline {
		s.defs.WriteByte(outline[i].op)
		for _, p := range outline[i].points() {
			fmt.Fprintf(&s.defs, "%d %d ", p.x, p.y)
		}
	}
	s.defs.WriteString(`"/>`)
}
