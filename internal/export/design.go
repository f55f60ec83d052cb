package export

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/johnfercher/maroto/v2/pkg/consts/align"
	"github.com/johnfercher/maroto/v2/pkg/consts/border"
	"github.com/johnfercher/maroto/v2/pkg/consts/fontstyle"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/props"

	"refill/internal/accent"
	"refill/internal/export/pdf"
	"refill/internal/export/qr"
)

// design is how all cards of a file look. What is the same on each card is
// measured and made into a component once: a component only says what to draw
// where in its column, so that any number of columns may hold it.
type design struct {
	meta    Meta // cleaned, with its defaults filled in
	layout  Layout
	doc     *pdf.Document
	address string
	codes   qr.Encoder

	mirrored bool // the card runs right to left

	ink, quiet, accent, tint *props.Color
	brandInk                 *props.Color // the accent, as dark as text must be

	art   artwork // what carries the code
	front artwork // the face of a card that has its code on the back; nil: none

	noteType             typeface
	printNote            core.Component
	panelStyle, barStyle *props.Cell
	markFirst, markLast  *props.Cell
	levelMarks           map[border.Type]*props.Cell
}

// newDesign measures and makes everything that cards share.
func newDesign(meta Meta, layout Layout, doc *pdf.Document) (*design, error) {
	meta.Labels = meta.Labels.withDefaults()
	d := &design{
		meta: meta, layout: layout, doc: doc,
		address:  meta.PortalURL + "/r#",
		mirrored: meta.rightToLeft(),
		ink:      &props.Color{Red: 23, Green: 28, Blue: 36},
		quiet:    &props.Color{Red: 94, Green: 104, Blue: 118},
		accent:   &props.Color{Red: 20, Green: 68, Blue: 122},
	}
	if meta.Accent != "" {
		color, err := accent.Parse(meta.Accent)
		if err != nil {
			return nil, ErrMeta.Saying("The brand’s colour must look like #1f4e79.").With(err)
		}
		d.accent = propColor(color)
	}
	d.brandInk = readable(d.accent)
	if len(meta.Instructions) > 2 {
		return nil, ErrMeta.Saying("A card has room for two lines of instructions.")
	}
	if meta.BothSides && !layout.BothSides {
		return nil, ErrSides
	}
	d.setStyles()
	if _, err := d.codes.Size(d.address + longestCode); err != nil {
		return nil, ErrAddress.With(err)
	}
	d.art = layout.art(d)
	if err := d.art.prepare(); err != nil {
		return nil, err
	}
	if err := d.makeNote(); err != nil {
		return nil, err
	}
	if meta.BothSides {
		d.front = newFrontFace(d)
		return d, d.front.prepare()
	}
	return d, nil
}

// face picks a typeface: size and floor in points. Floors are the smallest sizes
// that a laser printer still makes legible.
func (d *design) face(family string, style fontstyle.Type, size, floor float64) typeface {
	return typeface{face: d.doc.Face(family, style), family: family, style: style, size: size, floor: floor, mirrored: d.mirrored}
}

// startOf is how far from a place's left edge something begins that is so wide and
// stands at the end of a line: at the right, or at the left of a mirrored card.
func (d *design) startOf(width, side float64) float64 {
	if d.mirrored {
		return 0
	}
	return width - side
}

// inOrder puts columns that stand side by side in the order of a mirrored card.
func (d *design) inOrder(cols ...core.Col) []core.Col {
	if d.mirrored {
		slices.Reverse(cols)
	}
	return cols
}

// setStyles makes the grounds and borders of columns.
func (d *design) setStyles() {
	lighten := func(c int) int { return 255 - (255-c)*7/100 } // 7 % ink on white
	d.tint = &props.Color{Red: lighten(d.accent.Red), Green: lighten(d.accent.Green), Blue: lighten(d.accent.Blue)}
	d.panelStyle = &props.Cell{BackgroundColor: d.tint}
	d.barStyle = &props.Cell{BackgroundColor: d.accent}
	mark := func(sides border.Type) *props.Cell {
		return &props.Cell{BorderType: sides, BorderThickness: markWidth, BorderColor: d.ink}
	}
	d.markFirst, d.markLast = mark(border.Left), mark(border.Left|border.Right)
	d.levelMarks = map[border.Type]*props.Cell{}
	for _, sides := range []border.Type{border.Top, border.Bottom, border.Top | border.Bottom} {
		d.levelMarks[sides] = mark(sides)
	}
	d.noteType = d.face(sans, fontstyle.Normal, 6.5, 4)
	d.noteType.mirrored = false // notes are for whoever prints, and keep their places
}

// readable is a colour made dark enough for text on paper.
func readable(c *props.Color) *props.Color {
	return propColor(accent.Color{R: uint8(c.Red), G: uint8(c.Green), B: uint8(c.Blue)}.On(accent.White, accent.TextContrast)) //nolint:gosec // from eight bits each
}

func propColor(c accent.Color) *props.Color {
	return &props.Color{Red: int(c.R), Green: int(c.G), Blue: int(c.B)}
}

// makeNote makes the line in the sheet's margin that tells how to print.
func (d *design) makeNote() error {
	if !d.layout.Marks {
		return nil
	}
	words := d.meta.Labels.Print
	if d.meta.BothSides {
		words = d.meta.Labels.PrintBoth
	}
	s, err := d.noteType.fitOrCut("title", d.meta.title()+"  ·  "+words, d.layout.CardWidth-2*noteInset)
	if err != nil {
		return err
	}
	d.printNote = d.noteType.line(s, noteLine, noteProps(align.Left, d.quiet))
	return nil
}

// Fragment writes a code as the end of an address, behind its “#”. Codes of ours stay as
// they are; those of other systems may have any character.
func Fragment(code string) string { return strings.ReplaceAll(url.QueryEscape(code), "+", "%20") }

// setLink sets a card's QR code as large as its place and the largest module
// allow; at says where a code of a size belongs. Where modules would be smaller
// than cheap phones read, there is none: the code in letters stands beside it.
func (d *design) setLink(f *face, code string, side, module float64, at func(side float64) props.Rect) error {
	f.link = linkSlot{link: d.address + Fragment(code)}
	modules, err := d.codes.Size(f.link.link)
	side = min(side, module*float64(modules))
	if err != nil || side/float64(modules) < qrLeast { // the address alone fits: see newDesign
		f.link = linkSlot{}
		return nil //nolint:nilerr // then the code stands in letters alone
	}
	f.link.prop = at(side)
	return nil
}

// tooTall is what a card says that has no room for what it must show.
func (d *design) tooTall(what string) error {
	return ErrTooWide.Saying(fmt.Sprintf("“%s” has no room for %s.", d.layout.Title, what))
}
