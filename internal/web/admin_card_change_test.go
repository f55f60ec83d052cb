package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	adminpages "refill/internal/web/admin"
)

func TestCardIsChangedInTheBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	series, _ := s.series(3)
	admin := s.as(db.StaffRoleAdministrator)
	at := adminpages.CardURL(series.Number, 2)

	page := admin.get(at)
	require.Equal(t, "Disable card", page.text("#disable button.btn-primary"))
	require.Contains(t, page.text("#delete"), "USD 10.00, becomes void")
	require.Equal(t, http.StatusSeeOther, admin.post(at+"/disable", nil).Status)
	require.Contains(t, admin.get(at).text(".facts"), "Disabled")
	admin.post(at+"/enable", nil)

	wrong := admin.post(at+"/edit", url.Values{"valid_till": {"2020-01-01"}, "partner": {"0"}, "remark": {"kept"}})
	require.Equal(t, http.StatusUnprocessableEntity, wrong.Status)
	require.Equal(t, "card_till_past", wrong.fault("valid_till"))
	require.Equal(t, "kept", wrong.one("#f-remark").AttrOr("value", ""))
	till := testClock().AddDate(0, 1, 0).Format("2006-01-02")
	require.Equal(t, http.StatusSeeOther, admin.post(at+"/edit", url.Values{"valid_till": {till}, "partner": {fmt.Sprint(s.South.ID)}, "remark": {"for the fair"}}).Status)
	page = admin.get(at)
	require.Contains(t, page.text(".facts"), "South")
	require.Contains(t, page.text(".facts"), "for the fair")
	require.Contains(t, page.text(".history"), "partner as the series → South; remark none → for the fair")

	admin.post(at+"/delete", nil)
	page = admin.get(at)
	require.Contains(t, page.text(".facts"), "Void")
	require.Contains(t, page.text(".facts"), "Codeerased", "no prefix stands before what is gone")
	page.none("#delete")
	page.none("#edit-title")
	history := page.text(".history")
	for _, word := range []string{"Deleted", "Edited", "Enabled", "Disabled", "Series activated", "Made"} {
		require.Contains(t, history, word)
	}

	cashier := s.as(db.StaffRoleCashier)
	cashier.get(adminpages.CardURL(series.Number, 1)).none("#disable")
	for _, action := range []string{"disable", "enable", "delete", "edit", "reveal"} {
		require.Equal(t, http.StatusForbidden, cashier.post(adminpages.CardURL(series.Number, 1)+"/"+action, url.Values{"reason": {"curious"}}).Status)
	}
	foreign := s.as(db.StaffRoleAdministrator, s.South)
	for _, action := range []string{"disable", "delete", "edit", "reveal"} {
		require.Equal(t, http.StatusNotFound, foreign.post(adminpages.CardURL(series.Number, 1)+"/"+action, url.Values{"reason": {"curious"}}).Status)
	}
}

func TestCodeIsRevealedOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	series, codes := s.series(2)
	admin := s.as(db.StaffRoleAdministrator)
	at := adminpages.CardURL(series.Number, 1)
	refused := admin.post(at+"/reveal", url.Values{"reason": {" "}})
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	require.NotContains(t, refused.Body, codes[0])
	shown := admin.post(at+"/reveal", url.Values{"reason": {"the strip is damaged"}})
	require.Equal(t, http.StatusOK, shown.Status)
	require.Equal(t, "no-store", shown.Header.Get("Cache-Control"))
	require.Equal(t, codes[0], shown.text("#revealed"))
	again := admin.get(at)
	require.NotContains(t, again.Body, codes[0])
	require.Contains(t, again.text(".history"), "Code revealed: the strip is damaged")
	require.NotContains(t, s.Log.String(), codes[0])
}

