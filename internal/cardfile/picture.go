package cardfile

import (
	"context"
	"fmt"
	"time"

	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/codestore"
	"refill/internal/db"
	"refill/internal/render"
	"refill/internal/setting"
)

// The functions of this file draw one card as SVG, with the texts, the brand and the colour
// that a printed card has. No picture contains the code of a card.

// unknownText stands for a value that is not chosen yet.
const unknownText = "–"

// Specimen draws a card with the texts of the given settings and a made-up code.
func (s *Service) Specimen(v setting.Settings) ([]byte, error) {
	day := time.Date(2027, 12, 31, 0, 0, 0, 0, time.UTC)
	meta := s.specimen(v)
	return render.Picture(meta, render.Card{
		Serial: 42, Code: meta.SampleCode, PriceText: v.Currency + " 10.00", Series: meta.Series, ValidTillText: v.CardWords.DateText(day),
	})
}

// Draft is the picture of a card that is not ordered yet, with its texts.
type Draft struct {
	SVG                     []byte
	Brand, Price, ValidTill string
	Series                  string // number of a series of this year
	Code                    string // its form: every symbol is a dot
}

// Draft draws the first card of an order with a made-up code. The order may be incomplete.
// The texts of the result are valid also with an error about what can't be printed.
func (s *Service) Draft(ctx context.Context, o card.Order) (d Draft, err error) {
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return d, err
	}
	var b brand
	if len(o.PartnerIDs) == 1 {
		if b, err = s.brandOf(ctx, o.PartnerIDs[0]); err != nil {
			return d, err
		}
	}
	if card.CheckPrefix(o.Prefix) != nil {
		o.Prefix = ""
	}
	if o.Test {
		b.lines = testLines()
	}
	meta := s.look(settings, b, render.QRCode)
	meta.SampleCode = o.Format.Sample(o.Prefix, 0)
	c := render.Card{Serial: 1, Code: meta.SampleCode, PriceText: unknownText, ValidTillText: unknownText}
	c.Series = fmt.Sprintf("%d01", s.settings.Now().Year())
	c.SerialText = cardcode.FormatSerial(serialForm(settings), c.Series, 1)
	if o.Price.Minor > 0 {
		c.PriceText = priceText(o.Price)
	}
	if !o.ValidTill.IsZero() {
		c.ValidTillText = settings.CardWords.DateText(o.ValidTill)
	}
	d = Draft{Brand: meta.Brand, Price: c.PriceText, ValidTill: c.ValidTillText, Series: c.Series, Code: withPrefix(o.Prefix, o.Format.Mask())}
	d.SVG, err = render.Picture(meta, c)
	return d, err
}

func withPrefix(prefix, code string) string {
	if prefix == "" {
		return code
	}
	return prefix + "-" + code
}

// Face draws a card of a series with its code masked. Its QR code holds the portal's address
// only.
func (s *Service) Face(ctx context.Context, series db.Series, serial int32, masked string, validTill time.Time) ([]byte, error) {
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return nil, err
	}
	b, err := s.brand(ctx, series)
	if err != nil {
		return nil, err
	}
	meta := s.look(settings, b, render.QRCode)
	meta.QR, meta.SampleCode = render.QRAddress, codestore.FormatOfSeries(series).Sample(series.Prefix, 0)
	c := blank(series)
	c.Serial, c.SerialText = int64(serial), cardcode.FormatSerial(serialForm(settings), series.Number, serial)
	c.Code, c.ValidTillText = withPrefix(series.Prefix, masked), settings.CardWords.DateText(validTill)
	return render.Picture(meta, c)
}
