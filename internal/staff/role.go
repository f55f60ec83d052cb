package staff

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// What a change of roles can be refused with.
var (
	ErrNoRole    = fault.New(fault.NotFound, "role_missing", "There is no such role.")
	ErrRoleFixed = fault.New(fault.Conflict, "role_fixed", "The administrator's role includes everything and can't be changed.")
	ErrRoleUsed  = fault.New(fault.Conflict, "role_used", "The role is somebody's. Give them another first; disabled members of staff count too.")
	ErrRoleOwn   = fault.New(fault.Conflict, "role_own", "This is your own role: you would lock yourself out of these pages. Ask a colleague.")
)

const errMoreThan = "You can't give more than your own role includes."

// RoleForm is a role as somebody fills it in.
type RoleForm struct {
	Name        string
	Permissions []string
}

// check returns the form in order: permissions of this version, each once.
func (f RoleForm) check() (RoleForm, error) {
	f.Name = strings.TrimSpace(f.Name)
	var list fault.List
	if n := len([]rune(f.Name)); n < 1 || n > 60 {
		list = append(list, fault.Field("name", "role_name", "The name must be 1 to 60 characters long."))
	}
	f.Permissions = slices.Compact(append([]string{}, slices.Sorted(slices.Values(f.Permissions))...)) // never null
	for _, p := range f.Permissions {
		if !known(p) {
			list = append(list, fault.Field("permissions", "role_permission", "One of the permissions does not exist. Load the page again."))
			break
		}
	}
	return f, list.Err()
}

// powers returns the role of whoever acts; the program itself may do everything.
func powers(ctx context.Context, dbtx db.DBTX, actor audit.Actor) (db.StaffGetRow, error) {
	if actor.StaffID == 0 {
		return db.StaffGetRow{Everything: true, AllPartners: true}, nil
	}
	row, err := db.New().StaffGet(ctx, dbtx, actor.StaffID)
	if err != nil {
		return row, fmt.Errorf("find who acts: %w", err)
	}
	return row, nil
}

// covers reports whether somebody's role includes all of another. Without it,
// whoever may edit staff could make themselves an administrator: by giving the
// role, or by setting an administrator's password.
func covers(by db.StaffGetRow, everything bool, permissions []string) bool {
	if by.Everything {
		return true
	}
	return !everything && !slices.ContainsFunc(permissions, func(p string) bool { return !slices.Contains(by.Permissions, p) })
}

// givable returns a role where the actor may give it to somebody.
func givable(ctx context.Context, dbtx db.DBTX, actor audit.Actor, id int64) (db.Role, error) {
	role, err := db.New().RoleGet(ctx, dbtx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return role, fault.Field("role", "staff_role", "Choose a role.")
	}
	if err != nil {
		return role, fmt.Errorf("find role %d: %w", id, err)
	}
	by, err := powers(ctx, dbtx, actor)
	if err != nil {
		return role, err
	}
	if !covers(by, role.Everything, role.Permissions) {
		return role, fault.Field("role", "staff_role_more", errMoreThan)
	}
	return role, nil
}

// locked runs do in a transaction in which nobody else changes staff or roles.
func locked(ctx context.Context, beginner db.Beginner, what string, do func(tx pgx.Tx) error) error {
	tx, err := beginner.Begin(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	if err := db.New().StaffLockAll(ctx, tx); err != nil {
		return fmt.Errorf("%s: lock: %w", what, err)
	}
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// roleName turns a name that is taken into words.
func roleName(err error, name string) error {
	if db.Constraint(err) == "role_name_key" {
		return fault.Field("name", "role_name_taken", "There is a role "+name+" already. Choose another name.")
	}
	return err
}

// CreateRole adds a role and returns its id.
func CreateRole(ctx context.Context, beginner db.Beginner, actor audit.Actor, f RoleForm) (int64, error) {
	f, err := f.check()
	if err != nil {
		return 0, err
	}
	var id int64
	err = locked(ctx, beginner, "create a role", func(tx pgx.Tx) error {
		by, err := powers(ctx, tx, actor)
		if err != nil {
			return err
		}
		if !covers(by, false, f.Permissions) {
			return fault.Field("permissions", "role_more", errMoreThan)
		}
		role, err := db.New().RoleCreate(ctx, tx, db.RoleCreateParams{Name: f.Name, Permissions: f.Permissions})
		if err != nil {
			return roleName(err, f.Name)
		}
		id = role.ID
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "role.created", Detail: map[string]any{
			"role_id": role.ID, "name": f.Name, "permissions": f.Permissions,
		}})
	})
	return id, err
}

// EditRole changes a role; whoever has it feels it with their next request.
func EditRole(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64, f RoleForm) error {
	f, err := f.check()
	if err != nil {
		return err
	}
	return locked(ctx, beginner, "edit a role", func(tx pgx.Tx) error {
		old, by, err := roleToChange(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if !covers(by, false, append(slices.Clone(f.Permissions), old.Permissions...)) {
			return fault.Field("permissions", "role_more", errMoreThan)
		}
		if by.RoleID == id && !slices.Contains(f.Permissions, string(StaffManage)) {
			return ErrRoleOwn
		}
		if err := db.New().RoleUpdate(ctx, tx, db.RoleUpdateParams{ID: id, Name: f.Name, Permissions: f.Permissions}); err != nil {
			return roleName(err, f.Name)
		}
		if err := db.New().SessionRenewRole(ctx, tx, id); err != nil {
			return fmt.Errorf("edit role %d: renew sessions: %w", id, err)
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "role.edited", Detail: map[string]any{
			"role_id": id, "name": f.Name, "name_before": old.Name, "permissions": f.Permissions, "permissions_before": old.Permissions,
		}})
	})
}

// DeleteRole removes a role that nobody has.
func DeleteRole(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64) error {
	return locked(ctx, beginner, "delete a role", func(tx pgx.Tx) error {
		old, by, err := roleToChange(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if !covers(by, old.Everything, old.Permissions) {
			return fault.New(fault.Conflict, "role_more", errMoreThan)
		}
		err = db.New().RoleDelete(ctx, tx, id)
		if db.Constraint(err) == "staff_role_id_fkey" {
			return ErrRoleUsed
		}
		if err != nil {
			return fmt.Errorf("delete role %d: %w", id, err)
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "role.deleted", Detail: map[string]any{"role_id": id, "name": old.Name, "permissions": old.Permissions}})
	})
}

func roleToChange(ctx context.Context, tx db.DBTX, actor audit.Actor, id int64) (db.Role, db.StaffGetRow, error) {
	old, err := db.New().RoleGetForUpdate(ctx, tx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return old, db.StaffGetRow{}, ErrNoRole
	}
	if err != nil {
		return old, db.StaffGetRow{}, fmt.Errorf("find role %d: %w", id, err)
	}
	if old.Everything {
		return old, db.StaffGetRow{}, ErrRoleFixed
	}
	by, err := powers(ctx, tx, actor)
	return old, by, err
}
