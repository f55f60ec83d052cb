package web

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/client"
	"refill/internal/db"
	"refill/internal/staff"
	"refill/internal/web/splynx"
)

const checkCall = splynx.Base + "/admin/api/check"

// Without the right credentials every call is 401: none, another scheme, a wrong secret, a
// wrong signature, a used or smaller nonce, a key of the API, and a pair that has ended.
func TestSplynxCredentials(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.addon(nil)
	with := func(header string) *got { return a.do(http.MethodGet, checkCall, "", "Authorization", header) }
	require.JSONEq(t, `{"status":"ok","message":"API is valid","same_server":false}`, with(a.basic()).Body)
	first := a.signed()
	require.Equal(t, http.StatusOK, with(first).Status)
	with(first).failed(t, http.StatusUnauthorized, "UNAUTHORIZED") // used
	signature := func(key, nonce, signature string) string {
		return "Splynx-EA (key=" + key + "&nonce=" + nonce + "&signature=" + signature + ")"
	}
	for name, header := range map[string]string{ //nolint:gosec // none of them is good
		"a smaller nonce":   signature(a.Pair.Key, "50", a.sign("50")),
		"a wrong signature": signature(a.Pair.Key, "500", a.sign("501")),
		"no number":         signature(a.Pair.Key, "x", a.sign("x")),
		"a huge nonce":      signature(a.Pair.Key, "9223372036854775808", a.sign("9223372036854775808")),
		"an unknown key":    signature("00000000000000000000000000000000", "600", a.sign("600")),
		"a wrong secret":    basicOf(a.Pair.Key, "refill_x"),
		"another pair":      basicOf(a.Pair.Key, s.addon(nil).Pair.Secret),
		"a key of the API":  basicOf(a.Pair.Key, a.Key),
		"a token":           "Splynx-EA (access_token=abc)",
	} {
		got := with(header)
		require.Equal(t, http.StatusUnauthorized, got.Status, name)
		got.failed(t, http.StatusUnauthorized, "UNAUTHORIZED")
		require.NotEmpty(t, got.Header.Get("WWW-Authenticate"))
	}
	for _, header := range []string{"", "Bearer " + a.Key, "Bearer " + a.Pair.Secret, "Splynx-EA key", "Splynx-EA (%zz)", "Splynx-EA (key=a)"} {
		with(header).failed(t, http.StatusUnauthorized, "MISSED_AUTHORIZATION_HEADER")
	}
	require.Equal(t, http.StatusOK, with(a.signed()).Status, "what was wrong used up no nonce")

	// The secret is no key of the API either.
	a.do(http.MethodGet, "/api/v1/me", "", "Authorization", "Bearer "+a.Pair.Secret).problem(t, http.StatusUnauthorized, "key_unknown")
	// In an address it ends the pair.
	a.do(http.MethodGet, checkCall+"?secret="+a.Pair.Secret, "").failed(t, http.StatusBadRequest, "BAD_REQUEST")
	with(a.basic()).failed(t, http.StatusUnauthorized, "UNAUTHORIZED")
	with(a.signed()).failed(t, http.StatusUnauthorized, "UNAUTHORIZED")
	require.Zero(t, s.count(`select count(*) from api_key where splynx_secret is not null and client_id = $1`, a.ID), "the secret is forgotten")
}

func basicOf(key, secret string) string {
	return (&addon{Pair: client.Pair{Key: key, Secret: secret}}).basic()
}

