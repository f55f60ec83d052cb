package guess

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/staff"
)

// Errors of lifting a bar of a member of staff.
var (
	ErrOwnBar    = fault.New(fault.Conflict, "own_bar", "Another person has to lift the bar of your own account.")
	ErrBarShared = fault.New(fault.Conflict, "bar_shared", "The person who is barred made the sign-in of your account, or reset its password or second factor, within the last 30 days, so you may be that person. Another person has to lift the bar, or it is lifted on the host: refill staff lift-bar.")
)

// ClearCustomer lifts every bar of a customer and records the reason. A customer whom the
// actor does not see is customer.ErrUnknown. An invalid reason is the error of
// audit.CheckReason.
func (t *Throttle) ClearCustomer(ctx context.Context, actor audit.Actor, customerID int64, reason string) error {
	if err := audit.CheckReason(reason); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, t.db, func(tx pgx.Tx) error {
		_, found, err := db.Found(t.q.CustomerGet(ctx, tx, db.CustomerGetParams{ID: customerID, AllPartners: actor.Scope.AllPartners, PartnerIds: actor.Scope.PartnerIDs}))
		if err != nil {
			return fmt.Errorf("read a customer: %w", err)
		}
		if !found {
			return customer.ErrUnknown
		}
		if err := t.q.GuessClearAll(ctx, tx, allScopes(customerScope(customerID))); err != nil {
			return fmt.Errorf("lift a bar: %w", err)
		}
		return act.Record(ctx, tx, actor, BarLifted{act.OfCustomer(customerID), strings.TrimSpace(reason)})
	})
}

// CheckLift checks that the actor may lift a bar of a member of staff. Their own bar is
// ErrOwnBar. The bar of a person who controls the account of the actor (approval.Controls) is
// ErrBarShared, because that person could lift it through the actor's account. The reverse is
// allowed: an administrator may lift the bar of a person whose account the administrator
// controls. The system may lift every bar.
func CheckLift(ctx context.Context, dbtx db.DBTX, actor audit.Actor, barred int64) error {
	if actor.IsSystem() {
		return nil // a command on the host
	}
	by, err := actor.Member()
	if err != nil {
		return err
	}
	if by == barred {
		return ErrOwnBar
	}
	controls, err := approval.Controls(ctx, dbtx, barred, by)
	if err == nil && controls {
		return ErrBarShared
	}
	return err
}

// ClearStaff lifts every bar of a member of staff and records the reason. Its errors are those
// of LiftStaffBar.
func (t *Throttle) ClearStaff(ctx context.Context, actor audit.Actor, staffID int64, reason string) error {
	return LiftStaffBar(ctx, t.db, actor, staffID, reason)
}

// LiftStaffBar is ClearStaff without a Throttle, for a command on the host without a key file.
// There the actor is the system, which lifts the bar on imports too; so the bar of the only
// administrator can be lifted. It returns staff.ErrNoStaff for an unknown person and to actors
// who do not see all partners, and the errors of audit.CheckReason and CheckLift.
func LiftStaffBar(ctx context.Context, beginner db.Beginner, actor audit.Actor, staffID int64, reason string) error {
	if err := audit.CheckReason(reason); err != nil {
		return err
	}
	if !actor.Scope.AllPartners {
		return staff.ErrNoStaff // only staff of all partners manage staff
	}
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		if err := CheckLift(ctx, tx, actor, staffID); err != nil {
			return err
		}
		q := db.New()
		who, err := q.StaffGet(ctx, tx, staffID)
		if errors.Is(err, pgx.ErrNoRows) {
			return staff.ErrNoStaff
		}
		if err != nil {
			return fmt.Errorf("read a member of staff: %w", err)
		}
		scopes := allScopes(staffScope(staffID))
		if actor.IsSystem() {
			scopes = append(scopes, ImportScope(staffID))
		}
		if err := q.GuessClearAll(ctx, tx, scopes); err != nil {
			return fmt.Errorf("lift a bar: %w", err)
		}
		return act.Record(ctx, tx, actor, StaffBarLifted{Staff: who.Username, Reason: strings.TrimSpace(reason)})
	})
}

// BarredUntil returns the end of the longest bar of a customer, for generated codes or for
// imported codes of any length. It is the zero time if there is none.
func (t *Throttle) BarredUntil(ctx context.Context, customerID int64) (time.Time, error) {
	return t.ScopesBarredUntil(ctx, allScopes(customerScope(customerID))...)
}

// StaffBarredUntil is BarredUntil for a member of staff.
func (t *Throttle) StaffBarredUntil(ctx context.Context, staffID int64) (time.Time, error) {
	return t.ScopesBarredUntil(ctx, allScopes(staffScope(staffID))...)
}

// ScopesBarredUntil returns the end of the longest bar of the given scopes, or the zero time if
// there is none.
func (t *Throttle) ScopesBarredUntil(ctx context.Context, scopes ...string) (time.Time, error) {
	until, err := t.q.GuessGet(ctx, t.db, scopes)
	if errors.Is(err, pgx.ErrNoRows) || (err == nil && until == nil) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("look for a bar: %w", err)
	}
	return *until, nil
}
