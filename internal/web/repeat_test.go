package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/staff"
	adminpages "refill/internal/web/admin"
	"refill/internal/web/portal"
)

// The ways in which a form that is sent twice does its work only once.
const (
	byKey    = "key"    // the form has an idempotency key
	byName   = "name"   // it creates an item with a unique name
	isUpload = "upload" // it stores a file for review; the import is confirmed once
	changes  = "none"   // it creates nothing
)

// repeats returns for every form how a repetition is prevented. A new route fails the test
// until it is listed.
func repeats() map[string]string {
	return map[string]string{
		adminpages.OneCustomer + "/redeem": byKey, adminpages.OneCard + "/redeem": byKey, adminpages.OneCard + "/replace": byKey, portal.SectionRedeem: byKey, adminpages.CustomerNew: byKey,
		adminpages.OneCustomer + "/billing/payments/add": byKey, adminpages.OneCustomer + "/billing/payments/:payment/reverse": byKey,
		adminpages.SectionGenerate: byKey, adminpages.OneSeries + "/exports": byKey, adminpages.OneSeries + "/export": byKey, adminpages.OneSeries + "/changes": byKey,

		adminpages.SectionPartners: byName, adminpages.SectionStaff: byName, adminpages.SectionRoles: byName, adminpages.SectionPrintShops: byName, adminpages.SectionClients: byName,

		adminpages.SectionCustomerImport: isUpload, adminpages.SectionImport: isUpload,

		"/admin/login": changes, adminpages.CodePath: changes, "/portal/login": changes, adminpages.SectionGenerate + "/preview": changes, adminpages.OneSeries + "/find": changes,
		adminpages.OneSeries + "/changes/check": changes, adminpages.SectionFind: changes, adminpages.SectionFind + "/suggest": changes, adminpages.SectionVouchers + "/preview": changes, portal.SectionRedeem + "/check": changes,
		adminpages.SectionCustomers:               changes, // a search
		portal.HelpPath:                           changes, // a customer has one open request
		adminpages.SectionNotifications + "/seen": changes,
		adminpages.SectionViews:                   changes, // a name has one view
		adminpages.KeyBackupPath:                  changes,
		adminpages.OneCard + "/reveal":            changes, // it counts each card once a day
	}
}

// Every form either has an idempotency key, creates an item with a unique name, or sets a
// state.
func TestFormsAreSafeToRepeat(t *testing.T) {
	t.Parallel()
	known := repeats()
	w := newHell(t)
	for _, r := range w.Server.pages() {
		if r.method != post {
			continue
		}
		how, listed := known[r.path]
		delete(known, r.path)
		if !listed { // it acts on one existing item, or on settings
			require.True(t, slices.ContainsFunc([]string{":id", ":number", ":serial", ":token", ":payment", ":name", ":change", "/config/", adminpages.SectionAccount, "/logout", "/others/end", "/checks", adminpages.SectionFactor, portal.SectionPassword, adminpages.SectionPortal, adminpages.SectionModules},
				func(part string) bool { return strings.Contains(r.path, part) }), "%s may make something: say what keeps it from doing so twice", r.path)
			continue
		}
		if how == byKey {
			require.Contains(t, w.forms[r.path], "key", "%s shows no key", r.path)
		}
	}
	require.Empty(t, known, "these are no routes")
}

// An item with a unique name is created once, however often its form is sent.
func TestNamedThingsAreMadeOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	printer, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	for path, form := range map[string]url.Values{
		adminpages.SectionPartners:   {"name": {"West"}, "brand": {""}, "slug": {"west"}, "time_zone": {"UTC"}, "accent": {""}, "welcome": {""}, "help": {""}, "card_line1": {""}, "card_line2": {""}},
		adminpages.SectionStaff:      {"username": {"bea"}, "name": {"Bea"}, "role": {s.role("Cashier")}, "all_partners": {"on"}},
		adminpages.SectionRoles:      {"name": {"Clerk"}, adminpages.PermissionField(staff.CustomersView): {"on"}},
		adminpages.SectionClients:    with(clientEntries(staff.RedeemFor), "owner", fmt.Sprint(admin.ID)),
		adminpages.SectionPrintShops: {"name": {"Printer"}, "key": {printer.Recipient().String()}},
	} {
		first := admin.post(path, form)
		require.Less(t, first.Status, http.StatusBadRequest, "%s: %s", path, first.Body)
		before := s.made()
		second := admin.post(path, form)
		require.Equal(t, http.StatusUnprocessableEntity, second.Status, path)
		require.NotEmpty(t, second.doc().Find("[role=alert], .notice-bad").Text(), path)
		require.Equal(t, before, s.made(), path)
	}
}

// made returns the number of items that forms have created.
func (s *site) made() string {
	s.t.Helper()
	var n [4]int
	require.NoError(s.t, s.Pool.QueryRow(s.t.Context(), `select (select count(*) from partner), (select count(*) from staff), (select count(*) from role),
		(select coalesce(jsonb_array_length(value), 0) from setting where name = 'print_shops' union all select 0 limit 1)`).Scan(&n[0], &n[1], &n[2], &n[3]))
	return fmt.Sprint(n)
}
