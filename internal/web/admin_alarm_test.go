package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/setting"
	"refill/internal/theft"
	adminpages "refill/internal/web/admin"
)

// box redeems cards of a series for North, by two customers of North, and runs the check
// for alarms.
func (s *site) box(n int) (db.Series, []int64) {
	s.t.Helper()
	require.NoError(s.t, s.Server.Settings.Change(s.t.Context(), audit.System(), func(v *setting.Settings) { v.Theft.RunCards = 5 }))
	series, codes := s.series(n+3, s.North)
	thieves := []int64{s.newCustomer("mallory", s.North), s.newCustomer("trudy", s.North)}
	for i, code := range codes[:n] {
		id := thieves[i%2]
		_, err := s.Server.admin.Cards.Redeem(s.t.Context(), audit.ByCustomer(id, audit.Everything()), card.Redemption{CustomerID: id, Code: code, Key: uuid.New()})
		require.NoError(s.t, err)
	}
	_, err := theft.New(s.Pool, s.Server.Settings, s.Server.Log).Look(s.t.Context(), testClock)
	require.NoError(s.t, err)
	return series, thieves
}

// An alarm is shown on the dashboard and says what was redeemed and what to do. Its page
// leads to locking the series and disabling its unused cards. It is acknowledged with a
// reason.
func TestAlarmAboutTheft(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	require.NotContains(t, admin.get("/admin").Body, "looks like theft")
	require.Contains(t, admin.get(adminpages.SectionAlarms).Body, "No open alarm")
	series, thieves := s.box(6)

	home := admin.get("/admin")
	require.Contains(t, home.Body, "This looks like theft: 6 cards side by side of series "+series.Number)
	list := admin.get(adminpages.SectionAlarms)
	require.Contains(t, list.Body, "Neighbouring cards")
	to, _ := list.doc().Find("td a").First().Attr("href")
	require.True(t, strings.HasPrefix(to, adminpages.SectionAlarms+"/"), to)
	page := admin.get(to)
	require.Equal(t, http.StatusOK, page.Status, page.Body)
	for _, want := range []string{"1 to 6", "Test mallory", "Test trudy", fmt.Sprintf("/admin/customers/%d", thieves[0]), adminpages.SeriesURL(series.Number) + "?from=1#series-cards", adminpages.SectionAudit + "?from="} {
		require.Contains(t, page.Body, want)
	}
	require.Equal(t, 6, page.doc().Find("section[aria-labelledby=behind-title] tbody tr").Length())

	// The unused cards of the box: the dry run of the existing page.
	dry := admin.post(adminpages.SeriesURL(series.Number)+"/changes/check", url.Values{"which": {"range"}, "operation": {"disable"}, "first": {"1"}, "last": {"9"}})
	require.Equal(t, http.StatusOK, dry.Status)
	require.Contains(t, dry.Body, "3 cards")

	lock, _ := page.doc().Find("dialog#lock-" + series.Number + " form").Attr("action")
	require.Equal(t, adminpages.SeriesURL(series.Number)+"/lock", lock)
	require.Equal(t, http.StatusSeeOther, admin.post(lock, nil).Status)
	row, err := db.New().SeriesGet(t.Context(), s.Pool, series.ID)
	require.NoError(t, err)
	require.Equal(t, db.SeriesStateLocked, row.State)
	require.NotContains(t, admin.get(to).Body, "Lock series", "it is locked")

	refused := admin.post(to+"/acknowledge", url.Values{"reason": {" x "}})
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	require.Contains(t, refused.doc().Find("#f-reason-error").Text(), "3 to 300")
	require.Contains(t, refused.doc().Find("#f-reason").Text(), " x ")
	require.Equal(t, http.StatusSeeOther, admin.post(to+"/acknowledge", url.Values{"reason": {"The box is at the police"}}).Status)
	require.NotContains(t, admin.get("/admin").Body, "looks like theft")
	done := admin.get(adminpages.SectionAlarms + "?state=acknowledged")
	require.Contains(t, done.Body, "The box is at the police")
	require.Contains(t, admin.get(to).Body, "The box is at the police")
	require.Equal(t, http.StatusSeeOther, admin.post(to+"/acknowledge", url.Values{"reason": {"twice"}}).Status)
	require.NotContains(t, admin.get(to).Body, "twice")
	trail := admin.get(adminpages.SectionAudit + "?what=alarm.")
	require.Contains(t, trail.Body, "Alarm about theft acknowledged")
	require.Contains(t, trail.Body, "Alarm: redemptions look like theft")
}

