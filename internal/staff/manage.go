package staff

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// What a change of staff can be refused with.
var (
	ErrNoStaff = fault.New(fault.NotFound, "staff_missing", "There is no such member of staff.")
	ErrSelf    = fault.New(fault.Conflict, "staff_self", "You can't do this to yourself. Ask a colleague.")
	ErrLast    = fault.New(fault.Conflict, "staff_last", "This is the last active administrator of all partners. Make another one first.")
	ErrMore    = fault.New(fault.Conflict, "staff_more", "Their role includes more than yours. Ask an administrator.")
)

// Change is what can be edited of a member of staff.
type Change struct {
	Name        string
	RoleID      int64
	AllPartners bool
	PartnerIDs  []int64
}

// Suggest returns a new password that nobody could guess: 80 bits, in groups that
// can be read out.
func Suggest() string {
	text := strings.ToLower(rand.Text())
	return text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:16]
}

// toChange returns who is to be changed, where the actor's role covers theirs.
func toChange(ctx context.Context, tx db.DBTX, actor audit.Actor, id int64) (db.StaffGetRow, error) {
	old, err := db.New().StaffGet(ctx, tx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return old, ErrNoStaff
	}
	if err != nil {
		return old, fmt.Errorf("find staff %d: %w", id, err)
	}
	by, err := powers(ctx, tx, actor)
	if err != nil {
		return old, err
	}
	if !covers(by, old.Everything, old.Permissions) {
		return old, ErrMore
	}
	return old, nil
}

// someoneLeft refuses a change that leaves nobody who could mend the rest.
func someoneLeft(ctx context.Context, tx db.DBTX, old db.StaffGetRow) error {
	if !old.Everything || !old.AllPartners || old.DisabledAt != nil {
		return nil
	}
	n, err := db.New().StaffCountManagers(ctx, tx)
	if err != nil {
		return fmt.Errorf("count administrators: %w", err)
	}
	if n == 0 {
		return ErrLast
	}
	return nil
}

// Edit changes a member of staff's name, role and partners. Nobody changes their
// own role or partners.
func Edit(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64, ch Change) error {
	ch.Name = strings.TrimSpace(ch.Name)
	var list fault.List
	if n := len([]rune(ch.Name)); n < 1 || n > 120 {
		list = append(list, fault.Field("name", "staff_name", "The name must be 1 to 120 characters long."))
	}
	if !ch.AllPartners && len(ch.PartnerIDs) == 0 {
		list = append(list, errNoPartners)
	}
	if err := list.Err(); err != nil {
		return err
	}
	return locked(ctx, beginner, "edit staff", func(tx pgx.Tx) error {
		old, err := toChange(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		role, err := givable(ctx, tx, actor, ch.RoleID)
		if err != nil {
			return err
		}
		if id == actor.StaffID && (role.ID != old.RoleID || ch.AllPartners != old.AllPartners) {
			return ErrSelf
		}
		q := db.New()
		err = q.StaffUpdate(ctx, tx, db.StaffUpdateParams{ID: id, Name: ch.Name, RoleID: role.ID, AllPartners: ch.AllPartners})
		if err != nil {
			return fmt.Errorf("edit staff %d: %w", id, err)
		}
		if err := q.StaffPartnerClear(ctx, tx, id); err != nil {
			return fmt.Errorf("edit staff %d: clear partners: %w", id, err)
		}
		if err := addPartners(ctx, tx, id, ch.AllPartners, ch.PartnerIDs); err != nil {
			return err
		}
		if err := someoneLeft(ctx, tx, old); err != nil {
			return err
		}
		if err := q.SessionRenewStaff(ctx, tx, &id); err != nil {
			return fmt.Errorf("edit staff %d: renew sessions: %w", id, err)
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "staff.edited", Detail: map[string]any{
			"staff_id": id, "username": old.Username,
			"name": ch.Name, "name_before": old.Name, "role": role.Name, "role_before": old.RoleName,
			"all_partners": ch.AllPartners, "all_partners_before": old.AllPartners,
			"partner_ids": ch.PartnerIDs, "partner_ids_before": old.PartnerIds,
		}})
	})
}

var errNoPartners = fault.Field("partners", "staff_partners", "Choose at least one partner, or all of them.")

// addPartners gives somebody the partners that they see; all need no rows.
func addPartners(ctx context.Context, tx db.DBTX, id int64, all bool, partners []int64) error {
	if all {
		return nil
	}
	for _, partner := range partners {
		err := db.New().StaffPartnerAdd(ctx, tx, db.StaffPartnerAddParams{StaffID: id, PartnerID: partner})
		if db.Constraint(err) == "staff_partner_partner_id_fkey" {
			return errNoPartners
		}
		if err != nil {
			return fmt.Errorf("give staff %d partner %d: %w", id, partner, err)
		}
	}
	return nil
}

