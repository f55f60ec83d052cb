package customer

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/staff"
)

// NewPassword is a customer's wish for another password.
type NewPassword struct {
	CustomerID           int64
	Username             string
	Current, New, Repeat string
	Session              []byte // the one that stays: its token's hash
	Device               []byte // the browser that stays known: its token's hash
}

// Refusals of a change of password.
var (
	errCurrentWrong = fault.Field("current", "password_current", "This is not your current password. Type it again.")
	errRepeat       = fault.Field("repeat", "password_repeat", "The new password and its repetition differ. Type both again.")
	errSame         = fault.Field("new", "password_same", "This is the password you have. Choose a new one.")
)

// ChangePassword gives a customer another password and signs them out everywhere
// else. The current password is checked as at the door, with limits like the
// door's but a count of its own: whoever finds a phone lying open must not try for long. dbtx must be the pool.
func ChangePassword(ctx context.Context, beginner db.Beginner, actor audit.Actor, p NewPassword) error {
	names, err := staff.KnownNames(ctx, beginner, p.Username)
	if err != nil {
		return err
	}
	var faults fault.List
	if err := staff.ValidPassword(p.New, staff.LeastForCustomers, names); err != nil {
		faults = append(faults, fault.Field("new", err.Code, err.Message))
	} else if p.New == p.Current {
		faults = append(faults, errSame)
	}
	if p.New != p.Repeat {
		faults = append(faults, errRepeat)
	}
	if err := faults.Err(); err != nil {
		return err
	}
	_, err = staff.Prove(ctx, beginner, realm(), staff.Attempt{Username: p.Username, Password: p.Current, Address: actor.Address, RequestID: actor.RequestID, Own: true})
	if errors.Is(err, staff.ErrWrong) {
		return errCurrentWrong
	}
	if err != nil {
		return err
	}
	hash, err := staff.Hash(p.New)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		q := db.New()
		if err := q.CustomerSetPassword(ctx, tx, db.CustomerSetPasswordParams{ID: p.CustomerID, PasswordHash: hash}); err != nil {
			return fmt.Errorf("change a password: %w", passwordKept(err))
		}
		if _, err := q.CustomerShutOut(ctx, tx, p.CustomerID); err != nil {
			return fmt.Errorf("end the sign-ins under way of a customer: %w", err)
		}
		n, err := q.SessionDeleteOthers(ctx, tx, db.SessionDeleteOthersParams{CustomerID: &p.CustomerID, TokenHash: p.Session})
		if err != nil {
			return fmt.Errorf("sign out elsewhere: %w", err)
		}
		if err := staff.ForgetDevices(ctx, tx, staff.Owner{CustomerID: p.CustomerID}, p.Device); err != nil {
			return err
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "customer.password_changed", Detail: map[string]any{"signed_out": n}})
	})
}
