package card

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// FailStranded marks unfinished series and operations as failed where their job no longer
// runs, because it was cancelled or deleted outside of Refill. Staff can then retry them. A
// void series whose codes are not erased gets a new job where it has none. Periodic.
func (s *Service) FailStranded(ctx context.Context) error {
	series, err := s.q.SeriesListStranded(ctx, s.db)
	if err != nil {
		return fmt.Errorf("look for stranded series: %w", err)
	}
	for _, id := range series {
		if err := s.Fail(ctx, id); err != nil {
			return err
		}
	}
	unerased, err := s.q.SeriesListUnerased(ctx, s.db)
	if err != nil {
		return fmt.Errorf("look for codes to erase: %w", err)
	}
	for _, id := range unerased {
		if err := s.InTx(ctx, func(tx pgx.Tx) error { return s.enqueueErase(ctx, tx, id) }); err != nil {
			return err
		}
	}
	changes, err := s.q.CardChangeListStranded(ctx, s.db)
	if err != nil {
		return fmt.Errorf("look for stranded operations: %w", err)
	}
	for _, id := range changes {
		if err := s.FailChange(ctx, id, errChangeStranded.Keep()); err != nil {
			return err
		}
	}
	return nil
}
