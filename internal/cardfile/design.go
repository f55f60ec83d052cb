package cardfile

import (
	"context"
	"time"

	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/codestore"
	"refill/internal/db"
	"refill/internal/money"
	"refill/internal/render"
	"refill/internal/setting"
)

// design returns what all cards of a printed file share. count is the number of its cards.
func (s *Service) design(ctx context.Context, series db.Series, o Options, count int64) (render.Meta, error) {
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return render.Meta{}, err
	}
	brand, err := s.brand(ctx, series)
	if err != nil {
		return render.Meta{}, err
	}
	meta := s.look(settings, brand, o.QR)
	meta.Series, meta.Count, meta.SampleCode = series.Number, count, codestore.FormatOfSeries(series).Sample(series.Prefix, 0)
	meta.Layout, meta.BothSides, meta.OffsetX, meta.OffsetY = o.Layout, o.BothSides, o.OffsetX, o.OffsetY
	meta.Locked, meta.Password, meta.Random = o.Locked, o.Password.Reveal(), s.random
	return meta, nil
}

// liner returns a function that makes a row of a file from a card of a series.
func (s *Service) liner(ctx context.Context, series db.SeriesShowRow) (func(card.Unsealed) render.Card, error) {
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return nil, err
	}
	form := serialForm(settings)
	partners, err := s.partnerNames(ctx)
	if err != nil {
		return nil, err
	}
	of := series.Series
	line, dated, ofSeries := blank(of), time.Time{}, series.PartnerNames
	if of.AnyPartner {
		ofSeries = ""
	}
	b, err := s.brand(ctx, of)
	if err != nil {
		return nil, err
	}
	return func(c card.Unsealed) render.Card {
		if !c.ValidTill.Equal(dated) {
			dated = c.ValidTill
			line.ValidTill, line.ValidTillText = dated.Format(time.DateOnly), settings.CardWords.DateText(dated)
		}
		line.Serial, line.Code = int64(c.Serial), c.Code.Reveal(of.Prefix)
		line.SerialText = cardcode.FormatSerial(form, of.Number, c.Serial)
		line.Partner, line.Link = ofSeries, render.Link(s.publicURL, b.slug, line.Code)
		if line.Code == "" { // the code was erased
			line.Link = ""
		}
		if c.PartnerID != nil {
			line.Partner = partners[*c.PartnerID]
		}
		line.Status = string(card.StatusOf(c.State, of.State, series.Expired))
		return line
	}, nil
}

// serialForm returns the form of serials on cards, which print the number of the series
// beside the serial.
func serialForm(s setting.Settings) string {
	if s.SerialForm == cardcode.SerialSeries {
		return cardcode.SerialPadded
	}
	return s.SerialForm
}

// blank returns the fields that all cards of a series share.
func blank(s db.Series) render.Card {
	price := money.Amount{Minor: s.Price, Currency: s.Currency}
	return render.Card{Price: price.Decimal(), PriceText: priceText(price), Currency: s.Currency, Series: s.Number, Prefix: s.Prefix}
}

// samples returns n invalid sample cards of a series, with serials from first on.
func (s *Service) samples(ctx context.Context, series db.Series, first, n int32) ([]render.Card, error) {
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return nil, err
	}
	form := serialForm(settings)
	cards := make([]render.Card, n)
	for i := range cards {
		c := blank(series)
		serial := first + int32(i)
		c.Serial, c.SerialText = int64(serial), cardcode.FormatSerial(form, series.Number, serial)
		c.Code = codestore.FormatOfSeries(series).Sample(series.Prefix, i)
		c.ValidTill, c.ValidTillText = series.ValidTill.Format(time.DateOnly), settings.CardWords.DateText(series.ValidTill)
		cards[i] = c
	}
	return cards, nil
}
