package card

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// ErrNotErasing says that a series has no codes to erase: it is not void, or they
// are gone already.
var ErrNotErasing = fault.New(fault.Conflict, "series_not_erasing", "The codes of this series are not to be erased.")

// Void deletes a series, as staff say. At once, in one transaction, it is out of
// use for good: the value of its unused cards goes from outstanding to breakage,
// its files are no longer to be had. Used cards, the ledger and the audit trail
// stay. A job then erases the sealed codes of the unused cards, so that nobody
// ever exports or reveals them again.
func (s *Service) Void(ctx context.Context, actor audit.Actor, seriesID int64) error {
	return s.changeNoting(ctx, actor, seriesID, "series.voided", voidable(), func(tx pgx.Tx, series db.Series) (map[string]any, error) {
		return s.void(ctx, tx, actor, series)
	})
}

// voidable are the states of series that can be deleted.
func voidable() []db.SeriesState {
	return []db.SeriesState{db.SeriesStateReady, db.SeriesStateActive, db.SeriesStateLocked, db.SeriesStateCancelled}
}

// void is Void of a series whose lock is held. It returns the facts for the trail.
func (s *Service) void(ctx context.Context, tx pgx.Tx, actor audit.Actor, series db.Series) (map[string]any, error) {
	left, err := s.remaining(ctx, tx, series)
	if err != nil {
		return nil, err
	}
	if valued(series) {
		if err := s.postBreakage(ctx, tx, series, db.LedgerKindVoid, actor); err != nil {
			return nil, err
		}
	}
	if err := s.setState(ctx, tx, series.ID, db.SeriesStateVoid); err != nil {
		return nil, err
	}
	if err := approval.WithdrawSeries(ctx, tx, actor, series.ID); err != nil {
		return nil, err
	}
	if err := s.q.ExportEndSeries(ctx, tx, series.ID); err != nil {
		return nil, fmt.Errorf("end the exports of a series: %w", err)
	}
	return map[string]any{"cards": left}, s.enqueueErase(ctx, tx, series.ID)
}

// valued reports whether the unused cards of a series stand as outstanding.
func valued(series db.Series) bool {
	return (series.State == db.SeriesStateActive || series.State == db.SeriesStateLocked) && series.LapsedAt == nil
}

// Outstanding is the value in minor units that the ledger keeps for the unused
// cards of a series.
func Outstanding(series db.SeriesShowRow) int64 {
	if !valued(series.Series) {
		return 0
	}
	return (Unused(series) + series.Disabled) * series.Series.Price
}

// enqueueErase puts the job that erases the codes of a series beside it.
func (s *Service) enqueueErase(ctx context.Context, tx pgx.Tx, seriesID int64) error {
	job, err := s.jobs.InsertTx(ctx, tx, EraseSeriesArgs{SeriesID: seriesID}, nil)
	if err != nil {
		return fmt.Errorf("queue the erasing of a series: %w", err)
	}
	if err := s.q.SeriesSetEraseJob(ctx, tx, db.SeriesSetEraseJobParams{ID: seriesID, EraseJobID: &job.Job.ID}); err != nil {
		return fmt.Errorf("note the job of a series: %w", err)
	}
	return nil
}

// Erase erases the codes of a void series, a chunk a transaction. As with
// Generate, the series' counter says which serials come next: it may be killed
// anywhere, run again, or run twice at once. It returns ErrYield when it has
// worked long enough, ErrNotErasing when nothing is left to do.
func (s *Service) Erase(ctx context.Context, seriesID int64, now func() time.Time, complete Completer) error {
	for started := now(); ; {
		done, err := s.eraseChunk(ctx, seriesID, complete)
		if err != nil || done {
			return err
		}
		if now().Sub(started) > runFor {
			return ErrYield
		}
	}
}

// eraseChunk erases the codes of the next serials and keeps the counts of the
// series in step. It reports whether they were the last.
func (s *Service) eraseChunk(ctx context.Context, seriesID int64, complete Completer) (bool, error) {
	done := false
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		series, err := s.q.SeriesGetForUpdate(ctx, tx, seriesID)
		if err != nil {
			return fmt.Errorf("lock a series: %w", err)
		}
		if series.State != db.SeriesStateVoid || series.ErasedAt != nil {
			return ErrNotErasing
		}
		to := min(series.ErasedTo+chunkSize, series.Made)
		n, err := s.q.CardErase(ctx, tx, db.CardEraseParams{SeriesID: seriesID, AfterSerial: series.ErasedTo, ToSerial: to})
		if err != nil {
			return fmt.Errorf("erase codes: %w", err)
		}
		if n.Active+n.Disabled > 0 {
			err := s.q.TallyAdd(ctx, tx, db.TallyAddParams{SeriesID: seriesID, Void: n.Active + n.Disabled, Disabled: -n.Disabled})
			if err != nil {
				return fmt.Errorf("count void cards: %w", err)
			}
		}
		if err := s.q.SeriesEraseAdvance(ctx, tx, db.SeriesEraseAdvanceParams{ID: seriesID, ErasedTo: to}); err != nil {
			return fmt.Errorf("advance the erasing of a series: %w", err)
		}
		if done = to == series.Made; done {
			err := audit.Record(ctx, tx, audit.System(), audit.Entry{Action: "series.erased", SeriesID: seriesID, Detail: map[string]any{"cards": series.Made}})
			if err != nil {
				return err
			}
			if err := complete(ctx, tx); err != nil {
				return fmt.Errorf("complete the erasing of a series: %w", err)
			}
		}
		return s.notifySeries(ctx, tx, seriesID)
	})
	return done && err == nil, err
}
