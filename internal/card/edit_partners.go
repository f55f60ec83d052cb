package card

import (
	"context"
	"fmt"
	"strings"

	"refill/internal/db"
)

// currentPartners returns the ids of the partners of a series; nil: the series is for any
// partner.
func (s *Service) currentPartners(ctx context.Context, series db.Series) ([]int64, error) {
	if series.AnyPartner {
		return nil, nil
	}
	now, err := s.q.SeriesPartnerList(ctx, s.db, series.ID)
	if err != nil {
		return nil, fmt.Errorf("read the partners of a series: %w", err)
	}
	return now, nil
}

// namesBeforeAfter returns the names of the partners of a series before and after an edit, as
// text.
func (s *Service) namesBeforeAfter(ctx context.Context, row db.SeriesShowRow, ids []int64) (from, to string, err error) {
	from, to = "any", "any"
	if !row.Series.AnyPartner {
		from = row.PartnerNames
	}
	if len(ids) == 0 {
		return from, to, nil
	}
	partners, err := s.q.PartnerList(ctx, s.db, db.PartnerListParams{PartnerIds: ids})
	if err != nil {
		return "", "", fmt.Errorf("list partners: %w", err)
	}
	var names []string
	for _, partner := range partners {
		names = append(names, partner.Name)
	}
	return from, strings.Join(names, ", "), nil
}