// Staff of some partners only see the alarms about their customers. Staff without the
// permission for alarms see none on the dashboard.
func TestAlarmsKeepToPartners(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.box(6)
	north, south := s.as(db.StaffRoleAdministrator, s.North), s.as(db.StaffRoleAdministrator, s.South)
	require.Contains(t, north.get("/admin").Body, "looks like theft")
	require.Contains(t, north.get(adminpages.SectionAlarms).Body, "Neighbouring cards")
	require.NotContains(t, south.get("/admin").Body, "looks like theft")
	require.Contains(t, south.get(adminpages.SectionAlarms).Body, "No open alarm")
	cashier := s.as(db.StaffRoleCashier)
	require.NotContains(t, cashier.get("/admin").Body, "looks like theft")
	require.Equal(t, http.StatusForbidden, cashier.get(adminpages.SectionAlarms).Status)
}

// The audit trail shows the card of a refused code. Staff who may not see the card's series
// do not see it there.
func TestRefusedCardIsNotShownToOthers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	series, codes := s.series(1, s.South)
	anna := s.newCustomer("anna", s.North)
	_, err := s.Server.admin.Cards.Redeem(t.Context(), audit.ByCustomer(anna, audit.Everything()), card.Redemption{CustomerID: anna, Code: codes[0], Key: uuid.New()})
	require.ErrorIs(t, err, card.ErrRefused)
	whole, north, south := s.as(db.StaffRoleAdministrator), s.as(db.StaffRoleAdministrator, s.North), s.as(db.StaffRoleAdministrator, s.South)
	trail := adminpages.SectionAudit + "?what=card.refused"
	require.Contains(t, whole.get(trail).Body, series.Number)
	body := north.get(trail).Body
	require.Contains(t, body, "Code refused")
	require.NotContains(t, body, series.Number)
	require.NotContains(t, north.get(trail+"&series="+series.Number).Body, "Test anna")
	csv := north.get(trail + "&format=csv").Body
	require.NotContains(t, csv, series.Number)
	card := south.get(adminpages.SeriesURL(series.Number) + "/cards/1").Body
	require.Contains(t, card, "Code refused")
	require.NotContains(t, card, "Test anna")
	require.Contains(t, whole.get(adminpages.SeriesURL(series.Number)+"/cards/1").Body, "Code refused by Test anna")
}

func TestConfigTheft(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	doc := admin.get(adminpages.SectionTheft).doc()
	form := url.Values{}
	for _, name := range []string{"run_cards", "run_minutes", "run_gap", "account_cards", "address_cards", "factor", "early_cards", "locked_cards", "copied_cards", "revealed_cards", "hours"} {
		value, there := doc.Find("#f-" + name).Attr("value")
		require.True(t, there, name)
		form.Set(name, value)
	}
	require.Equal(t, "20", form.Get("run_cards"))
	form.Set("run_cards", "")
	form.Set("run_gap", "0")
	form.Set("account_cards", "1,000")
	form.Set("shared", "192.0.2.7\r\n\r\n2001:db8::/48\r\n")
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionTheft, form).Status)
	settings, err := s.Server.Settings.Get(t.Context())
	require.NoError(t, err)
	require.Equal(t, setting.Theft{
		RunMinutes: 60, AccountCards: 1000, AddressCards: 50, Factor: 10, Shared: []string{"192.0.2.7", "2001:db8::/48"},
		EarlyCards: 1, LockedCards: 3, CopiedCards: 5, RevealedCards: 5, Hours: 24,
	}, settings.Theft)
	again := admin.get(adminpages.SectionTheft).doc()
	value, _ := again.Find("#f-run_cards").Attr("value")
	require.Empty(t, value, "off")
	require.Equal(t, "192.0.2.7\n2001:db8::/48", again.Find("#f-shared").Text())

	for name, wrong := range map[string]string{"run_cards": "many", "run_minutes": "", "run_gap": "", "factor": "0", "hours": "169", "early_cards": "-1", "shared": "the hotel"} {
		bad := url.Values{}
		for key := range form {
			bad.Set(key, form.Get(key))
		}
		bad.Set(name, wrong)
		got := admin.post(adminpages.SectionTheft, bad)
		require.Equal(t, http.StatusUnprocessableEntity, got.Status, name)
		require.Equal(t, 1, got.doc().Find("#f-"+name+"-error").Length(), name)
		kept, _ := got.doc().Find("#f-account_cards").Attr("value")
		require.Equal(t, "1,000", kept, name)
	}
	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleAdministrator, s.North).get(adminpages.SectionTheft).Status)
}

