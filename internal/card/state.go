package card

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/rivertype"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/ledger"
)

// ErrNoSeries says that a series does not exist, or is not within the actor's partners.
var ErrNoSeries = fault.New(fault.NotFound, "series_unknown", "There is no such series.")

var errSeriesFailed = fault.New(fault.Conflict, "series_failed", "Generation stopped after several tries. The cards made so far are kept; retry goes on where it stopped.")

// ErrSeriesState says that the series is not in a state that allows the change.
var ErrSeriesState = fault.New(fault.Conflict, "series_state", "The series has changed meanwhile. Look at its state and try again.")

// Series reads a series with its counts. It returns ErrNoSeries if there is none within the
// actor's partners.
func (s *Service) Series(ctx context.Context, actor audit.Actor, id int64) (db.SeriesShowRow, error) {
	return s.seriesIn(ctx, s.db, actor, id)
}

// seriesIn is Series on the connection of the caller. Taking a second connection from the pool
// inside a transaction can deadlock when all connections are in use.
func (s *Service) seriesIn(ctx context.Context, dbtx db.DBTX, actor audit.Actor, id int64) (db.SeriesShowRow, error) {
	row, err := s.q.SeriesShow(ctx, dbtx, db.SeriesShowParams{ID: id, AllPartners: actor.Scope.AllPartners, PartnerIds: actor.Scope.PartnerIDs, HiddenIds: actor.Scope.Hidden})
	return row, seriesFault(err)
}

// SeriesByNumber is Series by the number that is printed on its cards.
func (s *Service) SeriesByNumber(ctx context.Context, actor audit.Actor, number string) (db.SeriesShowRow, error) {
	row, err := s.q.SeriesShow(ctx, s.db, db.SeriesShowParams{Number: number, AllPartners: actor.Scope.AllPartners, PartnerIds: actor.Scope.PartnerIDs, HiddenIds: actor.Scope.Hidden})
	return row, seriesFault(err)
}

func seriesFault(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNoSeries
	}
	if err != nil {
		return fmt.Errorf("read a series: %w", err)
	}
	return nil
}

// change runs f on a series under its exclusive lock and records the act. No card of the
// series is redeemed while f runs, so the counts that f reads are those that it posts.
func (s *Service) change(ctx context.Context, actor audit.Actor, seriesID int64, done act.Act, from []db.SeriesState, f func(tx pgx.Tx, series db.Series) error) error {
	return s.changeWithAct(ctx, actor, seriesID, from, func(tx pgx.Tx, series db.Series) (act.Act, error) {
		return done, f(tx, series)
	})
}

// changeWithAct is change with an act that f returns.
func (s *Service) changeWithAct(ctx context.Context, actor audit.Actor, seriesID int64, from []db.SeriesState, f func(tx pgx.Tx, series db.Series) (act.Act, error)) error {
	return s.InTx(ctx, func(tx pgx.Tx) error {
		series, err := s.Hold(ctx, tx, actor, seriesID, from)
		if err != nil {
			return err
		}
		done, err := f(tx, series)
		if err != nil {
			return err
		}
		return act.Record(ctx, tx, actor, done)
	})
}

// Hold locks a series exclusively, and its row, until the end of the transaction. It returns
// ErrNoSeries for a series that the actor does not see, and ErrSeriesState for a series in
// none of the states in from.
func (s *Service) Hold(ctx context.Context, tx pgx.Tx, actor audit.Actor, seriesID int64, from []db.SeriesState) (db.Series, error) {
	if err := CheckModule(ctx, tx, actor); err != nil {
		return db.Series{}, err
	}
	if err := s.q.SeriesLock(ctx, tx, int32(seriesID)); err != nil { //nolint:gosec // the key of a lock; an id that wraps around only waits for another series
		return db.Series{}, fmt.Errorf("lock a series: %w", err)
	}
	if _, err := s.seriesIn(ctx, tx, actor, seriesID); err != nil { // the partners under the lock count
		return db.Series{}, err
	}
	series, err := s.q.SeriesGetForUpdate(ctx, tx, seriesID)
	if err != nil {
		return series, fmt.Errorf("lock a series: %w", err)
	}
	if !slices.Contains(from, series.State) {
		return series, ErrSeriesState
	}
	return series, nil
}

