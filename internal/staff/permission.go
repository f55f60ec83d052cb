package staff

import (
	"slices"

	"refill/internal/db"
)

// Permission is something that a role may or may not include, as it is stored:
// noun and verb. Words says it to people.
type Permission string

// The permissions.
const (
	SeriesView     Permission = "series.view"
	SeriesGenerate Permission = "series.generate"
	SeriesImport   Permission = "series.import"
	// SeriesActivate covers what can be undone: activate, lock, retry.
	SeriesActivate Permission = "series.activate"
	SeriesEdit     Permission = "series.edit"
	// SeriesVoid covers what can't be undone: cancel and delete.
	SeriesVoid      Permission = "series.void"
	SeriesExport    Permission = "series.export"
	CardsView       Permission = "cards.view"
	CardsReveal     Permission = "cards.reveal"
	CardsChange     Permission = "cards.change"
	CustomersView   Permission = "customers.view"
	CustomersEdit   Permission = "customers.edit"
	RedeemFor       Permission = "cards.redeem"
	PaymentsView    Permission = "payments.view"
	PaymentsEnter   Permission = "payments.enter"
	PaymentsReverse Permission = "payments.reverse"
	GuessClear      Permission = "guesses.clear"
	ReportsView     Permission = "reports.view"
	PartnersManage  Permission = "partners.manage"
	StaffManage     Permission = "staff.manage"
	AuditView       Permission = "audit.view"
	JobsView        Permission = "jobs.view"
	JobsManage      Permission = "jobs.manage"
	ConfigManage    Permission = "config.manage"
)

// Words finishes the sentence "Your role doesn't let you …" on the page that
// refuses.
func (p Permission) Words() string {
	switch p {
	case SeriesView:
		return "see series of refill cards"
	case SeriesGenerate:
		return "order new refill cards"
	case SeriesImport:
		return "import refill cards"
	case SeriesActivate:
		return "activate or lock series of refill cards"
	case SeriesEdit:
		return "edit series of refill cards"
	case SeriesVoid:
		return "cancel or delete series of refill cards"
	case SeriesExport:
		return "export the codes of refill cards"
	case CardsView:
		return "see refill cards"
	case CardsReveal:
		return "see the code of a refill card"
	case CardsChange:
		return "disable, edit or delete single refill cards"
	case CustomersView:
		return "see customers"
	case CustomersEdit:
		return "create, edit or disable customers"
	case RedeemFor:
		return "redeem refill cards for customers"
	case PaymentsView:
		return "see customers' payments"
	case PaymentsEnter:
		return "enter payments by hand"
	case PaymentsReverse:
		return "reverse payments and redemptions"
	case GuessClear:
		return "lift the bar after wrong codes"
	case ReportsView:
		return "see reports"
	case PartnersManage:
		return "create or edit partners"
	case StaffManage:
		return "create or edit members of staff and roles"
	case AuditView:
		return "see the audit trail"
	case JobsView:
		return "see background jobs"
	case JobsManage:
		return "cancel, retry or pause background jobs"
	case ConfigManage:
		return "change the configuration"
	}
	return "do this"
}

// RoleCan reports whether a role includes a permission. An unknown role includes
// none.
func RoleCan(role db.StaffRole, permission Permission) bool {
	switch role {
	case db.StaffRoleAdministrator:
		return true
	case db.StaffRoleCashier:
		return slices.Contains([]Permission{
			SeriesView, CardsView, CustomersView, CustomersEdit, PaymentsView, PaymentsEnter, RedeemFor,
		}, permission)
	case db.StaffRoleOperator:
		return slices.Contains([]Permission{SeriesView, JobsView, JobsManage}, permission)
	}
	return false
}
