package staff

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// Errors of changes of roles.
var (
	ErrNoRole    = fault.New(fault.NotFound, "role_missing", "There is no such role.")
	ErrRoleFixed = fault.New(fault.Conflict, "role_fixed", "The administrator's role includes everything and can't be changed.")
	ErrRoleUsed  = fault.New(fault.Conflict, "role_used", "Members of staff have this role. Give them another one first; disabled ones count too.")
	ErrRoleOwn   = fault.New(fault.Conflict, "role_own", "This is your own role: you would lock yourself out of these pages. Ask a colleague.")
)

const errMoreThan = "You can't give more than your own role includes."

// RoleForm is a role as it was typed into a form.
type RoleForm struct {
	Name        string
	Permissions []string
}

// check validates the form and sorts its permissions, each once.
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

// errInPerson refuses changes of staff accounts to every actor that is not a member of
// staff in person. API clients never manage staff.
var errInPerson = fault.New(fault.Forbidden, "staff_in_person", "Only a member of staff may do this, in person.")

// inPerson returns the id of the member of staff who acts in person, and errInPerson for
// any other actor.
func inPerson(actor audit.Actor) (int64, error) {
	if actor.Person() == 0 {
		return 0, errInPerson
	}
	return actor.Person(), nil
}

// powers returns the actor's own row with their role. The program itself may do
// everything.
func powers(ctx context.Context, dbtx db.DBTX, actor audit.Actor) (db.StaffGetRow, error) {
	if actor.IsSystem() {
		return db.StaffGetRow{Everything: true, AllPartners: true}, nil
	}
	id, err := inPerson(actor)
	if err != nil {
		return db.StaffGetRow{}, err
	}
	row, err := db.New().StaffGet(ctx, dbtx, id)
	if err != nil {
		return row, fmt.Errorf("find who acts: %w", err)
	}
	return row, nil
}

// covers reports whether a member of staff's role includes all of another role. Without
// this check a person who may edit staff could become administrator, by giving themselves
// the role or by setting an administrator's password.
func covers(by db.StaffGetRow, everything bool, permissions []string) bool {
	if by.Everything {
		return true
	}
	return !everything && !slices.ContainsFunc(permissions, func(p string) bool { return !slices.Contains(by.Permissions, p) })
}

// givable reads a role that the actor may give to others.
func givable(ctx context.Context, dbtx db.DBTX, actor audit.Actor, id int64) (db.Role, error) {
	role, err := db.Need(db.New().RoleGet(ctx, dbtx, id)).Or(fault.Field("role", "staff_role", "Choose a role."), "find role %d", id)
	if err != nil {
		return role, err
	}
	by, err := powers(ctx, dbtx, actor)
	if err != nil {
		return role, err
	}
	if !covers(by, role.Everything, role.Permissions) {
		return role, fault.Field("role", "staff_role_more", "This role includes more than your own. Choose another one, or ask an administrator.")
	}
	return role, nil
}

// locked runs do in a transaction that excludes other changes of staff and roles.
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

// roleName maps the unique constraint on names to a fault.
func roleName(err error, name string) error {
	if db.Constraint(err) == "role_name_key" {
		return fault.Field("name", "role_name_taken", "There is a role {name} already. Choose another name.").With("name", fault.Text(name))
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
		return act.Record(ctx, tx, actor, RoleCreated{RoleID: role.ID, Name: f.Name, Permissions: f.Permissions})
	})
	return id, err
}

// EditRole changes a role, with effect from the next request of the members of staff who
// have it.
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
		return act.Record(ctx, tx, actor, RoleEdited{
			RoleID: id, Name: f.Name, NameBefore: old.Name, Permissions: f.Permissions, PermissionsBefore: old.Permissions,
		})
	})
}

// DeleteRole deletes a role that no member of staff has.
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
		return act.Record(ctx, tx, actor, RoleDeleted{RoleID: id, Name: old.Name, Permissions: old.Permissions})
	})
}

func roleToChange(ctx context.Context, tx db.DBTX, actor audit.Actor, id int64) (db.Role, db.StaffGetRow, error) {
	old, err := db.Need(db.New().RoleGetForUpdate(ctx, tx, id)).Or(ErrNoRole, "find role %d", id)
	if err != nil {
		return old, db.StaffGetRow{}, err
	}
	if old.Everything {
		return old, db.StaffGetRow{}, ErrRoleFixed
	}
	by, err := powers(ctx, tx, actor)
	return old, by, err
}
