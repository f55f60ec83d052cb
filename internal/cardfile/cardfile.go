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

	"refill/internal/blob"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/export"
	"refill/internal/fault"
	"refill/internal/fontdir"
	"refill/internal/money"
	"refill/internal/setting"
)

// Maker knows what designs are made of.
type Maker struct {
	Cards     *card.Service
	Settings  *setting.Store
	PublicURL string // of the portal, for the QR codes
	Fonts     *fontdir.Folder
	Random    io.Reader // what is encrypted with a password draws its keys from it
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
		brand.Lines = lines(settings.CardWords)
	}
	return export.Meta{
		Brand: brand.Name, Accent: brand.Accent, Logo: brand.Logo, Instructions: brand.Lines, Series: series.Number,
		PortalURL: m.PublicURL, Count: count, SampleCode: card.FormatOfSeries(series).Sample(series.Prefix, 0),
		Labels: labels(settings.CardWords), Fonts: m.Fonts, Layout: o.Layout, BothSides: o.BothSides, OffsetX: o.OffsetX, OffsetY: o.OffsetY,
		Locked: o.Locked, Password: o.Password.Reveal(), Random: m.Random,
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
	partners, err := m.Cards.PartnerNames(ctx)
	if err != nil {
		return nil, err
	}
	s := series.Series
	line, dated, ofSeries := blank(s), time.Time{}, series.PartnerNames
	if s.AnyPartner {
		ofSeries = ""
	}
	address := m.PublicURL + "/r#"
	return func(c card.Unsealed) export.Card {
		if !c.ValidTill.Equal(dated) {
			dated = c.ValidTill
			line.ValidTill, line.ValidTillText = dated.Format(time.DateOnly), settings.CardWords.DateText(dated)
		}
		line.Serial, line.Code = int64(c.Serial), c.Code.Reveal(s.Prefix)
		line.SerialText = card.FormatSerial(form, s.Number, c.Serial)
		line.Partner, line.Link = ofSeries, address+export.Fragment(line.Code)
		if line.Code == "" { // erased
			line.Link = ""
		}
		if c.PartnerID != nil {
			line.Partner = partners[*c.PartnerID]
		}
		line.Status = string(card.StatusOf(c.State, s.State, series.Expired))
		return line
	}, nil
}

// blank is what the cards of a series have in common.
func blank(s db.Series) export.Card {
	price := money.Amount{Minor: s.Price, Currency: s.Currency}
	return export.Card{Price: price.Decimal(), PriceText: price.String(), Currency: s.Currency, Series: s.Number, Prefix: s.Prefix}
}

// samples are made-up cards of a series, from a serial on.
func (m Maker) samples(ctx context.Context, series db.Series, first, n int32) ([]export.Card, error) {
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
		serial := first + int32(i)
		c.Serial, c.SerialText = int64(serial), card.FormatSerial(form, series.Number, serial)
		c.Code = card.FormatOfSeries(series).Sample(series.Prefix, i)
		c.ValidTill, c.ValidTillText = series.ValidTill.Format(time.DateOnly), settings.CardWords.DateText(series.ValidTill)
		cards[i] = c
	}
	return cards, nil
}

// Preview draws the first sheet of a file with made-up cards.
func (m Maker) Preview(ctx context.Context, series db.Series, o card.ExportOptions, count int64) ([][]byte, error) {
	meta, cards, err := m.sheet(ctx, series, o, max(o.First, 1), count)
	if err != nil {
		return nil, err
	}
	sides, err := export.Preview(meta, cards)
	return sides, atField(err)
}

// Writer starts a file of a series in a format, as it was chosen. What can't be
// made so is refused at the field that says it, before a byte is written. count is
// how many cards come, as far as that is known.
func (m Maker) Writer(ctx context.Context, w io.Writer, format db.ExportFormat, series db.Series, o card.ExportOptions, count int64) (export.Writer, error) {
	envelope, err := m.sealed(ctx, w, o)
	switch {
	case err != nil:
		return nil, err
	case envelope == nil:
		return m.plain(ctx, w, format, series, o, count)
	}
	out, err := m.plain(ctx, envelope, format, series, o, count)
	return sealedWriter{out, envelope}, err
}

