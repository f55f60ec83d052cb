package render

import (
	"github.com/johnfercher/maroto/v2/pkg/components/col"
	"github.com/johnfercher/maroto/v2/pkg/consts/align"
	"github.com/johnfercher/maroto/v2/pkg/consts/fontstyle"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/props"
)

// The front of a card that is printed on both sides, in millimetres: issuer and face value,
// large, above a stripe in the colour of the brand. It shows nothing secret, so that a shop
// can display cards.
const (
	stripeHeight = 3.0
	frontValue   = 20.0 // height of the band with the face value
	frontPrice   = 11.5 // baseline of the value in it
)

// frontFace is the front of a card.
type frontFace struct {
	*design
	inner, head    float64
	foot           float64
	brandType, typ typeface
	kindType       typeface
	fixed          []core.Component
	priceOf        string
	price          textSlot
	stripe         *props.Cell
}

func newFrontFace(d *design) artwork {
	w := &frontFace{design: d, inner: d.layout.CardWidth - 2*cardPad}
	w.foot = cardPad
	if d.layout.Bleed > 0 {
		w.foot = 0
	}
	w.head = d.layout.CardHeight - frontValue - stripeHeight - w.foot
	w.brandType = d.face(sans, fontstyle.Bold, 17, 9)
	w.kindType = d.face(sans, fontstyle.Normal, 9, 6)
	w.typ = d.face(sans, fontstyle.Bold, 34, 14)
	w.stripe = w.barStyle
	return w
}

// prepare implements artwork.
func (w *frontFace) prepare() error {
	logo, err := w.newLogo(w.inner, w.head)
	if err != nil {
		return err
	}
	if logo != nil {
		w.fixed = append(w.fixed, logo)
	}
	if logo == nil || !logo.wordmark {
		brand, err := w.brandType.fitOrCut("brand", w.meta.Brand, w.inner-logo.left())
		if err != nil {
			return err
		}
		w.fixed = append(w.fixed, w.brandType.line(brand, headLine, props.Text{Color: w.brandInk, Left: logo.left()}))
	}
	kind, err := w.kindType.fitOrCut("word for the kind of card", w.meta.Labels.Kind, w.inner-logo.left())
	if err != nil {
		return err
	}
	w.fixed = append(w.fixed, w.kindType.line(kind, kindLine+0.8, props.Text{Color: w.quiet, Left: logo.left()}))
	return nil
}

// set implements artwork.
func (w *frontFace) set(f *cardSlots, c *Card) error {
	if w.price.words == "" || w.priceOf != c.PriceText {
		s, err := w.typ.fit("price", c.PriceText, w.inner)
		if err != nil {
			return err
		}
		w.priceOf, w.price = c.PriceText, w.typ.place(s, frontPrice, props.Text{Color: w.ink, Align: align.Left})
	}
	f.price = w.price
	return nil
}

// bands returns head, value, stripe and, on a layout without bleed, a margin below.
func (w *frontFace) bands(f *cardSlots) []band {
	bleeds := w.layout.Bleed > 0
	pad := col.New(units(cardPad))
	line := func(inner core.Col) []core.Col { return []core.Col{pad, inner, pad} }
	inner := func() core.Col { return col.New(units(w.inner)) }
	all := []band{{height: w.head}, {height: frontValue}, {height: stripeHeight}}
	if f != nil {
		all[0].cols = line(inner().Add(w.fixed...))
		all[1].cols = line(inner().Add(&f.price))
		all[2].cols = line(inner().WithStyle(w.stripe))
		if bleeds {
			all[2].cols = []core.Col{col.New(units(w.layout.CardWidth)).WithStyle(w.stripe)}
		}
	}
	if bleeds {
		all[2].left, all[2].right, all[2].below = w.stripe, w.stripe, w.stripe
		return all
	}
	last := band{height: w.foot}
	if f != nil {
		last.cols = line(inner())
	}
	return append(all, last)
}
