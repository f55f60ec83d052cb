package card

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/jobqueue"
)

// ErrNotErasing says that a series has no codes to erase: it is not void, or its codes are
// erased already.
var ErrNotErasing = fault.New(fault.Conflict, "series_not_erasing", "The codes of this series are not to be erased.")

// Void makes a series void, which pages call deleting. It can't be undone. In one transaction
// the outstanding value of the series moves to breakage, its files end, and its open requests
// for approval are withdrawn. Used cards, the ledger and the audit trail stay. A job then
// erases the sealed codes of the unused cards. A series in another state than those of
// Voidable is ErrSeriesState. The reason is required and is kept in the audit trail. Above the
// limit of one person Void inserts a request for a second person and returns ErrDeletionWaits,
// or ErrDeletionAsked where one waits already.
func (s *Service) Void(ctx context.Context, actor audit.Actor, seriesID int64, reason string) error {
	reason = strings.TrimSpace(reason)
	if err := audit.CheckReason(reason); err != nil {
		return err
	}
	waits := false
	err := s.InTx(ctx, func(tx pgx.Tx) error {
		series, err := s.Hold(ctx, tx, actor, seriesID, Voidable())
		if err != nil {
			return err
		}
		if waits, err = s.holdDeletion(ctx, tx, actor, series, reason); err != nil || waits {
			return err
		}
		voided, err := s.VoidTx(ctx, tx, actor, series, reason)
		if err != nil {
			return err
		}
		return act.Record(ctx, tx, actor, voided)
	})
	if err == nil && waits {
		return ErrDeletionWaits
	}
	return err
}

// Voidable returns the states in which a series can be made void.
func Voidable() []db.SeriesState {
	return []db.SeriesState{db.SeriesStateReady, db.SeriesStateActive, db.SeriesStateLocked, db.SeriesStateCancelled}
}

// VoidTx is Void in the caller's transaction, which holds the exclusive lock of the series. It
// returns the act, which the caller records. Above the limit of one person it returns
// ErrVoidNeedsSecond and makes no request.
func (s *Service) VoidTx(ctx context.Context, tx pgx.Tx, actor audit.Actor, series db.Series, reason string) (act.Act, error) {
	return s.void(ctx, tx, actor, series, reason, 0)
}

// void is VoidTx. approved is the request by which a second person allowed the deletion. It
// stays open, and nothing is measured. 0: there is none.
func (s *Service) void(ctx context.Context, tx pgx.Tx, actor audit.Actor, series db.Series, reason string, approved int64) (act.Act, error) {
	left, err := s.remaining(ctx, tx, series)
	if err != nil {
		return nil, err
	}
	if err := approval.WithdrawSeries(ctx, tx, actor, series.ID, approved); err != nil {
		return nil, err
	}
	if err := s.q.ExportEndSeries(ctx, tx, series.ID); err != nil {
		return nil, fmt.Errorf("end the exports of a series: %w", err)
	}
	if approved == 0 { // after requests and exports, which precede the lock of a person
		if err := checkVoid(ctx, series, left, actor.Accountable(), approval.Taking(tx)); err != nil {
			return nil, err
		}
	}
	if Posted(series) {
		if err := s.postBreakage(ctx, tx, series, db.LedgerKindVoid, actor); err != nil {
			return nil, err
		}
	}
	if err := s.setState(ctx, tx, series.ID, db.SeriesStateVoid); err != nil {
		return nil, err
	}
	return SeriesVoided{act.OfSeries(series.ID), left, reason}, s.enqueueErase(ctx, tx, series.ID)
}

// Outstanding returns the outstanding value of a series in minor units: the face value of its
// unused and disabled cards while it is posted.
func Outstanding(series db.SeriesShowRow) int64 {
	if !Posted(series.Series) {
		return 0
	}
	return (Unused(series) + series.Disabled) * series.Series.Price
}

// enqueueErase queues the job that erases the codes of a series, and stores its id in the
// series.
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

// Erase erases the codes of a void series, one chunk a transaction. As in Generate, the
// counter of the series says which serials come next. So Erase may be killed at any point, run
// again, and run concurrently. It returns jobqueue.ErrYield after jobqueue.RunFor if codes are
// left, and ErrNotErasing if there is nothing to erase.
func (s *Service) Erase(ctx context.Context, seriesID int64, now func() time.Time, complete jobqueue.Completer) error {
	for started := now(); ; {
		done, err := s.eraseChunk(ctx, seriesID, complete)
		if err != nil || done {
			return err
		}
		if now().Sub(started) > jobqueue.RunFor {
			return jobqueue.ErrYield
		}
	}
}

// eraseChunk erases the codes of the next chunk of serials and updates the counts of the
// series. It reports whether the chunk was the last.
func (s *Service) eraseChunk(ctx context.Context, seriesID int64, complete jobqueue.Completer) (bool, error) {
	done := false
	err := s.InTx(ctx, func(tx pgx.Tx) error {
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
			err := act.Record(ctx, tx, audit.System(), SeriesErased{act.OfSeries(seriesID), series.Made})
			if err != nil {
				return err
			}
			if err := complete(ctx, tx); err != nil {
				return fmt.Errorf("complete the erasing of a series: %w", err)
			}
		}
		return s.NotifySeries(ctx, tx, seriesID)
	})
	return done && err == nil, err
}
