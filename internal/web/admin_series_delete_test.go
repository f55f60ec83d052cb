package web

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/setting"
	"refill/internal/staff"
	adminpages "refill/internal/web/admin"
)

// The deletion of a series waits for a second person above the limit. The page says so first.
func TestDeletionWaitsInTheBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, other := s.as(db.StaffRoleAdministrator), s.as(db.StaffRoleAdministrator)
	made, _ := s.series(4) // of USD 10.00
	at := adminpages.SeriesURL(made.Number)
	require.NotContains(t, admin.get(at).text("#delete"), "more than one person may delete")
	limit := int64(30_00)
	s.change(func(v *setting.Settings) { v.ApproveAbove = &limit })

	page := admin.get(at)
	require.Contains(t, page.text("#delete"), "The cards are worth USD 40.00 together, more than one person may delete. Nothing is deleted until somebody else approves it")
	require.Contains(t, page.text("#delete"), "Ask for the deletion")
	form := url.Values{"number": {made.Number}, "reason": {"wrong price"}}
	require.Equal(t, at, admin.post(at+"/delete", form).Header.Get("Location"))
	page = admin.get(at)
	require.Contains(t, page.text("#notice .notice-idle"), "Nothing has changed yet: the series waits until another person approves it.")
	require.Contains(t, page.text("#series-live > .notice-warn"), "Delete 4 cards worth USD 40.00")
	page.none("#delete")
	require.Equal(t, at, other.post(at+"/delete", form).Header.Get("Location"))
	require.Contains(t, other.get(at).text("#notice .notice-warn"), "waits for a second person already")

	list := other.get(adminpages.SectionApprovals)
	require.Contains(t, list.text(".approvals"), "“wrong price”", "in the words of the person who asked")
	require.Equal(t, at, list.one(".approvals .approval-head a").AttrOr("href", ""))
	var id int64
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select id from approval where kind = 'deletion'`).Scan(&id))
	require.Equal(t, http.StatusSeeOther, other.post(fmt.Sprintf("%s/%d/approve", adminpages.SectionApprovals, id), url.Values{"reason": {"they were never sold"}}).Status)
	series, err := db.New().SeriesGet(t.Context(), s.Pool, made.ID)
	require.NoError(t, err)
	require.Equal(t, db.SeriesStateVoid, series.State)
	require.Contains(t, s.audits(), "series.voided")
}

// A person who may not decide sees and withdraws their own requests, and no other.
func TestOwnRequestsAreSeenAndWithdrawn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	clerk := s.permitted(staff.SeriesView, staff.SeriesVoid)
	mine, _ := s.series(4)
	theirs, _ := s.series(4)
	limit := int64(30_00)
	s.change(func(v *setting.Settings) { v.ApproveAbove = &limit })
	for who, made := range map[*browser]string{clerk: mine.Number, admin: theirs.Number} {
		require.Equal(t, http.StatusSeeOther, who.post(adminpages.SeriesURL(made)+"/delete", url.Values{"number": {made}, "reason": {"wrong price"}}).Status)
	}
	require.Contains(t, clerk.get("/admin").text("main"), "A request of yours waits for another person")
	page := clerk.get(adminpages.SectionApprovals)
	require.Equal(t, http.StatusOK, page.Status)
	require.Equal(t, "Your requests", page.text("h1"))
	require.Equal(t, 1, page.doc().Find(".approvals > li").Length())
	require.Contains(t, page.text(".approvals"), mine.Number)
	page.none("form[action$='/approve']")
	withdraw := page.one(".approvals form[action$='/withdraw']").AttrOr("action", "")
	require.Equal(t, adminpages.SectionApprovals, clerk.post(withdraw, nil).Header.Get("Location"))
	require.Contains(t, clerk.get(adminpages.SectionApprovals).text("table"), "Withdrawn")
	require.Equal(t, 2, admin.get(adminpages.SectionApprovals).doc().Find(".approvals > li, tbody tr").Length())
}

// A series that replaces a card names that card, on its page and in the list.
func TestReplacingSeriesNamesTheOldCard(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	old, _ := s.series(3)
	at := adminpages.CardURL(old.Number, 2)
	key := admin.get(at).one("#replace input[name=key]").AttrOr("value", "")
	location := admin.post(at+"/replace", url.Values{"key": {key}, "reason": {"lost"}}).Header.Get("Location")
	s.working()
	require.NotEmpty(t, location)
	link := admin.get(location).one("#series-head .head-note a")
	require.Equal(t, []string{old.Number + "-2", at}, []string{link.Text(), link.AttrOr("href", "")})
	require.Contains(t, admin.get(adminpages.SectionSeries).text("#row-"+path.Base(location)+" .at-series"), "replaces "+old.Number+"-2")
}
