package card

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/db"
)

const (
	shredPage  = 5000 // ledger transactions a statement
	shredPages = 100  // statements a run
)

// Shred erases the sealed codes of cards that were redeemed longer ago than the setting
// CodeDays: they are no longer needed, and a stolen database with its keys must not contain
// them. A typed code is still recognised by its blind index. One run is bounded, and the next
// run continues. Periodic.
func (s *Service) Shred(ctx context.Context) error {
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return err
	}
	for range shredPages {
		_, err := s.q.CardShred(ctx, s.db, db.CardShredParams{Days: int32(settings.CodeDays), Size: shredPage}) //nolint:gosec // at most ten years
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("erase codes of used cards: %w", err)
		}
	}
	return nil
}
