package cardimport

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/tableflow"
)

// Cancel ends an import that has made no cards. An import that has begun stops instead:
// Resume continues it, and its series have no value until then.
func (s *Service) Cancel(ctx context.Context, actor audit.Actor, id int64) error {
	if _, err := s.Import(ctx, actor, id); err != nil {
		return err
	}
	return s.cards.InTx(ctx, func(tx pgx.Tx) error {
		imp, err := s.imports().Lock(ctx, tx, id)
		if err != nil {
			return err
		}
		begun, err := s.q.ImportListSeries(ctx, tx, &id)
		if err != nil {
			return fmt.Errorf("list the series of an import: %w", err)
		}
		return s.imports().Cancel(ctx, tx, actor, imp, len(begun) > 0)
	})
}

// Resume continues an import that stopped or failed after it had begun. It returns
// ErrImportBarred where the actor or the person who planned the import is barred.
func (s *Service) Resume(ctx context.Context, actor audit.Actor, id int64) error {
	imp, err := s.Import(ctx, actor, id)
	if err != nil {
		return err
	}
	for _, by := range []*int64{actor.Staff(), imp.CardImport.PlannedBy} {
		if by == nil {
			continue
		}
		if err := s.checkImportBar(ctx, *by); err != nil {
			return err
		}
	}
	plan, _, err := readImport(imp.CardImport)
	if err != nil {
		return err
	}
	if err := checkImportFor(actor, plan); err != nil {
		return err
	}
	return s.cards.InTx(ctx, func(tx pgx.Tx) error {
		n, err := s.q.ImportResume(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("resume an import: %w", err)
		}
		jobID, err := s.imports().Resume(ctx, tx, actor, id, n, RunArgs{ImportID: id})
		if err != nil {
			return err
		}
		if err := s.q.SeriesImportResume(ctx, tx, db.SeriesImportResumeParams{ImportID: &id, JobID: jobID}); err != nil {
			return fmt.Errorf("resume the series of an import: %w", err)
		}
		return nil
	})
}

// Fail stops an import after its last attempt; why is a fault in the form of Keep.
func (s *Service) Fail(ctx context.Context, id int64, why string) error {
	return s.cards.InTx(ctx, func(tx pgx.Tx) error {
		return s.imports().Stop(ctx, tx, audit.System(), id, tableflow.Failed{Import: s.imports().About(id)}, why)
	})
}

// FailStranded stops the imports whose job has ended without finishing them. Periodic.
func (s *Service) FailStranded(ctx context.Context) error {
	ids, err := s.q.ImportListStranded(ctx, s.db)
	if err != nil {
		return fmt.Errorf("look for stranded imports: %w", err)
	}
	for _, id := range ids {
		if err := s.Fail(ctx, id, errImportStranded.Keep()); err != nil {
			return err
		}
	}
	return nil
}

// Expire ends the imports that had no activity for a day after the upload. Their files are
// no longer listed by Kept. Periodic.
func (s *Service) Expire(ctx context.Context) error {
	ids, err := s.q.ImportListOld(ctx, s.db)
	if err != nil {
		return fmt.Errorf("look for old imports: %w", err)
	}
	for _, id := range ids {
		err := s.cards.InTx(ctx, func(tx pgx.Tx) error {
			imp, err := s.imports().Lock(ctx, tx, id)
			if err != nil {
				return err
			}
			if imp.State == db.ImportStateRunning { // confirmed or approved since the list was read
				return nil
			}
			if err := approval.WithdrawImport(ctx, tx, audit.System(), id); err != nil {
				return err
			}
			if _, err := s.q.ImportEnd(ctx, tx, db.ImportEndParams{ID: id, State: db.ImportStateExpired}); err != nil {
				return fmt.Errorf("expire an import: %w", err)
			}
			return act.Record(ctx, tx, audit.System(), tableflow.Expired{Import: s.imports().About(id)})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Kept returns the names in the file store of uploads that an import still needs.
func (s *Service) Kept(ctx context.Context) ([]string, error) {
	names, err := s.q.ImportListFiles(ctx, s.db)
	if err != nil {
		return nil, fmt.Errorf("list the files of imports: %w", err)
	}
	return names, nil
}
