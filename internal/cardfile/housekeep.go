package cardfile

import (
	"context"
	"errors"
	"fmt"

	"refill/internal/act"
	"refill/internal/audit"
)

// FailStranded marks exports as failed whose job ended without them, since it was
// cancelled or deleted in River directly. Staff can then retry them. Periodic.
func (s *Service) FailStranded(ctx context.Context) error {
	exports, err := s.q.ExportListStranded(ctx, s.db)
	if err != nil {
		return fmt.Errorf("look for stranded exports: %w", err)
	}
	for _, id := range exports {
		if err := s.Fail(ctx, id, errStranded.Keep()); err != nil {
			return err
		}
	}
	return nil
}

// Expire marks the exports that have reached the end of their lifetime, and returns the
// names of their files for removal. Periodic.
func (s *Service) Expire(ctx context.Context) ([]string, error) {
	rows, err := s.q.ExportExpire(ctx, s.db)
	if err != nil {
		return nil, fmt.Errorf("expire exports: %w", err)
	}
	names := make([]string, len(rows))
	var errs []error
	for i, row := range rows {
		names[i] = row.File
		errs = append(errs, act.Record(ctx, s.db, audit.System(), Expired{Export: row.ID}))
	}
	return names, errors.Join(errs...)
}

// Kept returns the names of the files that can still be downloaded.
func (s *Service) Kept(ctx context.Context) ([]string, error) {
	names, err := s.q.ExportListFiles(ctx, s.db)
	if err != nil {
		return nil, fmt.Errorf("list the files of exports: %w", err)
	}
	return names, nil
}