// Disable signs a member of staff out and keeps them out.
func Disable(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64) error {
	if id == actor.StaffID {
		return ErrSelf
	}
	return locked(ctx, beginner, "disable staff", func(tx pgx.Tx) error {
		old, err := toChange(ctx, tx, actor, id)
		if err != nil || old.DisabledAt != nil {
			return err
		}
		if err := db.New().StaffDisable(ctx, tx, id); err != nil {
			return fmt.Errorf("disable staff %d: %w", id, err)
		}
		if err := shutOut(ctx, tx, id, nil); err != nil {
			return err
		}
		if err := someoneLeft(ctx, tx, old); err != nil {
			return err
		}
		return record(ctx, tx, actor, "staff.disabled", old)
	})
}

// Enable lets a member of staff in again.
func Enable(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64) error {
	return locked(ctx, beginner, "enable staff", func(tx pgx.Tx) error {
		old, err := toChange(ctx, tx, actor, id)
		if err != nil || old.DisabledAt == nil {
			return err
		}
		if err := db.New().StaffEnable(ctx, tx, id); err != nil {
			return fmt.Errorf("enable staff %d: %w", id, err)
		}
		return record(ctx, tx, actor, "staff.enabled", old)
	})
}

// ResetPassword gives somebody else a new password and ends their sessions.
func ResetPassword(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64, password string) error {
	if id == actor.StaffID {
		return ErrSelf // their own needs the current one
	}
	names, err := KnownNames(ctx, beginner, "")
	if err != nil {
		return err
	}
	if err := ValidPassword(password, LeastForStaff, names); err != nil {
		return err
	}
	hash, err := Hash(password)
	if err != nil {
		return err
	}
	return locked(ctx, beginner, "reset a password", func(tx pgx.Tx) error {
		old, err := toChange(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if err := setPassword(ctx, tx, id, hash, nil, nil); err != nil {
			return err
		}
		return record(ctx, tx, actor, "staff.password_reset", old)
	})
}

// setPassword stores a hash, ends every session but the one of keep and forgets every
// browser but device.
func setPassword(ctx context.Context, tx db.DBTX, id int64, hash string, keep, device []byte) error {
	if err := db.New().StaffSetPassword(ctx, tx, db.StaffSetPasswordParams{ID: id, PasswordHash: hash}); err != nil {
		return fmt.Errorf("set the password of staff %d: %w", id, err)
	}
	if err := ForgetDevices(ctx, tx, Owner{StaffID: id}, device); err != nil {
		return err
	}
	return shutOut(ctx, tx, id, keep)
}

// shutOut ends every session but the one of keep, and sign-ins that are half-way.
// Without keep somebody else does it, and no browser stays known.
func shutOut(ctx context.Context, tx db.DBTX, id int64, keep []byte) error {
	if err := db.New().StaffShutOut(ctx, tx, id); err != nil {
		return fmt.Errorf("end the sign-ins under way of staff %d: %w", id, err)
	}
	if err := db.New().SessionDeleteStaff(ctx, tx, db.SessionDeleteStaffParams{StaffID: &id, TokenHash: keep}); err != nil {
		return fmt.Errorf("end the sessions of staff %d: %w", id, err)
	}
	if err := db.New().SignInStepDeleteStaff(ctx, tx, id); err != nil {
		return fmt.Errorf("end the sign-ins of staff %d: %w", id, err)
	}
	if keep == nil {
		return ForgetDevices(ctx, tx, Owner{StaffID: id}, nil)
	}
	return nil
}

func record(ctx context.Context, tx db.DBTX, actor audit.Actor, action string, of db.StaffGetRow) error {
	return audit.Record(ctx, tx, actor, audit.Entry{Action: action, Detail: map[string]any{"staff_id": of.ID, "username": of.Username, "name": of.Name}})
}

// errVouch refuses to vouch from within the program: a person could do so for an account of
// their own.
var errVouch = fault.New(fault.Forbidden, "staff_vouch", "That an account is a person of its own is said on the host: refill staff vouch.")

// Vouch notes that an account belongs to a person of its own, whoever made its sign-in or
// set its password: from then on it counts as a second person. Only the host does.
func Vouch(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64, reason string) error {
	reason = strings.TrimSpace(reason)
	if actor.StaffID != 0 {
		return errVouch
	}
	if n := utf8.RuneCountInString(reason); n < 3 || n > 300 {
		return fault.Field("reason", "reason", "Give a reason of 3 to 300 characters; it is kept for good.")
	}
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		who, err := db.New().StaffGet(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("read a member of staff: %w", err)
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "staff.vouched", Detail: map[string]any{"staff_id": id, "username": who.Username, "reason": reason}})
	})
}
