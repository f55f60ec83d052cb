package card

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
)

// Errors of lifting a bar of a member of staff.
var (
	ErrOwnBar    = fault.New(fault.Conflict, "own_bar", "Somebody else has to lift the bar of your own account.")
	ErrBarShared = fault.New(fault.Conflict, "bar_shared", "The person who is barred made the sign-in of your account, or reset its password or second factor, within the last 30 days, so you may be that person. Somebody else has to lift the bar, or the host: refill staff lift-bar.")
	ErrNoStaff   = fault.New(fault.NotFound, "staff_missing", "There is no such member of staff.")
)

// ClearGuesses lifts every bar of a customer, for a reason that the audit keeps.
func (s *Service) ClearGuesses(ctx context.Context, actor audit.Actor, customerID int64, reason string) error {
	if err := customer.CheckReason(reason); err != nil {
		return err
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		_, err := s.q.CustomerGet(ctx, tx, db.CustomerGetParams{ID: customerID, AllPartners: actor.Scope.AllPartners, PartnerIds: actor.Scope.PartnerIDs})
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrCustomer
		}
		if err != nil {
			return fmt.Errorf("read a customer: %w", err)
		}
		if err := s.q.GuessClearAll(ctx, tx, scopesOf(customerScope(customerID))); err != nil {
			return fmt.Errorf("lift a bar: %w", err)
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "guesses.cleared", CustomerID: customerID, Detail: map[string]any{"reason": strings.TrimSpace(reason)}})
	})
}

// mayLift refuses to lift a bar from one's own account, and from that of a person who
// controls the account of the actor: they would lift it themselves. An administrator lifts
// the bar of a colleague whose account they made.
func mayLift(ctx context.Context, dbtx db.DBTX, actor audit.Actor, barred int64) error {
	if actor.StaffID == 0 {
		return nil // the host
	}
	if actor.StaffID == barred {
		return ErrOwnBar
	}
	controls, err := approval.Controls(ctx, dbtx, barred, actor.StaffID)
	if err == nil && controls {
		return ErrBarShared
	}
	return err
}

// ClearStaffGuesses lifts every bar of a member of staff, for a reason that the audit
// keeps. A member of staff can't lift their own: they would try codes without an end.
func (s *Service) ClearStaffGuesses(ctx context.Context, actor audit.Actor, staffID int64, reason string) error {
	return LiftStaffBar(ctx, s.db, actor, staffID, reason)
}

// LiftStaffBar is ClearStaffGuesses without a key file: on the host it lifts the bar of
// the only administrator, as an act of the program, and the bar of their imports with it.
func LiftStaffBar(ctx context.Context, beginner db.Beginner, actor audit.Actor, staffID int64, reason string) error {
	if err := customer.CheckReason(reason); err != nil {
		return err
	}
	if !actor.Scope.AllPartners {
		return ErrNoStaff // staff are managed by those of the whole house
	}
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		if err := mayLift(ctx, tx, actor, staffID); err != nil {
			return err
		}
		q := db.New()
		who, err := q.StaffGet(ctx, tx, staffID)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoStaff
		}
		if err != nil {
			return fmt.Errorf("read a member of staff: %w", err)
		}
		scopes := scopesOf(staffScope(staffID))
		if actor.StaffID == 0 {
			scopes = append(scopes, importScope(staffID))
		}
		if err := q.GuessClearAll(ctx, tx, scopes); err != nil {
			return fmt.Errorf("lift a bar: %w", err)
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "guesses.staff_cleared", Detail: map[string]any{"staff": who.Username, "reason": strings.TrimSpace(reason)}})
	})
}

// BarredUntil says until when a customer may try no code of some kind; the zero time
// where they may try all.
func (s *Service) BarredUntil(ctx context.Context, customerID int64) (time.Time, error) {
	return s.barredUntil(ctx, scopesOf(customerScope(customerID))...)
}

// StaffBarredUntil says the same of a member of staff.
func (s *Service) StaffBarredUntil(ctx context.Context, staffID int64) (time.Time, error) {
	return s.barredUntil(ctx, scopesOf(staffScope(staffID))...)
}

// barredUntil says until when the last of some scopes is barred; the zero time: none is.
func (s *Service) barredUntil(ctx context.Context, scopes ...string) (time.Time, error) {
	until, err := s.q.GuessGet(ctx, s.db, scopes)
	if errors.Is(err, pgx.ErrNoRows) || (err == nil && until == nil) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("look for a bar: %w", err)
	}
	return *until, nil
}
