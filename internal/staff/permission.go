package staff

import (
	"context"
	"fmt"
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
	// SeriesApprove is to say yes or no to what somebody else asks for.
	SeriesApprove Permission = "series.approve"
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
	// AlarmsView is to see redemptions that look like theft.
	AlarmsView Permission = "alarms.view"
	// AlarmsAcknowledge is to say that an alarm was looked into.
	AlarmsAcknowledge Permission = "alarms.acknowledge"
	// CustomersErase is to erase what is known of a person, which can't be undone.
	CustomersErase Permission = "customers.erase"

	JobsView     Permission = "jobs.view"
	JobsManage   Permission = "jobs.manage"
	ConfigManage Permission = "config.manage"
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
	case SeriesApprove:
		return "approve what others ask to activate or export"
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
	case AlarmsView:
		return "see alarms about theft"
	case AlarmsAcknowledge:
		return "acknowledge alarms about theft"
	case CustomersErase:
		return "erase the personal data of customers"
	case JobsView:
		return "see background jobs"
	case JobsManage:
		return "cancel, retry or pause background jobs"
	case ConfigManage:
		return "change the configuration"
	}
	return "do this"
}

// Group is permissions of one area, as a form lists them.
type Group struct {
	Title       string
	Permissions []Permission
}

// Groups returns every permission, by area.
func Groups() []Group {
	return []Group{
		{"Series", []Permission{SeriesView, SeriesGenerate, SeriesImport, SeriesActivate, SeriesEdit, SeriesVoid, SeriesExport, SeriesApprove}},
		{"Cards", []Permission{CardsView, CardsReveal, CardsChange, RedeemFor}},
		{"Customers", []Permission{CustomersView, CustomersEdit, CustomersErase, GuessClear}},
		{"Payments", []Permission{PaymentsView, PaymentsEnter, PaymentsReverse, ReportsView}},
		{"House", []Permission{PartnersManage, StaffManage, AuditView, ConfigManage}},
		{"Alarms", []Permission{AlarmsView, AlarmsAcknowledge}},
		{"Jobs", []Permission{JobsView, JobsManage}},
	}
}

// known reports whether a text is a permission of this version.
func known(text string) bool {
	for _, g := range Groups() {
		if slices.Contains(g.Permissions, Permission(text)) {
			return true
		}
	}
	return false
}

// Stored returns permissions as roles keep them.
func Stored(permissions ...Permission) []string {
	texts := make([]string, len(permissions))
	for i, p := range permissions {
		texts[i] = string(p)
	}
	return texts
}

// May reports whether a member of staff holds a permission at this moment. 0 is the
// program itself, which holds all.
func May(ctx context.Context, dbtx db.DBTX, id int64, p Permission) (bool, error) {
	if id == 0 {
		return true, nil
	}
	may, err := db.New().StaffMay(ctx, dbtx, db.StaffMayParams{ID: id, Permission: string(p)})
	if err != nil {
		return false, fmt.Errorf("ask what somebody may do: %w", err)
	}
	return may, nil
}
