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

// What keeps a form that is sent twice from doing its work twice.
const (
	byKey    = "key"    // the form carries a key that is drawn when it is shown
	byName   = "name"   // what it makes has a name that is unique
	isUpload = "upload" // it keeps a file for a look; what the file makes is confirmed once
	changes  = "none"   // it makes nothing
)

// repeats says of every form what keeps it from doing its work twice. A new route fails
// the test until it has its line.
func repeats() map[string]string {
	return map[string]string{
		adminpages.OneCustomer + "/redeem": byKey, adminpages.OneCard + "/redeem": byKey, portal.SectionRedeem: byKey, adminpages.CustomerNew: byKey,
		adminpages.OneCustomer + "/billing/payments/add": byKey, adminpages.OneCustomer + "/billing/payments/:payment/reverse": byKey,
		adminpages.SectionGenerate: byKey, adminpages.OneSeries + "/exports": byKey, adminpages.OneSeries + "/export": byKey, adminpages.OneSeries + "/changes": byKey,

		adminpages.SectionPartners: byName, adminpages.SectionStaff: byName, adminpages.SectionRoles: byName, adminpages.SectionPrintShops: byName,

		adminpages.SectionCustomerImport: isUpload, adminpages.SectionImport: isUpload,

		"/admin/login": changes, adminpages.CodePath: changes, "/portal/login": changes, adminpages.SectionGenerate + "/preview": changes, adminpages.OneSeries + "/find": changes,
		adminpages.OneSeries + "/changes/check": changes, adminpages.SectionFind: changes, adminpages.SectionFind + "/suggest": changes, adminpages.SectionVouchers + "/preview": changes, portal.SectionRedeem + "/check": changes,
		adminpages.SectionCustomers:    changes, // a search
		adminpages.OneCard + "/reveal": changes, // it counts each card once a day
	}
}

// Every form either carries a key, makes something with a unique name, or sets a state.
func TestFormsAreSafeToRepeat(t *testing.T) {
	t.Parallel()
	known := repeats()
	w := newHell(t)
	for _, r := range w.Server.routes {
		if r.method != post {
			continue
		}
		how, listed := known[r.path]
		delete(known, r.path)
		if !listed { // what acts on one thing that is there, or on settings
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

// What is told apart by its name is there once, however often its form is sent.
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

// made counts what forms make.
func (s *site) made() string {
	s.t.Helper()
	var n [4]int
	require.NoError(s.t, s.Pool.QueryRow(s.t.Context(), `select (select count(*) from partner), (select count(*) from staff), (select count(*) from role),
		(select coalesce(jsonb_array_length(value), 0) from setting where name = 'print_shops' union all select 0 limit 1)`).Scan(&n[0], &n[1], &n[2], &n[3]))
	return fmt.Sprint(n)
}
