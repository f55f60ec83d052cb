package staff

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/signin"
)

// Errors of changes of staff.
var (
	ErrNoStaff = fault.New(fault.NotFound, "staff_missing", "There is no such member of staff.")
	ErrSelf    = fault.New(fault.Conflict, "staff_self", "You can't do this to yourself. Ask a colleague.")
	ErrLast    = fault.New(fault.Conflict, "staff_last", "This is the last active administrator of all partners. Make another one first.")
	ErrMore    = fault.New(fault.Conflict, "staff_more", "Their role includes more than yours. Ask an administrator.")
)

// Change has the fields of a member of staff that can be edited.
type Change struct {
	Name        string
	RoleID      int64
	AllPartners bool
	PartnerIDs  []int64
}

// Suggest returns a new random password of 80 bits, in groups that can be read aloud.
func Suggest() string {
	text := strings.ToLower(rand.Text())
	return text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:16]
}

// toChange reads the member of staff to be changed. It fails where the actor's role does
// not cover theirs.
func toChange(ctx context.Context, tx db.DBTX, actor audit.Actor, id int64) (db.StaffGetRow, error) {
	old, err := db.Need(db.New().StaffGet(ctx, tx, id)).Or(ErrNoStaff, "find staff %d", id)
	if err != nil {
		return old, err
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

// someoneLeft refuses a change after which no enabled administrator would be left.
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

// Edit changes a member of staff's name, role and partners. It refuses to change the
// actor's own role or partners.
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
		if id == actor.Person() && (role.ID != old.RoleID || ch.AllPartners != old.AllPartners) {
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
		if err := addPartners(ctx, tx, id, audit.Scope{AllPartners: ch.AllPartners, PartnerIDs: ch.PartnerIDs}); err != nil {
			return err
		}
		if err := someoneLeft(ctx, tx, old); err != nil {
			return err
		}
		if err := q.SessionRenewStaff(ctx, tx, &id); err != nil {
			return fmt.Errorf("edit staff %d: renew sessions: %w", id, err)
		}
		return act.Record(ctx, tx, actor, Edited{
			StaffID: id, Username: old.Username,
			Name: ch.Name, NameBefore: old.Name, Role: role.Name, RoleBefore: old.RoleName,
			AllPartners: ch.AllPartners, AllPartnersBefore: old.AllPartners,
			PartnerIDs: ch.PartnerIDs, PartnerIDsBefore: old.PartnerIds,
		})
	})
}

var errNoPartners = fault.Field("partners", "staff_partners", "Choose at least one partner, or all of them.")

// addPartners stores the partners that a member of staff sees; a scope of all partners
// needs no rows.
func addPartners(ctx context.Context, tx db.DBTX, id int64, scope audit.Scope) error {
	if scope.AllPartners {
		return nil
	}
	for _, partner := range scope.PartnerIDs {
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

// Disable ends a member of staff's sessions and prevents new sign-ins.
func Disable(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64) error {
	if id == actor.Person() {
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
		return act.Record(ctx, tx, actor, Disabled(accountOf(old)))
	})
}

// Enable allows a disabled member of staff to sign in again.
func Enable(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64) error {
	return locked(ctx, beginner, "enable staff", func(tx pgx.Tx) error {
		old, err := toChange(ctx, tx, actor, id)
		if err != nil || old.DisabledAt == nil {
			return err
		}
		if err := db.New().StaffEnable(ctx, tx, id); err != nil {
			return fmt.Errorf("enable staff %d: %w", id, err)
		}
		return act.Record(ctx, tx, actor, Enabled(accountOf(old)))
	})
}

// ResetPassword sets another member of staff's password and ends their sessions.
func ResetPassword(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64, password string) error {
	if id == actor.Person() {
		return ErrSelf // a change of one's own password asks for the current one
	}
	names, err := signin.KnownNames(ctx, beginner, "")
	if err != nil {
		return err
	}
	if err := signin.ValidPassword(password, signin.LeastForStaff, names); err != nil {
		return err
	}
	hash, err := signin.Hash(password)
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
		return act.Record(ctx, tx, actor, PasswordReset(accountOf(old)))
	})
}

// setPassword stores a hash, ends every session except keep and forgets every known
// browser except device.
func setPassword(ctx context.Context, tx db.DBTX, id int64, hash string, keep, device []byte) error {
	if err := db.New().StaffSetPassword(ctx, tx, db.StaffSetPasswordParams{ID: id, PasswordHash: hash}); err != nil {
		return fmt.Errorf("set the password of staff %d: %w", id, err)
	}
	if err := signin.ForgetDevices(ctx, tx, signin.Owner{StaffID: id}, device); err != nil {
		return err
	}
	return shutOut(ctx, tx, id, keep)
}

// shutOut ends every session except keep, and sign-ins that wait for the second factor.
// Without keep, as when another person does it, it also forgets the known browsers.
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
		return signin.ForgetDevices(ctx, tx, signin.Owner{StaffID: id}, nil)
	}
	return nil
}

func accountOf(row db.StaffGetRow) Account {
	return Account{StaffID: row.ID, Username: row.Username, Name: row.Name}
}

// errVouch refuses to vouch within the portal: a person could vouch for a second account
// of their own.
var errVouch = fault.New(fault.Forbidden, "staff_vouch", "That an account is a person of its own is said on the host: refill staff vouch.")

// Vouch records that an account belongs to a separate person, even if another member of
// staff made its sign-in or set its password. From then on it counts as a second person.
// Only the host's command line may do this.
func Vouch(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64, reason string) error {
	reason = strings.TrimSpace(reason)
	if !actor.IsSystem() {
		return errVouch
	}
	if err := audit.CheckReason(reason); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		who, err := db.New().StaffGet(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("read a member of staff: %w", err)
		}
		return act.Record(ctx, tx, actor, Vouched{StaffID: id, Username: who.Username, Reason: reason})
	})
}
