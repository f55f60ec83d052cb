package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/money"
	adminpages "refill/internal/web/admin"
)

// numbers returns the numbers of the listed series, from top to bottom.
func (g *got) numbers() []string {
	g.t.Helper()
	return g.doc().Find("tbody .at-series a").Map(func(_ int, a *goquery.Selection) string { return a.Text() })
}

// ordered orders series without making their cards. It returns their numbers, newest first.
func (s *site) ordered(n int) []string {
	s.t.Helper()
	actor := audit.ByStaff(s.newStaff(fmt.Sprintf("maker-%d", s.people.Add(1)), db.StaffRoleAdministrator), audit.Everything())
	numbers := make([]string, n)
	for i := range n {
		one, err := s.Server.admin.Cards.Order(s.t.Context(), actor, card.OrderRequest{
			Quantity: 10, Prefix: "Batch", Price: money.Amount{Minor: 500, Currency: "USD"}, Partners: card.Partners{Any: true}, ValidTill: testClock().AddDate(1, 0, 0), Key: uuid.New(),
		})
		require.NoError(s.t, err)
		numbers[n-1-i] = one.Number
	}
	return numbers
}

func TestSeriesListPagesBothWays(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	perPage := adminpages.SeriesSizes()[0]
	numbers := s.ordered(2*perPage + 3)
	first := admin.get(adminpages.SectionSeries + "?q=batch")
	require.Equal(t, numbers[:perPage], first.numbers())
	first.none("a[rel=prev]")
	second := admin.get(first.one("a[rel=next]").AttrOr("href", ""))
	require.Equal(t, numbers[perPage:2*perPage], second.numbers())
	third := admin.get(second.one("a[rel=next]").AttrOr("href", ""))
	require.Equal(t, numbers[2*perPage:], third.numbers())
	third.none("a[rel=next]")
	back := admin.get(third.one("a[rel=prev]").AttrOr("href", ""))
	require.Equal(t, second.numbers(), back.numbers())
	back = admin.get(back.one("a[rel=prev]").AttrOr("href", ""))
	require.Equal(t, first.numbers(), back.numbers())
	back.none("a[rel=prev]")
	require.Contains(t, back.one("a[rel=next]").AttrOr("href", ""), "q=batch", "the search is kept")
}

func TestSeriesListNarrows(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	require.Contains(t, admin.get(adminpages.SectionSeries).text(".empty-state"), "No series yet")
	series, _ := s.series(3)
	one := []string{series.Number}
	for _, query := range []string{"?q=" + series.Number, "?q=" + series.Number[:4], "?q=tEs", "?status=active", ""} {
		require.Equal(t, one, admin.get(adminpages.SectionSeries+query).numbers(), query)
	}
	for _, query := range []string{"?q=%25", "?q=_", "?q=nothing", "?status=void", "?status=expired", "?status=nonsense"} {
		got := admin.get(adminpages.SectionSeries + query)
		require.Contains(t, got.text(".empty-state"), "No series matches", query)
		got.one(".empty-state a[href='" + adminpages.SectionSeries + "']")
	}
	// The filter for expired finds every series that is shown as expired, locked or not.
	admin.post(adminpages.SeriesURL(series.Number)+"/lock", nil)
	s.exec(`update series set valid_till = '2020-01-01'`)
	require.Equal(t, one, admin.get(adminpages.SectionSeries+"?status=expired").numbers())
	require.Equal(t, "Expired", admin.get(adminpages.SectionSeries+"?status=expired").text("tbody .state"))
	admin.get(adminpages.SectionSeries + "?status=locked").one(".empty-state")
	admin.get(adminpages.SeriesURL(series.Number)).none("#activate")
}

// The menu of a row offers the permitted actions, and leads to a confirmation that names
// the consequences.
func TestSeriesMenu(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	series, _ := s.series(3)
	menu := func(b *browser) []string {
		return b.get(adminpages.SectionSeries).doc().Find("#menu-" + series.Number + " a").Map(func(_ int, a *goquery.Selection) string {
			return a.Text() + " " + strings.TrimPrefix(a.AttrOr("href", ""), adminpages.SeriesURL(series.Number))
		})
	}
	admin := s.as(db.StaffRoleAdministrator)
	require.Equal(t, []string{"View ", "Edit /edit", "Export #series-exports", "Lock… #lock", "Delete… #delete"}, menu(admin))
	require.Equal(t, []string{"View "}, menu(s.as(db.StaffRoleCashier)))
	page := admin.get(adminpages.SeriesURL(series.Number))
	page.one("dialog#lock form")
	page.one("dialog#delete form")
	require.Contains(t, page.one("meta[name=htmx-config]").AttrOr("content", ""), `"morphSkip": "dialog[open], [data-in-use]"`,
		"a question stays open while the page beneath it moves")
}

// While cards are made, the page refreshes its heading, progress and figures.
func TestSeriesNews(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	number := s.ordered(1)[0]
	page := admin.get(adminpages.SeriesURL(number))
	require.Equal(t, "Cancel", page.text("#series-live button[data-opens=cancel]"))
	page.none("#series-head button")
	require.Contains(t, page.text("dialog#cancel"), "Stop making 10 cards worth USD 50.00.")
	require.Contains(t, admin.get(adminpages.SectionSeries).one("#series-rows").AttrOr("hx-trigger", ""), "series from:body")

	news := admin.htmx(adminpages.SeriesURL(number) + "/live")
	require.Equal(t, "Queued", news.text("hx-partial[hx-target='#series-head'] .state"))
	require.Equal(t, http.StatusSeeOther, admin.post(adminpages.SeriesURL(number)+"/cancel", nil).Status)
	news = admin.htmx(adminpages.SeriesURL(number) + "/live")
	require.Equal(t, "Cancelled", news.text("hx-partial[hx-target='#series-head'] .state"))
	_, live := news.one("#series-live").Attr("hx-trigger")
	require.False(t, live, "nothing moves any more")
	require.Equal(t, "None made", admin.get(adminpages.SectionSeries).text("td.at-cards"))
}
