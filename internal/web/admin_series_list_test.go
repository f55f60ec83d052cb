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
)

// numbers returns the series of a list, from top to bottom.
func (g *got) numbers() []string {
	g.t.Helper()
	return g.doc().Find("tbody .at-series a").Map(func(_ int, a *goquery.Selection) string { return a.Text() })
}

// ordered orders series without making their cards and returns their numbers,
// newest first.
func (s *site) ordered(n int) []string {
	s.t.Helper()
	actor := audit.Actor{StaffID: s.newStaff(fmt.Sprintf("maker-%d", s.people.Add(1)), db.StaffRoleAdministrator), Scope: audit.Everything()}
	form := order()
	numbers := make([]string, n)
	for i := range n {
		one, err := s.Server.Cards.Order(s.t.Context(), actor, card.OrderForm{
			Quantity: "10", Prefix: "Batch", Price: "5", Partners: []string{card.AnyPartner}, ValidTill: form.Get("valid_till"), Key: uuid.New(),
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
	perPage := seriesSizes()[0]
	numbers := s.ordered(2*perPage + 3)
	first := admin.get(sectionSeries + "?q=batch")
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
	require.Contains(t, admin.get(sectionSeries).text(".empty-state"), "No series yet")
	series, _ := s.series(3)
	one := []string{series.Number}
	for _, query := range []string{"?q=" + series.Number, "?q=" + series.Number[:4], "?q=tEs", "?status=active", ""} {
		require.Equal(t, one, admin.get(sectionSeries+query).numbers(), query)
	}
	for _, query := range []string{"?q=%25", "?q=_", "?q=nothing", "?status=void", "?status=expired", "?status=nonsense"} {
		got := admin.get(sectionSeries + query)
		require.Contains(t, got.text(".empty-state"), "No series matches", query)
		got.one(".empty-state a[href='" + sectionSeries + "']")
	}
	// What is shown as expired is found as expired, locked or not.
	admin.post(seriesURL(series.Number)+"/lock", nil)
	s.exec(`update series set valid_till = '2020-01-01'`)
	require.Equal(t, one, admin.get(sectionSeries+"?status=expired").numbers())
	require.Equal(t, "Expired", admin.get(sectionSeries+"?status=expired").text("tbody .state"))
	admin.get(sectionSeries + "?status=locked").one(".empty-state")
	admin.get(seriesURL(series.Number)).none("#activate")
}

// A row's menu offers what may be done, and leads to the question that says what
// will follow.
func TestSeriesMenu(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	series, _ := s.series(3)
	menu := func(b *browser) []string {
		return b.get(sectionSeries).doc().Find("#menu-" + series.Number + " a").Map(func(_ int, a *goquery.Selection) string {
			return a.Text() + " " + strings.TrimPrefix(a.AttrOr("href", ""), seriesURL(series.Number))
		})
	}
	admin := s.as(db.StaffRoleAdministrator)
	require.Equal(t, []string{"View ", "Edit /edit", "Export #series-exports", "Lock… #lock", "Delete… #delete"}, menu(admin))
	require.Equal(t, []string{"View "}, menu(s.as(db.StaffRoleCashier)))
	page := admin.get(seriesURL(series.Number))
	page.one("dialog#lock form")
	page.one("dialog#delete form")
	require.Contains(t, page.one("meta[name=htmx-config]").AttrOr("content", ""), `"morphSkip": "dialog[open]"`,
		"a question stays open while the page beneath it moves")
}

// While cards are made the page fetches its news: head, progress and all.
func TestSeriesNews(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	number := s.ordered(1)[0]
	page := admin.get(seriesURL(number))
	require.Equal(t, "Cancel", page.text("#series-live button[data-opens=cancel]"))
	page.none("#series-head button")
	require.Contains(t, page.text("dialog#cancel"), "Stop making 10 cards worth USD 50.00.")
	require.Contains(t, admin.get(sectionSeries).one("#series-rows").AttrOr("hx-trigger", ""), "series from:body")

	news := admin.htmx(seriesURL(number) + "/live")
	require.Equal(t, "Queued", news.text("hx-partial[hx-target='#series-head'] .state"))
	require.Equal(t, http.StatusSeeOther, admin.post(seriesURL(number)+"/cancel", nil).Status)
	news = admin.htmx(seriesURL(number) + "/live")
	require.Equal(t, "Cancelled", news.text("hx-partial[hx-target='#series-head'] .state"))
	_, live := news.one("#series-live").Attr("hx-trigger")
	require.False(t, live, "nothing moves any more")
	require.Equal(t, "None made", admin.get(sectionSeries).text(".at-cards"))
}
