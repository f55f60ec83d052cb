package card

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/jobqueue"
)

// The codes of a print-once series are shredded after its file has arrived (package cardfile).
// The cards stay redeemable, because a typed code is found by its blind index.

var (
	// ErrOnceFixed refuses to change whether a series is printed once after a file was made.
	ErrOnceFixed = fault.Field("print_once", "print_once_fixed", "A file of this series was made already, so this can't be changed any more.")

	// ErrNotShredding says that a series has nothing to shred, or that shredding has begun.
	ErrNotShredding = errors.New("nothing is to be shredded in this series")
)

// ShredSeriesArgs are the arguments of the job that shreds the codes of a print-once series.
type ShredSeriesArgs struct {
	SeriesID int64 `json:"series_id"`
}

// Kind names the job.
func (ShredSeriesArgs) Kind() string { return "shred_series" }

// InsertOpts puts the job in its queue.
func (ShredSeriesArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: jobqueue.Maintenance, MaxAttempts: jobqueue.MaxAttempts}
}

// BeginShredding ends the files of a series and queues the job that shreds its codes, in the
// caller's transaction, which holds the row of the series. It returns ErrNotShredding if
// shredding has begun already.
func (s *Service) BeginShredding(ctx context.Context, tx pgx.Tx, actor audit.Actor, seriesID int64) error {
	job, err := s.jobs.InsertTx(ctx, tx, ShredSeriesArgs{SeriesID: seriesID}, nil)
	if err != nil {
		return fmt.Errorf("queue the shredding of a series: %w", err)
	}
	n, err := s.q.SeriesShredBegin(ctx, tx, db.SeriesShredBeginParams{ID: seriesID, JobID: &job.Job.ID})
	if err != nil {
		return fmt.Errorf("begin the shredding of a series: %w", err)
	}
	if n == 0 {
		return ErrNotShredding
	}
	if err := s.q.ExportEndFiles(ctx, tx, seriesID); err != nil {
		return fmt.Errorf("end the files of a series: %w", err)
	}
	return act.Record(ctx, tx, actor, SeriesShredding{act.OfSeries(seriesID)})
}

// ShredDue begins to shred each series whose file was sent whole, where the time that staff
// have to say whether it arrived (shred_at) has passed without their answer. It also inserts
// jobs again that were lost. Periodic.
func (s *Service) ShredDue(ctx context.Context) error {
	due, err := s.q.SeriesListShredDue(ctx, s.db)
	if err != nil {
		return fmt.Errorf("look for codes to shred: %w", err)
	}
	var errs []error
	for _, id := range due {
		errs = append(errs, s.InTx(ctx, func(tx pgx.Tx) error {
			series, err := s.q.SeriesGetForUpdate(ctx, tx, id)
			if err != nil {
				return fmt.Errorf("lock a series: %w", err)
			}
			now, err := s.q.DatabaseNow(ctx, tx)
			if err != nil {
				return fmt.Errorf("ask for the time: %w", err)
			}
			if series.ShredAt == nil || series.ShredAt.After(now) || series.ShreddingAt != nil { // changed since the list was read
				return nil
			}
			return s.BeginShredding(ctx, tx, audit.System(), id)
		}))
	}
	lost, err := s.q.SeriesListUnshredded(ctx, s.db)
	if err != nil {
		return fmt.Errorf("look for codes whose shredding has no job: %w", err)
	}
	for _, id := range lost {
		errs = append(errs, s.InTx(ctx, func(tx pgx.Tx) error {
			job, err := s.jobs.InsertTx(ctx, tx, ShredSeriesArgs{SeriesID: id}, nil)
			if err != nil {
				return fmt.Errorf("queue the shredding of a series: %w", err)
			}
			return s.q.SeriesSetShredJob(ctx, tx, db.SeriesSetShredJobParams{ID: id, JobID: &job.Job.ID})
		}))
	}
	return errors.Join(errs...)
}

// ShredSeries shreds the codes of a series, one chunk a transaction. Like Erase it may be
// killed, repeated and run concurrently. It returns jobqueue.ErrYield after jobqueue.RunFor if
// codes are left, ErrNotShredding if there is nothing to shred, and codestore.ErrTampered for
// a card whose index does not match its code.
func (s *Service) ShredSeries(ctx context.Context, seriesID int64, now func() time.Time, complete jobqueue.Completer) error {
	for started := now(); ; {
		done, err := s.shredChunk(ctx, seriesID, complete)
		if err != nil || done {
			return err
		}
		if now().Sub(started) > jobqueue.RunFor {
			return jobqueue.ErrYield
		}
	}
}

// shredChunk shreds the codes of the next chunk of serials and reports whether it was the
// last.
func (s *Service) shredChunk(ctx context.Context, seriesID int64, complete jobqueue.Completer) (bool, error) {
	done := false
	err := s.InTx(ctx, func(tx pgx.Tx) error {
		series, err := s.q.SeriesGetForUpdate(ctx, tx, seriesID)
		if err != nil {
			return fmt.Errorf("lock a series: %w", err)
		}
		if series.ShreddingAt == nil || series.ShreddedAt != nil || series.State == db.SeriesStateVoid {
			return ErrNotShredding // the codes of a void series are erased by Erase
		}
		to := min(series.ShreddedTo+chunkSize, series.Made)
		if err := s.Codes.ShredCodes(ctx, tx, seriesID, series.ShreddedTo, to); err != nil {
			return err
		}
		if err := s.q.SeriesShredAdvance(ctx, tx, db.SeriesShredAdvanceParams{ID: seriesID, ShreddedTo: to}); err != nil {
			return fmt.Errorf("advance the shredding of a series: %w", err)
		}
		if done = to == series.Made; done {
			err := act.Record(ctx, tx, audit.System(), SeriesShredded{act.OfSeries(seriesID), series.Made})
			if err != nil {
				return err
			}
			if err := complete(ctx, tx); err != nil {
				return fmt.Errorf("complete the shredding of a series: %w", err)
			}
		}
		return s.NotifySeries(ctx, tx, seriesID)
	})
	s.Codes.ReportTampered(ctx, audit.System(), err)
	return done && err == nil, err
}
