package web

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/money"
	adminpages "refill/internal/web/admin"
)

// The tabs of the statistics keep the period and the partner, and each report has a title
// of its own.
func TestReportTabsKeepTheFilter(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.series(3, s.North)
	admin := s.as(db.StaffRoleAdministrator)
	titles := map[string]bool{}
	page := admin.get(fmt.Sprintf("%s?period=custom&from=2026-01-05&to=2026-02-06&partner=%d", adminpages.SectionStatistics, s.North.ID))
	for i := range page.doc().Find(".report-words a").Length() {
		page = admin.get(page.doc().Find(".report-words a").Eq(i).AttrOr("href", ""))
		require.Contains(t, page.text(".head-note"), "5 Jan 2026 to 6 Feb 2026")
		require.Equal(t, fmt.Sprint(s.North.ID), page.one("#f-partner option[selected]").AttrOr("value", ""))
		titles[page.text("title")] = true
		require.True(t, strings.HasPrefix(page.text("title"), page.text("h1")))
	}
	require.Len(t, titles, 5)
}

// The statistics count cards that were made, not cards that were ordered.
func TestReportCountsCardsThatWereMade(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.series(4)
	actor := audit.ByStaff(s.newStaff("orderer", db.StaffRoleAdministrator), audit.Everything())
	ordered, err := s.Server.admin.Cards.Order(t.Context(), actor, card.OrderRequest{
		Quantity: 750_000, Price: money.Amount{Minor: 1000, Currency: "USD"}, Partners: card.Partners{Any: true},
		ValidTill: testClock().AddDate(1, 0, 0), Key: uuid.New(),
	})
	require.NoError(t, err)
	require.NoError(t, s.Server.admin.Cards.Cancel(t.Context(), actor, ordered.ID))
	series, _ := fetchTable(s.as(db.StaffRoleAdministrator), adminpages.SectionStatistics+"?format=csv&period=all")
	require.Equal(t, "0", series[ordered.Number]["Amount"])
	require.Equal(t, "4", series["Total"]["Amount"])
}

// A state of cards has the same colour in the statistics, on the page of a series and in a
// list.
func TestStatesHaveOneColour(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	history(t, s)
	admin := s.as(db.StaffRoleAdministrator)
	tones := map[string]string{}
	note := func(word, class string) {
		word = strings.TrimSpace(strings.TrimLeft(word, "0123456789, "))
		tone := class[strings.LastIndex(class, "-")+1:]
		if before, seen := tones[word]; seen {
			require.Equal(t, before, tone, word)
		}
		tones[word] = tone
	}
	paths := []string{adminpages.SectionStatistics + "?period=all", adminpages.SectionSeries}
	list := admin.get(adminpages.SectionSeries).doc().Find(".series-table tbody .at-series a")
	for i := range list.Length() {
		paths = append(paths, list.Eq(i).AttrOr("href", ""))
	}
	for _, path := range paths {
		doc := admin.get(path).doc()
		for _, selector := range []string{".bar-word", "table .state"} {
			found := doc.Find(selector)
			for i := range found.Length() {
				note(found.Eq(i).Text(), found.Eq(i).AttrOr("class", ""))
			}
		}
	}
	for word, tone := range map[string]string{"Active": "good", "Used": "idle", "Expired": "warn", "Locked": "warn", "Void": "bad"} {
		require.Equal(t, tone, tones[word], word)
	}
}