func (s *Service) setState(ctx context.Context, tx pgx.Tx, seriesID int64, state db.SeriesState) error {
	if err := s.q.SeriesSetState(ctx, tx, db.SeriesSetStateParams{ID: seriesID, State: state}); err != nil {
		return fmt.Errorf("change the state of a series: %w", err)
	}
	return nil
}

// remaining returns the number of cards of a series that are neither used nor void.
func (s *Service) remaining(ctx context.Context, tx pgx.Tx, series db.Series) (int64, error) {
	t, err := s.q.TallySum(ctx, tx, series.ID)
	if err != nil {
		return 0, fmt.Errorf("count what is left of a series: %w", err)
	}
	return int64(series.Made) - t.Used - t.Void, nil
}

// Activate makes the cards of a ready or locked series redeemable. The first activation posts
// their face value from issued to outstanding. Above the limit of one person it inserts a
// request for a second person and returns ErrActivationWaits. A series in another state is
// ErrSeriesState.
func (s *Service) Activate(ctx context.Context, actor audit.Actor, seriesID int64) error {
	from := []db.SeriesState{db.SeriesStateReady, db.SeriesStateLocked}
	waits := false
	err := s.InTx(ctx, func(tx pgx.Tx) error {
		series, err := s.Hold(ctx, tx, actor, seriesID, from)
		if err != nil {
			return err
		}
		alone, err := s.approvedActivation(ctx, tx, actor, series, actor.Accountable())
		if err != nil {
			return err
		}
		if waits = !alone; waits {
			return nil
		}
		return s.activate(ctx, tx, actor, series)
	})
	if err == nil && waits {
		return ErrActivationWaits
	}
	return err
}

// ErrActivationWaits says that an activation waits for a second person.
var ErrActivationWaits = fault.New(fault.Conflict, "activation_waits", "This is more than one person may activate within 24 hours. It waits until another person approves it.")

// activate activates a series whose exclusive lock the caller holds.
func (s *Service) activate(ctx context.Context, tx pgx.Tx, actor audit.Actor, series db.Series) error {
	if series.State == db.SeriesStateReady {
		left, err := s.remaining(ctx, tx, series)
		if err != nil {
			return err
		}
		if err := s.postActivation(ctx, tx, series, int32(left), actor); err != nil { //nolint:gosec // at most MaxQuantity
			return err
		}
	}
	if err := s.setState(ctx, tx, series.ID, db.SeriesStateActive); err != nil {
		return err
	}
	return act.Record(ctx, tx, actor, SeriesActivated{act.OfSeries(series.ID)})
}

// Lock stops redemptions of an active series until it is activated again. The value of its
// cards stays outstanding. A series in another state is ErrSeriesState.
func (s *Service) Lock(ctx context.Context, actor audit.Actor, seriesID int64) error {
	return s.change(ctx, actor, seriesID, SeriesLocked{act.OfSeries(seriesID)}, []db.SeriesState{db.SeriesStateActive}, func(tx pgx.Tx, _ db.Series) error {
		return s.setState(ctx, tx, seriesID, db.SeriesStateLocked)
	})
}

// postBreakage moves the face value of the remaining cards of a series from outstanding to
// breakage.
func (s *Service) postBreakage(ctx context.Context, tx pgx.Tx, series db.Series, kind db.LedgerKind, actor audit.Actor) error {
	left, err := s.remaining(ctx, tx, series)
	if err != nil {
		return err
	}
	return s.postFromOutstanding(ctx, tx, series, kind, db.AccountKindBreakage, left*series.Price, actor)
}

// postFromOutstanding moves an amount in minor units from the outstanding account of a series
// to a system account. A negative amount moves in the other direction. Zero posts nothing.
func (s *Service) postFromOutstanding(ctx context.Context, tx pgx.Tx, series db.Series, kind db.LedgerKind, to db.AccountKind, amount int64, actor audit.Actor) error {
	if amount == 0 {
		return nil
	}
	house, err := ledger.System(ctx, tx, to, series.Currency)
	if err != nil {
		return err
	}
	outstanding, err := s.q.AccountGetOutstanding(ctx, tx, &series.ID)
	if err != nil {
		return fmt.Errorf("find the account of a series: %w", err)
	}
	m := ledger.Movement{Kind: kind, SeriesID: series.ID, StaffID: actor.Responsible()}
	return ledger.Move(ctx, tx, m, outstanding, house, amount)
}

