package cardfile

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/jobqueue"
	"refill/internal/mailqueue"
)

// Final results of making a file, which a retry can't change.
var (
	// ErrOver is wrapped by all of them: the export is cancelled or ready, or is marked as
	// failed with its reason. The job has to end.
	ErrOver      = errors.New("the making of this file is over")
	ErrNotWanted = fault.New(fault.Conflict, "export_not_wanted", "This export was cancelled or is done.")
)

// Reasons of an export that failed after several attempts. One with a password can't be
// retried, because its password is erased with its job.
var (
	errDiskFull         = fault.New(fault.Conflict, "export_disk_full", "The disk for exported files is full. Make room or have old files removed, then retry.")
	errDiskFullLocked   = fault.New(fault.Conflict, "export_disk_full_locked", "The disk for exported files is full. Make room or have old files removed, then export again.")
	errFileFailed       = fault.New(fault.Conflict, "export_failed", "The file could not be written after several tries. If it fails again when you retry, ask your operator for the log of this export.")
	errFileFailedLocked = fault.New(fault.Conflict, "export_failed_locked", "The file could not be written after several tries. If it fails again when you export again, ask your operator for the log of this export.")
)

// tellEvery is the shortest time between two reports of progress.
const tellEvery = 300 * time.Millisecond

// Make writes the file of an export from the beginning. It marks the export as ready in
// one transaction with complete, which ends the job. A file that an earlier run left
// incomplete is never visible, and housekeeping removes it. ErrOver says that a retry
// would end the same; after any other error the job can be retried.
func (s *Service) Make(ctx context.Context, id int64, complete jobqueue.Completer) error {
	m, err := s.start(ctx, id)
	if err == nil {
		err = s.finish(ctx, m, complete)
	}
	var refused *fault.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNotWanted), errors.Is(err, ErrOnceOutstanding), errors.Is(err, ErrOnceShredded):
		return errors.Join(ErrOver, err)
	case errors.As(err, &refused) && hopeless(refused):
		// The options, or the person who requests the file, have to change.
		return errors.Join(ErrOver, err, s.Fail(ctx, id, refused.Keep()))
	}
	return err
}

// hopeless reports whether a fault persists in every retry.
func hopeless(refused *fault.Error) bool {
	return refused.Kind == fault.Invalid || errors.Is(refused, ErrPasswordGone) || errors.Is(refused, card.ErrApprovalNeeded)
}

// GiveUp marks an export as failed after the error of its last attempt.
func (s *Service) GiveUp(ctx context.Context, id int64, err error) error {
	e, readErr := s.Get(ctx, audit.System(), id)
	if readErr != nil {
		return readErr
	}
	return s.Fail(ctx, id, finalFault(err, e.Export.PasswordKeyID != nil).Keep())
}

// finalFault returns the fault that tells staff why an export failed.
func finalFault(err error, locked bool) *fault.Error {
	full := errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
	switch {
	case full && locked:
		return errDiskFullLocked
	case full:
		return errDiskFull
	case locked:
		return errFileFailedLocked
	}
	return errFileFailed
}

// making is a file that is being made.
type making struct {
	export  db.Export
	series  db.SeriesShowRow
	options Options
	cards   int64 // number of cards in the file
}

// start marks an export as running. It returns ErrNotWanted where there is nothing to
// make.
func (s *Service) start(ctx context.Context, id int64) (m making, err error) {
	e, err := s.Get(ctx, audit.System(), id)
	if err != nil {
		return m, err
	}
	m.export = e.Export
	if m.series, err = s.cards.Series(ctx, audit.System(), e.Export.SeriesID); err != nil {
		return m, err
	}
	if m.options, err = ReadOptions(e.Export); err != nil {
		return m, err
	}
	if m.cards, err = s.cards.Selected(ctx, m.series, m.options.selection()); err != nil {
		return m, err
	}
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		locked, err := s.q.SeriesGetForUpdate(ctx, tx, e.Export.SeriesID)
		if err != nil {
			return fmt.Errorf("lock a series: %w", err)
		}
		if err := s.checkPrintOnce(ctx, tx, locked, id); err != nil { // an operator may have requeued its job
			return err
		}
		if err := s.checkExport(ctx, tx, e.Export, audit.ForStaff(e.Export.CreatedBy)); err != nil {
			return err
		}
		n, err := s.q.ExportStart(ctx, tx, db.ExportStartParams{ID: id, RowsTotal: int32(m.cards)}) //nolint:gosec // at most MaxQuantity
		if err != nil {
			return fmt.Errorf("start an export: %w", err)
		}
		if n == 0 {
			return ErrNotWanted
		}
		return s.announce(ctx, tx, id, e.Export.SeriesID, e.Export.CreatedBy)
	})
	return m, err
}

