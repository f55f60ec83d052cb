package cardfile

import (
	"context"
	"fmt"

	"refill/internal/db"
	"refill/internal/money"
)

// brand is the look of cards that are for exactly one partner. An empty field takes the
// installation's.
type brand struct {
	name   string
	accent string   // #rrggbb
	lines  []string // instructions on the card: none, or two lines
	logo   []byte   // PNG
	slug   string   // name in addresses; empty: none
}

// brand returns the look of a series' cards: that of its partner where it has
// exactly one, else the zero brand. Test cards have instructions of their own.
func (s *Service) brand(ctx context.Context, series db.Series) (brand, error) {
	rows, err := s.q.SeriesBrands(ctx, s.db, series.ID)
	if err != nil {
		return brand{}, fmt.Errorf("read the looks of a series: %w", err)
	}
	var b brand
	if !series.AnyPartner && len(rows) == 1 {
		b = newBrand(db.PartnerCardLookRow(rows[0]))
	}
	if series.Currency == money.Test {
		b.lines = testLines()
	}
	return b, nil
}

// testLines are the instructions on test cards. They and the price say TEST, so that no such
// card is sold.
func testLines() []string { return []string{"TEST CARD. NOT FOR SALE.", "It is worth nothing."} }

// priceText returns the price as it is printed on a card.
func priceText(price money.Amount) string {
	if price.Currency == money.Test {
		return "TEST " + price.Figure()
	}
	return price.String()
}

// brandOf returns the look of cards that are for one partner.
func (s *Service) brandOf(ctx context.Context, partnerID int64) (brand, error) {
	row, err := s.q.PartnerCardLook(ctx, s.db, partnerID)
	if err != nil {
		return brand{}, fmt.Errorf("read the look of a partner: %w", err)
	}
	return newBrand(row), nil
}

func newBrand(row db.PartnerCardLookRow) brand {
	b := brand{name: row.Brand, accent: row.Accent, logo: row.Png}
	if row.Slug != nil {
		b.slug = *row.Slug
	}
	if row.CardLine1 != "" || row.CardLine2 != "" {
		b.lines = []string{row.CardLine1, row.CardLine2}
	}
	return b
}

// partnerNames are the names of all partners.
func (s *Service) partnerNames(ctx context.Context) (map[int64]string, error) {
	rows, err := s.q.PartnerList(ctx, s.db, db.PartnerListParams{AllPartners: true, PartnerIds: []int64{}})
	if err != nil {
		return nil, fmt.Errorf("read the partners: %w", err)
	}
	names := make(map[int64]string, len(rows))
	for _, row := range rows {
		names[row.ID] = row.Name
	}
	return names, nil
}
