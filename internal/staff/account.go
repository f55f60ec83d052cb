package staff

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// NewPassword is somebody's wish for another password of their own.
type NewPassword struct {
	Username             string
	Current, New, Repeat string
	Session              []byte // the one that stays: its token's hash
	Device               []byte // the browser that stays known: its token's hash
}

// ChangePassword gives the actor another password and signs them out everywhere
// else. beginner must be the pool.
func ChangePassword(ctx context.Context, beginner db.Beginner, actor audit.Actor, p NewPassword) error {
	names, err := KnownNames(ctx, beginner, p.Username)
	if err != nil {
		return err
	}
	var faults fault.List
	if err := ValidPassword(p.New, LeastForStaff, names); err != nil {
		faults = append(faults, fault.Field("new", err.Code, err.Message))
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
	hash, err := Hash(p.New)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		if err := setPassword(ctx, tx, actor.StaffID, hash, p.Session, p.Device); err != nil {
			return err
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "staff.password_changed"})
	})
}

// proveOwn checks the actor's own password, typed into a field of a form, as at the
// door, with limits like the door's but a count of its own: whoever finds a desk unattended must not try for
// long.
func proveOwn(ctx context.Context, dbtx db.DBTX, actor audit.Actor, field, username, password string) error {
	_, err := Prove(ctx, dbtx, staffRealm(), Attempt{Username: username, Password: password, Address: actor.Address, RequestID: actor.RequestID, Own: true})
	if errors.Is(err, ErrWrong) {
		return fault.Field(field, "password_current", "This is not your current password. Type it again.")
	}
	return err
}

// Rename changes the actor's own name.
func Rename(ctx context.Context, beginner db.Beginner, actor audit.Actor, name string) error {
	name = strings.TrimSpace(name)
	if n := len([]rune(name)); n < 1 || n > 120 {
		return fault.Field("name", "staff_name", "The name must be 1 to 120 characters long.")
	}
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		old, err := db.New().StaffGet(ctx, tx, actor.StaffID)
		if err != nil {
			return fmt.Errorf("find staff %d: %w", actor.StaffID, err)
		}
		if err := db.New().StaffRename(ctx, tx, db.StaffRenameParams{ID: actor.StaffID, Name: name}); err != nil {
			return fmt.Errorf("rename staff %d: %w", actor.StaffID, err)
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "staff.renamed", Detail: map[string]any{"name": name, "name_before": old.Name}})
	})
}
