package card

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/rivertype"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/ledger"
)

// ErrNoSeries answers for a series that is not there and for one that reaches
// beyond the asking person's partners.
var ErrNoSeries = fault.New(fault.NotFound, "series_unknown", "There is no such series.")

// ErrSeriesState says that the series is not in a state that allows the change.
var ErrSeriesState = fault.New(fault.Conflict, "series_state", "The series has changed meanwhile. Look at its state and try again.")

// Series reads a series with its counts, if it lies within the actor's partners.
func (s *Service) Series(ctx context.Context, actor audit.Actor, id int64) (db.SeriesShowRow, error) {
	return s.seriesIn(ctx, s.db, actor, id)
}

// seriesIn is Series on a connection that the caller holds: to ask the pool for a
// second one inside of a transaction would be a deadlock when all are out.
func (s *Service) seriesIn(ctx context.Context, dbtx db.DBTX, actor audit.Actor, id int64) (db.SeriesShowRow, error) {
	row, err := s.q.SeriesShow(ctx, dbtx, db.SeriesShowParams{ID: id, AllPartners: actor.Scope.AllPartners, PartnerIds: actor.Scope.PartnerIDs})
	return row, seriesFault(err)
}

// SeriesByNumber is Series by the number that is printed on its cards.
func (s *Service) SeriesByNumber(ctx context.Context, actor audit.Actor, number string) (db.SeriesShowRow, error) {
	row, err := s.q.SeriesShow(ctx, s.db, db.SeriesShowParams{Number: number, AllPartners: actor.Scope.AllPartners, PartnerIds: actor.Scope.PartnerIDs})
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

// change alters one series under its lock. While f runs no card of the series is
// redeemed, so what f counts is what it posts.
func (s *Service) change(ctx context.Context, actor audit.Actor, seriesID int64, action string, from []db.SeriesState, f func(tx pgx.Tx, series db.Series) error) error {
	return s.changeNoting(ctx, actor, seriesID, action, from, func(tx pgx.Tx, series db.Series) (map[string]any, error) {
		return nil, f(tx, series)
	})
}

// changeNoting is change for what leaves facts in the audit trail.
func (s *Service) changeNoting(ctx context.Context, actor audit.Actor, seriesID int64, action string, from []db.SeriesState, f func(tx pgx.Tx, series db.Series) (map[string]any, error)) error {
	return s.inTx(ctx, func(tx pgx.Tx) error {
		series, err := s.hold(ctx, tx, actor, seriesID, from)
		if err != nil {
			return err
		}
		facts, err := f(tx, series)
		if err != nil {
			return err
		}
		if err := audit.Record(ctx, tx, actor, audit.Entry{Action: action, SeriesID: seriesID, Detail: facts}); err != nil {
			return err
		}
		return s.notifySeries(ctx, tx, seriesID)
	})
}

// hold takes the lock of a series and its row, and refuses one in another state.
func (s *Service) hold(ctx context.Context, tx pgx.Tx, actor audit.Actor, seriesID int64, from []db.SeriesState) (db.Series, error) {
	if err := s.q.SeriesLock(ctx, tx, int32(seriesID)); err != nil { //nolint:gosec // a lock's name; a wrapped id only waits for a stranger
		return db.Series{}, fmt.Errorf("lock a series: %w", err)
	}
	if _, err := s.seriesIn(ctx, tx, actor, seriesID); err != nil { // as it is under the lock
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

// remaining counts the cards of a series that still hold their value.
func (s *Service) remaining(ctx context.Context, tx pgx.Tx, series db.Series) (int64, error) {
	t, err := s.q.TallySum(ctx, tx, series.ID)
	if err != nil {
		return 0, fmt.Errorf("count what is left of a series: %w", err)
	}
	return int64(series.Made) - t.Used - t.Void, nil
}

// Activate makes the cards of a finished or locked series redeemable. At its
// first activation their value is posted from issued to outstanding.
func (s *Service) Activate(ctx context.Context, actor audit.Actor, seriesID int64) error {
	from := []db.SeriesState{db.SeriesStateReady, db.SeriesStateLocked}
	waits := false
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		series, err := s.hold(ctx, tx, actor, seriesID, from)
		if err != nil {
			return err
		}
		alone, err := s.approvedActivation(ctx, tx, actor, series, actor.Staff())
		if err != nil {
			return err
		}
		if waits = !alone; waits {
			return nil
		}
		if err := s.activate(ctx, tx, actor, series); err != nil {
			return err
		}
		return s.notifySeries(ctx, tx, seriesID)
	})
	if err == nil && waits {
		return ErrActivationWaits
	}
	return err
}

// ErrActivationWaits says that a series is not active yet: it was asked for.
var ErrActivationWaits = fault.New(fault.Conflict, "activation_waits", "This is more than one person may activate within 24 hours. It waits until somebody else approves it.")

// activate is the activation itself, of a series whose lock is held.
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
	return audit.Record(ctx, tx, actor, audit.Entry{Action: "series.activated", SeriesID: series.ID})
}

