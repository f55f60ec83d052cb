package export

import (
	"github.com/johnfercher/maroto/v2/pkg/components/col"
	"github.com/johnfercher/maroto/v2/pkg/consts/align"
	"github.com/johnfercher/maroto/v2/pkg/consts/fontstyle"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/props"

	"refill/internal/export/qr"
)

// A label in millimetres. The code runs along its lower edge, as wide as it may;
// above it stand the texts at the left and the QR code at the right. Labels go
// through office printers, which miss by a millimetre: nothing is filled, and
// nothing comes nearer to the edge than the pad.
//
// What a label has no room for is left out, in this order of importance: code
// (always), QR code (at 0.33 mm a module or more), value (always), serial, valid
// till, brand, instructions, series.
const (
	labelPad      = 2.4 // four modules of 0.6 mm: the QR code's light margin
	labelCodeGap  = 1.6 // between the code's capitals and what stands above
	labelModule   = labelPad / 4
	labelTextGap  = 1.2 // between texts and the QR code's light margin
	labelLeading  = 1.22
	labelMostCode = 14.0 // points
)

// label is a card on a small label.
type label struct {
	*design
	inner    float64
	top      float64 // height above the code
	codeBase float64 // of the code, below top
	qrSide   float64
	textSide float64 // width beside the QR code
	codeType typeface
	fixed    []core.Component // the parts that never change
	lines    []labelLine      // those that change and have room
}

// labelLine is one text beside the QR code.
type labelLine struct {
	what      string
	important int // 0 comes first; lines that are alike stand or go together
	typ       typeface
	height    float64 // 0: left out
	baseline  float64 // from the card's top
	fixed     string
	color     *props.Color
	slot      func(*face) *textSlot
	label     string // before the value
	value     func(*Card) string
}

func newLabel(d *design) artwork {
	w := &label{design: d, inner: d.layout.CardWidth - 2*labelPad}
	w.codeType = d.face(mono, fontstyle.Bold, labelMostCode, 6)
	return w
}

// prepare finds out what there is room for.
func (w *label) prepare() error {
	code, err := w.codeType.fit("code", w.meta.sampleCode(), w.inner)
	if err != nil {
		return err
	}
	capHeight := code.size / pointsPerMM * capitals
	w.top = w.layout.CardHeight - labelPad - capHeight - labelCodeGap
	w.codeBase = capHeight + labelCodeGap
	room := w.top - labelPad
	modules, err := w.codes.Size(w.address + w.meta.sampleCode())
	if err != nil {
		return ErrAddress.With(err)
	}
	// Four modules of light between the QR code and the tallest letter below it.
	light := labelCodeGap - code.size/pointsPerMM*(roundCapitals-capitals)
	module := min(labelModule, (room+light)/float64(modules+qr.QuietZone))
	w.textSide = w.inner
	if module >= qrLeast {
		w.qrSide = module * float64(modules)
		w.textSide -= w.qrSide + 4*module + labelTextGap
	}
	return w.stack(room)
}

// stack puts the texts one below the other, the less important ones left out
// where there is no room.
func (w *label) stack(room float64) error {
	small := w.face(sans, fontstyle.Normal, 6.5, 5)
	lines := []labelLine{
		{what: "brand", important: 3, typ: w.face(sans, fontstyle.Bold, 9, 6), fixed: w.meta.Brand, color: w.brandInk},
		{
			what: "price", important: 0, typ: w.face(sans, fontstyle.Bold, min(max(room*0.86, 12.5), 20), 8), color: w.ink,
			slot: func(f *face) *textSlot { return &f.price }, value: func(c *Card) string { return c.PriceText },
		},
	}
	for _, text := range w.meta.Instructions {
		lines = append(lines, labelLine{what: "line of instructions", important: 4, typ: small, fixed: text, color: w.ink})
	}
	labels := &w.meta.Labels
	for _, l := range []labelLine{
		{
			what: "series", important: 5,
			slot: func(f *face) *textSlot { return &f.series }, label: labels.Series, value: func(c *Card) string { return c.Series },
		},
		{
			what: "serial", important: 1,
			slot: func(f *face) *textSlot { return &f.serial }, label: labels.Serial, value: func(c *Card) string { return c.serial() },
		},
		{
			what: "valid-till date", important: 2,
			slot: func(f *face) *textSlot { return &f.validTill }, label: labels.ValidTill, value: func(c *Card) string { return c.ValidTillText },
		},
	} {
		l.typ, l.color = small, w.ink
		lines = append(lines, l)
	}
	left := room
	for important := range 6 {
		height, fit := 0.0, true
		for i := range lines {
			if l := &lines[i]; l.important == important {
				l.height = l.typ.size / pointsPerMM * labelLeading
				height += l.height
				fit = fit && w.fits(l)
			}
		}
		full := height > left
		if important == 0 && (full || !fit) {
			return w.tooTall("the value")
		}
		if !full && fit {
			left -= height
			continue
		}
		for i := range lines {
			if lines[i].important == important || full && lines[i].important > important {
				lines[i].height = 0
			}
		}
		if full {
			break
		}
	}
	return w.place(lines, left)
}

// fits reports whether a text that never changes can be read at the width it has;
// the others are as wide as the cards make them, and the brand may be cut.
func (w *label) fits(l *labelLine) bool {
	if l.fixed == "" {
		return l.value != nil
	}
	_, err := l.typ.fit(l.what, l.fixed, w.textSide)
	return err == nil || l.what == "brand"
}

// place gives each text its baseline: brand and value at the top, the rest at the
// foot, and the air that is left between them.
func (w *label) place(lines []labelLine, air float64) error {
	y := labelPad
	for i, l := range lines {
		if l.height == 0 {
			continue
		}
		if i >= 2 { // below the price
			y, air = y+air, 0
		}
		l.baseline = y + l.typ.size/pointsPerMM*capitals
		y += l.height
		if l.value != nil {
			w.lines = append(w.lines, l)
			continue
		}
		s, err := l.typ.fitOrCut(l.what, l.fixed, w.textSide)
		if err != nil {
			return err
		}
		w.fixed = append(w.fixed, l.typ.line(s, l.baseline, props.Text{Color: l.color}))
	}
	return nil
}

// set puts a card's texts on a label.
func (w *label) set(f *face, c *Card) error {
	for i := range w.lines {
		l := &w.lines[i]
		s, err := l.typ.fitLabelled(l.what, &l.label, l.value(c), w.textSide)
		if err != nil {
			return err
		}
		*l.slot(f) = l.typ.place(s, l.baseline, props.Text{Color: l.color})
	}
	s, err := w.codeType.fit("code", c.Code, w.inner)
	if err != nil {
		return err
	}
	f.code = w.codeType.place(s, w.codeBase, props.Text{Color: w.ink, Align: align.Center})
	return w.setLink(f, c.Code, w.qrSide, labelModule, func(side float64) props.Rect {
		return props.Rect{Left: w.startOf(w.inner, side), Top: labelPad, Percent: side / w.top * 100}
	})
}

// bands are what stands above the code, and the code.
func (w *label) bands(f *face) []band {
	foot := w.layout.CardHeight - w.top
	if f == nil {
		return []band{{height: w.top}, {height: foot}}
	}
	pad, inner := col.New(units(labelPad)), units(w.inner)
	head := col.New(inner).Add(w.fixed...).Add(&f.link)
	for i := range w.lines {
		head.Add(w.lines[i].slot(f))
	}
	return []band{
		{height: w.top, cols: []core.Col{pad, head, pad}},
		{height: foot, cols: []core.Col{pad, col.New(inner).Add(&f.code), pad}},
	}
}
