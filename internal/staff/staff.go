// Package staff owns the members of staff: their accounts, roles, permissions and second
// factor. It knows nothing of sessions, cookies or pages. Package signin owns how an
// account proves its identity.
package staff

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/signin"
)

// Person is a member of staff who is signed in.
type Person struct {
	ID       int64
	Username string
	Name     string
	RoleName string
	Scope    audit.Scope
	// Everything is true for administrators; for others Permissions lists what the role
	// includes.
	Everything  bool
	Permissions []string
	// SecondFactor reports whether they have set one up.
	SecondFactor bool
}

// Can reports whether the person's role includes a permission.
func (p Person) Can(permission Permission) bool {
	return p.Everything || slices.Contains(p.Permissions, string(permission))
}

// New is a member of staff to be created.
type New struct {
	Username string
	Name     string
	Password string
	Role     db.StaffRole // a built-in role
	RoleID   int64        // any role; read where Role is empty
	// AllPartners gives sight of every partner; otherwise PartnerIDs lists them.
	AllPartners bool
	PartnerIDs  []int64
}

// Create adds a member of staff, with an audit row, and returns the id.
func Create(ctx context.Context, beginner db.Beginner, actor audit.Actor, n New) (int64, error) {
	n.Username = strings.ToLower(strings.TrimSpace(n.Username))
	n.Name = strings.TrimSpace(n.Name)
	if n.Name == "" {
		n.Name = n.Username
	}
	names, err := signin.KnownNames(ctx, beginner, n.Username)
	if err != nil {
		return 0, err
	}
	if err := n.validate(names); err != nil {
		return 0, err
	}
	if !actor.IsSystem() && !n.AllPartners && len(n.PartnerIDs) == 0 {
		return 0, errNoPartners
	}
	hash, err := signin.Hash(n.Password)
	if err != nil {
		return 0, err
	}
	tx, err := beginner.Begin(ctx)
	if err != nil {
		return 0, fmt.Errorf("create staff: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))

	role, err := n.find(ctx, tx, actor)
	if err != nil {
		return 0, err
	}
	row, err := db.New().StaffCreate(ctx, tx, db.StaffCreateParams{
		Username: n.Username, Name: n.Name, PasswordHash: hash, RoleID: role.ID, AllPartners: n.AllPartners,
	})
	if db.Constraint(err) == "staff_username_key" {
		return 0, fault.Field("username", "staff_username_taken", "The username {username} is taken. Choose another.").With("username", fault.Text(n.Username))
	}
	if err != nil {
		return 0, fmt.Errorf("create staff: %w", err)
	}
	if err := addPartners(ctx, tx, row.ID, audit.Scope{AllPartners: n.AllPartners, PartnerIDs: n.PartnerIDs}); err != nil {
		return 0, err
	}
	err = act.Record(ctx, tx, actor, Created{
		StaffID: row.ID, Username: n.Username, Role: role.Name, AllPartners: n.AllPartners, PartnerIDs: n.PartnerIDs,
	})
	if err != nil {
		return 0, err
	}
	if err := tx.Commit(ctx); err != nil {
		return 0, fmt.Errorf("create staff: %w", err)
	}
	return row.ID, nil
}

func (n New) validate(names []string) error {
	var list fault.List
	if !signin.ValidUsername(n.Username) {
		list = append(list, fault.Field("username", "staff_username",
			"The username must be 1 to 64 characters long: letters, digits and . _ - @ only."))
	}
	if len([]rune(n.Name)) > 120 {
		list = append(list, fault.Field("name", "staff_name_long", "The name must be at most 120 characters long."))
	}
	if err := signin.ValidPassword(n.Password, signin.LeastForStaff, names); err != nil {
		list = append(list, err)
	}
	if n.Role != "" && !slices.Contains(db.AllStaffRoleValues(), n.Role) {
		list = append(list, fault.Field("role", "staff_role_unknown", "The role must be administrator, cashier or operator."))
	}
	return list.Err()
}

// find reads the role of the new member of staff. It fails where the actor may not give
// the role.
func (n New) find(ctx context.Context, tx db.DBTX, actor audit.Actor) (db.Role, error) {
	if n.Role == "" {
		return givable(ctx, tx, actor, n.RoleID)
	}
	role, err := db.New().RoleGetByKey(ctx, tx, string(n.Role))
	if err != nil {
		return db.Role{}, fmt.Errorf("find role %s: %w", n.Role, err)
	}
	return role, nil
}
