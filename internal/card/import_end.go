package card

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
)

// CancelImport drops an import none of whose cards exist yet. One that is under way
// is stopped: it can go on later, and its series are worth nothing until then.
func (s *Service) CancelImport(ctx context.Context, actor audit.Actor, id int64) error {
	if _, err := s.Import(ctx, actor, id); err != nil {
		return err
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
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

// ResumeImport lets an import go on that stopped or failed on its way.
func (s *Service) ResumeImport(ctx context.Context, actor audit.Actor, id int64) error {
	imp, err := s.Import(ctx, actor, id)
	if err != nil {
		return err
	}
	for _, by := range []*int64{actor.Staff(), imp.CardImport.PlannedBy} {
		if by == nil {
			continue
		}
		if err := s.mayImport(ctx, *by); err != nil {
			return err
		}
	}
	plan, _, err := readImport(imp.CardImport)
	if err != nil {
		return err
	}
	if err := mayImportFor(actor, plan); err != nil {
		return err
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		n, err := s.q.ImportResume(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("resume an import: %w", err)
		}
		jobID, err := s.imports().Resume(ctx, tx, actor, id, n, RunImportArgs{ImportID: id})
		if err != nil {
			return err
		}
		if err := s.q.SeriesImportResume(ctx, tx, db.SeriesImportResumeParams{ImportID: &id, JobID: jobID}); err != nil {
			return fmt.Errorf("resume the series of an import: %w", err)
		}
		return nil
	})
}

// FailImport marks an import that was given up, in words for staff.
func (s *Service) FailImport(ctx context.Context, id int64, why string) error {
	return s.inTx(ctx, func(tx pgx.Tx) error {
		return s.imports().Stop(ctx, tx, audit.System(), id, "import.failed", why)
	})
}

// failStrandedImports marks imports whose job ended without them.
func (s *Service) failStrandedImports(ctx context.Context) error {
	ids, err := s.q.ImportListStranded(ctx, s.db)
	if err != nil {
		return fmt.Errorf("look for stranded imports: %w", err)
	}
	for _, id := range ids {
		if err := s.FailImport(ctx, id, "The job of this import was cancelled."); err != nil {
			return err
		}
	}
	return nil
}

// ExpireImports ends the imports that nobody went on with for a day; their files are
// then nobody's any more.
func (s *Service) ExpireImports(ctx context.Context) error {
	ids, err := s.q.ImportListOld(ctx, s.db)
	if err != nil {
		return fmt.Errorf("look for old imports: %w", err)
	}
	for _, id := range ids {
		err := s.inTx(ctx, func(tx pgx.Tx) error {
			imp, err := s.imports().Lock(ctx, tx, id)
			if err != nil {
				return err
			}
			if imp.State == db.ImportStateRunning { // confirmed or approved meanwhile
				return nil
			}
			if err := approval.WithdrawImport(ctx, tx, audit.System(), id); err != nil {
				return err
			}
			if _, err := s.q.ImportEnd(ctx, tx, db.ImportEndParams{ID: id, State: db.ImportStateExpired}); err != nil {
				return fmt.Errorf("expire an import: %w", err)
			}
			return s.imports().Audit(ctx, tx, audit.System(), "import.expired", id, nil)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
