package export

import (
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
	address string
	codes   qr.Encoder

	ink, quiet, accent, tint *props.Color
	brandInk                 *props.Color // the accent, as dark as text must be
	logo                     *logo        // nil: none
	brandType, kindType      typeface
	priceType, codeType      typeface
	lineType, labelType      typeface
	valueType, noteType      typeface

	head, foot   []core.Component // the parts that never change
	printNote    core.Component
	priceOf      string   // what price was set from
	price, brand textSlot // the brand goes with the price: they share a line

	panelStyle, barStyle                  *props.Cell
	markFirst, markBoth, markTop, markEnd *props.Cell
}

// newDesign measures and makes everything that cards share.
func newDesign(meta Meta, doc *pdf.Document) (*design, error) {
	meta.Labels = meta.Labels.withDefaults()
	d := &design{
		meta:    meta,
		address: meta.PortalURL + "/r#",
		ink:     &props.Color{Red: 23, Green: 28, Blue: 36},
		quiet:   &props.Color{Red: 94, Green: 104, Blue: 118},
		accent:  &props.Color{Red: 20, Green: 68, Blue: 122},
	}
	if meta.Accent != "" {
		color, err := accent.Parse(meta.Accent)
		if err != nil {
			return nil, ErrMeta.Saying("The brand’s colour must look like #1f4e79.").With(err)
		}
		d.accent = propColor(color)
	}
	d.brandInk = readable(d.accent)
	var err error
	if d.logo, err = newLogo(meta.Logo); err != nil {
		return nil, err
	}
	if len(meta.Instructions) > 2 {
		return nil, ErrMeta.Saying("A card has room for two lines of instructions.")
	}
	d.setTypes(doc)
	d.setStyles()
	for _, step := range []func() error{d.makeHead, d.makeFoot, d.makeNote, d.checkAddress} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// setTypes picks the typefaces: size and floor in points. The floors are the
// smallest sizes that a laser printer still makes legible.
func (d *design) setTypes(doc *pdf.Document) {
	set := func(family string, style fontstyle.Type, size, floor float64) typeface {
		return typeface{face: doc.Face(family, style), family: family, style: style, size: size, floor: floor}
	}
	d.brandType = set(sans, fontstyle.Bold, 13, 8)
	d.kindType = set(sans, fontstyle.Normal, 7.5, 5)
	d.priceType = set(sans, fontstyle.Bold, 20, 9)
	d.codeType = set(mono, fontstyle.Bold, 17.5, 6.5)
	d.lineType = set(sans, fontstyle.Normal, 7.5, 5)
	d.labelType = set(sans, fontstyle.Normal, 6, 4.5)
	d.valueType = set(sans, fontstyle.Bold, 8.5, 5)
	d.noteType = set(sans, fontstyle.Normal, 6.5, 4)
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
	d.markFirst, d.markBoth = mark(border.Left), mark(border.Left|border.Right)
	d.markTop, d.markEnd = mark(border.Top), mark(border.Bottom)
}

// makeHead makes the line under the brand, and makes sure that the brand can be
// printed; its size depends on each card's price.
func (d *design) makeHead() error {
	kind, err := d.kindType.fitOrCut("word for the kind of card", d.meta.Labels.Kind, cardInner/2)
	if err != nil {
		return err
	}
	d.head = []core.Component{d.kindType.line(kind, kindLine, props.Text{Color: d.quiet, Left: d.logo.left()})}
	if d.logo != nil {
		d.head = append(d.head, d.logo)
	}
	_, err = d.brandType.fitOrCut("brand", d.meta.Brand, cardInner)
	return err
}

// readable is a colour made dark enough for text on paper.
func readable(c *props.Color) *props.Color {
	return propColor(accent.Color{R: uint8(c.Red), G: uint8(c.Green), B: uint8(c.Blue)}.On(accent.White, accent.TextContrast)) //nolint:gosec // from eight bits each
}

func propColor(c accent.Color) *props.Color {
	return &props.Color{Red: int(c.R), Green: int(c.G), Blue: int(c.B)}
}

// makeFoot makes the instructions, both as small as the longer one has to be, and
// the labels of serial, series and date.
func (d *design) makeFoot() error {
	size, lines := d.lineType.size, make([]setting, len(d.meta.Instructions))
	for i, text := range d.meta.Instructions {
		var err error
		if lines[i], err = d.lineType.fit("line of instructions", text, footInner); err != nil {
			return err
		}
		size = min(size, lines[i].size)
	}
	top := footEnd - qrSide + d.lineType.size/pointsPerMM*capitals // level with the QR code
	for i, s := range lines {
		s.size = size
		d.foot = append(d.foot, d.lineType.line(s, top+float64(i)*lineLead, props.Text{Color: d.ink}))
	}
	for _, label := range []struct {
		text        string
		left, width float64
	}{
		{d.meta.Labels.Serial, serialLeft, serialWidth},
		{d.meta.Labels.Series, seriesLeft, seriesWidth},
		{d.meta.Labels.ValidTill, validLeft, validWidth},
	} {
		s, err := d.labelType.fitOrCut("word “"+label.text+"”", label.text, label.width)
		if err != nil {
			return err
		}
		d.foot = append(d.foot, d.labelType.line(s, footEnd-labelLead, props.Text{Color: d.quiet, Left: label.left}))
	}
	return nil
}

// makeNote makes the line in the sheet's margin that tells how to print.
func (d *design) makeNote() error {
	s, err := d.noteType.fitOrCut("title", d.meta.title()+"  ·  "+d.meta.Labels.Print, noteWidth)
	if err != nil {
		return err
	}
	d.printNote = d.noteType.line(s, noteLine, noteProps(align.Left, d.quiet))
	return nil
}

// checkAddress makes sure that the QR code of the longest code can be drawn.
func (d *design) checkAddress() error {
	if _, err := d.codes.Size(d.address + longestCode); err != nil {
		return ErrAddress.With(err)
	}
	return nil
}