// With a limit set, weaker rules need the approval of a second person. The approvals page
// shows that person what would change.
func TestWeakerTheftRulesWait(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	s.exec(`insert into setting (name, value) values ('approve_above', '10000')`)
	s.Server.Settings.Forget()
	page := admin.get(adminpages.SectionTheft)
	require.Contains(t, page.text("main"), "takes a second person")
	require.Contains(t, page.text("#sole"), "refill rules")
	form := url.Values{}
	page.doc().Find("form.column input, form.column textarea").Each(func(_ int, f *goquery.Selection) {
		value, ok := f.Attr("value")
		if !ok {
			value = f.Text()
		}
		form.Set(f.AttrOr("name", ""), value)
	})
	form.Set("run_cards", "")
	form.Set("shared", "198.51.100.0/24")
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionTheft, form).Status)
	waiting := admin.get(adminpages.SectionTheft)
	require.Contains(t, waiting.text("#notice"), "as they were")
	require.Contains(t, waiting.text("[id^=approval-]"), "rules about theft, wrong codes")
	require.Equal(t, "20", waiting.one("#f-run_cards").AttrOr("value", ""))
	require.Contains(t, admin.get(adminpages.SectionVouchers).text("main"), "rules about theft, wrong codes")

	boss := s.as(db.StaffRoleAdministrator)
	admin.get(adminpages.SectionTheft).none("#sole")
	list := boss.get(adminpages.SectionApprovals)
	require.Contains(t, list.text("main"), "Neighbouring cards until an alarm")
	require.Contains(t, list.text("main"), "20 → off")
	require.Contains(t, list.text("main"), "none → 198.51.100.0/24")
	var id int64
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select id from approval where kind = 'protection'`).Scan(&id))
	require.Equal(t, http.StatusSeeOther, boss.post(fmt.Sprintf("%s/%d/approve", adminpages.SectionApprovals, id), url.Values{"reason": {"a fair"}}).Status)
	require.Empty(t, admin.get(adminpages.SectionTheft).one("#f-run_cards").AttrOr("value", ""))
}

// With a limit set, turning off the required second factor in Settings → General needs two
// people, and the page says so.
func TestSecondFactorIsSwitchedOffByTwo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, boss := s.as(db.StaffRoleAdministrator), s.as(db.StaffRoleAdministrator)
	s.exec(`insert into setting (name, value) values ('approve_above', '10000'), ('staff_factor', 'true')`)
	s.Server.Settings.Forget()
	s.exec(`insert into staff_second_factor (staff_id, key_id, secret_sealed, last_step, recovery_salt) select id, 1, '', 0, '' from staff`)
	page := admin.get(adminpages.SectionGeneral)
	require.Contains(t, page.text("main"), "To switch it off takes a second person.")
	form := url.Values{"brand": {"New brand"}, "time_zone": {"UTC"}, "check_hours": {"2"}}
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SectionGeneral, form).Status)
	after := admin.get(adminpages.SectionGeneral)
	require.Contains(t, after.text("#notice"), "second factors of staff are as they were")
	_, checked := after.one("#f-staff_factor").Attr("checked")
	require.True(t, checked)
	require.Equal(t, "New brand", after.one("#f-brand").AttrOr("value", ""), "the rest is kept")
	require.Contains(t, boss.get(adminpages.SectionApprovals).text("main"), "on → off")
}
