package customer

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/mailqueue"
	"refill/internal/signin"
)

// NewPassword is a customer's request to change their own password.
type NewPassword struct {
	CustomerID           int64
	Username             string
	Current, New, Repeat string
	Session              []byte // hash of the token of the session that is kept
	Device               []byte // hash of the token of the browser that stays known
}

// Errors of a change of password.
var (
	errCurrentWrong = fault.Field("current", "password_current", "This is not your current password. Type it again.")
	errRepeat       = fault.Field("repeat", "password_repeat", "The new password and its repetition differ. Type both again.")
	errSame         = fault.Field("new", "password_same", "This is the password you have. Choose a new one.")
)

// ChangePassword changes a customer's password and ends all other sessions. The current
// password is checked with the limits of a sign-in, in a count of its own, so that a thief
// with an unlocked phone can't guess for long. dbtx must be the pool.
func ChangePassword(ctx context.Context, beginner db.Beginner, actor audit.Actor, p NewPassword) error {
	names, err := signin.KnownNames(ctx, beginner, p.Username)
	if err != nil {
		return err
	}
	var faults fault.List
	if err := signin.ValidPassword(p.New, signin.LeastForCustomers, names); err != nil {
		faults = append(faults, err.At("new"))
	} else if p.New == p.Current {
		faults = append(faults, errSame)
	}
	if p.New != p.Repeat {
		faults = append(faults, errRepeat)
	}
	if err := faults.Err(); err != nil {
		return err
	}
	_, err = signin.Prove(ctx, beginner, realm(), signin.Attempt{Username: p.Username, Password: p.Current, Address: actor.Address, RequestID: actor.RequestID, Own: true})
	if errors.Is(err, signin.ErrWrong) {
		return errCurrentWrong
	}
	if err != nil {
		return err
	}
	hash, err := signin.Hash(p.New)
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
		if err := signin.ForgetDevices(ctx, tx, signin.Owner{CustomerID: p.CustomerID}, p.Device); err != nil {
			return err
		}
		if err := tellPassword(ctx, tx, p.CustomerID); err != nil {
			return err
		}
		return act.Record(ctx, tx, actor, PasswordChanged{SignedOut: n})
	})
}

// tellPassword queues the message that the password was changed, so that a customer learns of
// a change by another person.
func tellPassword(ctx context.Context, tx pgx.Tx, id int64) error {
	return mailqueue.Customer(ctx, tx, mailqueue.CustomerArgs{CustomerID: id, About: mailqueue.Password})
}
