package pdf

import (
	"fmt"
	"math"
	"strings"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
)

// Fonts finds fonts beside those of the configuration.
type Fonts interface {
	// Font returns a font that has glyphs for all of the characters, or nil. The
	// same characters lead to the same font.
	Font(text []rune, bold bool) *font.Font
}

// SetFonts says where to look for characters that the configuration's fonts lack,
// before the first page. Nothing is read until there is one.
func (d *Document) SetFonts(fonts Fonts) { d.fonts = fonts }

// installed is a font of which a document shows some glyphs. Only those are
// embedded: their outlines are taken from whatever kind of font file it is and
// written as a small CFF font (see cff.go). So a font of 20 MB costs a document
// what its few glyphs cost.
type installed struct {
	face  *font.Face
	name  string
	id    int // object number of the Type0 font
	cids  map[string]uint16
	shown []cid // by number; the first is the glyph for what is missing, never shown
}

// drawing is a glyph of the font in a cluster, from where that begins.
type drawing struct {
	glyph font.GID
	x, y  int
}

// cid is a glyph as it is embedded: one for each cluster of glyphs that belong
// together, such as a letter with its marks, and for each text that it shows. So
// readers of the file find the text that was meant, and letters stay in one word.
type cid struct {
	outline []segment
	width   int
	text    string
}

// installedOf returns a document's use of a font.
func (d *Document) installedOf(f *font.Font) *installed {
	for _, have := range d.installed {
		if have.face.Font == f {
			return have
		}
	}
	about := f.Describe()
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, about.Family)
	if name == "" {
		name = "Font"
	}
	if about.Aspect.Weight >= font.WeightSemibold {
		name += "-Bold"
	}
	in := &installed{face: font.NewFace(f), name: name, id: d.file.reserve(), cids: map[string]uint16{}, shown: make([]cid, 1)}
	d.installed = append(d.installed, in)
	return in
}

// Covers reports whether a font has glyphs for all characters that show something.
func Covers(f *font.Font, text []rune) bool {
	for _, r := range text {
		if _, ok := f.NominalGlyph(r); !ok && !ignorable(r) {
			return false
		}
	}
	return true
}

// number gives a cluster that shows a text its number in the document.
func (in *installed) number(glyphs []drawing, width int, text string) (uint16, error) {
	key := fmt.Sprintln(glyphs, width, text)
	if n, ok := in.cids[key]; ok {
		return n, nil
	}
	if len(in.shown) > 0xFFFF {
		return 0, fmt.Errorf("pdf: more than 65,535 glyphs of font %s", in.name) //nolint:err113 // for the log
	}
	n := uint16(len(in.shown)) //nolint:gosec // just held against the limit
	c := cid{width: width, text: text}
	for _, g := range glyphs {
		c.outline = append(c.outline, in.outlineOf(g)...)
	}
	in.cids[key], in.shown = n, append(in.shown, c)
	return n, nil
}

// thousandths turns units of the font into thousandths of an em.
func (in *installed) thousandths(v float32) int {
	return int(math.Round(float64(v) * 1000 / float64(in.face.Upem())))
}

// point is a point of an outline in thousandths of an em; y points up.
type point struct{ x, y int }

// segment is a part of an outline: M moves to its first point, L draws a line to
// it, C a curve to its third.
type segment struct {
	op byte
	to [3]point
}

// points returns those that the segment uses.
func (s *segment) points() []point {
	if s.op == 'C' {
		return s.to[:]
	}
	return s.to[:1]
}

// outlineOf returns a glyph's outline at its place, nil if it shows nothing.
func (in *installed) outlineOf(g drawing) (all []segment) {
	outline, ok := in.face.GlyphDataOutline(g.glyph)
	if !ok {
		return nil
	}
	var at opentype.SegmentPoint
	for _, s := range outline.Segments {
		args := s.Args
		drawn := segment{op: 'C'}
		switch s.Op {
		case opentype.SegmentOpMoveTo:
			drawn.op = 'M'
		case opentype.SegmentOpLineTo:
			drawn.op = 'L'
		case opentype.SegmentOpQuadTo: // the cubic that is the same curve
			args = [3]opentype.SegmentPoint{towards(at, args[0]), towards(args[1], args[0]), args[1]}
		case opentype.SegmentOpCubeTo:
		}
		for i := range drawn.points() {
			at = args[i]
			drawn.to[i] = point{g.x + in.thousandths(at.X), g.y + in.thousandths(at.Y)}
		}
		all = append(all, drawn)
	}
	return all
}

// towards is the point two thirds of the way from p to q.
func towards(p, q opentype.SegmentPoint) opentype.SegmentPoint {
	return opentype.SegmentPoint{X: p.X + (q.X-p.X)*2/3, Y: p.Y + (q.Y-p.Y)*2/3}
}
