package export

import (
	"strconv"

	"github.com/johnfercher/maroto/v2/pkg/components/col"
	"github.com/johnfercher/maroto/v2/pkg/consts/align"
	"github.com/johnfercher/maroto/v2/pkg/consts/border"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/props"
)

// The card, in millimetres from its top left corner. All text begins at its left
// margin or ends at its right one; the QR code's dark modules end there too, and
// its light margin runs out into the card's. Three rows: head (brand and price),
// panel (the code), foot (what to do, serial, series, date; QR code).
const (
	cardPad   = 5.0
	cardInner = cardWidth - 2*cardPad

	headHeight  = 16.8
	panelHeight = 10.2
	footHeight  = cardHeight - headHeight - panelHeight

	headLine = 10.6 // baseline of brand and price
	kindLine = 14.2 // baseline below the brand
	priceMax = 44.0
	headGap  = 4.0 // between brand and price

	barWidth  = 1.2 // of the accent at the panel's left
	codePad   = 2.4 // between the panel's edges and the code
	codeWidth = cardInner - barWidth - 2*codePad
	capitals  = 0.7 // their height in font sizes

	qrSide    = 19.0
	qrModule  = 0.6 // at most: larger modules would need more light margin than there is
	qrGap     = 4.5 // between text and QR code
	footEnd   = cardHeight - cardPad - headHeight - panelHeight
	footInner = cardInner - qrSide - qrGap

	lineLead    = 3.5 // between lines of instructions
	labelLead   = 3.3 // between a label's baseline and its value's
	serialLeft  = 0.0
	serialWidth = 12.6
	seriesLeft  = 14.6
	seriesWidth = 12.6
	validLeft   = 29.2
	validWidth  = footInner - validLeft
)

// longestCode stands for the longest code there is: a prefix of twenty
// characters and four groups.
const longestCode = "XXXXXXXXXXXXXXXXXXXX-XXXX-XXXX-XXXX-XXXX"

// face is one place of a sheet: what changes from card to card.
type face struct {
	brand, price, code        textSlot
	serial, series, validTill textSlot
	link                      linkSlot
}

// set puts a card's texts in a place of the sheet.
func (d *design) set(f *face, c *Card) error {
	if err := d.setHead(f, c.PriceText); err != nil {
		return err
	}
	if err := d.setCode(f, c.Code); err != nil {
		return err
	}
	return d.setValues(f, c)
}

// setHead sets the price, and the brand in what the price leaves of the line.
// Both stay as they are while the price does.
func (d *design) setHead(f *face, price string) error {
	if d.price.words == "" || d.priceOf != price {
		p, err := d.priceType.fit("price", price, priceMax)
		if err != nil {
			return err
		}
		words := d.meta.Brand
		if d.logo != nil && d.logo.wordmark {
			words = "" // the logo says it
		}
		brand, err := d.brandType.fitOrCut("brand", words, cardInner-headGap-p.mm-d.logo.left())
		if err != nil {
			return err
		}
		d.priceOf = price
		d.price = d.priceType.place(p, headLine, props.Text{Color: d.ink, Align: align.Right})
		d.brand = d.brandType.place(brand, headLine, props.Text{Color: d.brandInk, Left: d.logo.left()})
	}
	f.price, f.brand = d.price, d.brand
	return nil
}

// setCode sets the code, centred in the panel's height by its capitals, and its
// QR code in the card's lower right corner.
func (d *design) setCode(f *face, code string) error {
	s, err := d.codeType.fit("code", code, codeWidth)
	if err != nil {
		return err
	}
	baseline := (panelHeight + s.size/pointsPerMM*capitals) / 2
	f.code = d.codeType.place(s, baseline, props.Text{Color: d.ink, Align: align.Center})

	f.link.link = d.address + code
	modules, err := d.codes.Size(f.link.link)
	if err != nil {
		return ErrAddress.With(err)
	}
	side := min(qrSide, qrModule*float64(modules))
	f.link.prop = props.Rect{Left: cardInner - side, Top: footEnd - side, Percent: side / footHeight * 100}
	return nil
}

// setValues sets serial, series and date.
func (d *design) setValues(f *face, c *Card) error {
	serial := c.SerialText
	if serial == "" {
		serial = strconv.FormatInt(c.Serial, 10)
	}
	for _, v := range []struct {
		slot        *textSlot
		what, words string
		left, width float64
	}{
		{&f.serial, "serial", serial, serialLeft, serialWidth},
		{&f.series, "series", c.Series, seriesLeft, seriesWidth},
		{&f.validTill, "valid-till date", c.ValidTillText, validLeft, validWidth},
	} {
		s, err := d.valueType.fit(v.what, v.words, v.width)
		if err != nil {
			return err
		}
		*v.slot = d.valueType.place(s, footEnd, props.Text{Color: d.ink, Left: v.left})
	}
	return nil
}

// cardRows returns the three rows of a line of places; one that is nil stays
// blank.
func (d *design) cardRows(pair [sheetCols]*face, last bool) []core.Row {
	const inner, bar = cardInner * 10, barWidth * 10
	pad := col.New(cardPad * 10)
	var head, panel, foot []core.Col
	for _, f := range pair {
		if f == nil {
			empty := col.New(gridCard)
			head, panel, foot = append(head, empty), append(panel, empty), append(foot, empty)
			continue
		}
		head = append(head, pad, col.New(inner).Add(&f.brand, &f.price).Add(d.head...), pad)
		panel = append(panel, pad,
			col.New(bar).WithStyle(d.barStyle), col.New(inner-bar).WithStyle(d.panelStyle).Add(&f.code), pad)
		foot = append(foot, pad, col.New(inner).Add(&f.serial, &f.series, &f.validTill, &f.link).Add(d.foot...), pad)
	}
	end := border.None
	if last {
		end = border.Bottom
	}
	return []core.Row{
		d.withSides(headHeight, border.Top, head),
		d.withSides(panelHeight, border.None, panel),
		d.withSides(footHeight, end, foot),
	}
}