func TestManyCardsAreChanged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	series, _ := s.series(130)
	s.redeem(series, 7, s.newCustomer("anna.north", s.North))
	admin := s.as(db.StaffRoleAdministrator)
	at := adminpages.SeriesURL(series.Number)
	require.Equal(t, 50, admin.get(at).doc().Find("input[name=serial]").Length())
	require.Equal(t, 100, admin.get(at+"?size=100").doc().Find("input[name=serial]").Length())
	s.as(db.StaffRoleCashier).get(at).none("#bulk")

	wrong := admin.post(at+"/changes/check", url.Values{"which": {"range"}, "first": {"5"}, "last": {"500"}, "operation": {"extend"}})
	require.Equal(t, http.StatusUnprocessableEntity, wrong.Status)
	require.Equal(t, "change_last", wrong.fault("last"))
	require.Contains(t, wrong.text("#f-last-error"), "from 5 to 130.")
	require.Equal(t, "change_till", wrong.fault("valid_till"), "all mistakes are said at once")
	require.Equal(t, "5", wrong.one("#f-first").AttrOr("value", ""))
	require.Equal(t, http.StatusUnprocessableEntity, admin.post(at+"/changes/check", url.Values{"which": {"ticked"}, "operation": {"void"}}).Status)

	check := admin.post(at+"/changes/check", url.Values{"which": {"range"}, "first": {"5"}, "last": {"104"}, "operation": {"void"}})
	require.Equal(t, http.StatusOK, check.Status)
	require.Contains(t, check.text("main"), "Void 99 cards worth USD 990.00")
	require.Contains(t, check.text(".stay"), "1 used card stays.")
	form := url.Values{}
	check.doc().Find("main form input[type=hidden]").Each(func(_ int, one *goquery.Selection) {
		form.Add(one.AttrOr("name", ""), one.AttrOr("value", ""))
	})
	ordered := admin.post(at+"/changes", form)
	require.Equal(t, http.StatusSeeOther, ordered.Status)
	to := ordered.Header.Get("Location")
	require.Equal(t, to, admin.post(at+"/changes", form).Header.Get("Location"), "pressed twice is ordered once")
	require.Contains(t, admin.get(to).text("#change-live"), "Queued")
	admin.get(to).one(`form[action$="/cancel"]`)
	looks := s.as(db.StaffRoleCashier) // may look at cards, not change them
	require.Contains(t, looks.get(to).text("#change-live"), "Queued")
	looks.get(to).none(`form[action$="/cancel"]`)
	var id int64
	_, err := fmt.Sscanf(to[strings.LastIndex(to, "/")+1:], "%d", &id)
	require.NoError(t, err)
	_, err = s.Server.Pool.Exec(t.Context(), `update card_change set state = 'failed', failure = 'The disk is full.' where id = $1`, id)
	require.NoError(t, err)
	require.Contains(t, looks.get(to).text("#change-live [role=alert]"), "The disk is full.")
	looks.get(to).none("#retry")
	admin.get(to).one("#retry")
	require.Equal(t, to, admin.post(to+"/retry", nil).Header.Get("Location"))
	require.NoError(t, s.Server.admin.Cards.WorkChange(t.Context(), id, testClock, noJob))
	require.Contains(t, admin.htmx(to+"/live").text("#change-live .tiles"), "To breakageUSD 990.00")
	rows := strings.Split(strings.TrimSpace(admin.get(to+"/result.csv").Body), "\n")
	require.Len(t, rows, 101)
	require.Equal(t, series.Number+",7,used,used", rows[3])
	require.Equal(t, series.Number+",5,active,changed", rows[1])
	require.Contains(t, admin.get(adminpages.CardURL(series.Number, 50)).text(".history"), "Voided, with others")
	require.NotContains(t, admin.get(adminpages.CardURL(series.Number, 7)).text(".history"), "Voided")
	require.Contains(t, admin.get(at+"?status=void").text("#series-cards .pager"), "Serials 5 to 55")

	require.Equal(t, http.StatusNotFound, s.as(db.StaffRoleAdministrator, s.South).get(to).Status)
	none := admin.post(at+"/changes/check", url.Values{"which": {"ticked"}, "serial": {"7"}, "operation": {"disable"}})
	require.Contains(t, none.text("h1"), "Nothing to change")
}