// A pair works only while the client has the switch; without it no secret is kept. Networks,
// the owner and disabling count as for keys, and a pair never has what gives out codes.
func TestSplynxFollowsTheClient(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.addon(nil)
	require.Equal(t, http.StatusOK, a.ask(http.MethodGet, "admin/api/check", "").Status)
	got := a.do(http.MethodPost, splynx.Tokens, fmt.Sprintf(`{"auth_type":"api_key","key":%q,"nonce":900,"signature":%q}`, a.Pair.Key, a.sign("900")), "Content-Type", "application/json")
	require.Equal(t, http.StatusCreated, got.Status, got.Body)
	require.NotContains(t, got.Body, string(staff.SeriesExport))
	require.NotContains(t, got.Body, string(staff.CardsReveal))
	require.Contains(t, got.Body, string(staff.RedeemFor))

	s.exec(`update api_client set networks = '{192.0.2.0/24}' where id = $1`, a.ID)
	a.ask(http.MethodGet, "admin/api/check", "").failed(t, http.StatusForbidden, "FORBIDDEN")
	s.exec(`update api_client set networks = '{}', disabled_at = now() where id = $1`, a.ID)
	a.ask(http.MethodGet, "admin/api/check", "").failed(t, http.StatusUnauthorized, "UNAUTHORIZED")
	s.exec(`update api_client set disabled_at = null where id = $1`, a.ID)
	s.exec(`update staff set disabled_at = now() where id = $1`, a.Owner)
	a.ask(http.MethodGet, "admin/api/check", "").failed(t, http.StatusUnauthorized, "UNAUTHORIZED")
	s.exec(`update staff set disabled_at = null where id = $1`, a.Owner)

	// A switch that is off in the database alone is enough.
	s.exec(`update api_client set splynx = false where id = $1`, a.ID)
	a.ask(http.MethodGet, "admin/api/check", "").failed(t, http.StatusUnauthorized, "UNAUTHORIZED")
	s.exec(`update api_client set splynx = true where id = $1`, a.ID)
	require.Equal(t, http.StatusOK, a.ask(http.MethodGet, "admin/api/check", "").Status)

	row, err := db.New().ClientGet(t.Context(), s.Pool, db.ClientGetParams{ID: a.ID, AllPartners: true})
	require.NoError(t, err)
	form := client.Form{Name: row.Name, OwnerID: row.OwnerID, AllPartners: true, Permissions: row.Permissions, PerMinute: 600, WrongCodesHour: 300}
	require.NoError(t, client.Edit(t.Context(), s.Pool, audit.System(), a.ID, row.Version, form, staff.Proof{}))
	a.ask(http.MethodGet, "admin/api/check", "").failed(t, http.StatusUnauthorized, "UNAUTHORIZED")
	require.Zero(t, s.count(`select count(*) from api_key where splynx_secret is not null`))
	_, err = client.MakePair(t.Context(), s.Pool, s.Server.Cards.Codes, audit.System(), a.ID, client.KeyForm{})
	require.ErrorIs(t, err, client.ErrPairOff)
}

// token returns what an answer with a token says.
func (g *got) token(t *testing.T, status int) (access, refresh string) {
	t.Helper()
	require.Equal(t, status, g.Status, g.Body)
	v := g.json()
	access, _ = v["access_token"].(string)
	refresh, _ = v["refresh_token"].(string)
	return access, refresh
}

