package render

import (
	"github.com/johnfercher/maroto/v2/pkg/components/col"
	"github.com/johnfercher/maroto/v2/pkg/consts/align"
	"github.com/johnfercher/maroto/v2/pkg/consts/fontstyle"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/props"

	"refill/internal/render/qr"
)

// The geometry of a label, in millimetres. The code runs along the lower edge in the full
// width. Above it are the texts at the left and the QR code at the right. The position of a
// print on the paper varies by up to a millimetre, so the design has no filled areas, and
// no element is nearer to the edge than labelPad.
//
// Elements without space are omitted, by this order of importance: code (always printed),
// QR code (with modules of at least 0.33 mm), face value (always printed), serial, valid
// till, brand, the portal’s address, instructions, series.
const (
	labelPad      = 2.4 // four modules of 0.6 mm: the quiet zone of the QR code
	labelCodeGap  = 1.6 // between the code's capitals and the element above
	labelModule   = labelPad / 4
	labelTextGap  = 1.2 // between texts and the quiet zone of the QR code
	labelLeading  = 1.22
	labelTight    = 1.12 // leading of a label that is too low for all texts up to the portal's address
	labelUpTo     = 4    // importance of the portal's address
	labelMostCode = 14.0 // points
)

// label is the design of a card on a small label.
type label struct {
	*design
	inner    float64
	top      float64 // height above the code
	codeBase float64 // of the code, below top
	textSide float64 // width beside the QR code
	codeType typeface
	fixed    []core.Component // components that are the same on each card
	lines    []labelLine      // lines that change and have space
}

// labelLine is a text beside the QR code.
type labelLine struct {
	what      string
	important int // 0 is the most important; lines of equal importance are kept or omitted together
	typ       typeface
	height    float64 // 0: omitted
	baseline  float64 // from the card's top
	fixed     string
	color     *props.Color
	slot      func(*cardSlots) *textSlot
	label     string // before the value
	value     func(*Card) string
}

func newLabel(d *design) artwork {
	w := &label{design: d, inner: d.layout.CardWidth - 2*labelPad}
	w.codeType = d.face(mono, fontstyle.Bold, labelMostCode, 6)
	return w
}

// prepare implements artwork. It chooses the elements that have space.
func (w *label) prepare() error {
	code, err := w.codeType.fit(codeText, w.meta.sampleCode(), w.inner)
	if err != nil {
		return err
	}
	capHeight := code.size / pointsPerMM * capitals
	w.top = w.layout.CardHeight - labelPad - capHeight - labelCodeGap
	w.codeBase = capHeight + labelCodeGap
	room := w.top - labelPad
	modules, err := w.modules()
	if err != nil {
		return err
	}
	// The quiet zone of four modules lies between the QR code and the tallest letter below
	// it.
	light := labelCodeGap - code.size/pointsPerMM*(roundCapitals-capitals)
	module := min(labelModule, (room+light)/float64(modules+qr.QuietZone))
	w.textSide = w.inner
	if modules > 0 && module >= qrLeast {
		w.qrSide = module * float64(modules)
		w.textSide -= w.qrSide + 4*module + labelTextGap
	}
	return w.chooseLines(room)
}

// chooseLines chooses the texts by importance until the space is used, and places them one
// below the other. Where the usual sizes leave no space for the portal's address, it uses
// smaller ones.
func (w *label) chooseLines(room float64) error {
	lines, err := w.texts(9, min(max(room*0.86, 12.5), 20))
	if err != nil {
		return err
	}
	left, all := w.choose(lines, room, labelLeading)
	if !all {
		tight, err := w.texts(7.5, 12.5)
		if err != nil {
			return err
		}
		if air, all := w.choose(tight, room, labelTight); all {
			lines, left = tight, air
		}
	}
	if lines[priceLine].height == 0 {
		return errNoRoom.Because(ErrTooWide)
	}
	return w.place(lines, left)
}

// priceLine is the index of the price among the texts of a label.
const priceLine = 1

