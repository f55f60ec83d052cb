package card

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// A series that is printed once goes into one file. When every byte of that file has
// been sent, somebody says that it arrived, or three days go by; then the sealed codes
// are shredded. Sent is not arrived: a connection can't tell whether what it carried
// was saved, and shredding the only copy of a million codes can't be undone. So the
// portal asks, and keeps the file until it knows. The cards stay good, since what is
// typed is found by its index.

// Refusals of a series that is printed once.
var (
	ErrOnceShredded    = fault.Field("format", "print_once_shredded", "The codes of this series were printed once and then shredded. No file can be made of them again.")
	ErrOnceOutstanding = fault.Field("format", "print_once_outstanding", "This series is printed once, and there is a file of it already. Fetch that one, or discard it before you make another.")
	ErrOnceWhole       = fault.Field("cards", "print_once_whole", "This series is printed once, so its file holds all cards. Choose unused, or unused and disabled cards, and leave the serials empty.")
	ErrOnceFixed       = fault.Field("print_once", "print_once_fixed", "A file of this series was made already, so this can't be changed any more.")
	ErrNotSentWhole    = fault.New(fault.Conflict, "print_once_not_sent", "Not all of this file has been fetched yet. Download it to its end first.")
	ErrNotFetcher      = fault.New(fault.Conflict, "print_once_other", "Another person fetched this file. Reload the page: it names them. Ask them first whether the file arrived; then you can say so.")
	ErrNotShredding    = errors.New("nothing is to be shredded in this series")
)

// ShredSeriesArgs asks for the codes of a series that was printed once to be
// shredded.
type ShredSeriesArgs struct {
	SeriesID int64 `json:"series_id"`
}

// Kind names the job.
func (ShredSeriesArgs) Kind() string { return "shred_series" }

// InsertOpts puts the job in its queue.
func (ShredSeriesArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueMaintenance, MaxAttempts: maxAttempts}
}

// allOf makes a choice of cards that of all cards whose code somebody may need, as
// what is in no file would be lost: a disabled card can be enabled again.
func (o ExportOptions) allOf() (ExportOptions, error) {
	left := []db.CardState{db.CardStateActive, db.CardStateDisabled}
	if o.First > 1 || o.Last > 0 || (o.States != nil && !slices.Equal(o.States, left[:1]) && !slices.Equal(o.States, left)) {
		return o, ErrOnceWhole
	}
	o.States = left
	return o, nil
}

// mayPrintOnce refuses a second file of a series that is printed once, under the lock
// of the series.
func (s *Service) mayPrintOnce(ctx context.Context, tx pgx.Tx, series db.Series, exceptID int64) error {
	if !series.PrintOnce {
		return nil
	}
	if series.ShreddingAt != nil {
		return ErrOnceShredded
	}
	others, err := s.q.ExportOutstanding(ctx, tx, db.ExportOutstandingParams{SeriesID: series.ID, ExceptID: exceptID})
	if err != nil {
		return fmt.Errorf("count the files of a series: %w", err)
	}
	if others > 0 {
		return ErrOnceOutstanding
	}
	return nil
}

// Sent notes that some bytes of a file, from one up to but without another, went
// over the connection to the person who fetched it. Pieces that several people have are
// no file, so those of the last one count. Where nothing hangs on it, it does nothing.
func (s *Service) Sent(ctx context.Context, actor audit.Actor, e db.ExportGetRow, from, to int64) error {
	if !e.SeriesPrintOnce || from >= to {
		return nil
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := s.q.SeriesGetForUpdate(ctx, tx, e.Export.SeriesID); err != nil {
			return fmt.Errorf("lock a series: %w", err)
		}
		sent, err := s.q.ExportSent(ctx, tx, db.ExportSentParams{ID: e.Export.ID, StaffID: actor.StaffID, FromByte: from, ToByte: to})
		if errors.Is(err, pgx.ErrNoRows) {
			return nil // it was discarded meanwhile
		}
		if err != nil {
			return fmt.Errorf("note what was sent: %w", err)
		}
		if !sent.Whole {
			return nil
		}
		if sent.SentWholeAt != nil {
			if err := s.q.ExportSentWholeAgain(ctx, tx, e.Export.ID); err != nil {
				return fmt.Errorf("note who fetched a file: %w", err)
			}
			return nil
		}
		if err := s.q.SeriesSentWhole(ctx, tx, db.SeriesSentWholeParams{ID: e.Export.SeriesID, ExpiresAt: *sent.ExpiresAt}); err != nil {
			return fmt.Errorf("note that a file was sent: %w", err)
		}
		if err := s.q.ExportSentWhole(ctx, tx, e.Export.ID); err != nil {
			return fmt.Errorf("keep a file that was sent: %w", err)
		}
		return s.toldOfExport(ctx, tx, actor, "export.sent_whole", e.Export, nil)
	})
}