// plain is Writer without an envelope.
func (m Maker) plain(ctx context.Context, w io.Writer, format db.ExportFormat, series db.Series, o card.ExportOptions, count int64) (export.Writer, error) {
	table := export.CardTable{More: o.Columns, Encoding: export.Encoding(o.Encoding)}
	if o.Delimiter != "" {
		table.Delimiter = o.Delimiter[0]
	}
	switch format {
	case db.ExportFormatCsv:
		return export.NewCardCSV(w, table)
	case db.ExportFormatXlsx:
		return export.NewCardSheet(w, table)
	case db.ExportFormatJsonl:
		return export.NewCardLines(w, table)
	case db.ExportFormatPrinter:
		return export.NewPrinterFile(w, table, series.Number, series.Prefix)
	case db.ExportFormatPdf:
	default:
		return nil, card.ErrExportFormat
	}
	meta, err := m.Design(ctx, series, o, count)
	if err != nil {
		return nil, err
	}
	start := export.NewPDF
	if o.Parts {
		start = export.NewPDFParts
	}
	out, err := start(w, meta)
	return out, atField(err)
}

// Check says whether a file of a series can be made so: what is refused now is no
// failure of a worker later. It makes one of a sheet's cards, with the longest serials and texts.
func (m Maker) Check(ctx context.Context, format string, series db.Series, o card.ExportOptions) error {
	_, cards, err := m.sheet(ctx, series, o, series.Quantity, 0)
	if err != nil {
		return err
	}
	w, err := m.Writer(ctx, io.Discard, db.ExportFormat(format), series, o, 0)
	if err != nil {
		return err
	}
	for _, c := range cards {
		if err := w.Write(c); err != nil {
			return atField(err)
		}
	}
	return atField(w.Close())
}

// sheet is a sheet of made-up cards: those from a serial on, or the last ones where
// the series has no more; never more than count, if that is known.
func (m Maker) sheet(ctx context.Context, series db.Series, o card.ExportOptions, first int32, count int64) (export.Meta, []export.Card, error) {
	meta, err := m.Design(ctx, series, o, count)
	if err != nil {
		return meta, nil, err
	}
	n := int32(1)
	if layout, known := export.LayoutByName(o.Layout); known {
		n = int32(layout.PerSheet()) //nolint:gosec // a few dozen
	}
	if count > 0 {
		n = int32(min(int64(n), count))
	}
	cards, err := m.samples(ctx, series, min(first, max(series.Quantity-n+1, 1)), n)
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
	each := int64(70 + 20*len(o.Columns))
	switch db.ExportFormat(format) {
	case db.ExportFormatPdf:
		name := o.Layout
		if name == "" {
			name = export.Layouts()[0].Name
		}
		layout, _ := export.LayoutByName(name)
		if o.Parts {
			return layout.Bytes(cards, o.BothSides) + cards/export.PartCards*24_000
		}
		return layout.Bytes(cards, o.BothSides)
	case db.ExportFormatJsonl:
		each += 70
	case db.ExportFormatCsv:
		if o.Encoding == string(export.UTF16LE) {
			each *= 2
		}
	case db.ExportFormatXlsx:
		each = each * 4 / 5
	case db.ExportFormatPrinter:
	}
	return 2000 + cards*each
}

// ErrRoom says that a file would not fit the disk for files.
var ErrRoom = fault.Field("format", "export_room", "The disk for exported files has no room for this file. Make room or have old files removed, then export again.")

// Room refuses a file of about so many bytes where they would not fit. A tenth is
// left, for an estimate is none better.
func Room(files blob.Store, bytes int64) error {
	room, known := files.Room()
	if !known || room >= bytes+bytes/10 {
		return nil
	}
	return ErrRoom.Saying(fmt.Sprintf("This file needs about %s, and the disk for exported files has %s left. "+
		"Make room or have old files removed, then export again.", blob.SizeText(bytes), blob.SizeText(room)))
}

// Extension is how the name of an export's file ends.
func Extension(format db.ExportFormat, o card.ExportOptions) string {
	if o.SealedAs != "" {
		return plainExtension(format, o) + "." + o.SealedAs
	}
	return plainExtension(format, o)
}

func plainExtension(format db.ExportFormat, o card.ExportOptions) string {
	switch {
	case format == db.ExportFormatPdf && o.Parts:
		return "zip"
	case format == db.ExportFormatPrinter:
		return "txt"
	}
	return string(format)
}

// Type is the media type of an export's file.
func Type(format db.ExportFormat, o card.ExportOptions) string {
	switch Extension(format, o) {
	case "zip":
		return "application/zip"
	case "txt":
		return "text/plain; charset=utf-8"
	case "xlsx":
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case "jsonl":
		return "application/jsonl"
	case "pdf":
		return "application/pdf"
	case "csv":
		if o.Encoding == string(export.UTF16LE) {
			return "text/csv; charset=utf-16le"
		}
		return "text/csv; charset=utf-8"
	}
	return "application/octet-stream" // encrypted
}

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
	return fmt.Sprintf("%s.%s", strings.Join(parts, "-"), Extension(e.Format, o))
}