// texts returns the texts of a label from top to bottom, with the sizes of brand and price
// in points.
func (w *label) texts(brand, price float64) ([]labelLine, error) {
	small, hostType := w.face(sans, fontstyle.Normal, 6.5, 5), w.face(sans, fontstyle.Bold, 6.5, 5)
	host, _, err := w.host(&hostType, w.textSide)
	if err != nil {
		return nil, err
	}
	lines := []labelLine{
		{what: "brand", important: 3, typ: w.face(sans, fontstyle.Bold, brand, 6), fixed: w.meta.Brand, color: w.brandInk},
		{
			what: "price", important: 0, typ: w.face(sans, fontstyle.Bold, price, 8), color: w.ink,
			slot: func(f *cardSlots) *textSlot { return &f.price }, value: func(c *Card) string { return c.PriceText },
		},
	}
	for _, text := range w.instructions(w.qrSide > 0) {
		if text == "" {
			continue
		}
		lines = append(lines, labelLine{what: "line of instructions", important: 5, typ: small, fixed: text, color: w.ink})
	}
	lines = append(lines, labelLine{what: "portal’s address", important: labelUpTo, typ: hostType, fixed: host.words, color: w.ink})
	labels := &w.meta.Labels
	for _, l := range []labelLine{
		{
			what: "series", important: 6,
			slot: func(f *cardSlots) *textSlot { return &f.series }, label: labels.Series, value: func(c *Card) string { return c.Series },
		},
		{
			what: "serial", important: 1,
			slot: func(f *cardSlots) *textSlot { return &f.serial }, label: labels.Serial, value: func(c *Card) string { return c.serial() },
		},
		{
			what: "valid-till date", important: 2,
			slot: func(f *cardSlots) *textSlot { return &f.validTill }, label: labels.ValidTill, value: func(c *Card) string { return c.ValidTillText },
		},
	} {
		l.typ, l.color = small, w.ink
		lines = append(lines, l)
	}
	return lines, nil
}

// choose sets the heights of the lines that have space; that of the others is 0. It returns
// the space that is left, and reports whether the portal's address and all more important
// texts have enough height.
func (w *label) choose(lines []labelLine, room, leading float64) (left float64, all bool) {
	left = room
	for important := range 7 {
		height, fit := 0.0, true
		for i := range lines {
			if l := &lines[i]; l.important == important {
				l.height = l.typ.size / pointsPerMM * leading
				height += l.height
				fit = fit && w.fits(l)
			}
		}
		full := height > left
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
			return left, important > labelUpTo
		}
	}
	return left, true
}

// fits reports whether a fixed text is legible in the width that it has. It accepts a
// changing text, whose width depends on the card, and the brand, which may be truncated.
func (w *label) fits(l *labelLine) bool {
	if l.fixed == "" {
		return l.value != nil
	}
	_, err := l.typ.fit(l.what, l.fixed, w.textSide)
	return err == nil || l.what == "brand"
}

// place sets the baseline of each text: brand and value at the top, the rest at the bottom,
// and the unused space between them.
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

// set implements artwork.
func (w *label) set(f *cardSlots, c *Card) error {
	for i := range w.lines {
		l := &w.lines[i]
		s, err := l.typ.fitLabelled(l.what, &l.label, l.value(c), w.textSide)
		if err != nil {
			return err
		}
		*l.slot(f) = l.typ.place(s, l.baseline, props.Text{Color: l.color})
	}
	s, err := w.codeType.fit(codeText, c.Code, w.inner)
	if err != nil {
		return err
	}
	f.code = w.codeType.place(s, w.codeBase, props.Text{Color: w.ink, Align: align.Center})
	return w.setLink(f, c.Code, w.qrSide, labelModule, func(side float64) props.Rect {
		return props.Rect{Left: w.lineEndOffset(w.inner, side), Top: labelPad, Percent: side / w.top * 100}
	})
}

// bands returns the part above the code, and the code.
func (w *label) bands(f *cardSlots) []band {
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