// toldOfExport writes down what became of a file, and announces it.
func (s *Service) toldOfExport(ctx context.Context, tx pgx.Tx, actor audit.Actor, action string, e db.Export, detail map[string]any) error {
	facts := map[string]any{"export": e.ID, "format": e.Format}
	maps.Copy(facts, detail)
	if err := audit.Record(ctx, tx, actor, audit.Entry{Action: action, SeriesID: e.SeriesID, Detail: facts}); err != nil {
		return err
	}
	if err := s.notifySeries(ctx, tx, e.SeriesID); err != nil {
		return err
	}
	return s.notifyExport(ctx, tx, e.ID, e.SeriesID, e.CreatedBy)
}

// onceFile calls f with a file of a series that is printed once and whose codes are
// still there, under the lock of the series.
func (s *Service) onceFile(ctx context.Context, actor audit.Actor, id int64, f func(tx pgx.Tx, e db.Export) error) error {
	e, err := s.Export(ctx, actor, id)
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		series, err := s.q.SeriesGetForUpdate(ctx, tx, e.Export.SeriesID)
		if err != nil {
			return fmt.Errorf("lock a series: %w", err)
		}
		if !series.PrintOnce || series.ShreddingAt != nil {
			return ErrExportState
		}
		state, err := s.q.ExportOnceState(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("read an export again: %w", err)
		}
		if !state.Live { // it was discarded before, perhaps
			return ErrExportState
		}
		e.Export.SentWholeAt, e.Export.SentWholeTo = state.SentWholeAt, state.SentWholeTo
		return f(tx, e.Export)
	})
}

// Arrived says that the file of a series is where it should be: from now on its codes
// are shredded, and no copy of them is kept here. The person who fetched all of it knows
// that. Another one says it for them, as they may have left the company, but knowingly:
// fetchedBy is the person whom the page named to them.
func (s *Service) Arrived(ctx context.Context, actor audit.Actor, id, fetchedBy int64) error {
	return s.onceFile(ctx, actor, id, func(tx pgx.Tx, e db.Export) error {
		if e.SentWholeAt == nil || e.SentWholeTo == nil {
			return ErrNotSentWhole
		}
		detail := map[string]any{}
		if fetcher := *e.SentWholeTo; fetcher != actor.StaffID {
			if fetchedBy != fetcher {
				return ErrNotFetcher
			}
			detail["fetched_by"] = fetcher
		}
		if err := s.toldOfExport(ctx, tx, actor, "export.arrived", e, detail); err != nil {
			return err
		}
		return s.beginShredding(ctx, tx, actor, e.SeriesID)
	})
}

// Discard gives a file up, so that another can be made: the codes stay.
func (s *Service) Discard(ctx context.Context, actor audit.Actor, id int64) error {
	return s.onceFile(ctx, actor, id, func(tx pgx.Tx, e db.Export) error {
		if err := s.q.SeriesKeepCodes(ctx, tx, e.SeriesID); err != nil {
			return fmt.Errorf("keep the codes of a series: %w", err)
		}
		if err := s.q.ExportEndFiles(ctx, tx, e.SeriesID); err != nil {
			return fmt.Errorf("end the files of a series: %w", err)
		}
		return s.toldOfExport(ctx, tx, actor, "export.discarded", e, nil)
	})
}

