package web

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/setting"
	adminpages "refill/internal/web/admin"
)

func TestDashboard(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	require.Equal(t, 1, admin.get("/admin").doc().Find(".setup a[href='"+adminpages.SectionGenerate+"']").Length())
	series, codes := s.series(4)
	anna := s.asCustomer("anna", s.North)
	require.Equal(t, http.StatusSeeOther, anna.redeem(codes[0]).Status)
	page := admin.get("/admin")
	require.Contains(t, page.text(".tiles"), "OutstandingUSD 30.00")
	require.Contains(t, page.text(".tiles"), "Redeemed todayUSD 10.00")
	require.Equal(t, 30, page.doc().Find("[data-bar]").Length())
	require.Equal(t, 1, page.doc().Find(".chart-bar").Length(), "of today")
	s.exec(`update series set valid_till = current_date + 3`)
	require.Contains(t, admin.get("/admin").text(".attention"), fmt.Sprintf("Series %s expires on", series.Number))
	south := s.as(db.StaffRoleAdministrator, s.South)
	require.NotContains(t, south.get("/admin").Body, "USD 10.00", "of another partner")
	operator := s.as(db.StaffRoleOperator).get("/admin")
	operator.none("input[name=q]")
}

// Many unknown codes at one partner raise an alarm for staff who may see it.
func TestGuessesRaiseAnAlarm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.change(func(v *setting.Settings) { v.WrongPartner = 2 })
	anna, admin := s.asCustomer("anna", s.North), s.as(db.StaffRoleAdministrator)
	code := s.unknownCode()
	for range 2 {
		require.Equal(t, http.StatusUnprocessableEntity, anna.redeem(code).Status)
	}
	admin.get("/admin").none(".notice-bad")
	anna.redeem(code)
	page := admin.get("/admin")
	require.Contains(t, page.text(".notice-bad[role=alert]"), "customers of North tried 3 codes that no card has")
	trail := admin.get(page.one(".notice-bad a").AttrOr("href", ""))
	require.Equal(t, 3, trail.doc().Find("table tbody tr").Length())
	require.Contains(t, s.as(db.StaffRoleAdministrator, s.North).get("/admin").text(".notice-bad"), "North")
	s.as(db.StaffRoleAdministrator, s.South).get("/admin").none(".notice-bad")
	s.as(db.StaffRoleCashier).get("/admin").none(".notice-bad")
}

// The dashboard lists what needs attention: requests, imports, series that are not
// activated, and a missing worker.
func TestDashboardNeedsAttention(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, other := s.as(db.StaffRoleAdministrator), s.as(db.StaffRoleAdministrator)
	attention := func(b *browser) string { return b.get("/admin").text("section[aria-labelledby=attention-title]") }
	require.Contains(t, attention(admin), "No worker is running")
	require.NotContains(t, attention(s.as(db.StaffRoleCashier, s.North)), "worker", "a cashier can't start one")
	s.working()
	require.Equal(t, "Needs attention Nothing.", attention(admin))

	series, _ := s.series(4)
	s.exec(`update series set state = 'ready', activated_at = null where id = $1`, series.ID)
	require.NotContains(t, attention(admin), series.Number, "it was made a moment ago")
	s.exec(`update series set created_at = now() - interval '2 days' where id = $1`, series.ID)
	require.Contains(t, attention(admin), "Series "+series.Number+" was made and never activated")
	s.exec(`update series set state = 'active', activated_at = now() where id = $1`, series.ID)

	s.exec(`insert into card_import (kind, state, created_by, file_name, file, key_id, size, sha256, preview) values ('cards', 'checked', $1, 'old.csv', 'x', 1, 1, '', '{}')`, admin.ID)
	require.Contains(t, attention(admin), "The import of old.csv was checked and is not confirmed")
	require.NotContains(t, attention(s.as(db.StaffRoleAdministrator, s.North)), "old.csv", "of somebody else")

	limit := int64(1)
	s.change(func(v *setting.Settings) { v.ApproveAbove = &limit })
	admin.post(adminpages.SeriesURL(series.Number)+"/exports", url.Values{"format": {"csv"}, "key": {uuid.NewString()}})
	require.Contains(t, attention(admin), "A request of yours waits for another person")
	require.Contains(t, attention(other), "A request waits for your decision")
}

// The chart compares a period with the one before, in money or in cards.
func TestDashboardPeriods(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	_, codes := s.series(4)
	anna := s.asCustomer("anna", s.North)
	for _, code := range codes[:3] {
		require.Equal(t, http.StatusSeeOther, anna.redeem(code).Status)
	}
	_, err := dbtest.Owner(t, s.Pool).Exec(t.Context(), `set session_replication_role = replica; update ledger_tx set at = at - interval '40 days' where id = (select min(id) from ledger_tx where kind = 'redeem')`)
	require.NoError(t, err)
	for query, bars := range map[string]int{"": 30, "?days=7": 7, "?days=90": 90, "?days=365": 12, "?days=-1": 30, "?days=7&show=cards": 7} {
		require.Equal(t, bars, admin.get("/admin"+query).doc().Find("[data-bar]").Length(), query)
	}
	page := admin.get("/admin")
	require.Contains(t, page.text(".tiles"), "Redeemed in 30 daysUSD 20.002 cards, +100 % from USD 10.00")
	require.Equal(t, 1, page.doc().Find(".chart-before").Length())
	require.Equal(t, "USD 30.00", page.doc().Find(".chart-values span").First().Text())
	cards := admin.get("/admin?show=cards")
	require.Equal(t, "3", cards.doc().Find(".chart-values span").First().Text())
	require.Equal(t, "/admin?days=7&show=cards", cards.doc().Find(".chart-choices a").FilterFunction(func(_ int, a *goquery.Selection) bool { return a.Text() == "7 days" }).AttrOr("href", ""))
}
