package pdf

import (
	"fmt"
	"slices"
	"unicode"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
)

// textLine is a shaped text or part of one: glyphs from left to right. A text that the face
// can show without shaping needs none.
type textLine struct {
	advance fixed.Int26_6 // in thousandths of the font size, as every length here
	width   int           // the same, rounded up
	glyphs  []placedGlyph
}

// placedGlyph is a glyph of a line.
type placedGlyph struct {
	font  int // number of the font resource
	id    uint16
	width int // advance of the pen
	x     int // position from the beginning of the line
}

// maxCachedLines bounds the cached lines and pieces. The fixed texts of a file are few; the
// texts that differ from card to card must not accumulate.
const maxCachedLines = 256

type lineKey struct {
	face *Face
	text string
}

// pieceKey identifies a shaped piece. Words before a number are shaped once, for any number
// after them.
type pieceKey struct {
	found  *installed
	script language.Script
	rtl    bool
	text   string
}

// typeset shapes a text. It returns a *GlyphError for a character that no font has. A font
// file that is valid except for its shaping tables fails the document that needs shaping.
func (d *Document) typeset(f *Face, text string) (l *textLine, err error) {
	key := lineKey{f, text}
	if l, ok := d.lines[key]; ok {
		return l, nil
	}
	defer func() {
		if broken := recover(); broken != nil {
			l, err = nil, fmt.Errorf("pdf: a font that was found is broken: %v", broken) //nolint:err113 // for the log
		}
	}()
	runes := []rune(text)
	l = &textLine{}
	for _, s := range visualRuns(&d.paragraph, runes) {
		items, err := d.itemize(f, runes, s)
		if err != nil {
			return nil, err
		}
		rtl := s.level%2 == 1
		if rtl {
			slices.Reverse(items)
		}
		for i := range items {
			piece, err := d.piece(&items[i], runes[items[i].from:items[i].to], rtl)
			if err != nil {
				return nil, err
			}
			for _, g := range piece.glyphs {
				g.x += l.advance.Round()
				l.glyphs = append(l.glyphs, g)
			}
			l.advance += piece.advance
		}
	}
	l.width = l.advance.Ceil()
	if d.lines == nil || len(d.lines) >= maxCachedLines {
		d.lines = map[lineKey]*textLine{}
	}
	d.lines[key] = l
	return l, nil
}

// piece shapes the text of an item separately: letters join only within one font.
func (d *Document) piece(it *item, text []rune, rtl bool) (*textLine, error) {
	if it.own != nil && !rtl {
		return d.plain(it.own, text)
	}
	if it.own != nil { // signs only, which may have to be mirrored
		return d.shape(it, text, rtl)
	}
	key := pieceKey{it.found, it.script, rtl, string(text)}
	if p, ok := d.pieces[key]; ok {
		return p, nil
	}
	p, err := d.shape(it, text, rtl)
	if err != nil {
		return nil, err
	}
	if d.pieces == nil || len(d.pieces) >= maxCachedLines {
		d.pieces = map[pieceKey]*textLine{}
	}
	d.pieces[key] = p
	return p, nil
}

// plain lays out a piece in a font of the configuration without shaping.
func (d *Document) plain(f *Face, text []rune) (*textLine, error) {
	l := &textLine{glyphs: make([]placedGlyph, 0, len(text))}
	number := slices.Index(d.faces, f)
	for _, r := range text {
		if ignorable(r) {
			continue
		}
		g, err := f.glyph(r)
		if err != nil {
			return nil, err
		}
		f.shown[g.id], f.widths[g.id] = r, int(g.width)
		l.glyphs = append(l.glyphs, placedGlyph{font: number, id: g.id, width: int(g.width), x: l.advance.Round()})
		l.advance += fixed.I(int(g.width))
	}
	return l, nil
}