// file describes a finished file in the store.
type file struct {
	name   string
	size   int64
	sha256 []byte
	keyID  int16 // the sealing key of the file
	rows   int32
}

// finish makes the file of an export and keeps it. ErrNotWanted says that the export was
// cancelled meanwhile; its file is removed then.
func (s *Service) finish(ctx context.Context, m making, complete jobqueue.Completer) error {
	made, err := s.write(ctx, m)
	if err != nil {
		return err
	}
	if err := s.keep(ctx, m.export, made, complete); err != nil {
		s.discard(ctx, made.name)
		return err
	}
	return nil
}

// keep marks a file as ready, in one transaction with the end of its job.
func (s *Service) keep(ctx context.Context, e db.Export, made file, complete jobqueue.Completer) error {
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return err
	}
	finished := func(of act.Subject, ref Ref) act.Act { return Finished{of, ref, made.rows, made.size} }
	return s.change(ctx, audit.System(), e.ID, finished, func(tx pgx.Tx, _ db.ExportGetRow) error {
		if err := s.cards.Codes.HoldKey(ctx, tx, made.keyID); err != nil {
			return err
		}
		n, err := s.q.ExportFinish(ctx, tx, db.ExportFinishParams{
			ID: e.ID, RowsDone: made.rows, File: made.name, Size: made.size, SHA256: made.sha256, KeyID: made.keyID,
			Lifetime: time.Duration(settings.FileHours) * time.Hour,
		})
		if err != nil {
			return fmt.Errorf("finish an export: %w", err)
		}
		if n == 0 {
			return ErrNotWanted
		}
		if err := mailqueue.Tell(ctx, tx, mailqueue.Event{About: mailqueue.File, ID: e.ID, Only: e.CreatedBy}); err != nil {
			return err
		}
		return complete(ctx, tx)
	})
}

// write makes the file under a temporary name, and renames it only when it is complete and
// synced to disk.
func (s *Service) write(ctx context.Context, m making) (file, error) {
	var err error
	if m.options, err = s.openOptions(m.export); err != nil {
		return file{}, err
	}
	if err := s.room(estimate(m.export.Format, m.options, m.cards)); err != nil {
		return file{}, err
	}
	name := fmt.Sprintf("%s-%d-%s.%s", m.series.Series.Number, m.export.ID, rand.Text(), Extension(m.export.Format, m.options))
	target, err := s.files.Create(ctx, name)
	if err != nil {
		return file{}, fmt.Errorf("create the file of export %d: %w", m.export.ID, err)
	}
	rows, err := s.fill(ctx, target, m)
	if err != nil {
		return file{}, errors.Join(err, target.Abort())
	}
	info, err := target.Commit()
	if err != nil {
		return file{}, fmt.Errorf("keep the file of export %d: %w", m.export.ID, err)
	}
	return file{name, info.Size, info.SHA256[:], info.KeyID, rows}, nil
}

// fill writes all chosen cards and reports progress.
func (s *Service) fill(ctx context.Context, target io.Writer, m making) (int32, error) {
	line, err := s.liner(ctx, m.series)
	if err != nil {
		return 0, err
	}
	out, err := s.writer(ctx, target, m.export.Format, m.series.Series, m.options, m.cards)
	if err != nil {
		return 0, err
	}
	rows, told := int32(0), s.settings.Now()
	err = s.cards.EachSelected(ctx, m.series.Series, m.options.selection(), func(page []card.Unsealed) error {
		for _, c := range page {
			if err := out.Write(line(c)); err != nil {
				return err
			}
		}
		rows += int32(len(page)) //nolint:gosec // a page is small
		if now := s.settings.Now(); now.Sub(told) >= tellEvery {
			told = now
			return s.advance(ctx, m.export, rows)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return rows, out.Close()
}

// advance records the progress of an export. ErrNotWanted says that it was cancelled.
func (s *Service) advance(ctx context.Context, e db.Export, done int32) error {
	return s.inTx(ctx, func(tx pgx.Tx) error {
		state, err := s.q.ExportAdvance(ctx, tx, db.ExportAdvanceParams{ID: e.ID, RowsDone: done})
		if err != nil {
			return fmt.Errorf("advance an export: %w", err)
		}
		if state != db.ExportStateRunning {
			return ErrNotWanted
		}
		return s.announce(ctx, tx, e.ID, e.SeriesID, e.CreatedBy)
	})
}

// discard removes a file that is no longer needed. Where that fails, housekeeping removes
// it later.
func (s *Service) discard(ctx context.Context, name string) {
	if err := s.files.Remove(context.WithoutCancel(ctx), name); err != nil {
		s.log.WarnContext(ctx, "a file is left for housekeeping", slog.String("file", name), slog.Any("error", err))
	}
}
