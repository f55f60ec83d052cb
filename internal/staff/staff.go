// Package staff owns the members of staff: who they are, what their role lets
// them do, and how anybody proves who they are (passwords and the limit on wrong
// ones, which package customer uses too). It knows nothing of sessions, cookies
// or pages, and no password leaves it in any form but its hash.
package staff

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// Person is a member of staff who is signed in.
type Person struct {
	ID       int64
	Username string
	Name     string
	RoleName string
	Scope    audit.Scope
	// Everything is the administrator's role; else Permissions are what the role
	// includes.
	Everything  bool
	Permissions []string
	// SecondFactor says that they have one.
	SecondFactor bool
}

// Can reports whether the person's role includes a permission.
func (p Person) Can(permission Permission) bool {
	return p.Everything || slices.Contains(p.Permissions, string(permission))
}

// New is what is known of a member of staff to be.
type New struct {
	Username string
	Name     string
	Password string
	Role     db.StaffRole // one that came with the portal
	RoleID   int64        // or any; counts where Role is empty
	// AllPartners gives a view of every partner; else PartnerIDs are the ones.
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
	names, err := KnownNames(ctx, beginner, n.Username)
	if err != nil {
		return 0, err
	}
	if err := n.validate(names); err != nil {
		return 0, err
	}
	if actor.StaffID != 0 && !n.AllPartners && len(n.PartnerIDs) == 0 {
		return 0, errNoPartners
	}
	hash, err := Hash(n.Password)
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
		return 0, fault.Field("username", "staff_username_taken", "The username "+n.Username+" is taken. Choose another.")
	}
	if err != nil {
		return 0, fmt.Errorf("create staff: %w", err)
	}
	if err := addPartners(ctx, tx, row.ID, n.AllPartners, n.PartnerIDs); err != nil {
		return 0, err
	}
	err = audit.Record(ctx, tx, actor, audit.Entry{Action: "staff.created", Detail: map[string]any{
		"staff_id": row.ID, "username": n.Username, "role": role.Name,
		"all_partners": n.AllPartners, "partner_ids": n.PartnerIDs,
	}})
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
	if !ValidUsername(n.Username) {
		list = append(list, fault.Field("username", "staff_username",
			"The username must be 1 to 64 characters long: letters, digits and . _ - @ only."))
	}
	if len([]rune(n.Name)) > 120 {
		list = append(list, fault.Field("name", "staff_name", "The name must be at most 120 characters long."))
	}
	if err := ValidPassword(n.Password, LeastForStaff, names); err != nil {
		list = append(list, err)
	}
	if n.Role != "" && !slices.Contains(db.AllStaffRoleValues(), n.Role) {
		list = append(list, fault.Field("role", "staff_role", "The role must be administrator, cashier or operator."))
	}
	return list.Err()
}

// find returns the role that somebody is to have, where the actor may give it.
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

// ValidUsername reports whether a username, already in lower case, can be kept.
func ValidUsername(username string) bool {
	if len(username) < 1 || len(username) > 64 {
		return false
	}
	return !strings.ContainsFunc(username, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("._-@", r)
	})
}
