package cardfile

import (
	"context"

	"refill/internal/db"
)

// BrandForTest is how the cards of a series look.
func (s *Service) BrandForTest(ctx context.Context, series db.Series) (name, accent string, lines []string, logo []byte, err error) {
	b, err := s.brand(ctx, series)
	return b.name, b.accent, b.lines, b.logo, err
}
