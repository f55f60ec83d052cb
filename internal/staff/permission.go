package staff

import (
	"context"
	"fmt"
	"slices"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/lang"
)

// Permission is a right that a role includes or not, by its stored name: noun and verb.
// Words describes it for people.
type Permission string

// The permissions.
const (
	SeriesView     Permission = "series.view"
	SeriesGenerate Permission = "series.generate"
	SeriesImport   Permission = "series.import"
	// SeriesActivate covers the acts that can be undone: activate, lock, retry.
	SeriesActivate Permission = "series.activate"
	SeriesEdit     Permission = "series.edit"
	// SeriesApprove allows deciding other people's requests.
	SeriesApprove Permission = "series.approve"
	// SeriesVoid covers the acts that can't be undone: cancel and delete.
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
	// AlarmsView allows seeing redemptions that look like theft.
	AlarmsView Permission = "alarms.view"
	// AlarmsAcknowledge allows closing an alarm.
	AlarmsAcknowledge Permission = "alarms.acknowledge"
	// CustomersErase allows erasing a customer's personal data, which can't be undone.
	CustomersErase Permission = "customers.erase"

	// CardsReasons lets an API client see why a code is refused; without it a client is
	// answered as a customer is.
	CardsReasons Permission = "cards.reasons"
	// CardsReserve allows holding a card back for a customer until it is redeemed or released.
	CardsReserve Permission = "cards.reserve"
	// CustomersCharge allows taking money from a customer's balance for services.
	CustomersCharge Permission = "customers.charge"
	// EventsView allows reading the feed of events.
	EventsView Permission = "events.view"
	// APIManage allows making API clients and their keys.
	APIManage Permission = "api.manage"
	// WebhooksManage allows choosing addresses that events are sent to.
	WebhooksManage Permission = "webhooks.manage"

	JobsView     Permission = "jobs.view"
	JobsManage   Permission = "jobs.manage"
	ConfigManage Permission = "config.manage"
)

// Words finishes the sentence "Your role doesn't let you …" on the page that
// refuses.
func (p Permission) Words() string {
	switch p {
	case SeriesView:
		return lang.M("see series of refill cards")
	case SeriesGenerate:
		return lang.M("order new refill cards")
	case SeriesImport:
		return lang.M("import refill cards")
	case SeriesActivate:
		return lang.M("activate or lock series of refill cards")
	case SeriesApprove:
		return lang.M("approve what others ask to activate or export")
	case SeriesEdit:
		return lang.M("edit series of refill cards")
	case SeriesVoid:
		return lang.M("cancel or delete series of refill cards")
	case SeriesExport:
		return lang.M("export the codes of refill cards")
	case CardsView:
		return lang.M("see refill cards")
	case CardsReveal:
		return lang.M("see the code of a refill card")
	case CardsChange:
		return lang.M("disable, edit or delete single refill cards")
	case CustomersView:
		return lang.M("see customers")
	case CustomersEdit:
		return lang.M("create, edit or disable customers")
	case RedeemFor:
		return lang.M("redeem refill cards for customers")
	case PaymentsView:
		return lang.M("see customers' payments")
	case PaymentsEnter:
		return lang.M("enter payments by hand")
	case PaymentsReverse:
		return lang.M("reverse payments and redemptions")
	case GuessClear:
		return lang.M("lift the bar after wrong codes")
	case ReportsView:
		return lang.M("see reports")
	case PartnersManage:
		return lang.M("create or edit partners")
	case StaffManage:
		return lang.M("create or edit members of staff and roles")
	case AuditView:
		return lang.M("see the audit trail")
	case AlarmsView:
		return lang.M("see alarms about theft")
	case AlarmsAcknowledge:
		return lang.M("acknowledge alarms about theft")
	case CustomersErase:
		return lang.M("erase the personal data of customers")
	case CardsReasons:
		return lang.M("see why a code is refused")
	case CardsReserve:
		return lang.M("reserve refill cards")
	case CustomersCharge:
		return lang.M("charge customers for services")
	case EventsView:
		return lang.M("read the feed of events")
	case APIManage:
		return lang.M("make API clients and their keys")
	case WebhooksManage:
		return lang.M("choose addresses that events are sent to")
	case JobsView:
		return lang.M("see background jobs")
	case JobsManage:
		return lang.M("cancel, retry or pause background jobs")
	case ConfigManage:
		return lang.M("change the configuration")
	}
	return lang.M("do this")
}

// Group is permissions of one area, as a form lists them.
type Group struct {
	Title       string
	Permissions []Permission
}

// Groups returns every permission, by area.
func Groups() []Group {
	return []Group{
		{lang.M("Series"), []Permission{SeriesView, SeriesGenerate, SeriesImport, SeriesActivate, SeriesEdit, SeriesVoid, SeriesExport, SeriesApprove}},
		{lang.M("Cards"), []Permission{CardsView, CardsReveal, CardsChange, RedeemFor, CardsReasons, CardsReserve}},
		{lang.M("Customers"), []Permission{CustomersView, CustomersEdit, CustomersErase, CustomersCharge, GuessClear}},
		{lang.M("Payments"), []Permission{PaymentsView, PaymentsEnter, PaymentsReverse, ReportsView}},
		{lang.M("House"), []Permission{PartnersManage, StaffManage, AuditView, ConfigManage}},
		{lang.M("Alarms"), []Permission{AlarmsView, AlarmsAcknowledge}},
		{lang.M("Integrations"), []Permission{APIManage, EventsView, WebhooksManage}},
		{lang.M("Jobs"), []Permission{JobsView, JobsManage}},
	}
}

// known reports whether a text is a permission that this version has.
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

// May reports whether the accountable party holds a permission now. The program itself
// holds all. An API client needs its owner's permission and its own.
func May(ctx context.Context, dbtx db.DBTX, who audit.Accountable, p Permission) (bool, error) {
	if who.IsSystem() || who.IsNobody() {
		return who.IsSystem(), nil
	}
	clientID, _ := who.Client()
	may, err := db.New().StaffMay(ctx, dbtx, db.StaffMayParams{ID: who.Staff(), Permission: string(p), ClientID: clientID})
	if err != nil {
		return false, fmt.Errorf("ask what somebody may do: %w", err)
	}
	return may, nil
}
