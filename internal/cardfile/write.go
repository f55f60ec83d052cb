package cardfile

import (
	"context"
	"io"

	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/render"
)

// writer starts a file of a series in a format with the chosen options. It refuses invalid
// options at their field, before a byte is written. count is the number of cards, where it
// is known.
func (s *Service) writer(ctx context.Context, w io.Writer, format db.ExportFormat, series db.Series, o Options, count int64) (render.Writer, error) {
	envelope, err := s.sealed(ctx, w, o)
	switch {
	case err != nil:
		return nil, err
	case envelope == nil:
		return s.plain(ctx, w, format, series, o, count)
	}
	out, err := s.plain(ctx, envelope, format, series, o, count)
	return sealedWriter{out, envelope}, err
}

// table returns the choices for a table.
func (o *Options) table() render.CardTable {
	table := render.CardTable{More: o.Columns, Encoding: render.Encoding(o.Encoding)}
	if o.Delimiter != "" {
		table.Delimiter = o.Delimiter[0]
	}
	return table
}

// plain is writer without encryption for a print shop.
func (s *Service) plain(ctx context.Context, w io.Writer, format db.ExportFormat, series db.Series, o Options, count int64) (render.Writer, error) {
	table := o.table()
	switch format {
	case db.ExportFormatCsv:
		return render.NewCardCSV(w, table)
	case db.ExportFormatXlsx:
		return render.NewCardSheet(w, table)
	case db.ExportFormatJsonl:
		return render.NewCardLines(w, table)
	case db.ExportFormatPrinter:
		return render.NewPrinterFile(w, table, series.Number, series.Prefix)
	case db.ExportFormatPdf:
	default:
		return nil, ErrFormat
	}
	meta, err := s.design(ctx, series, o, count)
	if err != nil {
		return nil, err
	}
	start := render.NewPDF
	if o.Parts {
		start = render.NewPDFParts
	}
	out, err := start(w, meta)
	return out, atField(err)
}

// sheet returns a sheet of sample cards, with serials from one on, or the last ones of the
// series. It returns at most count cards, where count is known.
func (s *Service) sheet(ctx context.Context, series db.Series, o Options, first int32, count int64) (render.Meta, []render.Card, error) {
	meta, err := s.design(ctx, series, o, count)
	if err != nil {
		return meta, nil, err
	}
	n := int32(1)
	if layout, known := render.LayoutByName(o.Layout); known {
		n = int32(layout.PerSheet()) //nolint:gosec // a few dozen
	}
	if count > 0 {
		n = int32(min(int64(n), count))
	}
	cards, err := s.samples(ctx, series, min(first, max(series.Quantity-n+1, 1)), n)
	return meta, cards, err
}

// atField puts a fault about the layout at its field.
func atField(err error) error {
	if err == nil || fault.IsInternal(err) {
		return err
	}
	refused := fault.All(err)[0]
	if refused.Field != "" {
		return err
	}
	return refused.At("layout")
}
