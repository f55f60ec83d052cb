// Package cardfile says what of a series stands in its files: the design of its
// cards, made-up cards for previews, and what a file is called. It is what the
// page that shows a preview and the worker that writes the file have in common, so
// that both show the same. It reads and never writes; no code passes through it.
package cardfile

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/export"
	"refill/internal/fault"
	"refill/internal/money"
	"refill/internal/setting"
)

// Maker knows what designs are made of.
type Maker struct {
	Cards     *card.Service
	Settings  *setting.Store
	PublicURL string // of the portal, for the QR codes
}

// Design is what all cards of a printed file have in common. count is how many
// cards it holds.
func (m Maker) Design(ctx context.Context, series db.Series, o card.ExportOptions, count int64) (export.Meta, error) {
	settings, err := m.Settings.Get(ctx)
	if err != nil {
		return export.Meta{}, err
	}
	brand, err := m.Cards.Brand(ctx, series)
	if err != nil {
		return export.Meta{}, err
	}
	if brand.Name == "" {
		brand.Name = settings.Brand
	}
	if brand.Lines == nil {
		brand.Lines = []string{"Scan the code or sign in to the portal and", "open Finance → Payments → Refill card."}
	}
	return export.Meta{
		Brand: brand.Name, Accent: brand.Accent, Logo: brand.Logo, Instructions: brand.Lines, Series: series.Number,
		PortalURL: m.PublicURL, Count: count, SampleCode: card.FormatOfSeries(series).Sample(series.Prefix, 0),
		Layout: o.Layout, BothSides: o.BothSides, OffsetX: o.OffsetX, OffsetY: o.OffsetY,
	}, nil
}

// Liner returns what makes a line of a file from a card of a series.
func (m Maker) Liner(ctx context.Context, series db.SeriesShowRow) (func(card.Unsealed) export.Card, error) {
	settings, err := m.Settings.Get(ctx)
	if err != nil {
		return nil, err
	}
	form := settings.SerialForm
	if form == setting.SerialSeries {
		form = setting.SerialPadded // on a card the series' number stands beside it
	}
	s := series.Series
	line, dated := blank(s), time.Time{}
	return func(c card.Unsealed) export.Card {
		if !c.ValidTill.Equal(dated) {
			dated = c.ValidTill
			line.ValidTill, line.ValidTillText = dated.Format(time.DateOnly), dated.Format("2 January 2006")
		}
		line.Serial, line.Code = int64(c.Serial), c.Code.Reveal(s.Prefix)
		line.SerialText = card.FormatSerial(form, s.Number, c.Serial)
		line.Status = string(card.StatusOf(c.State, s.State, series.Expired))
		return line
	}, nil
}

// blank is what the cards of a series have in common.
func blank(s db.Series) export.Card {
	price := money.Amount{Minor: s.Price, Currency: s.Currency}
	return export.Card{Price: price.Decimal(), PriceText: price.String(), Currency: s.Currency, Series: s.Number}
}

// Samples are made-up cards of a series, with the longest serial that it has.
func (m Maker) Samples(ctx context.Context, series db.Series, n int) ([]export.Card, error) {
	settings, err := m.Settings.Get(ctx)
	if err != nil {
		return nil, err
	}
	form := settings.SerialForm
	if form == setting.SerialSeries {
		form = setting.SerialPadded
	}
	cards := make([]export.Card, n)
	for i := range cards {
		c := blank(series)
		serial := max(series.Quantity-int32(n)+1, 1) + int32(i) //nolint:gosec // a sheet is small
		c.Serial, c.SerialText = int64(serial), card.FormatSerial(form, series.Number, serial)
		c.Code = card.FormatOfSeries(series).Sample(series.Prefix, i)
		c.ValidTill, c.ValidTillText = series.ValidTill.Format(time.DateOnly), series.ValidTill.Format("2 January 2006")
		cards[i] = c
	}
	return cards, nil
}

// Preview draws the first sheet of a file with made-up cards.
func (m Maker) Preview(ctx context.Context, series db.Series, o card.ExportOptions, count int64) ([][]byte, error) {
	meta, cards, err := m.sample(ctx, series, o, count)
	if err != nil {
		return nil, err
	}
	sides, err := export.Preview(meta, cards)
	return sides, atField(err)
}

// Check says whether cards of a series can be printed so: what is refused now is
// no failure of a worker later. It draws a sheet with the longest texts.
func (m Maker) Check(ctx context.Context, series db.Series, o card.ExportOptions) error {
	meta, cards, err := m.sample(ctx, series, o, 0)
	if err != nil {
		return err
	}
	w, err := export.NewPDF(io.Discard, meta)
	if err != nil {
		return atField(err)
	}
	for _, c := range cards {
		if err := w.Write(c); err != nil {
			return atField(err)
		}
	}
	return atField(w.Close())
}

func (m Maker) sample(ctx context.Context, series db.Series, o card.ExportOptions, count int64) (export.Meta, []export.Card, error) {
	meta, err := m.Design(ctx, series, o, count)
	if err != nil {
		return meta, nil, err
	}
	n := int64(1)
	if layout, known := export.LayoutByName(o.Layout); known {
		n = int64(layout.PerSheet())
	}
	if count > 0 {
		n = min(n, count)
	}
	cards, err := m.Samples(ctx, series, int(n))
	return meta, cards, err
}

// atField says at the layout what speaks against it.
func atField(err error) error {
	if err == nil || fault.IsInternal(err) {
		return err
	}
	refused := fault.All(err)[0]
	if refused.Field != "" {
		return err
	}
	return fault.Field("layout", refused.Code, refused.Message)
}

// Estimate is about how many bytes a file of some cards will have.
func Estimate(format string, o card.ExportOptions, cards int64) int64 {
	if format != string(db.ExportFormatPdf) {
		return cards * 90
	}
	name := o.Layout
	if name == "" {
		name = export.Layouts()[0].Name
	}
	layout, _ := export.LayoutByName(name)
	return layout.Bytes(cards, o.BothSides)
}

// Extension is how the name of an export's file ends.
func Extension(e db.Export, _ card.ExportOptions) string { return string(e.Format) }

// Name is what a file is called on the disk of whoever fetches it: series, prefix,
// layout, and when it was asked for in the given zone, so that two of them are
// told apart.
func Name(e db.Export, number, prefix string, o card.ExportOptions, zone *time.Location) string {
	parts := []string{"refill", number}
	if prefix != "" {
		parts = append(parts, prefix)
	}
	if o.Layout != "" && e.Format == db.ExportFormatPdf {
		parts = append(parts, o.Layout)
	}
	parts = append(parts, e.CreatedAt.In(zone).Format("20060102-1504"))
	return fmt.Sprintf("%s.%s", strings.Join(parts, "-"), Extension(e, o))
}
