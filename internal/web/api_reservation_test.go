package web

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	adminpages "refill/internal/web/admin"
	"refill/internal/web/portal"
)

// A card is reserved, seen, committed and released by the API.
func TestAPIReservation(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, codes := s.series(2)
	s.newCustomer("anna", s.North)
	carl := s.asCustomer("carl", s.North)
	p, other := s.program(nil), s.program([]db.Partner{s.North})
	body := func(code string) string {
		return fmt.Sprintf(`{"code":%q,"customer":{"username":"anna"},"reference":"r1","ttl":60}`, code)
	}
	held := p.send("/reservations", "h1", body(codes[0]))
	require.Equal(t, http.StatusCreated, held.Status, held.Body)
	at := fmt.Sprint("/reservations/", held.json()["id"])
	require.Equal(t, "held", held.json()["state"])
	again := p.send("/reservations", "h1", body(codes[0]))
	require.Equal(t, http.StatusOK, again.Status, again.Body)
	require.JSONEq(t, held.Body, again.Body)
	card := fmt.Sprint("/cards/", held.json()["card"])
	require.Equal(t, held.json()["held_until"], p.call(http.MethodGet, card, "").json()["held_until"])
	p.send("/reservations", "h1", body(codes[1])).problem(t, http.StatusUnprocessableEntity, "idempotency_key_reused")
	require.Equal(t, http.StatusUnprocessableEntity, carl.redeems(codes[0]).Status)

	missing := other.call(http.MethodGet, "/reservations/2f0b9a54-8a0c-4d0e-9df5-0a6c4f5f6a77", "")
	missing.problem(t, http.StatusNotFound, "reservation_missing")
	require.Equal(t, missing.Body, other.call(http.MethodGet, at, "").Body)
	require.Equal(t, missing.Body, other.call(http.MethodPost, at+"/commit", "").Body)

	done := p.call(http.MethodPost, at+"/commit", "")
	require.Equal(t, http.StatusCreated, done.Status, done.Body)
	require.Equal(t, http.StatusOK, p.call(http.MethodPost, at+"/commit", "").Status)
	require.Equal(t, done.json()["id"], p.call(http.MethodGet, at, "").json()["redemption"])
	require.Equal(t, "committed", p.send("/reservations", "h1", body(codes[0])).json()["state"])
	p.call(http.MethodPost, at+"/release", "").problem(t, http.StatusConflict, "reservation_committed")
	require.Equal(t, int64(1000), s.balanceOf("anna"))
	require.Nil(t, p.call(http.MethodGet, card, "").json()["held_until"])

	held = p.send("/reservations", "h2", body(codes[1]))
	at = fmt.Sprint("/reservations/", held.json()["id"])
	require.Equal(t, "released", p.call(http.MethodPost, at+"/release", "").json()["state"])
	require.Equal(t, http.StatusOK, p.call(http.MethodPost, at+"/release", "").Status)
	p.call(http.MethodPost, at+"/commit", "").problem(t, http.StatusConflict, "reservation_released")
	require.Equal(t, http.StatusSeeOther, carl.redeems(codes[1]).Status)
	p.send("/reservations", "h3", `{"code":"x","customer":{"username":"anna"},"ttl":9}`).problem(t, http.StatusUnprocessableEntity, "reserve_ttl")

	s.relay()
	feed := p.call(http.MethodGet, "/events?types=reservation.*", "")
	for _, want := range []string{"held", "committed", "released"} {
		require.Contains(t, feed.Body, `"reservation.`+want+`"`)
	}
	require.Contains(t, feed.Body, fmt.Sprintf(`"client_id":"%d"`, p.ID))
	require.Len(t, other.call(http.MethodGet, "/events?types=reservation.*", "").json()["data"], 4)
	require.Empty(t, s.program([]db.Partner{s.South}).call(http.MethodGet, "/events?types=reservation.*", "").json()["data"])
}

// redeems sends the portal's form with a code.
func (b *browser) redeems(code string) *got {
	b.site.t.Helper()
	return b.post(portal.SectionRedeem, url.Values{"code": {code}, "key": {uuid.NewString()}})
}

// Staff see who holds a card, and release it with a reason.
func TestReservedCardPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	series, codes := s.series(2)
	s.newCustomer("anna", s.North)
	admin, cashier := s.as(db.StaffRoleAdministrator), s.as(db.StaffRoleCashier)
	p := s.program(nil)
	held := p.send("/reservations", "h1", fmt.Sprintf(`{"code":%q,"customer":{"username":"anna"}}`, codes[0]))
	require.Equal(t, http.StatusCreated, held.Status, held.Body)
	path := adminpages.CardURL(series.Number, 1)
	require.Contains(t, admin.get(adminpages.SeriesURL(series.Number)).text("#series-cards"), "Reserved")
	cards := adminpages.SeriesURL(series.Number)
	require.Equal(t, 1, admin.get(cards+"?status=reserved").doc().Find("#series-cards tbody tr").Length())
	require.Equal(t, 1, admin.get(cards+"?status=reserved&before=2").doc().Find("#series-cards tbody tr").Length())
	listed := p.call(http.MethodGet, "/series/"+series.Number+"/cards?status=reserved", "")
	require.Len(t, listed.json()["data"], 1)
	require.Contains(t, listed.Body, fmt.Sprintf(`"card":"%s-1"`, series.Number))
	page := admin.get(path)
	require.Contains(t, page.text(".facts"), "Reservedby ")
	require.Zero(t, page.doc().Find("form[action$='/redeem'], form[action$='/edit'], form[action$='/disable']").Length())
	require.Equal(t, http.StatusForbidden, cashier.post(path+"/release", url.Values{"reason": {"a test"}}).Status)
	refused := admin.post(path+"/release", url.Values{"reason": {""}})
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	require.Contains(t, refused.doc().Find("dialog").Text(), "Give a reason")
	require.Equal(t, http.StatusSeeOther, admin.post(path+"/release", url.Values{"reason": {"the till crashed"}}).Status)
	require.NotContains(t, admin.get(path).text(".facts"), "Reserved")
	require.NotContains(t, admin.get(cards).Body, "Reserved")
	require.Empty(t, p.call(http.MethodGet, "/series/"+series.Number+"/cards?status=reserved", "").json()["data"])
	p.call(http.MethodPost, fmt.Sprint("/reservations/", held.json()["id"], "/commit"), "").problem(t, http.StatusConflict, "reservation_released")
}
