package pdf

import (
	"math"
	"slices"
	"unicode"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
)

// textLine is a text that was shaped: glyphs from left to right. Texts whose
// characters the face has, and which need no shaping, never become one.
type textLine struct {
	width  int // thousandths of the font size, as all lengths here
	glyphs []placed
}

// placed is a glyph of a line.
type placed struct {
	font  int // number of the font resource
	id    uint16
	width int // by which the pen moves on
	x     int // where it stands, from the line's beginning
}

// linesKept bounds the lines that are remembered: those of a file's fixed texts
// are few, and those that differ from card to card must not gather.
const linesKept = 256

type lineKey struct {
	face *Face
	text string
}

// typeset shapes a text, or returns a *GlyphError for a character that no font has.
func (d *Document) typeset(f *Face, text string) (*textLine, error) {
	key := lineKey{f, text}
	if l, ok := d.lines[key]; ok {
		return l, nil
	}
	runes := []rune(text)
	l, pen := &textLine{}, fixed.Int26_6(0)
	for _, s := range visual(runes) {
		items, err := d.itemize(f, runes, s)
		if err != nil {
			return nil, err
		}
		if s.level%2 == 1 {
			slices.Reverse(items)
		}
		for _, it := range items {
			if pen, err = d.shape(l, pen, runes, it, s.level%2 == 1); err != nil {
				return nil, err
			}
		}
	}
	l.width = int(math.Ceil(float64(pen) / 64))
	if d.lines == nil || len(d.lines) >= linesKept {
		d.lines = map[lineKey]*textLine{}
	}
	d.lines[key] = l
	return l, nil
}

// shape puts the glyphs of an item behind those of the line, and returns where the
// next one begins.
func (d *Document) shape(l *textLine, pen fixed.Int26_6, text []rune, it item, rtl bool) (fixed.Int26_6, error) {
	input := shaping.Input{
		Text: text, RunStart: it.from, RunEnd: it.to, Size: fixed.I(1000), Script: it.script, Direction: di.DirectionLTR,
	}
	if rtl {
		input.Direction = di.DirectionRTL
	}
	if it.own != nil {
		if err := it.own.shape(); err != nil {
			return pen, err
		}
		input.Face, input.FontFeatures = it.own.shaper, plainFeatures
	} else {
		input.Face = it.found.face
	}
	out := d.shaper.ShapeNoExtents(input)
	for from := 0; from < len(out.Glyphs); {
		to := from
		for to < len(out.Glyphs) && out.Glyphs[to].TextIndex() == out.Glyphs[from].TextIndex() {
			to++
		}
		cluster := out.Glyphs[from:to]
		from = to
		var err error
		if pen, err = d.place(l, pen, cluster, text[cluster[0].TextIndex():][:cluster[0].RunesCount()], it, rtl); err != nil {
			return pen, err
		}
	}
	return pen, nil
}

// plainFeatures makes the configuration's fonts look as they do where nothing is
// shaped.
var plainFeatures = []shaping.FontFeature{ //nolint:gochecknoglobals // a constant
	{Tag: opentype.MustNewTag("kern")}, {Tag: opentype.MustNewTag("liga")}, {Tag: opentype.MustNewTag("clig")},
}

// place puts a cluster into the line: glyphs that belong together, and the
// characters that they show. Of a font that was found they become one glyph of the
// document.
func (d *Document) place(l *textLine, pen fixed.Int26_6, glyphs []shaping.Glyph, text []rune, it item, rtl bool) (fixed.Int26_6, error) {
	text = slices.DeleteFunc(slices.Clone(text), ignorable)
	start, drawn := pen, make([]drawing, 0, len(glyphs))
	for _, g := range glyphs {
		empty := g.GlyphID == font.EmptyGlyph || it.empty(g.GlyphID)
		switch {
		case len(text) == 0, empty && g.Advance == 0: // joiners and the like
		case g.GlyphID == 0, empty && !unicode.IsSpace(text[0]):
			return pen, &GlyphError{Rune: text[0], Family: it.family()}
		default:
			drawn = append(drawn, drawing{g.GlyphID, (pen - start + g.XOffset).Round(), g.YOffset.Round()})
		}
		pen += g.Advance
	}
	if len(drawn) == 0 {
		return pen, nil
	}
	if it.own == nil {
		return pen, d.placeFound(l, start, pen, drawn, text, it.found, rtl)
	}
	for _, g := range drawn { // one: these fonts have no marks
		id := uint16(g.glyph) //nolint:gosec // of a TrueType font
		width, err := it.own.mark(id, text[0])
		if err != nil {
			return pen, err
		}
		l.glyphs = append(l.glyphs, placed{font: slices.Index(d.faces, it.own), id: id, width: width, x: start.Round() + g.x})
	}
	return pen, nil
}

// placeFound puts a cluster of a font that was found between two places of a line.
// Readers of a file turn what runs right to left round, glyph by glyph, and leave
// the characters of one glyph as they are. So a ligature, or a letter with marks, is
// as many glyphs there as it has characters: the first draws it, and the others
// only stand for theirs.
func (d *Document) placeFound(l *textLine, from, to fixed.Int26_6, drawn []drawing, text []rune, in *installed, rtl bool) error {
	number := len(d.faces) + slices.Index(d.installed, in)
	texts := []string{string(text)}
	if rtl {
		texts = texts[:0]
		for _, r := range slices.Backward(text) {
			texts = append(texts, string(r))
		}
	}
	each := (to - from) / fixed.Int26_6(len(texts)) //nolint:gosec // a few
	for i, shows := range texts {
		id, err := in.number(drawn, each.Round(), shows)
		if err != nil {
			return err
		}
		l.glyphs = append(l.glyphs, placed{font: number, id: id, width: each.Round(), x: (from + each*fixed.Int26_6(i)).Round()})
		drawn = nil
	}
	return nil
}
