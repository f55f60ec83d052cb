package staff

import (
	"slices"

	"refill/internal/db"
)

// Permission is something that a role may or may not include. Its value finishes
// the sentence "Your role doesn't let you …" on the page that refuses.
type Permission string

// The permissions.
const (
	SeriesView     Permission = "see series of refill cards"
	SeriesGenerate Permission = "order new refill cards"
	// SeriesActivate covers every change of a series: activate, lock, void,
	// cancel, retry, edit.
	SeriesActivate Permission = "activate, lock, change or void series of refill cards"
	SeriesExport   Permission = "export the codes of refill cards"
	CardsView      Permission = "see refill cards"
	CardsReveal    Permission = "see the code of a refill card"
	CardsChange    Permission = "disable, change or void single refill cards"
	CustomersView  Permission = "see customers"
	RedeemFor      Permission = "redeem refill cards for customers"
	RedeemReverse  Permission = "take back redemptions"
	PaymentsView   Permission = "see customers' payments"
	GuessClear     Permission = "lift the bar after wrong codes"
	JobsView       Permission = "see background jobs"
	JobsManage     Permission = "cancel, retry or pause background jobs"
	ConfigManage   Permission = "change the configuration"
)

// RoleCan reports whether a role includes a permission. An unknown role includes
// none.
func RoleCan(role db.StaffRole, permission Permission) bool {
	switch role {
	case db.StaffRoleAdministrator:
		return true
	case db.StaffRoleCashier:
		return slices.Contains([]Permission{
			SeriesView, CardsView, CustomersView, PaymentsView, RedeemFor,
		}, permission)
	case db.StaffRoleOperator:
		return slices.Contains([]Permission{SeriesView, JobsView, JobsManage}, permission)
	}
	return false
}
