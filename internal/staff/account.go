package staff

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/signin"
)

// NewPassword is a member of staff's request to change their own password.
type NewPassword struct {
	Username             string
	Current, New, Repeat string
	Session              []byte // hash of the token of the session that is kept
	Device               []byte // hash of the token of the browser that stays known
}

// ChangePassword changes the actor's password and ends all their other sessions. beginner
// must be the pool.
func ChangePassword(ctx context.Context, beginner db.Beginner, actor audit.Actor, p NewPassword) error {
	names, err := signin.KnownNames(ctx, beginner, p.Username)
	if err != nil {
		return err
	}
	var faults fault.List
	if err := signin.ValidPassword(p.New, signin.LeastForStaff, names); err != nil {
		faults = append(faults, err.At("new"))
	} else if p.New == p.Current {
		faults = append(faults, fault.Field("new", "password_same", "This is the password you have. Choose a new one."))
	}
	if p.New != p.Repeat {
		faults = append(faults, fault.Field("repeat", "password_repeat", "The new password and its repetition differ. Type both again."))
	}
	if err := faults.Err(); err != nil {
		return err
	}
	if err := proveOwn(ctx, beginner, actor, "current", p.Username, p.Current); err != nil {
		return err
	}
	hash, err := signin.Hash(p.New)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		if err := setPassword(ctx, tx, actor.Person(), hash, p.Session, p.Device); err != nil {
			return err
		}
		return act.Record(ctx, tx, actor, PasswordChanged{})
	})
}

// proveOwn checks the actor's own password, which they typed into a field of a form. The
// limits are those of a sign-in with a count of their own, so that a thief at an
// unattended desk can't guess for long.
func proveOwn(ctx context.Context, dbtx db.DBTX, actor audit.Actor, field, username, password string) error {
	_, err := signin.Prove(ctx, dbtx, staffRealm(), signin.Attempt{Username: username, Password: password, Address: actor.Address, RequestID: actor.RequestID, Own: true})
	if errors.Is(err, signin.ErrWrong) {
		return fault.Field(field, "password_current", "This is not your current password. Type it again.")
	}
	return err
}

// ProveOwn checks the password that the actor typed again, before an act that needs it. Its
// errors are those of the field "password". dbtx must be the pool, because the attempt is
// charged before the password is checked.
func ProveOwn(ctx context.Context, dbtx db.DBTX, actor audit.Actor, p Proof) error {
	if _, err := inPerson(actor); err != nil {
		return err
	}
	return proveOwn(ctx, dbtx, actor, "password", p.Username, p.Password)
}

// Rename changes the actor's own name.
func Rename(ctx context.Context, beginner db.Beginner, actor audit.Actor, name string) error {
	name = strings.TrimSpace(name)
	if n := len([]rune(name)); n < 1 || n > 120 {
		return fault.Field("name", "staff_name", "The name must be 1 to 120 characters long.")
	}
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		old, err := db.New().StaffGet(ctx, tx, actor.Person())
		if err != nil {
			return fmt.Errorf("find staff %d: %w", actor.Person(), err)
		}
		if err := db.New().StaffRename(ctx, tx, db.StaffRenameParams{ID: actor.Person(), Name: name}); err != nil {
			return fmt.Errorf("rename staff %d: %w", actor.Person(), err)
		}
		return act.Record(ctx, tx, actor, Renamed{Name: name, NameBefore: old.Name})
	})
}
