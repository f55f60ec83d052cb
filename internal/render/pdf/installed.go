package pdf

import (
	"fmt"
	"math"
	"strings"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
)

// Fonts is a source of fonts besides those of the configuration.
type Fonts interface {
	// Font returns a font with glyphs for all of the characters, or nil. It returns the
	// same font for the same characters.
	Font(text []rune, bold bool) *font.Font
}

// SetFonts sets the source of fonts for characters that the fonts of the configuration
// lack. It must be called before the first page. Fonts are read only when such a character
// occurs.
func (d *Document) SetFonts(fonts Fonts) { d.fonts = fonts }

// installed is an installed font of which a document uses some glyphs. Only those are
// embedded: their outlines are read from any font format and written as a small CFF font
// (see cff.go). Therefore a font of 20 MB adds only a few glyphs to a document.
type installed struct {
	face  *font.Face
	name  string
	id    int // object number of the Type0 font
	cids  map[string]uint16
	shown []cid // by number; the first is the glyph for missing characters, which is never used
}

// clusterGlyph is a glyph of a cluster, with its position from the beginning of the
// cluster.
type clusterGlyph struct {
	glyph font.GID
	x, y  int
}

// cid is an embedded glyph: one for each cluster of glyphs, such as a letter with its
// marks, and each text that the cluster shows. So readers extract the correct text, and
// letters stay in one word.
type cid struct {
	outline []segment
	width   int
	text    string
}

// installedOf returns the use of a font in the document.
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

// Covers reports whether a font has glyphs for all visible characters of a text.
func Covers(f *font.Font, text []rune) bool {
	for _, r := range text {
		if _, ok := f.NominalGlyph(r); !ok && !ignorable(r) {
			return false
		}
	}
	return true
}

// number returns the number of a cluster that shows a text.
func (in *installed) number(glyphs []clusterGlyph, width int, text string) (uint16, error) {
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

// thousandths converts units of the font to thousandths of an em.
func (in *installed) thousandths(v float32) int {
	return int(math.Round(float64(v) * 1000 / float64(in.face.Upem())))
}

// point is a point of an outline in thousandths of an em; y points up.
type point struct{ x, y int }

// segment is a part of an outline: M moves to its first point, L draws a line to its first
// point, C draws a curve to its third point.
type segment struct {
	op byte
	to [3]point
}

// points returns the points that the segment uses.
func (s *segment) points() []point {
	if s.op == 'C' {
		return s.to[:]
	}
	return s.to[:1]
}

// outlineOf returns the outline of a glyph at its position, or nil for an invisible glyph.
func (in *installed) outlineOf(g clusterGlyph) (all []segment) {
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
		case opentype.SegmentOpQuadTo: // the equivalent cubic curve
			args = [3]opentype.SegmentPoint{twoThirds(at, args[0]), twoThirds(args[1], args[0]), args[1]}
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

// twoThirds returns the point two thirds of the way from p to q.
func twoThirds(p, q opentype.SegmentPoint) opentype.SegmentPoint {
	return opentype.SegmentPoint{X: p.X + (q.X-p.X)*2/3, Y: p.Y + (q.Y-p.Y)*2/3}
}