// shape lays out a piece by the rules of its font for joining letters and placing marks.
func (d *Document) shape(it *item, text []rune, rtl bool) (*textLine, error) {
	input := shaping.Input{Text: text, RunEnd: len(text), Size: fixed.I(1000), Script: it.script, Direction: di.DirectionLTR}
	if rtl {
		input.Direction = di.DirectionRTL
	}
	if it.own != nil {
		if err := it.own.shape(); err != nil {
			return nil, err
		}
		input.Face, input.FontFeatures = it.own.shaper, plainFeatures
	} else {
		input.Face = it.found.face
	}
	l, out := &textLine{}, d.shaper.ShapeNoExtents(input)
	for from := 0; from < len(out.Glyphs); {
		to := from
		for to < len(out.Glyphs) && out.Glyphs[to].TextIndex() == out.Glyphs[from].TextIndex() {
			to++
		}
		cluster := out.Glyphs[from:to]
		from = to
		if err := d.place(l, cluster, text[cluster[0].TextIndex():][:cluster[0].RunesCount()], it, rtl); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// plainFeatures turns off the features of the configuration's fonts that texts without
// shaping don't have.
var plainFeatures = []shaping.FontFeature{ //nolint:gochecknoglobals // a constant
	{Tag: opentype.MustNewTag("kern")}, {Tag: opentype.MustNewTag("liga")}, {Tag: opentype.MustNewTag("clig")},
}

// place appends a cluster to a line: glyphs that belong together, and the characters that
// they show.
func (d *Document) place(l *textLine, glyphs []shaping.Glyph, text []rune, it *item, rtl bool) error {
	text = slices.DeleteFunc(slices.Clone(text), ignorable)
	start, drawn := l.advance, make([]clusterGlyph, 0, len(glyphs))
	for _, g := range glyphs {
		empty := g.GlyphID == font.EmptyGlyph || it.empty(g.GlyphID)
		switch {
		case len(text) == 0, empty && g.Advance == 0: // for example joiners
		case g.GlyphID == 0, empty && !unicode.IsSpace(text[0]):
			return &GlyphError{Rune: text[0], Family: it.family()}
		default:
			drawn = append(drawn, clusterGlyph{g.GlyphID, (l.advance - start + g.XOffset).Round(), g.YOffset.Round()})
		}
		l.advance += g.Advance
	}
	if len(drawn) == 0 {
		return nil
	}
	if it.own == nil {
		return d.placeFound(l, start, drawn, text, it.found, rtl)
	}
	for _, g := range drawn { // a single glyph: these fonts have no marks
		id := uint16(g.glyph) //nolint:gosec // a TrueType font has at most 65,535 glyphs
		width, err := it.own.mark(id, text[0])
		if err != nil {
			return err
		}
		l.glyphs = append(l.glyphs, placedGlyph{font: slices.Index(d.faces, it.own), id: id, width: width, x: start.Round() + g.x})
	}
	return nil
}

// placeFound appends a cluster of an installed font to a line. PDF readers reverse
// right-to-left text glyph by glyph, and keep the order of characters within one glyph.
// Therefore a ligature, or a letter with marks, is written as one glyph for each of its
// characters. The first glyph draws the shape; the others are empty and have only their
// character.
func (d *Document) placeFound(l *textLine, from fixed.Int26_6, drawn []clusterGlyph, text []rune, in *installed, rtl bool) error {
	number := len(d.faces) + slices.Index(d.installed, in)
	texts := []string{string(text)}
	if rtl {
		texts = texts[:0]
		for _, r := range slices.Backward(text) {
			texts = append(texts, string(r))
		}
	}
	each := (l.advance - from) / fixed.Int26_6(len(texts)) //nolint:gosec // a few
	for i, shows := range texts {
		id, err := in.number(drawn, each.Round(), shows)
		if err != nil {
			return err
		}
		l.glyphs = append(l.glyphs, placedGlyph{font: number, id: id, width: each.Round(), x: (from + each*fixed.Int26_6(i)).Round()})
		drawn = nil
	}
	return nil
}