// A token of a pair works for 30 minutes, from the address and with the user agent that asked
// for it, is renewed and ended, and ends with its pair.
func TestSplynxTokens(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.addon(nil)
	ask := func(body string) *got {
		return a.do(http.MethodPost, splynx.Tokens, body, "Content-Type", "application/json", "User-Agent", "addon 1")
	}
	fresh := func(nonce string) *got {
		return ask(fmt.Sprintf(`{"auth_type":"api_key","key":%q,"nonce":%s,"signature":%q}`, a.Pair.Key, nonce, a.sign(nonce)))
	}
	first := fresh("1000")
	access, refresh := first.token(t, http.StatusCreated)
	require.InDelta(t, float64(s.count(`select extract(epoch from now() + interval '30 minutes')::int`)), first.json()["access_token_expiration"], 60.0)
	use := func(access, agent string) *got {
		return a.do(http.MethodGet, checkCall, "", "Authorization", "Splynx-EA (access_token="+access+")", "User-Agent", agent)
	}
	require.Equal(t, http.StatusOK, use(access, "addon 1").Status)
	use(access, "addon 2").failed(t, http.StatusUnauthorized, "USER_AGENT_CHANGED")
	use(refresh, "addon 1").failed(t, http.StatusUnauthorized, "UNAUTHORIZED")
	fresh("1000").failed(t, http.StatusUnauthorized, "UNAUTHORIZED") // the nonce is used
	ask(`{"auth_type":"admin","login":"admin","password":"x"}`).failed(t, http.StatusBadRequest, "INVALID_AUTH_TYPE")
	ask(`{"auth_type":"api_key"}`).failed(t, http.StatusUnauthorized, "UNAUTHORIZED")

	s.exec(`update splynx_token set address = '192.0.2.1'`)
	use(access, "addon 1").failed(t, http.StatusUnauthorized, "IP_CHANGED")
	s.exec(`update splynx_token set address = '127.0.0.1', expires_at = now()`)
	use(access, "addon 1").failed(t, http.StatusUnauthorized, "EXPIRED_ACCESS_TOKEN")
	renewed, same := a.do(http.MethodGet, splynx.Tokens+"/"+refresh, "", "User-Agent", "addon 1").token(t, http.StatusOK)
	require.Equal(t, refresh, same)
	require.Equal(t, http.StatusOK, use(renewed, "addon 1").Status)
	use(access, "addon 1").failed(t, http.StatusUnauthorized, "UNAUTHORIZED")
	a.do(http.MethodGet, splynx.Tokens+"/nothing", "").failed(t, http.StatusNotFound, "NOT_FOUND")
	require.Equal(t, http.StatusMethodNotAllowed, a.do(http.MethodHead, splynx.Tokens+"/"+refresh, "", "User-Agent", "addon 1").Status, "it renews nothing")
	require.Equal(t, http.StatusOK, use(renewed, "addon 1").Status)
	ended := a.do(http.MethodDelete, splynx.Tokens+"/"+refresh, "", "User-Agent", "addon 1")
	require.Equal(t, http.StatusNoContent, ended.Status, ended.Body)
	use(renewed, "addon 1").failed(t, http.StatusUnauthorized, "UNAUTHORIZED")
	a.do(http.MethodGet, splynx.Tokens+"/"+refresh, "", "User-Agent", "addon 1").failed(t, http.StatusNotFound, "NOT_FOUND")

	access, refresh = fresh("1001").token(t, http.StatusCreated)
	key := s.count(`select id from api_key where splynx_key = $1`, a.Pair.Key)
	require.NoError(t, client.RevokeKey(t.Context(), s.Pool, audit.System(), a.ID, int64(key)))
	use(access, "addon 1").failed(t, http.StatusUnauthorized, "UNAUTHORIZED")
	a.do(http.MethodGet, splynx.Tokens+"/"+refresh, "", "User-Agent", "addon 1").failed(t, http.StatusUnauthorized, "UNAUTHORIZED")
	require.NoError(t, client.ResealPairs(t.Context(), s.Pool, s.Server.Cards.Codes))
	require.Zero(t, s.count(`select count(*) from splynx_token`), "housekeeping deletes it")
}

