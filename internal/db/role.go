package db

// StaffRole is the key of a role that comes with the portal. What it includes is
// a row of the table role.
type StaffRole string

// The roles that come with the portal.
const (
	StaffRoleAdministrator StaffRole = "administrator"
	StaffRoleCashier       StaffRole = "cashier"
	StaffRoleOperator      StaffRole = "operator"
)

// AllStaffRoleValues returns them all.
func AllStaffRoleValues() []StaffRole {
	return []StaffRole{StaffRoleAdministrator, StaffRoleCashier, StaffRoleOperator}
}
