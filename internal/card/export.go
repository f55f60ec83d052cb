package card

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/rivertype"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// Refusals around exports.
var (
	ErrNoExport     = fault.New(fault.NotFound, "export_unknown", "There is no such file.")
	ErrExportState  = fault.New(fault.Conflict, "export_state", "The export has changed meanwhile. Reload the page to see where it stands.")
	ErrExportKey    = fault.Field("format", "export_key_used", "This form was sent before with other choices, and that file was asked for. Look at the files of the series; press the button again to ask for this one too.")
	ErrExportFormat = fault.Field("format", "export_format", "Choose one of the formats.")
	ErrNotExported  = fault.Field("format", "export_series_state", "Only a series whose cards are all made and not void can be exported.")
	ErrNothingLeft  = fault.Field("format", "export_empty", "This series has no unused card left to export.")
	ErrNotWanted    = fault.New(fault.Conflict, "export_not_wanted", "This export was cancelled or is done.")
)

// RequestExport queues a file of a series' cards as they were chosen and returns
// the id of the export. The same key asked again returns the export that it queued
// first. Whether the choice can be drawn is asked before, of who draws it.
func (s *Service) RequestExport(ctx context.Context, actor audit.Actor, seriesID int64, format string, options ExportOptions, key uuid.UUID) (int64, error) {
	series, err := s.Series(ctx, actor, seriesID)
	if err != nil {
		return 0, err
	}
	if !db.ExportFormat(format).Valid() {
		return 0, ErrExportFormat
	}
	asked := options
	print, err := options.print(seriesID, format)
	if err != nil {
		return 0, err
	}
	if id, err := s.requestedBefore(ctx, actor, seriesID, format, asked, print, key); err != nil || id != 0 {
		return id, err
	}
	switch series.Series.State {
	case db.SeriesStateReady, db.SeriesStateActive, db.SeriesStateLocked:
	default:
		return 0, ErrNotExported
	}
	if err := options.check(db.ExportFormat(format)); err != nil {
		return 0, err
	}
	if err := s.checkReason(ctx, &options); err != nil {
		return 0, err
	}
	if series.Series.PrintOnce {
		if options, err = options.allOf(); err != nil {
			return 0, err
		}
	}
	left, err := s.Selected(ctx, series, options)
	switch {
	case err != nil:
		return 0, err
	case left <= 0 && options.all():
		return 0, ErrNothingLeft
	case left <= 0:
		return 0, ErrNoneMatch
	}
	kept, err := json.Marshal(options)
	if err != nil {
		return 0, fmt.Errorf("keep the options of an export: %w", err)
	}
	keyID, sealed, err := s.sealPassword(ctx, options, key)
	if err != nil {
		return 0, err
	}
	var id int64
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		locked, err := s.q.SeriesGetForUpdate(ctx, tx, seriesID)
		if err != nil {
			return fmt.Errorf("lock a series: %w", err)
		}
		if locked.PrintOnce != series.Series.PrintOnce {
			return ErrExportState
		}
		if err := s.mayPrintOnce(ctx, tx, locked, 0); err != nil {
			return err
		}
		id, err = s.q.ExportCreate(ctx, tx, db.ExportCreateParams{
			SeriesID: seriesID, Format: db.ExportFormat(format), Options: kept, RequestKey: key, RowsTotal: int32(left), CreatedBy: actor.StaffID, //nolint:gosec // at most MaxQuantity
			PasswordKeyID: keyID, PasswordSealed: sealed,
		})
		if err != nil {
			return fmt.Errorf("enter an export: %w", err)
		}
		if err := s.keepPrint(ctx, tx, formExport, key, print); err != nil {
			return err
		}
		held, err := s.holdExport(ctx, tx, actor, seriesID, id)
		if err != nil {
			return err
		}
		if !held {
			if err := s.enqueueExport(ctx, tx, id); err != nil {
				return err
			}
		}
		err = audit.Record(ctx, tx, actor, audit.Entry{Action: "export.requested", SeriesID: seriesID, Detail: options.facts(id, format)})
		if err != nil {
			return err
		}
		return s.notifyExport(ctx, tx, id, seriesID, actor.StaffID)
	})
	if db.Constraint(err) == "export_request_key" { // the other of two clicks was first
		return s.requestedBefore(ctx, actor, seriesID, format, asked, print, key)
	}
	return id, err
}

// Unused is how many cards of a series an export holds.
func Unused(series db.SeriesShowRow) int64 {
	return int64(series.Series.Made) - series.Used - series.Disabled - series.Void
}