// Lock stops every card of an active series from being redeemed until it is
// activated again. No money moves.
func (s *Service) Lock(ctx context.Context, actor audit.Actor, seriesID int64) error {
	return s.change(ctx, actor, seriesID, "series.locked", []db.SeriesState{db.SeriesStateActive}, func(tx pgx.Tx, _ db.Series) error {
		return s.setState(ctx, tx, seriesID, db.SeriesStateLocked)
	})
}

// postBreakage moves what is left of a series from outstanding to breakage.
func (s *Service) postBreakage(ctx context.Context, tx pgx.Tx, series db.Series, kind db.LedgerKind, actor audit.Actor) error {
	left, err := s.remaining(ctx, tx, series)
	if err != nil {
		return err
	}
	return s.postOut(ctx, tx, series, kind, db.AccountKindBreakage, left*series.Price, actor)
}

// postOut moves an amount from a series' outstanding value to an account of the
// house; one below zero comes back from there.
func (s *Service) postOut(ctx context.Context, tx pgx.Tx, series db.Series, kind db.LedgerKind, to db.AccountKind, amount int64, actor audit.Actor) error {
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
	m := ledger.Movement{Kind: kind, SeriesID: series.ID, StaffID: actor.StaffID}
	return ledger.Move(ctx, tx, m, outstanding, house, amount)
}

// LapseExpired posts the leftover value of expired series to breakage and
// returns how many there were. Periodic; safe to run at any time.
func (s *Service) LapseExpired(ctx context.Context) (int, error) {
	ids, err := s.q.SeriesListLapsed(ctx, s.db)
	if err != nil {
		return 0, fmt.Errorf("look for expired series: %w", err)
	}
	from := []db.SeriesState{db.SeriesStateActive, db.SeriesStateLocked}
	for _, id := range ids {
		err := s.change(ctx, audit.System(), id, "series.lapsed", from, func(tx pgx.Tx, series db.Series) error {
			lapsed, err := s.q.SeriesIsLapsed(ctx, tx, id)
			if err != nil {
				return fmt.Errorf("look at an expired series: %w", err)
			}
			if !lapsed {
				return ErrSeriesState // another worker was first, or a card was given a later date
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

// Cancel stops the making of a series. A chunk under way is finished first; the
// cards made so far never become redeemable.
func (s *Service) Cancel(ctx context.Context, actor audit.Actor, seriesID int64) error {
	from := []db.SeriesState{db.SeriesStateQueued, db.SeriesStateGenerating, db.SeriesStateFailed}
	return s.change(ctx, actor, seriesID, "series.cancelled", from, func(tx pgx.Tx, series db.Series) error {
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

// Retry takes a failed series up again where it stopped. If its cards come into use when it
// ends, that counts for the person who takes it up, not for the one who ordered it, and
// takes their right to activate: without it the series ends inactive.
func (s *Service) Retry(ctx context.Context, actor audit.Actor, seriesID int64) error {
	return s.change(ctx, actor, seriesID, "series.retried", []db.SeriesState{db.SeriesStateFailed}, func(tx pgx.Tx, series db.Series) error {
		if series.ImportID != nil {
			return errImported
		}
		if err := s.q.SeriesRetry(ctx, tx, db.SeriesRetryParams{ID: seriesID, RetriedBy: actor.Staff()}); err != nil {
			return fmt.Errorf("take up a series: %w", err)
		}
		return s.enqueueGenerate(ctx, tx, seriesID)
	})
}

// Fail marks a series whose making was given up after many tries.
func (s *Service) Fail(ctx context.Context, seriesID int64) error {
	return s.inTx(ctx, func(tx pgx.Tx) error {
		err := s.q.SeriesFail(ctx, tx, db.SeriesFailParams{ID: seriesID, Failure: "Generation stopped after several tries. The cards made so far are kept; retry goes on where it stopped."})
		if err != nil {
			return fmt.Errorf("mark a series as failed: %w", err)
		}
		if err := audit.Record(ctx, tx, audit.System(), audit.Entry{Action: "series.failed", SeriesID: seriesID}); err != nil {
			return err
		}
		return s.notifySeries(ctx, tx, seriesID)
	})
}
