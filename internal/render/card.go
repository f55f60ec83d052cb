package render

import (
	"strconv"

	"github.com/johnfercher/maroto/v2/pkg/components/col"
	"github.com/johnfercher/maroto/v2/pkg/consts/align"
	"github.com/johnfercher/maroto/v2/pkg/consts/fontstyle"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/props"
)

// The geometry of the card, in millimetres from its top left corner. All text begins at
// the left margin or ends at the right one. The QR code's dark modules end at the right
// margin too, and its light margin extends into the card's. There are three rows: head
// (brand and price), panel (the code), foot (instructions, serial, series, date; QR code).
// On a card that is less high than a bank card the space in the head shrinks first, then
// that in the foot.
const (
	cardPad = 5.0

	headFull    = 16.8
	headLeast   = 15.6
	panelHeight = 10.2
	footFull    = 27.0

	headLine = 10.6 // baseline of brand and price
	kindLine = 14.2 // baseline of the line below the brand
	priceMax = 44.0
	headGap  = 4.0 // least space between brand and price

	barWidth = 1.2 // of the accent at the panel's left
	codePad  = 2.4 // between the panel's edges and the code
	capitals = 0.7 // their height in font sizes

	roundCapitals = 0.742 // of O, Q and digits, which are taller than other capitals

	qrMost   = 19.0
	qrAbove  = 2.5 // blank space between the panel and the QR code
	qrModule = 0.6 // at most: larger modules need a wider quiet zone than there is
	qrLeast  = 0.33
	qrGap    = 4.5 // between text and QR code

	lineLead    = 3.5 // between lines of instructions
	hostLead    = 4.4 // between the last of them and the portal's address
	labelLead   = 3.3 // between a label's baseline and its value's
	serialLeft  = 0.0
	serialWidth = 12.6
	seriesLeft  = 14.6
	seriesWidth = 12.6
	validLeft   = 29.2
)

// longestCode has the length of the longest possible code: a prefix of twenty characters
// and four groups.
const longestCode = "XXXXXXXXXXXXXXXXXXXX-XXXX-XXXX-XXXX-XXXX"

// wideCard is the design of a card of bank card size with all elements.
type wideCard struct {
	*design
	inner      float64 // between the margins
	headHeight float64
	footHeight float64
	footEnd    float64 // baseline of the last line, and the lower edge of the QR code

	brandType, kindType, priceType, codeType typeface
	lineType, labelType, valueType, hostType typeface

	logo         *logo            // nil: none
	head, foot   []core.Component // components that are the same on each card
	priceOf      string           // the text that price was set from
	price, brand textSlot         // the brand is kept with the price, because they share a line
}

func newWideCard(d *design) artwork {
	l := &d.layout
	w := &wideCard{design: d, inner: l.CardWidth - 2*cardPad}
	w.headHeight = max(headLeast, headFull-max(0, headFull+panelHeight+footFull-l.CardHeight))
	w.footHeight = l.CardHeight - w.headHeight - panelHeight
	w.footEnd = w.footHeight - cardPad
	w.qrSide = w.footTall()
	w.brandType = d.face(sans, fontstyle.Bold, 13, 8)
	w.kindType = d.face(sans, fontstyle.Normal, 7.5, 5)
	w.priceType = d.face(sans, fontstyle.Bold, 20, 9)
	w.codeType = d.face(mono, fontstyle.Bold, 17.5, 6.5)
	w.lineType = d.face(sans, fontstyle.Normal, 7.5, 5)
	w.labelType = d.face(sans, fontstyle.Normal, 6, 4.5)
	w.valueType = d.face(sans, fontstyle.Bold, 8.5, 5)
	w.hostType = d.face(sans, fontstyle.Bold, 8.5, 5)
	return w
}

// prepare implements artwork.
func (w *wideCard) prepare() error {
	var err error
	if w.logo, err = w.newLogo(w.inner, w.headHeight); err != nil {
		return err
	}
	if err := w.makeHead(); err != nil {
		return err
	}
	modules, err := w.modules()
	if err != nil {
		return err
	}
	if modules == 0 || w.qrSide/float64(modules) < qrLeast {
		w.qrSide = 0
	}
	return w.makeFoot()
}

// makeHead makes the line under the brand, and checks that the brand can be printed. The
// size of the brand depends on the price of each card.
func (w *wideCard) makeHead() error {
	kind, err := w.kindType.fitOrCut("word for the kind of card", w.meta.Labels.Kind, w.inner/2)
	if err != nil {
		return err
	}
	w.head = []core.Component{w.kindType.line(kind, kindLine, props.Text{Color: w.quiet, Left: w.logo.left()})}
	if w.logo != nil {
		w.head = append(w.head, w.logo)
	}
	_, err = w.brandType.fitOrCut("brand", w.meta.Brand, w.inner)
	return err
}