func TestOneBoxFindsAll(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	series, codes := s.series(40, s.North)
	anna := s.newCustomer("anna.north", s.North)
	s.redeem(series, 7, anna)
	admin := s.as(db.StaffRoleAdministrator)
	find := func(b *browser, text string) *got { return b.find(text) }
	admin.get("/admin").one("#f-anything")

	require.Equal(t, adminpages.CardURL(series.Number, 3), find(admin, strings.ToLower(codes[2])).Header.Get("Location"))
	require.Equal(t, adminpages.CardURL(series.Number, 12), find(admin, series.Number+"-12").Header.Get("Location"))
	require.Contains(t, find(admin, "12").text("main table"), series.Number+"-12")
	require.Contains(t, find(admin, codes[4][len(codes[4])-4:]).text("main table"), series.Number+"-5")
	require.Contains(t, find(admin, series.Number).text(".found"), series.Number)
	byCustomer := find(admin, "anna")
	require.Contains(t, byCustomer.text(".found"), "Test anna.north")
	require.Contains(t, byCustomer.text("main table"), series.Number+"-7")

	typo := []byte(codes[2])
	typo[len(typo)-1] = map[bool]byte{true: 'A', false: 'B'}[typo[len(typo)-1] == 'B']
	wrong := find(admin, string(typo))
	require.Equal(t, http.StatusUnprocessableEntity, wrong.Status)
	require.Contains(t, wrong.text("main"), "one of its characters is not right")
	require.NotContains(t, wrong.Body, string(typo))
	unknown := find(admin, s.unknownCode())
	require.Equal(t, http.StatusUnprocessableEntity, unknown.Status)
	require.Contains(t, find(admin, "nobody at all").text("main"), "Nothing matches")

	south := s.as(db.StaffRoleAdministrator, s.South)
	require.Empty(t, find(south, series.Number+"-12").Header.Get("Location"))
	find(south, "12").none("main table")
	require.Equal(t, http.StatusUnprocessableEntity, find(south, codes[2]).Status)
	find(south, codes[4][len(codes[4])-4:]).none("main table")
	require.Contains(t, find(south, "anna").text("main"), "Nothing matches")
	require.NotContains(t, s.Log.String(), codes[2])
}

// A lost card is replaced on its page; both pages name the other card.
func TestCardReplace(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	series, _ := s.series(3)
	at := adminpages.CardURL(series.Number, 2)
	form := url.Values{"key": {admin.get(at).one("#replace input[name=key]").AttrOr("value", "")}, "reason": {" "}}
	refused := admin.post(at+"/replace", form)
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	require.NotEmpty(t, refused.text("dialog#replace[data-open] #f-reason-error"))
	form.Set("reason", "washed")
	location := admin.post(at+"/replace", form).Header.Get("Location")
	require.Equal(t, location, admin.post(at+"/replace", form).Header.Get("Location"), "a double click replaces once")
	number := strings.TrimPrefix(location, adminpages.SectionSeries+"/")
	var made int64
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select id from series where number = $1`, number).Scan(&made))
	require.NoError(t, s.Server.admin.Cards.Generate(t.Context(), made, testClock, noJob))
	page := admin.get(at)
	require.Equal(t, number+"-1", page.text(".facts a[href='"+adminpages.CardURL(number, 1)+"']"))
	require.Contains(t, page.text(".history"), "Replaced by the card of series "+number+": washed")
	page.none("#replace")
	require.Equal(t, series.Number+"-2", admin.get(adminpages.CardURL(number, 1)).text(".facts a[href='"+at+"']"))

	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleCashier, s.North).post(adminpages.CardURL(series.Number, 1)+"/replace", form).Status)
}
