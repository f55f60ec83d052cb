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

// textLine is a text that was shaped, or a piece of one: glyphs from left to right.
// Texts whose characters the face has, and which need no shaping, never become one.
type textLine struct {
	advance fixed.Int26_6 // in thousandths of the font size, as all lengths here
	width   int           // the same, rounded up
	glyphs  []placed
}

// placed is a glyph of a line.
type placed struct {
	font  int // number of the font resource
	id    uint16
	width int // by which the pen moves on
	x     int // where it stands, from the line's beginning
}

// linesKept bounds the lines, and the pieces of lines, that are remembered: those of
// a file's fixed texts are few, and those that differ from card to card must not
// gather.
const linesKept = 256

type lineKey struct {
	face *Face
	text string
}

// pieceKey is what a piece looks like by: words that stand before a number are
// shaped once, however many numbers follow.
type pieceKey struct {
	found  *installed
	script language.Script
	rtl    bool
	text   string
}

// typeset shapes a text, or returns a *GlyphError for a character that no font has.
// A font that is broken where only shaping looks fails the file that needs it.
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
	for _, s := range visual(&d.paragraph, runes) {
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
	if d.lines == nil || len(d.lines) >= linesKept {
		d.lines = map[lineKey]*textLine{}
	}
	d.lines[key] = l
	return l, nil
}

// piece sets the text of an item by itself: letters join only within a font.
func (d *Document) piece(it *item, text []rune, rtl bool) (*textLine, error) {
	if it.own != nil && !rtl {
		return d.plain(it.own, text)
	}
	if it.own != nil { // signs by themselves, which may have to be mirrored
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
	if d.pieces == nil || len(d.pieces) >= linesKept {
		d.pieces = map[pieceKey]*textLine{}
	}
	d.pieces[key] = p
	return p, nil
}

// plain sets a piece in a font of the configuration, as it is set where nothing has
// to be shaped.
func (d *Document) plain(f *Face, text []rune) (*textLine, error) {
	l := &textLine{glyphs: make([]placed, 0, len(text))}
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
		l.glyphs = append(l.glyphs, placed{font: number, id: g.id, width: int(g.width), x: l.advance.Round()})
		l.advance += fixed.I(int(g.width))
	}
	return l, nil
}

// shape sets a piece by what its font says of how letters join and where marks go.
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

// plainFeatures makes the configuration's fonts look as they do where nothing is
// shaped.
var plainFeatures = []shaping.FontFeature{ //nolint:gochecknoglobals // a constant
	{Tag: opentype.MustNewTag("kern")}, {Tag: opentype.MustNewTag("liga")}, {Tag: opentype.MustNewTag("clig")},
}

// place puts a cluster behind what a line has: glyphs that belong together, and the
// characters that they show.
func (d *Document) place(l *textLine, glyphs []shaping.Glyph, text []rune, it *item, rtl bool) error {
	text = slices.DeleteFunc(slices.Clone(text), ignorable)
	start, drawn := l.advance, make([]drawing, 0, len(glyphs))
	for _, g := range glyphs {
		empty := g.GlyphID == font.EmptyGlyph || it.empty(g.GlyphID)
		switch {
		case len(text) == 0, empty && g.Advance == 0: // joiners and the like
		case g.GlyphID == 0, empty && !unicode.IsSpace(text[0]):
			return &GlyphError{Rune: text[0], Family: it.family()}
		default:
			drawn = append(drawn, drawing{g.GlyphID, (l.advance - start + g.XOffset).Round(), g.YOffset.Round()})
		}
		l.advance += g.Advance
	}
	if len(drawn) == 0 {
		return nil
	}
	if it.own == nil {
		return d.placeFound(l, start, drawn, text, it.found, rtl)
	}
	for _, g := range drawn { // one: these fonts have no marks
		id := uint16(g.glyph) //nolint:gosec // of a TrueType font
		width, err := it.own.mark(id, text[0])
		if err != nil {
			return err
		}
		l.glyphs = append(l.glyphs, placed{font: slices.Index(d.faces, it.own), id: id, width: width, x: start.Round() + g.x})
	}
	return nil
}

// placeFound puts a cluster of a font that was found into a line, from a place on to
// its end.
// Readers of a file turn what runs right to left round, glyph by glyph, and leave
// the characters of one glyph as they are. So a ligature, or a letter with marks, is
// as many glyphs there as it has characters: the first draws it, and the others
// only stand for theirs.
func (d *Document) placeFound(l *textLine, from fixed.Int26_6, drawn []drawing, text []rune, in *installed, rtl bool) error {
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
		l.glyphs = append(l.glyphs, placed{font: number, id: id, width: each.Round(), x: (from + each*fixed.Int26_6(i)).Round()})
		drawn = nil
	}
	return nil
}
