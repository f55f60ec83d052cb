package cardfile

import (
	"context"
	"io"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/render"
	"refill/internal/render/pdf"
	"refill/internal/signin"
)

// Outlook is the estimate of a request's result.
type Outlook struct {
	Cards int64 // number of cards in the file
	Bytes int64 // estimated size of the file
}

// Foresee estimates the result of a request and refuses invalid options at their fields.
// It counts the cards in either case. Set Locked to false while a password is still to be
// typed.
func (s *Service) Foresee(ctx context.Context, series db.SeriesShowRow, format string, o Options) (Outlook, error) {
	cards, err := s.cards.Selected(ctx, series, o.selection())
	if err != nil {
		return Outlook{}, err
	}
	made := Outlook{Cards: cards, Bytes: estimate(db.ExportFormat(format), o, cards)}
	if !db.ExportFormat(format).Valid() {
		return made, ErrFormat
	}
	if err := o.check(db.ExportFormat(format)); err != nil {
		return made, err
	}
	if err := s.addressee(ctx, &o); err != nil {
		return made, err
	}
	return made, s.sample(ctx, db.ExportFormat(format), series.Series, o)
}

// Preview draws the first sheet of a file with made-up cards, as SVG: one side, or two. It
// refuses a selection without cards.
func (s *Service) Preview(ctx context.Context, series db.SeriesShowRow, o Options) ([][]byte, error) {
	count, err := s.cards.Selected(ctx, series, o.selection())
	if err != nil {
		return nil, err
	}
	if err := o.checkCount(count); err != nil {
		return nil, err
	}
	meta, cards, err := s.sheet(ctx, series.Series, o, max(o.First, 1), count)
	if err != nil {
		return nil, err
	}
	sides, err := render.Preview(meta, cards)
	return sides, atField(err)
}

// previewRows is the number of rows in the preview of a table.
const previewRows = 5

// FirstRows returns the header and the first rows of a table with the chosen columns and
// made-up codes.
func (s *Service) FirstRows(ctx context.Context, series db.SeriesShowRow, o Options) (header []string, rows [][]string, err error) {
	count, err := s.cards.Selected(ctx, series, o.selection())
	if err != nil {
		return nil, nil, err
	}
	n := int32(min(count, previewRows)) //nolint:gosec // at most previewRows
	of := series.Series
	cards, err := s.samples(ctx, of, max(min(max(o.First, 1), of.Quantity-n+1), 1), n)
	if err != nil {
		return nil, nil, err
	}
	b, err := s.brand(ctx, of)
	if err != nil {
		return nil, nil, err
	}
	state := db.CardStateActive
	if len(o.States) > 0 {
		state = o.States[0]
	}
	for i := range cards {
		c := &cards[i]
		c.Link, c.Status = render.Link(s.publicURL, b.slug, c.Code), string(card.StatusOf(state, of.State, series.Expired))
		if !of.AnyPartner {
			c.Partner = series.PartnerNames
		}
	}
	table := o.table()
	return table.Rows(cards)
}

// sample refuses a file that can't be made with the chosen options, so that the worker
// does not fail on it later. It draws one sheet of sample cards with the longest serials
// and texts. It also refuses a password that is easy to guess.
func (s *Service) sample(ctx context.Context, format db.ExportFormat, series db.Series, o Options) error {
	_, cards, err := s.sheet(ctx, series, o, series.Quantity, 0)
	if err != nil {
		return err
	}
	w, err := s.writer(ctx, io.Discard, format, series, o, 0)
	if err != nil {
		return err
	}
	for _, c := range cards {
		if err := w.Write(c); err != nil {
			return atField(err)
		}
	}
	if err := w.Close(); err != nil || !o.Locked {
		return atField(err)
	}
	if refused := signin.ValidPassword(o.Password.Reveal(), pdf.MinPassword, nil); refused != nil {
		return refused
	}
	return nil
}
