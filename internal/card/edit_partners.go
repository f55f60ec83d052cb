package card

import (
	"context"
	"fmt"
	"strings"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/money"
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

// cardPartner checks the own partner of a card. A partner that the actor does not see is
// ErrCardPartner, and one of the other kind than the series ErrPartnersKept. nil: the card is for the partners of its series.
func (s *Service) cardPartner(ctx context.Context, tx db.DBTX, actor audit.Actor, series db.Series, id int64) (*int64, error) {
	if id == 0 {
		return nil, nil //nolint:nilnil // the series' partners
	}
	partners, err := s.q.PartnerList(ctx, tx, db.PartnerListParams{AllPartners: actor.Scope.AllPartners, PartnerIds: actor.Scope.PartnerIDs})
	if err != nil {
		return nil, fmt.Errorf("list the partners: %w", err)
	}
	for _, p := range partners {
		switch {
		case p.ID != id || !actor.Scope.Holds(id):
		case p.Test != (series.Currency == money.Test):
			return nil, ErrPartnersKept
		default:
			return &id, nil
		}
	}
	return nil, ErrCardPartner
}
