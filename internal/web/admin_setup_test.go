package web

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/setting"
	adminpages "refill/internal/web/admin"
)

// newInstallation makes a site whose currency and address are not confirmed.
func newInstallation(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	s.exec(`update setting set value = 'false' where name = 'currency_confirmed'`)
	return s
}

// The first customer and the first series fix the currency, so each form asks before, and the
// domain refuses an act without an answer.
func TestCurrencyIsConfirmedBeforeItIsFixed(t *testing.T) {
	t.Parallel()
	s := newInstallation(t)
	admin, cashier := s.as(db.StaffRoleAdministrator), s.as(db.StaffRoleCashier, s.North)
	for path, form := range map[string]url.Values{
		adminpages.SectionGenerate: order(),
		adminpages.CustomerNew:     {"name": {"Anna"}, "partner": {fmt.Sprint(s.North.ID)}, "key": {uuid.NewString()}},
	} {
		admin.get(path).one("#f-currency_confirmed")
		got := admin.post(path, form)
		require.Equal(t, http.StatusUnprocessableEntity, got.Status, path)
		got.one(`[data-fault="setting_currency_unconfirmed"] a[href="#f-currency_confirmed"]`)
	}
	require.False(t, s.settings().CurrencyConfirmed)
	_, err := customer.Create(t.Context(), s.Pool, audit.System(), customer.New{PartnerID: s.North.ID, Name: "Ben", Currency: "USD"})
	require.ErrorIs(t, err, setting.ErrCurrencyUnconfirmed)

	page := cashier.get(adminpages.CustomerNew)
	page.none("#f-currency_confirmed")
	require.Contains(t, page.text("#customer-form .notice-warn"), "An administrator must confirm first")
	forced := url.Values{"name": {"Carol"}, "partner": {fmt.Sprint(s.North.ID)}, "key": {uuid.NewString()}, "currency_confirmed": {"on"}}
	require.Equal(t, http.StatusUnprocessableEntity, cashier.post(adminpages.CustomerNew, forced).Status)

	form := order()
	form.Set("currency_confirmed", "on")
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionGenerate, form).Status)
	require.True(t, s.settings().CurrencyConfirmed)
	admin.get(adminpages.SectionGenerate).none("#f-currency_confirmed")
	require.Equal(t, http.StatusSeeOther, cashier.post(adminpages.CustomerNew, forced).Status)
}

// Saving the general settings confirms the currency.
func TestGeneralSettingsConfirm(t *testing.T) {
	t.Parallel()
	s := newInstallation(t)
	admin := s.as(db.StaffRoleAdministrator)
	form := url.Values{"brand": {"Refill"}, "currency": {"EUR"}, "time_zone": {"Europe/Berlin"}, "check_hours": {"1"}}
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionGeneral, form).Status)
	require.True(t, s.settings().CurrencyConfirmed)
	require.Equal(t, "EUR", s.settings().Currency)
}

// Cards are printed with an address that customers may be unable to open only after a person
// has confirmed it. A table carries no address.
func TestAddressIsConfirmedBeforePrinting(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(d *Deps) {
		d.PublicURL = "http://127.0.0.1:8080"
	})
	admin := s.as(db.StaffRoleAdministrator)
	series, _ := s.series(2)
	s.exec(`update setting set value = '""' where name = 'confirmed_address'`)
	s.Server.Settings.Forget()
	export := func(format string) *got {
		return admin.post(adminpages.SeriesURL(series.Number)+"/exports", url.Values{"format": {format}, "key": {uuid.NewString()}})
	}
	got := export("pdf")
	require.Equal(t, http.StatusUnprocessableEntity, got.Status)
	got.one(`li[data-fault="setting_address_unconfirmed"]`)
	require.Equal(t, http.StatusSeeOther, export("csv").Status)
	require.Contains(t, admin.get("/admin").text(".attention"), "Printed cards would lead to http://127.0.0.1:8080")

	admin.get(adminpages.SectionGeneral).one("#f-confirmed_address")
	form := url.Values{"brand": {"Refill"}, "time_zone": {"UTC"}, "check_hours": {"1"}, "confirmed_address": {"on"}}
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionGeneral, form).Status)
	require.Equal(t, http.StatusSeeOther, export("pdf").Status)
	require.NotContains(t, admin.get("/admin").text("#home-live"), "Printed cards would lead")
}

// The first steps are folded once cards can be sold, and go away when all are done.
func TestFirstSteps(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.exec(`update setting set value = 'false' where name = 'currency_confirmed'`)
	admin := s.as(db.StaffRoleAdministrator)
	require.Equal(t, "Get started 2 of 10 steps are done. A step ticks itself, except the last.", admin.get("/admin").text(".setup[open] summary"))
	s.as(db.StaffRoleCashier, s.North).get("/admin").none(".setup")
	s.exec(`update setting set value = 'true' where name = 'currency_confirmed'`)
	s.Server.Settings.Forget()
	s.working()
	_, codes := s.series(1)
	require.Equal(t, http.StatusSeeOther, s.asCustomer("anna", s.North).redeem(codes[0]).Status)
	page := admin.get("/admin")
	page.none(".setup[open]")
	require.Contains(t, page.text(".setup summary"), "8 of 10")
}

// The program can't see a backup of the key file. A person says that there is one, and is asked
// again after a rotation.
func TestKeyBackupIsConfirmed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	confirm := admin.get("/admin").one(".setup form").AttrOr("action", "")
	require.Equal(t, adminpages.KeyBackupPath, confirm)
	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleCashier).post(confirm, nil).Status)
	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleAdministrator, s.North).post(confirm, nil).Status)
	require.Zero(t, s.settings().KeyBackup)
	require.Equal(t, http.StatusSeeOther, admin.post(confirm, nil).Status)
	kept := s.settings().KeyBackup
	require.Equal(t, admin.ID, kept.StaffID)
	require.WithinDuration(t, time.Now(), kept.At, time.Minute)
	admin.get("/admin").none(".setup form")
	var by int64
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select staff_id from audit where action = 'setting.changed' and detail ? 'key_backup'`).Scan(&by))
	require.Equal(t, admin.ID, by)

	owner := dbtest.Owner(t, s.Pool)
	_, err := owner.Exec(t.Context(), `insert into key_canary (key_id, sealed) select coalesce(max(key_id), 0) + 1, '\x00' from key_canary`)
	require.NoError(t, err)
	admin.get("/admin").one(".setup form")
}
