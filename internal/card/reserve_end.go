package card

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// Release frees a reserved card. A released reservation stays so, however often it is asked.
func (s *Service) Release(ctx context.Context, actor audit.Actor, id uuid.UUID) error {
	if actor.Kind != audit.KindClient {
		return ErrHoldByClient
	}
	return s.InTx(ctx, func(tx pgx.Tx) error {
		row, err := s.lockReservation(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		switch row.State {
		case db.ReservationStateReleased:
			return nil
		case db.ReservationStateCommitted:
			return ErrHoldCommitted
		case db.ReservationStateHeld, db.ReservationStateExpired:
		}
		return s.release(ctx, tx, actor, row, "")
	})
}

// ReleaseCard frees a reserved card for a member of staff, who gives a reason.
func (s *Service) ReleaseCard(ctx context.Context, actor audit.Actor, ref Ref, reason string) error {
	if err := audit.CheckReason(reason); err != nil {
		return err
	}
	if _, err := s.Series(ctx, actor, ref.SeriesID); err != nil {
		return err
	}
	return s.InTx(ctx, func(tx pgx.Tx) error {
		held, err := db.Need(s.q.ReservationOfCard(ctx, tx, db.ReservationOfCardParams(ref))).Or(ErrNotHeld, "find the reservation of a card")
		if err != nil {
			return err
		}
		row, err := s.q.ReservationGetForUpdate(ctx, tx, db.ReservationGetForUpdateParams{ID: held.ID, ClientID: held.ClientID})
		if err != nil {
			return fmt.Errorf("lock a reservation: %w", err)
		}
		if row.State != db.ReservationStateHeld {
			return ErrNotHeld
		}
		return s.release(ctx, tx, actor, row, reason)
	})
}

func (s *Service) release(ctx context.Context, tx pgx.Tx, actor audit.Actor, row db.ReservationGetForUpdateRow, reason string) error {
	if err := s.q.CardRelease(ctx, tx, db.CardReleaseParams{SeriesID: row.SeriesID, Serial: row.Serial, Reservation: &row.ID}); err != nil {
		return fmt.Errorf("release a card: %w", err)
	}
	if err := s.q.ReservationEnd(ctx, tx, db.ReservationEndParams{ID: row.ID, State: db.ReservationStateReleased}); err != nil {
		return fmt.Errorf("end a reservation: %w", err)
	}
	return act.Record(ctx, tx, actor, Released{subjectOf(row), row.ID, reason, row.EventNo})
}

// checkHeld refuses a new price while cards of the series are reserved: the client has shown
// its customer the value.
func (s *Service) checkHeld(ctx context.Context, tx pgx.Tx, series db.Series, p EditPlan) error {
	if !p.NewPrice {
		return nil
	}
	row, err := s.q.ReservationCountSeries(ctx, tx, series.ID)
	if err != nil {
		return fmt.Errorf("count the reservations of a series: %w", err)
	}
	if row.Held == 0 {
		return nil
	}
	return ErrSeriesHeld.With("until", fault.ZonedTime(row.Until.In(zone(series.TimeZone))))
}

// expireChunk is the number of reservations that one run of ExpireReservations marks.
const expireChunk = 10_000

// ExpireReservations marks reservations whose time is over, for lists and events. The clock
// of the database frees their cards without it. Periodic.
func (s *Service) ExpireReservations(ctx context.Context) error {
	return pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		rows, err := s.q.ReservationExpire(ctx, tx, expireChunk)
		if err != nil {
			return fmt.Errorf("mark reservations that are over: %w", err)
		}
		acts := make([]HoldExpired, len(rows))
		for i, row := range rows {
			acts[i] = HoldExpired{act.OfCustomer(row.CustomerID), row.ID, row.EventNo, fmt.Sprintf("%s-%d", row.Series, row.Serial)}
		}
		return act.RecordMany(ctx, tx, audit.System(), acts)
	})
}