// LapseExpired moves the outstanding value of expired series to breakage and returns the
// number of series that it found. Periodic. It may run at any time, also concurrently.
func (s *Service) LapseExpired(ctx context.Context) (int, error) {
	ids, err := s.q.SeriesListLapsed(ctx, s.db)
	if err != nil {
		return 0, fmt.Errorf("look for expired series: %w", err)
	}
	from := []db.SeriesState{db.SeriesStateActive, db.SeriesStateLocked}
	for _, id := range ids {
		err := s.change(ctx, audit.System(), id, SeriesLapsed{act.OfSeries(id)}, from, func(tx pgx.Tx, series db.Series) error {
			lapsed, err := s.q.SeriesIsLapsed(ctx, tx, id)
			if err != nil {
				return fmt.Errorf("look at an expired series: %w", err)
			}
			if !lapsed {
				return ErrSeriesState // another worker was first, or a card got a later last day
			}
			if err := s.postBreakage(ctx, tx, series, db.LedgerKindLapse, audit.System()); err != nil {
				return err
			}
			return s.q.SeriesLapse(ctx, tx, id)
		})
		if err != nil && !errors.Is(err, ErrSeriesState) {
			return 0, err
		}
	}
	return len(ids), nil
}

// Cancel stops the generation of a series. A chunk in progress is finished first. The cards
// generated so far never become redeemable. A series in another state is ErrSeriesState. A
// series of an import is refused: its import is stopped instead.
func (s *Service) Cancel(ctx context.Context, actor audit.Actor, seriesID int64) error {
	from := []db.SeriesState{db.SeriesStateQueued, db.SeriesStateGenerating, db.SeriesStateFailed}
	return s.change(ctx, actor, seriesID, SeriesCancelled{act.OfSeries(seriesID)}, from, func(tx pgx.Tx, series db.Series) error {
		if series.ImportID != nil {
			return errImported
		}
		if series.JobID != nil {
			if _, err := s.jobs.JobCancelTx(ctx, tx, *series.JobID); err != nil && !errors.Is(err, rivertype.ErrNotFound) {
				return fmt.Errorf("cancel the job of a series: %w", err)
			}
		}
		return s.setState(ctx, tx, seriesID, db.SeriesStateCancelled)
	})
}

// Retry continues the generation of a failed series where it stopped. If the series is
// activated at the end, that counts within the limit of the person who retried it, not of the
// person who ordered it, and needs their permission to activate. Without the permission the
// series ends ready, not active.
func (s *Service) Retry(ctx context.Context, actor audit.Actor, seriesID int64) error {
	return s.change(ctx, actor, seriesID, SeriesRetried{act.OfSeries(seriesID)}, []db.SeriesState{db.SeriesStateFailed}, func(tx pgx.Tx, series db.Series) error {
		if series.ImportID != nil {
			return errImported
		}
		p := db.SeriesRetryParams{ID: seriesID, RetriedBy: actor.Staff()}
		p.ClientID, p.KeyMaker = actor.Accountable().Client()
		if err := s.q.SeriesRetry(ctx, tx, p); err != nil {
			return fmt.Errorf("take up a series: %w", err)
		}
		return s.enqueueGenerate(ctx, tx, seriesID)
	})
}

// Fail marks a series as failed after the last attempt of its job.
func (s *Service) Fail(ctx context.Context, seriesID int64) error {
	return s.InTx(ctx, func(tx pgx.Tx) error {
		err := s.q.SeriesFail(ctx, tx, db.SeriesFailParams{ID: seriesID, Failure: errSeriesFailed.Keep()})
		if err != nil {
			return fmt.Errorf("mark a series as failed: %w", err)
		}
		return act.Record(ctx, tx, audit.System(), SeriesFailed{act.OfSeries(seriesID)})
	})
}
