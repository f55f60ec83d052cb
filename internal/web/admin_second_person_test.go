package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/setting"
	adminpages "refill/internal/web/admin"
)

// When the daily total exceeds the limit, each page says so before anything is requested:
// what was done so far and what is left. The person who decides is told why so small a
// request needs approval.
func TestDayIsForetold(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, other := s.as(db.StaffRoleAdministrator), s.as(db.StaffRoleAdministrator)
	theirs, _ := s.series(4) // of USD 10.00, by another person
	limit := int64(60_00)
	s.change(func(v *setting.Settings) { v.ApproveAbove = &limit })
	order := url.Values{
		"quantity": {"4"}, "price": {"10"}, "partner": {"any"}, "activate": {"on"}, "key": {uuid.NewString()},
		"valid_till": {time.Now().AddDate(1, 0, 0).Format(time.DateOnly)},
	}
	preview := func() string { return admin.post(adminpages.SectionGenerate+"/preview", order).text("#order-preview") }
	require.NotContains(t, preview(), "second person")
	require.NotContains(t, admin.get(adminpages.SectionGenerate).text("#f-activate-hint"), "is left")
	made := admin.post(adminpages.SectionGenerate, order).Header.Get("Location")
	var id int64
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select max(id) from series`).Scan(&id))
	require.NoError(t, s.Server.admin.Cards.Generate(t.Context(), id, testClock, noJob))

	const activated = "In the past 24 hours you have activated cards worth USD 40.00 by yourself; with "
	const over = " it is more than USD 60.00, so a second person has to approve"
	require.Contains(t, preview(), activated+"these"+over+": the cards are made, and stay worthless until then.")
	order.Set("quantity", "2")
	require.NotContains(t, preview(), "second person", "USD 60.00 is not above")
	order.Set("quantity", "7")
	require.Contains(t, preview(), "So much takes a second person", "which it would on any day")
	order.Set("quantity", "4")
	order.Del("activate")
	require.NotContains(t, preview(), "second person", "what is activated later is measured then")
	require.Contains(t, admin.get(adminpages.SectionGenerate).text("#f-activate-hint"), "Of that USD 20.00 is left.")
	require.NotContains(t, other.get(adminpages.SectionGenerate).text("#f-activate-hint"), "is left")

	// On the page of a series.
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SeriesURL(theirs.Number)+"/lock", nil).Status)
	page := admin.get(adminpages.SeriesURL(theirs.Number))
	require.Contains(t, page.text("#activate"), activated+"the USD 40.00 of this series"+over)
	require.Contains(t, page.text("#activate"), "Ask for the activation")
	require.NotContains(t, other.get(adminpages.SeriesURL(theirs.Number)).text("#activate"), "Ask for", "another person has a limit of their own")
	admin.post(adminpages.SeriesURL(theirs.Number)+"/activate", nil)
	require.Contains(t, admin.get(adminpages.SeriesURL(theirs.Number)).text("#notice"), "This is more than one person may activate within 24 hours.")
	require.Contains(t, other.get(adminpages.SectionApprovals).text(".approvals"), "In the 24 hours before, "+s.asker()+" had activated cards worth USD 40.00 without a second person.")

	// Beside Export and on its page.
	require.NotContains(t, admin.get(made).text("#series-exports"), "second person")
	require.Equal(t, http.StatusSeeOther, admin.post(made+"/exports", url.Values{"format": {"csv"}, "key": {uuid.NewString()}}).Status)
	require.NotContains(t, admin.get(made).text("#series-exports"), "second person", "another file of the same takes nothing more")
	exported := strings.Replace(activated, "activated", "exported", 1) + "the USD 40.00 of this series" + over
	require.Contains(t, admin.get(adminpages.SeriesURL(theirs.Number)).text("#series-exports"), exported)
	require.Contains(t, admin.get(adminpages.SeriesURL(theirs.Number)+"/export").text("#export-form"), exported)

	// Before an import is confirmed.
	at := admin.upload("cards.csv", cardsOfOld).Header.Get("Location")
	require.Contains(t, admin.get(at).text("#f-activate-hint"), "Of that USD 20.00 is left.")
	require.Equal(t, http.StatusSeeOther, admin.post(at+"/plan", admin.get(at).plan()).Status)
	report := func(groups string) string {
		s.exec(`update card_import set state = 'checked', report = $1`, `{"good": 5, "groups": [`+groups+`]}`)
		return admin.get(at).text("#import-live")
	}
	require.NotContains(t, report(`{"price": 1000, "cards": 2, "valid_till": "2099-12-31"}`), "second person")
	require.Contains(t, report(`{"price": 1000, "cards": 3, "valid_till": "2099-12-31"}`), activated+"these"+over+": the cards are imported")
	require.Contains(t, report(`{"price": 1000, "cards": 2, "valid_till": "2099-12-31"}, {"price": 500, "cards": 3, "valid_till": "2099-12-31"}`), activated+"all of these"+over+": each series that goes beyond it")
	require.Contains(t, report(`{"price": 1000, "cards": 7, "valid_till": "2099-12-31"}`), "So much takes a second person: nothing is imported until another person approves it")
	require.Contains(t, report(`{"price": 1000, "cards": 6, "valid_till": "2099-12-31"}`), activated+"these"+over)
	_, err := dbtest.Owner(t, s.Pool).Exec(t.Context(), `update solo_act set done_at = done_at - interval '24 hours'`)
	require.NoError(t, err)
	require.NotContains(t, preview(), "second person")
}

// asker returns the name of the person who made the waiting request.
func (s *site) asker() string {
	s.t.Helper()
	var name string
	require.NoError(s.t, s.Pool.QueryRow(s.t.Context(), `select name from staff where id = (select requested_by from approval where state = 'waiting')`).Scan(&name))
	return name
}