// A customer signs in with their password where a client with the switch sees their partner,
// under the limits of the portal, and then redeems and sees for themselves only.
func TestSplynxCustomers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, codes := s.series(3)
	carla, otto := s.newCustomer("carla", s.North), s.newCustomer("otto", s.South)
	b := s.browser()
	login := func(name, password string) *got {
		return b.do(http.MethodPost, splynx.Tokens, fmt.Sprintf(`{"auth_type":"customer","login":%q,"password":%q}`, name, password), "Content-Type", "application/json")
	}
	login("carla", testPassword).failed(t, http.StatusUnauthorized, "UNAUTHORIZED") // no client has the switch
	require.Zero(t, s.count(`select count(*) from audit where action like 'customer.sign%'`), "no password was tried")
	a := s.addon([]db.Partner{s.North})
	login("carla", "wrong").failed(t, http.StatusUnauthorized, "UNAUTHORIZED")
	login("otto", testPassword).failed(t, http.StatusUnauthorized, "UNAUTHORIZED") // of another partner
	access, refresh := login("carla", testPassword).token(t, http.StatusCreated)
	ask := func(method, path, body string) *got {
		return b.do(method, splynx.Base+"/"+path, body, "Authorization", "Splynx-EA (access_token="+access+")", "Content-Type", "application/json")
	}
	require.Equal(t, http.StatusAccepted, ask(http.MethodPut, redeemCall, fmt.Sprintf(`{"code":%q}`, codes[0])).Status)
	require.Equal(t, http.StatusAccepted, ask(http.MethodPut, redeemCall, fmt.Sprintf(`{"code":%q,"customer_id":"%d"}`, codes[0], carla)).Status)
	require.Equal(t, int64(1000), s.balanceOf("carla"))
	require.Equal(t, 1, s.count(`select count(*) from ledger_tx where kind = 'redeem' and client_id is null and staff_id is null`), "the customer in person")
	for _, id := range []int64{otto, 799_999} {
		ask(http.MethodPut, redeemCall, fmt.Sprintf(`{"code":%q,"customer_id":"%d"}`, codes[1], id)).failed(t, http.StatusForbidden, "NOT_ALLOWED_BY_USER_RESTRICTION")
		ask(http.MethodGet, fmt.Sprint("admin/customers/customer/", id), "").failed(t, http.StatusForbidden, "NOT_ALLOWED_BY_USER_RESTRICTION")
		ask(http.MethodGet, fmt.Sprint("admin/customers/customer-billing/", id), "").failed(t, http.StatusForbidden, "NOT_ALLOWED_BY_USER_RESTRICTION")
		ask(http.MethodGet, fmt.Sprintf("admin/finance/payments?main_attributes[customer_id]=%d", id), "").failed(t, http.StatusForbidden, "NOT_ALLOWED_BY_USER_RESTRICTION")
	}
	require.Equal(t, http.StatusOK, ask(http.MethodGet, fmt.Sprint("admin/customers/customer/", carla), "").Status)
	require.Equal(t, "10.0000", ask(http.MethodGet, fmt.Sprint("admin/customers/customer-billing/", carla), "").json()["deposit"])
	require.Len(t, ask(http.MethodGet, "admin/customers/customer", "").listed(t), 1)
	require.Len(t, ask(http.MethodGet, "admin/finance/payments", "").listed(t), 1)
	for _, path := range []string{"admin/finance/refill-cards-series", "admin/finance/refill-cards-series/202611", "admin/finance/refill-cards"} {
		ask(http.MethodGet, path, "").failed(t, http.StatusForbidden, "NOT_ALLOWED_BY_USER_RESTRICTION")
	}
	ask(http.MethodPost, "admin/finance/payments", `{}`).failed(t, http.StatusForbidden, "NOT_ALLOWED_BY_USER_RESTRICTION")

	// The switch of the portal holds, as does the end of all sessions and that of the switch.
	s.exec(`update partner set portal_refill_card = false where id = $1`, s.North.ID)
	refused := ask(http.MethodPut, redeemCall, fmt.Sprintf(`{"code":%q}`, codes[1]))
	require.GreaterOrEqual(t, refused.Status, http.StatusBadRequest)
	require.Equal(t, int64(1000), s.balanceOf("carla"))
	s.exec(`update partner set portal_refill_card = true where id = $1`, s.North.ID)
	s.exec(`update api_client set splynx = false where id = $1`, a.ID)
	ask(http.MethodGet, "admin/api/check", "").failed(t, http.StatusUnauthorized, "UNAUTHORIZED")
	s.exec(`update api_client set splynx = true where id = $1`, a.ID)
	require.Equal(t, http.StatusOK, ask(http.MethodGet, "admin/api/check", "").Status)
	_, err := db.New().CustomerShutOut(context.Background(), s.Pool, carla)
	require.NoError(t, err)
	ask(http.MethodGet, "admin/api/check", "").failed(t, http.StatusUnauthorized, "UNAUTHORIZED")
	b.do(http.MethodGet, splynx.Tokens+"/"+refresh, "").failed(t, http.StatusUnauthorized, "UNAUTHORIZED")
	access, refresh = login("carla", testPassword).token(t, http.StatusCreated)
	require.Equal(t, http.StatusNoContent, b.do(http.MethodDelete, splynx.Tokens+"/"+refresh, "").Status)
	ask(http.MethodGet, "admin/api/check", "").failed(t, http.StatusUnauthorized, "UNAUTHORIZED")
	limited := false
	for range 40 {
		if limited = login("carla", "wrong").Status == http.StatusTooManyRequests; limited {
			break
		}
	}
	require.True(t, limited, "passwords can't be tried for ever")
}