// requestedBefore returns the file that a key asked for, if any. A key that asked for
// another one is refused.
func (s *Service) requestedBefore(ctx context.Context, actor audit.Actor, seriesID int64, format string, asked ExportOptions, print []byte, key uuid.UUID) (int64, error) {
	row, err := s.q.ExportGetByRequestKey(ctx, s.db, key)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for the export: %w", err)
	}
	if row.CreatedBy != actor.StaffID {
		return 0, ErrExportState
	}
	same, known, err := s.samePrint(ctx, formExport, key, print)
	if err != nil {
		return 0, err
	}
	if known && !same || row.SeriesID != seriesID || row.Format != db.ExportFormat(format) {
		return 0, ErrExportKey
	}
	if asked.Locked && !s.samePassword(row, key, asked.Password) {
		return 0, ErrExportKey
	}
	return row.ID, nil
}

func (s *Service) enqueueExport(ctx context.Context, tx pgx.Tx, id int64) error {
	job, err := s.jobs.InsertTx(ctx, tx, ExportSeriesArgs{ExportID: id}, nil)
	if err != nil {
		return fmt.Errorf("queue an export: %w", err)
	}
	if err := s.q.ExportSetJob(ctx, tx, db.ExportSetJobParams{ID: id, JobID: &job.Job.ID}); err != nil {
		return fmt.Errorf("note the job of an export: %w", err)
	}
	return nil
}

func (s *Service) notifyExport(ctx context.Context, tx pgx.Tx, id, seriesID, staffID int64) error {
	err := s.q.ExportNotify(ctx, tx, db.ExportNotifyParams{ID: id, SeriesID: seriesID, StaffID: staffID})
	if err != nil {
		return fmt.Errorf("announce a change of export: %w", err)
	}
	return nil
}

// Export reads an export of a series that lies within the actor's partners.
func (s *Service) Export(ctx context.Context, actor audit.Actor, id int64) (db.ExportGetRow, error) {
	row, err := s.q.ExportGet(ctx, s.db, db.ExportGetParams{ID: id, AllPartners: actor.Scope.AllPartners, PartnerIds: actor.Scope.PartnerIDs})
	if errors.Is(err, pgx.ErrNoRows) {
		return row, ErrNoExport
	}
	if err != nil {
		return row, fmt.Errorf("read an export: %w", err)
	}
	return row, nil
}

// changeExport alters an export in one transaction with its audit row.
func (s *Service) changeExport(ctx context.Context, actor audit.Actor, id int64, action string, detail map[string]any, f func(tx pgx.Tx, e db.ExportGetRow) error) error {
	e, err := s.Export(ctx, actor, id)
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		if err := f(tx, e); err != nil {
			return err
		}
		facts := map[string]any{"export": id, "format": e.Export.Format}
		maps.Copy(facts, detail)
		if err := audit.Record(ctx, tx, actor, audit.Entry{Action: action, SeriesID: e.Export.SeriesID, Detail: facts}); err != nil {
			return err
		}
		return s.notifyExport(ctx, tx, id, e.Export.SeriesID, e.Export.CreatedBy)
	})
}

// CancelExport stops an export; what was written of its file is removed.
func (s *Service) CancelExport(ctx context.Context, actor audit.Actor, id int64) error {
	return s.changeExport(ctx, actor, id, "export.cancelled", nil, func(tx pgx.Tx, e db.ExportGetRow) error {
		if err := approval.WithdrawExport(ctx, tx, actor, id); err != nil { // first, as a decision locks it first
			return err
		}
		n, err := s.q.ExportCancel(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("cancel an export: %w", err)
		}
		if n == 0 {
			return ErrExportState
		}
		if e.Export.JobID != nil {
			if _, err := s.jobs.JobCancelTx(ctx, tx, *e.Export.JobID); err != nil && !errors.Is(err, rivertype.ErrNotFound) {
				return fmt.Errorf("cancel the job of an export: %w", err)
			}
		}
		return nil
	})
}

// RetryExport starts a failed export again from the beginning; not one with a
// password, which went when it failed.
func (s *Service) RetryExport(ctx context.Context, actor audit.Actor, id int64) error {
	return s.changeExport(ctx, actor, id, "export.retried", nil, func(tx pgx.Tx, e db.ExportGetRow) error {
		series, err := s.q.SeriesGetForUpdate(ctx, tx, e.Export.SeriesID) // before the file, as whoever deletes it
		if err != nil {
			return fmt.Errorf("lock a series: %w", err)
		}
		if err := mayRetry(e.Export); err != nil {
			return err
		}
		n, err := s.q.ExportRequeue(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("take up an export: %w", err)
		}
		if n == 0 {
			return ErrExportState
		}
		if err := s.mayExport(ctx, tx, e.Export, actor.StaffID); err != nil {
			return err
		}
		if err := s.mayPrintOnce(ctx, tx, series, id); err != nil {
			return err
		}
		return s.enqueueExport(ctx, tx, id)
	})
}

