package web

import (
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/client"
	"refill/internal/db"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/staff/peopletest"
	adminpages "refill/internal/web/admin"
)

// clientEntries are the entries of the form of a client.
func clientEntries(permissions ...staff.Permission) url.Values {
	v := url.Values{"name": {"Acme billing"}, "all_partners": {"on"}, "networks": {""}, "per_minute": {"600"}, "wrong_codes_hour": {"300"}}
	for _, p := range permissions {
		v.Set(adminpages.PermissionField(p), "on")
	}
	return v
}

// with returns a copy of entries with some changed, as pairs.
func with(v url.Values, pairs ...string) url.Values {
	all := maps.Clone(v)
	for pair := range slices.Chunk(pairs, 2) {
		all.Set(pair[0], pair[1])
	}
	return all
}

// newClient creates a client by its form and returns its address.
func (b *browser) newClient(v url.Values) string {
	b.site.t.Helper()
	made := b.post(adminpages.SectionClients, with(v, "owner", fmt.Sprint(b.ID)))
	require.Equal(b.site.t, http.StatusSeeOther, made.Status, made.Body)
	return made.Header.Get("Location")
}

// A person makes a client and a key, which is shown once and works, and revokes it.
func TestAdminClient(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.as(db.StaffRoleAdministrator)
	require.Contains(t, admin.get(adminpages.SectionSettings).text("main"), "Integrations")
	require.Contains(t, admin.get(adminpages.SectionIntegrations).text("main"), "No API clients yet")

	bad := admin.post(adminpages.SectionClients, with(clientEntries(), "name", "", "networks", "192.0.2.0/24\nelsewhere\n::ffff:10.0.0.0/104", "per_minute", "many", "owner", fmt.Sprint(admin.ID)))
	require.Equal(t, http.StatusUnprocessableEntity, bad.Status)
	require.Equal(t, "client_network", bad.fault("networks"))
	require.Contains(t, bad.text("main"), "Line 2 of the networks")
	require.Contains(t, bad.text("main"), "Line 3 of the networks")
	require.Contains(t, bad.one("#f-networks").Text(), "elsewhere", "nothing that was typed is lost")

	at := admin.newClient(with(clientEntries(staff.RedeemFor), "networks", "127.0.0.1\n::1"))
	page := admin.get(at)
	require.Contains(t, page.text("main"), "It has no key yet")
	page.none("#open-networks")

	entries := url.Values{"newest": {"0"}, "overlap": {"0"}}
	shown := admin.post(at+"/keys", entries)
	require.Equal(t, http.StatusOK, shown.Status, shown.text("main"))
	require.Equal(t, "no-store", shown.Header.Get("Cache-Control"))
	key := shown.one("#api-key .mono").Text()
	require.Regexp(t, "^"+client.KeyPattern+"$", key)
	require.Equal(t, key, shown.one("[data-copies]").AttrOr("data-copies", ""))
	p := &program{browser: s.browser(), Key: key}
	require.Equal(t, http.StatusOK, p.call(http.MethodGet, "/me", "").Status)
	page = admin.get(at)
	require.NotContains(t, page.Body, key)
	require.Contains(t, page.Body, key[:11]+"…")
	require.Contains(t, page.text("#keys-title + .table-wrap"), "127.0.0.1", "the address of the last use")

	// The form sent again makes no second key, and ends none.
	again := admin.post(at+"/keys", entries)
	require.Equal(t, http.StatusConflict, again.Status)
	require.Equal(t, http.StatusOK, p.call(http.MethodGet, "/me", "").Status)

	form := page.filled("#key-form")
	require.Equal(t, "24", form.Get("overlap"))
	for _, other := range []string{"", "1h", "-1", "12"} {
		require.Equal(t, http.StatusUnprocessableEntity, admin.post(at+"/keys", with(form, "overlap", other)).Status, other)
		require.Equal(t, http.StatusOK, p.call(http.MethodGet, "/me", "").Status, "the key goes on working")
	}
	second := admin.post(at+"/keys", form)
	require.Equal(t, http.StatusOK, second.Status)
	require.Equal(t, http.StatusOK, p.call(http.MethodGet, "/me", "").Status, "both work during the overlap")
	revoke := admin.get(at).doc().Find("form[action$='/revoke']").Last().AttrOr("action", "")
	require.Equal(t, http.StatusSeeOther, admin.post(revoke, nil).Status)
	p.call(http.MethodGet, "/me", "").problem(t, http.StatusUnauthorized, "key_ended")

	require.Equal(t, http.StatusSeeOther, admin.post(at+"/disable", nil).Status)
	p.Key = second.one("#api-key .mono").Text()
	p.call(http.MethodGet, "/me", "").problem(t, http.StatusUnauthorized, "client_disabled")
	require.Contains(t, admin.get(adminpages.SectionIntegrations).text("main"), "Disabled")
	require.Equal(t, http.StatusSeeOther, admin.post(at+"/enable", nil).Status)
	require.Equal(t, http.StatusOK, p.call(http.MethodGet, "/me", "").Status)

	// Without networks a client that redeems is pointed out.
	page = admin.get(at + "/edit")
	require.Equal(t, "127.0.0.1\n::1", page.one("#f-networks").Text())
	edit := page.filled("#client-form")
	require.Equal(t, http.StatusSeeOther, admin.post(at+"/edit", with(edit, "networks", "")).Status)
	admin.get(at).one("#open-networks")
	stale := admin.post(at+"/edit", edit)
	require.Equal(t, http.StatusConflict, stale.Status)
	require.Contains(t, stale.text("main"), "Another person has changed")
}