// beginShredding ends the files of a series and queues the job that shreds its codes.
func (s *Service) beginShredding(ctx context.Context, tx pgx.Tx, actor audit.Actor, seriesID int64) error {
	job, err := s.jobs.InsertTx(ctx, tx, ShredSeriesArgs{SeriesID: seriesID}, nil)
	if err != nil {
		return fmt.Errorf("queue the shredding of a series: %w", err)
	}
	n, err := s.q.SeriesShredBegin(ctx, tx, db.SeriesShredBeginParams{ID: seriesID, JobID: &job.Job.ID})
	if err != nil {
		return fmt.Errorf("begin the shredding of a series: %w", err)
	}
	if n == 0 {
		return ErrExportState
	}
	if err := s.q.ExportEndFiles(ctx, tx, seriesID); err != nil {
		return fmt.Errorf("end the files of a series: %w", err)
	}
	if err := audit.Record(ctx, tx, actor, audit.Entry{Action: "series.shredding", SeriesID: seriesID}); err != nil {
		return err
	}
	return s.notifySeries(ctx, tx, seriesID)
}

// ShredDue begins to shred where a file was sent long enough ago and nobody has said
// anything, and queues jobs that were lost anew. Periodic.
func (s *Service) ShredDue(ctx context.Context) error {
	due, err := s.q.SeriesListShredDue(ctx, s.db)
	if err != nil {
		return fmt.Errorf("look for codes to shred: %w", err)
	}
	var errs []error
	for _, id := range due {
		errs = append(errs, s.inTx(ctx, func(tx pgx.Tx) error {
			series, err := s.q.SeriesGetForUpdate(ctx, tx, id)
			if err != nil {
				return fmt.Errorf("lock a series: %w", err)
			}
			now, err := s.q.DatabaseNow(ctx, tx)
			if err != nil {
				return fmt.Errorf("ask for the time: %w", err)
			}
			if series.ShredAt == nil || series.ShredAt.After(now) || series.ShreddingAt != nil { // somebody said something
				return nil
			}
			return s.beginShredding(ctx, tx, audit.System(), id)
		}))
	}
	lost, err := s.q.SeriesListUnshredded(ctx, s.db)
	if err != nil {
		return fmt.Errorf("look for codes that nobody shreds: %w", err)
	}
	for _, id := range lost {
		errs = append(errs, s.inTx(ctx, func(tx pgx.Tx) error {
			job, err := s.jobs.InsertTx(ctx, tx, ShredSeriesArgs{SeriesID: id}, nil)
			if err != nil {
				return fmt.Errorf("queue the shredding of a series: %w", err)
			}
			return s.q.SeriesSetShredJob(ctx, tx, db.SeriesSetShredJobParams{ID: id, JobID: &job.Job.ID})
		}))
	}
	return errors.Join(errs...)
}

// ShredSeries shreds the codes of a series, a chunk a transaction, as Erase does.
func (s *Service) ShredSeries(ctx context.Context, seriesID int64, now func() time.Time, complete Completer) error {
	for started := now(); ; {
		done, err := s.shredChunk(ctx, seriesID, complete)
		if err != nil || done {
			return err
		}
		if now().Sub(started) > runFor {
			return ErrYield
		}
	}
}

// shredChunk shreds the codes of the next serials and reports whether they were the
// last.
func (s *Service) shredChunk(ctx context.Context, seriesID int64, complete Completer) (bool, error) {
	done := false
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		series, err := s.q.SeriesGetForUpdate(ctx, tx, seriesID)
		if err != nil {
			return fmt.Errorf("lock a series: %w", err)
		}
		if series.ShreddingAt == nil || series.ShreddedAt != nil || series.State == db.SeriesStateVoid {
			return ErrNotShredding // a deleted series is erased, which is more
		}
		to := min(series.ShreddedTo+chunkSize, series.Made)
		if err := s.shredCards(ctx, tx, seriesID, series.ShreddedTo, to); err != nil {
			return err
		}
		if err := s.q.SeriesShredAdvance(ctx, tx, db.SeriesShredAdvanceParams{ID: seriesID, ShreddedTo: to}); err != nil {
			return fmt.Errorf("advance the shredding of a series: %w", err)
		}
		if done = to == series.Made; done {
			err := audit.Record(ctx, tx, audit.System(), audit.Entry{Action: "series.shredded", SeriesID: seriesID, Detail: map[string]any{"cards": series.Made}})
			if err != nil {
				return err
			}
			if err := complete(ctx, tx); err != nil {
				return fmt.Errorf("complete the shredding of a series: %w", err)
			}
		}
		return s.notifySeries(ctx, tx, seriesID)
	})
	if t, found := tamperedCard(err); found {
		s.reportTampered(ctx, audit.System(), t)
	}
	return done && err == nil, err
}
