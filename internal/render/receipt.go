package render

import (
	"math"

	"github.com/johnfercher/maroto/v2/pkg/components/col"
	"github.com/johnfercher/maroto/v2/pkg/consts/align"
	"github.com/johnfercher/maroto/v2/pkg/consts/fontstyle"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/props"

	"refill/internal/render/qr"
)

// The geometry of a receipt, in millimetres: one column, centred and black, because thermal
// printers print no grey. The length follows from the texts, so that there is space for
// all. Only the width of the roll is limited.
const (
	receiptEnds  = 4.0 // blank above and below
	receiptGap   = 2.2 // between groups
	receiptLead  = 1.25
	thermalDot   = 0.125 // of a printer with 203 dots per inch; modules are whole dots
	receiptMost  = 6     // dots a module
	receiptQR    = 0.62  // of the width
	receiptFloor = 7.0   // points: below it thermal heads smear the code
)

// receipt is the design of a card on a roll.
type receipt struct {
	*design
	codeType, priceType typeface
	lineType            typeface
	fixed               []core.Component
	price, code         float64 // baselines
	qrTop               float64
	numbers, till       float64 // baselines of serial and series, and of the date
	labels              Labels  // truncated to leave space for the values
}

func newReceipt(d *design) artwork {
	return &receipt{
		design:    d,
		labels:    d.meta.Labels,
		codeType:  d.face(mono, fontstyle.Bold, 14, receiptFloor),
		priceType: d.face(sans, fontstyle.Bold, 24, 10),
		lineType:  d.face(sans, fontstyle.Normal, 8, 5.5),
	}
}

// prepare implements artwork. It places the elements from top to bottom and so computes the
// length.
func (w *receipt) prepare() error {
	width := w.layout.CardWidth
	y := receiptEnds
	next := func(size float64) float64 { // returns the baseline of a line of this size
		base := y + size/pointsPerMM*capitals
		y += size / pointsPerMM * receiptLead
		return base
	}
	add := func(t typeface, what, words string) error {
		s, err := t.fitOrCut(what, words, width)
		if err == nil {
			w.fixed = append(w.fixed, t.line(s, next(t.size), props.Text{Color: &props.BlackColor, Align: align.Center}))
		}
		return err
	}
	if err := add(w.face(sans, fontstyle.Bold, 13, 8), "brand", w.meta.Brand); err != nil {
		return err
	}
	if err := add(w.lineType, "word for the kind of card", w.meta.Labels.Kind); err != nil {
		return err
	}
	y += receiptGap
	w.price = next(w.priceType.size)
	modules, err := w.modules()
	if err != nil {
		return err
	}
	dots := min(receiptMost, math.Floor(width*receiptQR/float64(max(modules, 1))/thermalDot))
	if module := dots * thermalDot; modules > 0 && module >= qrLeast {
		w.qrSide = module * float64(modules)
		w.qrTop = y + 2*module // the other two modules are below the price already
		y = w.qrTop + w.qrSide + qr.QuietZone*module + w.codeType.size/pointsPerMM*(roundCapitals-capitals)
	} else {
		y += receiptGap
	}
	code, err := w.codeType.fit(codeText, w.meta.sampleCode(), width)
	if err != nil {
		return err
	}
	w.code = next(code.size)
	y += receiptGap
	small, instructions := w.lineType, w.instructions(w.qrSide > 0)
	for _, text := range instructions { // both lines in the size of the longer one
		s, err := w.lineType.fit("line of instructions", text, width)
		if err != nil {
			return err
		}
		small.size = min(small.size, s.size)
	}
	for _, text := range instructions {
		if err := add(small, "line of instructions", text); err != nil {
			return err
		}
	}
	bold := w.face(sans, fontstyle.Bold, 9, 5.5)
	host, fits, err := w.host(&bold, width)
	if err != nil {
		return err
	}
	if fits {
		w.fixed = append(w.fixed, bold.line(host, next(host.size), props.Text{Color: &props.BlackColor, Align: align.Center}))
	}
	y += receiptGap
	w.numbers, w.till = next(w.lineType.size), next(w.lineType.size)
	w.layout.CardHeight = math.Ceil(y + receiptEnds)
	w.layout.Height, w.layout.PitchY = w.layout.CardHeight, w.layout.CardHeight
	return nil
}

// set implements artwork.
func (w *receipt) set(f *cardSlots, c *Card) error {
	none := ""
	for _, v := range []struct {
		slot     *textSlot
		typ      *typeface
		what     string
		label    *string
		value    string
		baseline float64
	}{
		{&f.price, &w.priceType, "price", &none, c.PriceText, w.price},
		{&f.code, &w.codeType, codeText, &none, c.Code, w.code},
		{&f.serial, &w.lineType, "serial", &w.labels.Serial, c.serial() + "  ·  " + labelled(w.labels.Series, c.Series), w.numbers},
		{&f.validTill, &w.lineType, "valid-till date", &w.labels.ValidTill, c.ValidTillText, w.till},
	} {
		s, err := v.typ.fitLabelled(v.what, v.label, v.value, w.layout.CardWidth)
		if err != nil {
			return err
		}
		*v.slot = v.typ.place(s, v.baseline, props.Text{Color: &props.BlackColor, Align: align.Center})
	}
	return w.setLink(f, c.Code, w.qrSide, receiptMost*thermalDot, func(side float64) props.Rect {
		return props.Rect{Left: (w.layout.CardWidth - side) / 2, Top: w.qrTop, Percent: side / min(w.layout.CardWidth, w.layout.CardHeight) * 100}
	})
}

// bands returns the whole receipt as one band.
func (w *receipt) bands(f *cardSlots) []band {
	if f == nil {
		return []band{{height: w.layout.CardHeight}}
	}
	whole := col.New(units(w.layout.CardWidth)).Add(w.fixed...).Add(&f.price, &f.code, &f.serial, &f.validTill, &f.link)
	return []band{{height: w.layout.CardHeight, cols: []core.Col{whole}}}
}