// Staff of some partners see and change clients of their partners only, and of no more than
// their role includes.
func TestAdminClientWithinRights(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	north, south := s.as(db.StaffRoleAdministrator, s.North), s.as(db.StaffRoleAdministrator, s.South)
	entries := with(clientEntries(staff.RedeemFor), adminpages.PartnerField(s.North.ID), "on")
	all := north.post(adminpages.SectionClients, with(entries, "owner", fmt.Sprint(north.ID)))
	require.Equal(t, http.StatusUnprocessableEntity, all.Status)
	require.Contains(t, all.text("main"), "Choose among the partners that you see")
	entries.Del("all_partners")
	at := north.newClient(entries)
	require.Contains(t, north.get(adminpages.SectionIntegrations).text("main"), "Acme billing")
	require.NotContains(t, south.get(adminpages.SectionIntegrations).text("main"), "Acme billing")
	require.Equal(t, http.StatusNotFound, south.get(at).Status)
	require.Equal(t, http.StatusNotFound, south.post(at+"/keys", url.Values{"newest": {"0"}, "overlap": {"0"}}).Status)

	s.exec(`update role set permissions = permissions || '{api.manage}' where key = 'operator'`)
	s.exec(`update api_client set all_partners = true`)
	operator := s.as(db.StaffRoleOperator)
	page := operator.get(at)
	require.Contains(t, page.text("main"), "may do more than your role includes")
	page.none("#key-form")
	page.none(".head-actions a")
	require.Equal(t, http.StatusSeeOther, operator.get(at+"/edit").Status)
	require.Equal(t, http.StatusSeeOther, operator.post(at+"/disable", nil).Status)
	require.Equal(t, 0, s.count(`select count(*) from api_client where disabled_at is not null`))
	require.Equal(t, http.StatusForbidden, s.as(db.StaffRoleCashier).get(adminpages.SectionIntegrations).Status)
}

// The key of a client that gives out codes takes the password and a second person, and is
// shown to the person who asked, once.
func TestAdminClientCashKey(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	above := int64(100_00)
	s.change(func(v *setting.Settings) { v.ApproveAbove = &above })
	ada, bea := s.as(db.StaffRoleAdministrator), s.as(db.StaffRoleAdministrator)
	at := ada.newClient(clientEntries(staff.SeriesExport))
	page := ada.get(at)
	page.one("#open-networks")
	form := page.filled("#key-form")
	wrong := ada.post(at+"/keys", with(form, "password", "wrong"))
	require.Equal(t, http.StatusUnprocessableEntity, wrong.Status)
	require.NotEmpty(t, wrong.fault("password"))
	form.Set("password", peopletest.Password)
	require.Equal(t, http.StatusSeeOther, ada.post(at+"/keys", form).Status)
	page = ada.get(at)
	require.Contains(t, page.text("main"), "Waiting for approval by somebody else")
	require.Equal(t, 0, s.count(`select count(*) from api_key`))

	list := bea.get(adminpages.SectionApprovals)
	require.Contains(t, list.text("main"), "Make a key that gives out codes of cards of API client Acme billing")
	approve := list.one(".approval-form").AttrOr("action", "")
	require.Equal(t, http.StatusSeeOther, bea.post(approve, url.Values{"reason": {"agreed on the telephone"}}).Status)
	require.Equal(t, 0, s.count(`select count(*) from api_key`))
	bea.get(at).none("#key-form .notice-good")
	page = ada.get(at)
	require.Contains(t, page.text("#key-form"), "Approved")
	form = with(page.filled("#key-form"), "password", peopletest.Password)
	shown := ada.post(at+"/keys", form)
	require.Equal(t, http.StatusOK, shown.Status, shown.text("main"))
	key := shown.one("#api-key .mono").Text()
	_, err := client.Admit(t.Context(), s.Pool, key, netip.Addr{})
	require.NoError(t, err)

	// An edit that gives more codes asks for the password on a second look, and waits.
	edit := ada.get(at + "/edit").filled("#client-form")
	edit.Set(adminpages.PermissionField(staff.CardsReveal), "on")
	asks := ada.post(at+"/edit", edit)
	require.Equal(t, http.StatusUnprocessableEntity, asks.Status)
	asks.one("#f-password")
	require.Equal(t, http.StatusSeeOther, ada.post(at+"/edit", with(edit, "password", peopletest.Password)).Status)
	require.NotContains(t, ada.get(at).text("#rights-title + dl"), "ee the code")
	approve = bea.get(adminpages.SectionApprovals).one(".approval-form").AttrOr("action", "")
	require.Equal(t, http.StatusSeeOther, bea.post(approve, url.Values{"reason": {"agreed on the telephone"}}).Status)
	require.Contains(t, ada.get(at).text("#rights-title + dl"), "ee the code")
}