// Fetched notes that somebody is about to receive the file: the audit row stands
// before the first byte leaves. For another person than the one who asked for the file it
// counts as an export of theirs.
func (s *Service) Fetched(ctx context.Context, actor audit.Actor, id int64) error {
	return s.changeExport(ctx, actor, id, "export.downloaded", nil, func(tx pgx.Tx, e db.ExportGetRow) error {
		if err := s.mayFetch(ctx, tx, actor, e.Export); err != nil {
			return err
		}
		return s.q.ExportFetched(ctx, tx, id)
	})
}

// Resumed notes that somebody fetches more of a file. Going on with what they began
// from the same address within the hour has no line of its own: programs that fetch
// in pieces would fill the trail with hundreds that say the same.
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

// FailExport marks an export that was given up, in words for staff.
func (s *Service) FailExport(ctx context.Context, id int64, why string) error {
	return s.changeExport(ctx, audit.System(), id, "export.failed", nil, func(tx pgx.Tx, _ db.ExportGetRow) error {
		return s.q.ExportFail(ctx, tx, db.ExportFailParams{ID: id, Failure: why})
	})
}

// StartExport marks an export as running and returns it with its series.
// ErrNotWanted says that there is nothing to do.
func (s *Service) StartExport(ctx context.Context, id int64) (db.ExportGetRow, db.SeriesShowRow, error) {
	e, err := s.Export(ctx, audit.System(), id)
	if err != nil {
		return e, db.SeriesShowRow{}, err
	}
	series, err := s.Series(ctx, audit.System(), e.Export.SeriesID)
	if err != nil {
		return e, series, err
	}
	options, err := ReadExportOptions(e.Export)
	if err != nil {
		return e, series, err
	}
	selected, err := s.Selected(ctx, series, options)
	if err != nil {
		return e, series, err
	}
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		locked, err := s.q.SeriesGetForUpdate(ctx, tx, e.Export.SeriesID)
		if err != nil {
			return fmt.Errorf("lock a series: %w", err)
		}
		if err := s.mayPrintOnce(ctx, tx, locked, id); err != nil { // its job may have been put back by hand
			return err
		}
		if err := s.mayExport(ctx, tx, e.Export, e.Export.CreatedBy); err != nil {
			return err
		}
		n, err := s.q.ExportStart(ctx, tx, db.ExportStartParams{ID: id, RowsTotal: int32(selected)}) //nolint:gosec // at most MaxQuantity
		if err != nil {
			return fmt.Errorf("start an export: %w", err)
		}
		if n == 0 {
			return ErrNotWanted
		}
		return s.notifyExport(ctx, tx, id, e.Export.SeriesID, e.Export.CreatedBy)
	})
	return e, series, err
}

// AdvanceExport tells how far an export is. ErrNotWanted says that it was
// cancelled.
func (s *Service) AdvanceExport(ctx context.Context, e db.Export, done int32) error {
	return s.inTx(ctx, func(tx pgx.Tx) error {
		state, err := s.q.ExportAdvance(ctx, tx, db.ExportAdvanceParams{ID: e.ID, RowsDone: done})
		if err != nil {
			return fmt.Errorf("advance an export: %w", err)
		}
		if state != db.ExportStateRunning {
			return ErrNotWanted
		}
		return s.notifyExport(ctx, tx, e.ID, e.SeriesID, e.CreatedBy)
	})
}

// File is a finished file as the store keeps it.
type File struct {
	Name   string
	Size   int64
	SHA256 []byte
	KeyID  int16 // the key set that it is sealed under
	Rows   int32
}

// FinishExport makes a file available, in one transaction with the end of its
// job. ErrNotWanted says that the export was cancelled: the file is to be removed.
func (s *Service) FinishExport(ctx context.Context, e db.Export, file File, complete Completer) error {
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return err
	}
	facts := map[string]any{"rows": file.Rows, "size": file.Size}
	return s.changeExport(ctx, audit.System(), e.ID, "export.finished", facts, func(tx pgx.Tx, _ db.ExportGetRow) error {
		if err := s.holdKey(ctx, tx, file.KeyID); err != nil {
			return err
		}
		n, err := s.q.ExportFinish(ctx, tx, db.ExportFinishParams{
			ID: e.ID, RowsDone: file.Rows, File: file.Name, Size: file.Size, SHA256: file.SHA256, KeyID: file.KeyID,
			Lifetime: time.Duration(settings.FileHours) * time.Hour,
		})
		if err != nil {
			return fmt.Errorf("finish an export: %w", err)
		}
		if n == 0 {
			return ErrNotWanted
		}
		return complete(ctx, tx)
	})
}
