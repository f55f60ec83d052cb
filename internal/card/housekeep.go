package card

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
)

// FailStranded marks series, exports and operations whose job ended without them, because
// somebody cancelled or deleted it from outside: staff can then take them up
// again. Void series whose codes nobody is erasing get a job anew. Periodic.
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
	if err := s.failStrandedImports(ctx); err != nil {
		return err
	}
	unerased, err := s.q.SeriesListUnerased(ctx, s.db)
	if err != nil {
		return fmt.Errorf("look for codes to erase: %w", err)
	}
	for _, id := range unerased {
		if err := s.inTx(ctx, func(tx pgx.Tx) error { return s.enqueueErase(ctx, tx, id) }); err != nil {
			return err
		}
	}
	exports, err := s.q.ExportListStranded(ctx, s.db)
	if err != nil {
		return fmt.Errorf("look for stranded exports: %w", err)
	}
	for _, id := range exports {
		if err := s.FailExport(ctx, id, "The job of this export was cancelled. Retry to start it again."); err != nil {
			return err
		}
	}
	changes, err := s.q.CardChangeListStranded(ctx, s.db)
	if err != nil {
		return fmt.Errorf("look for stranded operations: %w", err)
	}
	for _, id := range changes {
		if err := s.FailChange(ctx, id, "The job of this operation was cancelled. Retry goes on where it stopped."); err != nil {
			return err
		}
	}
	return nil
}

// ExpireExports marks the exports whose time is up and returns the names of
// their files, for removal.
func (s *Service) ExpireExports(ctx context.Context) ([]string, error) {
	rows, err := s.q.ExportExpire(ctx, s.db)
	if err != nil {
		return nil, fmt.Errorf("expire exports: %w", err)
	}
	names := make([]string, len(rows))
	var errs []error
	for i, row := range rows {
		names[i] = row.File
		errs = append(errs, audit.Record(ctx, s.db, audit.System(), audit.Entry{Action: "export.expired", Detail: map[string]any{"export": row.ID}}))
	}
	return names, errors.Join(errs...)
}

// ReadyFiles returns the names of the files that somebody may still fetch.
func (s *Service) ReadyFiles(ctx context.Context) (map[string]bool, error) {
	names, err := s.q.ExportListFiles(ctx, s.db)
	if err != nil {
		return nil, fmt.Errorf("list the files of exports: %w", err)
	}
	uploads, err := s.q.ImportListFiles(ctx, s.db)
	if err != nil {
		return nil, fmt.Errorf("list the files of imports: %w", err)
	}
	files := make(map[string]bool, len(names)+len(uploads))
	for _, name := range append(names, uploads...) {
		files[name] = true
	}
	return files, nil
}