// makeFoot makes the instructions, in the size that fits the longer line, the portal's
// address, and the labels of serial, series and date. An address that is too long for its
// line is omitted.
func (w *wideCard) makeFoot() error {
	instructions := w.instructions(w.qrSide > 0)
	size, lines := w.lineType.size, make([]fittedText, len(instructions))
	for i, text := range instructions {
		var err error
		if lines[i], err = w.lineType.fit("line of instructions", text, w.footInner()); err != nil {
			return err
		}
		size = min(size, lines[i].size)
	}
	top := w.footEnd - w.footTall() + w.lineType.size/pointsPerMM*capitals // level with the QR code
	for i, s := range lines {
		s.size = size
		w.foot = append(w.foot, w.lineType.line(s, top+float64(i)*lineLead, props.Text{Color: w.ink}))
	}
	host, fits, err := w.host(&w.hostType, w.footInner())
	if err != nil {
		return err
	}
	if fits {
		w.foot = append(w.foot, w.hostType.line(host, top+float64(len(lines)-1)*lineLead+hostLead, props.Text{Color: w.ink}))
	}
	for _, label := range []struct {
		text        string
		left, width float64
	}{
		{w.meta.Labels.Serial, serialLeft, serialWidth},
		{w.meta.Labels.Series, seriesLeft, seriesWidth},
		{w.meta.Labels.ValidTill, validLeft, w.validWidth()},
	} {
		s, err := w.labelType.fitOrCut("word “"+label.text+"”", label.text, label.width)
		if err != nil {
			return err
		}
		w.foot = append(w.foot, w.labelType.line(s, w.footEnd-labelLead, props.Text{Color: w.quiet, Left: label.left}))
	}
	return nil
}

// footTall returns the height of the foot's elements: that of the largest QR code.
func (w *wideCard) footTall() float64 { return min(qrMost, w.footEnd-qrAbove) }

// footInner returns the width of the foot's texts.
func (w *wideCard) footInner() float64 {
	if w.meta.QR == QRNone {
		return w.inner
	}
	return w.inner - qrMost - qrGap
}

func (w *wideCard) validWidth() float64 { return w.footInner() - validLeft }

// set implements artwork.
func (w *wideCard) set(f *cardSlots, c *Card) error {
	if err := w.setHead(f, c.PriceText); err != nil {
		return err
	}
	if err := w.setCode(f, c.Code); err != nil {
		return err
	}
	return w.setValues(f, c)
}

// setHead places the price, and the brand in the rest of the line. It reuses both while the
// price stays the same.
func (w *wideCard) setHead(f *cardSlots, price string) error {
	if w.price.words == "" || w.priceOf != price {
		p, err := w.priceType.fit("price", price, priceMax)
		if err != nil {
			return err
		}
		words := w.meta.Brand
		if w.logo != nil && w.logo.wordmark {
			words = "" // the logo contains the name
		}
		brand, err := w.brandType.fitOrCut("brand", words, w.inner-headGap-p.mm-w.logo.left())
		if err != nil {
			return err
		}
		w.priceOf = price
		w.price = w.priceType.place(p, headLine, props.Text{Color: w.ink, Align: align.Right})
		w.brand = w.brandType.place(brand, headLine, props.Text{Color: w.brandInk, Left: w.logo.left()})
	}
	f.price, f.brand = w.price, w.brand
	return nil
}

// setCode places the code, vertically centred in the panel by its capitals, and the QR code
// in the lower right corner.
func (w *wideCard) setCode(f *cardSlots, code string) error {
	s, err := w.codeType.fit(codeText, code, w.inner-barWidth-2*codePad)
	if err != nil {
		return err
	}
	baseline := (panelHeight + s.size/pointsPerMM*capitals) / 2
	f.code = w.codeType.place(s, baseline, props.Text{Color: w.ink, Align: align.Center})
	return w.setLink(f, code, w.qrSide, qrModule, func(side float64) props.Rect {
		return props.Rect{Left: w.lineEndOffset(w.inner, side), Top: w.footEnd - side, Percent: side / w.footHeight * 100}
	})
}

// setValues places serial, series and date.
func (w *wideCard) setValues(f *cardSlots, c *Card) error {
	for _, v := range []struct {
		slot        *textSlot
		what, words string
		left, width float64
	}{
		{&f.serial, "serial", c.serial(), serialLeft, serialWidth},
		{&f.series, "series", c.Series, seriesLeft, seriesWidth},
		{&f.validTill, "valid-till date", c.ValidTillText, validLeft, w.validWidth()},
	} {
		s, err := w.valueType.fit(v.what, v.words, v.width)
		if err != nil {
			return err
		}
		*v.slot = w.valueType.place(s, w.footEnd, props.Text{Color: w.ink, Left: v.left})
	}
	return nil
}

// bands returns head, panel and foot. On a layout with bleed, the panel extends to the
// edges of the card.
func (w *wideCard) bands(f *cardSlots) []band {
	if f == nil {
		return []band{{height: w.headHeight}, {height: panelHeight}, {height: w.footHeight}}
	}
	pad, bar, inner := col.New(units(cardPad)), units(barWidth), units(w.inner)
	panel := band{height: panelHeight}
	code := col.New(inner - bar).WithStyle(w.panelStyle).Add(&f.code)
	if w.layout.Bleed > 0 {
		panel.left, panel.right = w.barStyle, w.panelStyle
		ground := col.New(units(cardPad) - bar).WithStyle(w.panelStyle)
		panel.cols = w.inOrder(
			col.New(bar).WithStyle(w.barStyle), ground, col.New(bar).WithStyle(w.panelStyle), code, col.New(units(cardPad)).WithStyle(w.panelStyle),
		)
		if w.mirrored {
			panel.left, panel.right = panel.right, panel.left
		}
	} else {
		panel.cols = w.inOrder(pad, col.New(bar).WithStyle(w.barStyle), code, pad)
	}
	head := col.New(inner).Add(&f.brand, &f.price).Add(w.head...)
	foot := col.New(inner).Add(&f.serial, &f.series, &f.validTill, &f.link).Add(w.foot...)
	return []band{
		{height: w.headHeight, cols: []core.Col{pad, head, pad}},
		panel,
		{height: w.footHeight, cols: []core.Col{pad, foot, pad}},
	}
}

// serial returns the serial as it is printed.
func (c *Card) serial() string {
	if c.SerialText != "" {
		return c.SerialText
	}
	return strconv.FormatInt(c.Serial, 10)
}
