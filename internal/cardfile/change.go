package cardfile

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/rivertype"

	"refill/internal/act"
	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
)

// Errors of changes of an export.
var (
	ErrUnknown = fault.New(fault.NotFound, "export_unknown", "There is no such file.")
	ErrState   = fault.New(fault.Conflict, "export_state", "The export has changed meanwhile. Reload the page to see its state.")
	ErrNotMine = fault.New(fault.Conflict, "export_of_other", "Another person asked for this file, and only they are reminded of it.")
)

var errStranded = fault.New(fault.Conflict, "export_stranded", "The job of this export was cancelled. Retry to start it again.")

// Get reads an export of a series that the actor may see.
func (s *Service) Get(ctx context.Context, actor audit.Actor, id int64) (db.ExportGetRow, error) {
	return db.Need(s.q.ExportGet(ctx, s.db, db.ExportGetParams{ID: id, AllPartners: actor.Scope.AllPartners, PartnerIds: actor.Scope.PartnerIDs})).Or(ErrUnknown, "read an export")
}

// change updates an export and writes its audit row in one transaction.
func (s *Service) change(ctx context.Context, actor audit.Actor, id int64, did func(act.Subject, Ref) act.Act, f func(tx pgx.Tx, e db.ExportGetRow) error) error {
	e, err := s.Get(ctx, actor, id)
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		if err := card.CheckModule(ctx, tx, actor); err != nil {
			return err
		}
		if err := f(tx, e); err != nil {
			return err
		}
		if err := act.Record(ctx, tx, actor, did(act.OfSeries(e.Export.SeriesID), refOf(e.Export))); err != nil {
			return err
		}
		return s.announce(ctx, tx, id, e.Export.SeriesID, e.Export.CreatedBy)
	})
}

// Cancel cancels an export; the file is removed as far as it was written.
func (s *Service) Cancel(ctx context.Context, actor audit.Actor, id int64) error {
	return s.change(ctx, actor, id, cancelled, func(tx pgx.Tx, e db.ExportGetRow) error {
		if err := approval.WithdrawExport(ctx, tx, actor, id); err != nil { // lock order: the request for approval first, as in a decision
			return err
		}
		n, err := s.q.ExportCancel(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("cancel an export: %w", err)
		}
		if n == 0 {
			return ErrState
		}
		if e.Export.JobID != nil {
			if _, err := s.jobs.JobCancelTx(ctx, tx, *e.Export.JobID); err != nil && !errors.Is(err, rivertype.ErrNotFound) {
				return fmt.Errorf("cancel the job of an export: %w", err)
			}
		}
		return nil
	})
}

// Retry makes a failed export again from the beginning. It refuses one with a password,
// because the password is erased at the failure.
func (s *Service) Retry(ctx context.Context, actor audit.Actor, id int64) error {
	return s.change(ctx, actor, id, retried, func(tx pgx.Tx, e db.ExportGetRow) error {
		series, err := s.q.SeriesGetForUpdate(ctx, tx, e.Export.SeriesID) // lock order: series before export, as when a series is deleted
		if err != nil {
			return fmt.Errorf("lock a series: %w", err)
		}
		if err := checkRetry(e.Export); err != nil {
			return err
		}
		n, err := s.q.ExportRequeue(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("take up an export: %w", err)
		}
		if n == 0 {
			return ErrState
		}
		if err := s.checkExport(ctx, tx, e.Export, actor.Accountable()); err != nil {
			return err
		}
		if err := s.checkPrintOnce(ctx, tx, series, id); err != nil {
			return err
		}
		return s.enqueue(ctx, tx, id)
	})
}

// Dismiss ends the reminder of a finished file. Only the person who requested the file has
// one; for any other it returns ErrNotMine. A reminder is no part of the file's history, so
// there is no audit row.
func (s *Service) Dismiss(ctx context.Context, actor audit.Actor, id int64) error {
	e, err := s.Get(ctx, actor, id)
	if err != nil {
		return err
	}
	if e.Export.CreatedBy != actor.Responsible() {
		return ErrNotMine
	}
	if err := s.q.ExportDismiss(ctx, s.db, id); err != nil {
		return fmt.Errorf("dismiss an export: %w", err)
	}
	return nil
}

// Fetched records that a person is about to download the file. The audit row is committed
// before the first byte is sent. For a person who did not request the file, the download
// is weighed as an export of their own.
func (s *Service) Fetched(ctx context.Context, actor audit.Actor, id int64) error {
	return s.change(ctx, actor, id, downloaded, func(tx pgx.Tx, e db.ExportGetRow) error {
		if err := s.checkFetch(ctx, tx, actor, e.Export); err != nil {
			return err
		}
		return s.q.ExportFetched(ctx, tx, id)
	})
}

// Resumed records that a person downloads another part of a file. It adds no audit row
// where the same person continues from the same address within an hour, because download
// programs that fetch in parts would add hundreds.
func (s *Service) Resumed(ctx context.Context, actor audit.Actor, e db.Export) error {
	p := db.AuditFetchedLatelyParams{SeriesID: &e.SeriesID, StaffID: actor.Staff(), Export: strconv.FormatInt(e.ID, 10)}
	if actor.Address.IsValid() {
		p.Address = &actor.Address
	}
	lately, err := s.q.AuditFetchedLately(ctx, s.db, p)
	if err != nil {
		return fmt.Errorf("look for an earlier download: %w", err)
	}
	if lately {
		return nil
	}
	return s.Fetched(ctx, actor, e.ID)
}

// Fail marks an export as failed, with a fault in the form of fault.Error.Keep.
func (s *Service) Fail(ctx context.Context, id int64, why string) error {
	return s.change(ctx, audit.System(), id, failed, func(tx pgx.Tx, _ db.ExportGetRow) error {
		return s.q.ExportFail(ctx, tx, db.ExportFailParams{ID: id, Failure: why})
	})
}
