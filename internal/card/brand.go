package card

import (
	"context"
	"fmt"

	"refill/internal/db"
)

// Brand is how cards look that are for exactly one partner. What is empty is the
// installation's.
type Brand struct {
	Name   string
	Accent string   // #rrggbb
	Lines  []string // what to do with the card: none, or two
	Logo   []byte   // PNG
}

// Brand returns the look of a series' cards: that of its partner where it has
// exactly one, else the zero Brand.
func (s *Service) Brand(ctx context.Context, series db.Series) (Brand, error) {
	rows, err := s.q.SeriesBrands(ctx, s.db, series.ID)
	if err != nil {
		return Brand{}, fmt.Errorf("read the looks of a series: %w", err)
	}
	if series.AnyPartner || len(rows) != 1 {
		return Brand{}, nil
	}
	row := rows[0]
	b := Brand{Name: row.Brand, Accent: row.Accent, Logo: row.Png}
	if row.CardLine1 != "" || row.CardLine2 != "" {
		b.Lines = []string{row.CardLine1, row.CardLine2}
	}
	return b, nil
}
