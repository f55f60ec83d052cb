package web

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
)

// redeem uses up a card of a series.
func (s *site) redeem(series db.Series, serial int32, customerID int64) {
	s.t.Helper()
	_, err := s.Server.Cards.Redeem(s.t.Context(), audit.Actor{Scope: audit.Everything()}, card.Redemption{
		CustomerID: customerID, Card: card.Ref{SeriesID: series.ID, Serial: serial}, Key: uuid.New(),
	})
	require.NoError(s.t, err)
}

func TestCardsAreReachedBySerial(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	series, _ := s.series(130)
	url := seriesURL(series.Number)
	at := func(query string) *got { return admin.get(url + query) }

	page := at("?from=100")
	require.Contains(t, page.text("#series-cards .pager"), "Serials 100 to 130")
	page.none("#series-cards a[rel=next]")
	require.Contains(t, admin.get(page.one("#series-cards a[rel=prev]").AttrOr("href", "")).text("#series-cards .pager"), "Serials 50 to 99")
	require.Contains(t, at("?from=1,000,000").text("#series-cards .pager"), "Serials 130 to 130", "beyond the last is the last")
	for _, query := range []string{"?from=", "?from=x", "?from=-5", "?from=0", "?from=99999999999", "?after=-1", "?before=x", "?status=nonsense"} {
		page := at(query)
		require.Equal(t, http.StatusOK, page.Status, query)
		require.Contains(t, page.text("#series-cards .pager"), "Serials 1 to 50", query)
	}

	// With a filter, a page has neighbours only where there are such cards.
	anna := s.newCustomer("anna.north", s.North)
	s.redeem(series, 77, anna)
	used := at("?status=used")
	require.Contains(t, used.text("#series-cards .pager"), "Serials 77 to 77")
	used.none("#series-cards .pager-links a")
	require.Equal(t, "used", used.one("#series-cards .pager input[name=status]").AttrOr("value", ""))
	require.Equal(t, fmt.Sprintf("%s/%d", sectionCustomers, anna), used.one(".at-customer a").AttrOr("href", ""))
	used = at("?status=used&from=78")
	require.Contains(t, used.text("#series-cards .empty-state"), "No such cards")
}

func TestCardsOfferRedeeming(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	series, _ := s.series(2)
	s.redeem(series, 1, s.newCustomer("anna.north", s.North))
	url := seriesURL(series.Number)
	page := s.as(db.StaffRoleCashier).get(url)
	require.Equal(t, url+"/cards/2#redeem-title", page.one("#series-cards a.btn-small").AttrOr("href", ""))
	require.Equal(t, "Redeem card 2", page.one("#series-cards a.btn-small").AttrOr("aria-label", ""))
	admin := s.as(db.StaffRoleAdministrator)
	admin.post(url+"/lock", nil)
	admin.get(url).none("#series-cards a.btn-small")
	admin.get(url + "/cards/2").none("#redeem-title")
}

// Whom a username names exactly comes first, however many others begin with it.
func TestCustomersAreSuggested(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	series, _ := s.series(1)
	first := s.newCustomer("kim", s.North)
	for i := range 12 {
		s.newCustomer(fmt.Sprintf("kim%02d", i), s.North)
	}
	found := s.as(db.StaffRoleCashier).htmx(seriesURL(series.Number) + "/cards/1/customers?q=KIM")
	choices := found.doc().Find("[role=listbox] [role=option]")
	require.Equal(t, 8, choices.Length())
	require.Equal(t, fmt.Sprint(first), choices.First().AttrOr("data-value", ""))
	require.Contains(t, found.one("#customer-list").AttrOr("data-says", ""), "There are more")
}

func TestCardColumns(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	series, _ := s.series(130)
	at := seriesURL(series.Number)
	admin := s.as(db.StaffRoleAdministrator)
	heads := func() string { return admin.get(at).text("#series-cards thead") }
	require.Equal(t, "SerialStateCodeValid tillCustomerActions", heads())
	s.exec(`update card set remark = 'for the fair', partner_id = $1 where series_id = $2 and serial = 2`, s.South.ID, series.ID)
	require.Equal(t, "SerialStateCodeValid tillCustomerRemarkActions", heads(), "remarks are shown where there are any")

	chosen := admin.get(at + "?view=1&column=partner&column=state&column=nonsense&size=100&status=active")
	require.Equal(t, at+"?size=100&status=active#series-cards", chosen.Header.Get("Location"))
	require.Equal(t, "SerialStatePartnerActions", heads(), "they are remembered")
	require.Contains(t, admin.get(at).text("#series-cards tbody tr:nth-child(2)"), "South")
	require.Contains(t, admin.get(at).text("#series-cards tbody tr:nth-child(3)"), "Any")
	page := admin.get(at + "?size=100&status=active")
	require.Equal(t, "100", page.one("#f-size option[selected]").AttrOr("value", ""))
	require.Equal(t, "active", page.one("#table-view input[name=status]").AttrOr("value", ""))
	require.Equal(t, at+"#series-cards", admin.get(at+"?view=1&size=7&status=nonsense").Header.Get("Location"))
	require.Equal(t, "SerialActions", heads(), "none but what names the card")
	require.Equal(t, http.StatusNotFound, s.as(db.StaffRoleAdministrator, s.South).get(seriesURL("209901")+"?view=1").Status)
}
