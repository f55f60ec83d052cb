package web

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	adminpages "refill/internal/web/admin"
)

// redeem redeems a card of a series.
func (s *site) redeem(series db.Series, serial int32, customerID int64) {
	s.t.Helper()
	_, err := s.Server.admin.Cards.Redeem(s.t.Context(), audit.System(), card.Redemption{
		CustomerID: customerID, Card: card.Ref{SeriesID: series.ID, Serial: serial}, Key: uuid.New(),
	})
	require.NoError(s.t, err)
}

func TestCardsAreReachedBySerial(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	series, _ := s.series(130)
	url := adminpages.SeriesURL(series.Number)
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

	// With a filter, previous and next only lead to cards that match it.
	anna := s.newCustomer("anna.north", s.North)
	s.redeem(series, 77, anna)
	used := at("?status=used")
	require.Contains(t, used.text("#series-cards .pager"), "Serials 77 to 77")
	used.none("#series-cards .pager-links a")
	require.Equal(t, "used", used.one("#series-cards .pager input[name=status]").AttrOr("value", ""))
	require.Equal(t, fmt.Sprintf("%s/%d", adminpages.SectionCustomers, anna), used.one(".at-customer a").AttrOr("href", ""))
	used = at("?status=used&from=78")
	require.Contains(t, used.text("#series-cards .empty-state"), "No such cards")
}

func TestCardsOfferRedeeming(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	series, _ := s.series(2)
	s.redeem(series, 1, s.newCustomer("anna.north", s.North))
	url := adminpages.SeriesURL(series.Number)
	page := s.as(db.StaffRoleCashier).get(url)
	require.Equal(t, url+"/cards/2#redeem-title", page.one("#series-cards a.btn-small").AttrOr("href", ""))
	require.Equal(t, "Redeem card 2", page.one("#series-cards a.btn-small").AttrOr("aria-label", ""))
	admin := s.as(db.StaffRoleAdministrator)
	admin.post(url+"/lock", nil)
	admin.get(url).none("#series-cards a.btn-small")
	admin.get(url + "/cards/2").none("#redeem-title")
}

// A customer whose username matches exactly comes first, however many others begin with the
// same letters.
func TestCustomersAreSuggested(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	series, _ := s.series(1)
	first := s.newCustomer("kim", s.North)
	for i := range 12 {
		s.newCustomer(fmt.Sprintf("kim%02d", i), s.North)
	}
	found := s.as(db.StaffRoleCashier).htmx(adminpages.SeriesURL(series.Number) + "/cards/1/customers?q=KIM")
	choices := found.doc().Find("[role=listbox] [role=option]")
	require.Equal(t, 8, choices.Length())
	require.Equal(t, fmt.Sprint(first), choices.First().AttrOr("data-value", ""))
	require.Contains(t, found.one("#customer-list").AttrOr("data-says", ""), "There are more")

	// This also holds if more customers match than are sorted.
	s.exec(`insert into customer (partner_id, username, name) select $1, 'long-' || n, 'A long list' from generate_series(1, 1200) n`, s.North.ID)
	last := s.newCustomer("long", s.North)
	found = s.as(db.StaffRoleCashier).htmx(adminpages.SeriesURL(series.Number) + "/cards/1/customers?q=long")
	require.Equal(t, fmt.Sprint(last), found.doc().Find("[role=option]").First().AttrOr("data-value", ""))
}

func TestCardColumns(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	series, _ := s.series(130)
	at := adminpages.SeriesURL(series.Number)
	admin := s.as(db.StaffRoleAdministrator)
	heads := func() string { return admin.get(at).text("#series-cards thead") }
	require.Equal(t, "ChosenSerialStateCodeValid tillCustomerActions", heads())
	s.exec(`update card set remark = 'for the fair', partner_id = $1 where series_id = $2 and serial = 2`, s.South.ID, series.ID)
	require.Equal(t, "ChosenSerialStateCodeValid tillCustomerRemarkActions", heads(), "remarks are shown where there are any")

	chosen := admin.get(at + "?view=1&column=partner&column=state&column=nonsense&size=100&status=active")
	require.Equal(t, at+"?size=100&status=active#series-cards", chosen.Header.Get("Location"))
	require.Equal(t, "ChosenSerialStatePartnerActions", heads(), "they are remembered")
	require.Contains(t, admin.get(at).text("#series-cards tbody tr:nth-child(2)"), "South")
	require.Contains(t, admin.get(at).text("#series-cards tbody tr:nth-child(3)"), "Any")
	page := admin.get(at + "?size=100&status=active")
	require.Equal(t, "100", page.one("#f-size option[selected]").AttrOr("value", ""))
	require.Equal(t, "active", page.one("#table-view input[name=status]").AttrOr("value", ""))
	require.Equal(t, at+"#series-cards", admin.get(at+"?view=1&size=7&status=nonsense").Header.Get("Location"))
	require.Equal(t, "ChosenSerialActions", heads(), "none but what names the card")
	require.Equal(t, http.StatusNotFound, s.as(db.StaffRoleAdministrator, s.South).get(adminpages.SeriesURL("209901")+"?view=1").Status)
}

// A filter by state lists exactly the cards that are shown with this state.
func TestCardsAreFilteredAsTheyAreShown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	series, _ := s.series(60)
	s.redeem(series, 7, s.newCustomer("anna.north", s.North))
	s.exec(`update card set state = 'disabled' where serial in (3, 30)`)
	s.exec(`update card set state = 'void' where serial in (4, 40)`)
	s.exec(`update card set valid_till = current_date - 3 where serial in (3, 5, 55)`)
	s.exec(`update card set valid_till = current_date + 30 where serial in (4, 6, 56)`)
	admin := s.as(db.StaffRoleAdministrator)
	shown := func(status, query string) []string {
		var serials []string
		admin.get(adminpages.SeriesURL(series.Number) + "?status=" + status + query).doc().Find("#series-cards tbody .at-serial").Each(func(_ int, one *goquery.Selection) {
			serials = append(serials, one.Text())
		})
		return serials
	}
	seen := 0
	for _, state := range []db.SeriesState{db.SeriesStateReady, db.SeriesStateActive, db.SeriesStateLocked, db.SeriesStateVoid} {
		for _, till := range []int{-1, 1} {
			s.exec(`update series set state = $1, valid_till = current_date + $2::integer`, state, till)
			for _, status := range []string{"active", "inactive", "locked", "expired", "used", "disabled", "void"} {
				var want, back []string
				rows, err := s.Server.Pool.Query(t.Context(), `select c.serial::text from card c join series s on s.id = c.series_id
					where card_shown(c.state, s.state, now() >= card_expires_at(coalesce(c.valid_till, s.valid_till), s.time_zone)) = $1 order by c.serial`, status)
				require.NoError(t, err)
				want, err = pgx.CollectRows(rows, pgx.RowTo[string])
				require.NoError(t, err)
				require.Equal(t, append([]string(nil), want[:min(50, len(want))]...), shown(status, ""), "%s of a series that is %s", status, state)
				for _, serial := range want {
					if n, _ := strconv.Atoi(serial); n < 41 {
						back = append(back, serial)
					}
				}
				require.Equal(t, back, shown(status, "&before=41"), "%s of a series that is %s, backwards", status, state)
				seen += len(want)
			}
		}
	}
	require.Equal(t, 4*2*60, seen, "each card is shown as something")
}