// The page of a client lists its requests, newest first, without what they sent, and only the
// refused ones where asked.
func TestAdminClientRequests(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.program(nil, staff.RedeemFor)
	admin := s.as(db.StaffRoleAdministrator)
	at := adminpages.ClientURL(p.ID)
	require.Contains(t, admin.get(at).text("#requests"), "No requests yet")
	s.exec(`insert into api_request (client_id, key_id, at, operation, status, code, request_id, took_ms)
		select $1, 1, now() - n * interval '1 minute', 'GET /api/v1/me', 200, '', 'r-' || n, n from generate_series(60, 1, -1) n`, p.ID)
	s.exec(`insert into api_request (client_id, key_id, at, operation, status, code, request_id, took_ms) values ($1, 1, now(), 'POST /api/v1/redemptions', 422, 'card_refused', 'r-last', 7)`, p.ID)
	page := admin.get(at)
	first := page.doc().Find("#requests tbody tr").First().Text()
	require.Contains(t, first, "card_refused")
	require.Contains(t, first, "r-last")
	require.Equal(t, 50, page.doc().Find("#requests tbody tr").Length())
	next := admin.get(page.one("#requests a[rel=next]").AttrOr("href", ""))
	require.Equal(t, 11, next.doc().Find("#requests tbody tr").Length())
	refused := admin.get(at + "?refused=1")
	require.Equal(t, 1, refused.doc().Find("#requests tbody tr").Length())
	require.Contains(t, admin.get(adminpages.ClientURL(s.program(nil).ID)+"?refused=1").text("#requests"), "None was refused")
}

// Pages and files name the client that acted, with its owner; the customer sees no more than
// before.
func TestClientIsNamedEverywhere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	made, codes := s.series(1)
	anna := s.asCustomer("anna", s.North)
	p := s.program(nil)
	s.exec(`update api_client set name = 'Acme billing' where id = $1`, p.ID)
	require.Equal(t, http.StatusCreated, p.redeem("1", codes[0], "anna").Status)
	var owner string
	require.NoError(t, s.Pool.QueryRow(t.Context(), `select name from staff where id = $1`, p.Owner).Scan(&owner))
	who := "Acme billing (API), owner " + owner
	s.exec(`update series set client_id = $1, key_maker = $2, created_by = $2`, p.ID, p.Owner)
	admin := s.as(db.StaffRoleAdministrator)
	payments := fmt.Sprintf("%s/%d/billing/payments", adminpages.SectionCustomers, anna.ID)
	payment := s.count(`select max(id) from payment`)
	for _, at := range []string{
		payments, payments + "?format=csv", fmt.Sprintf("%s/%d", payments, payment), adminpages.SectionAudit, adminpages.SectionAudit + "?format=csv",
		adminpages.SectionSeries + "?format=csv", adminpages.SeriesURL(made.Number) + "/cards/1",
	} {
		require.Contains(t, admin.get(at).Body, who, at)
	}
	for _, at := range []string{"/portal/finance/payments", fmt.Sprintf("/portal/finance/payments/%d", payment), "/portal/finance/payments?format=csv"} {
		require.NotContains(t, anna.get(at).Body, "Acme", at)
	}
}
