package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/check"
	"refill/internal/db"
	"refill/internal/web/kit"
	"refill/internal/web/splynx"
)

// splynxCall is how the walks use a call: its body, and what its address names.
type splynxCall struct {
	body  func(h apiHolding) string
	named func(h apiHolding, s *site) string // the value of the parameter in the address
	query string
	ok    int // status of the answer to the owner; 0: 200
}

// splynxCalls returns every call by method and path. A route that is missing here fails the
// walks.
func splynxCalls() map[string]splynxCall {
	card := func(h apiHolding, s *site) string {
		return fmt.Sprint(s.count(`select coalesce((select id from series where number = $1), 799999)`, h.series)*10_000_000 + 2)
	}
	customer := func(h apiHolding, _ *site) string { return fmt.Sprint(h.customer) }
	series := func(h apiHolding, _ *site) string { return h.series }
	fixed := func(text string) func(apiHolding) string { return func(apiHolding) string { return text } }
	return map[string]splynxCall{
		"GET /admin/api/check": {},
		"PUT /admin/finance/refill-cards/0": {query: "?redeem=true", ok: http.StatusAccepted, body: func(h apiHolding) string {
			return fmt.Sprintf(`{"code":%q,"customer_id":"%d"}`, h.fresh, h.customer)
		}},
		"GET /admin/finance/refill-cards":                  {ok: http.StatusMethodNotAllowed},
		"POST /admin/finance/refill-cards":                 {ok: http.StatusMethodNotAllowed, body: fixed(`{"code":"x"}`)},
		"OPTIONS /admin/finance/refill-cards":              {},
		"PUT /admin/finance/refill-cards/:id":              {ok: http.StatusAccepted, named: card, body: fixed(`{"valid_till":"2027-06-01","price":"10"}`)},
		"DELETE /admin/finance/refill-cards/:id":           {ok: http.StatusNoContent, named: card},
		"GET /admin/finance/refill-cards-series":           {},
		"OPTIONS /admin/finance/refill-cards-series":       {},
		"GET /admin/finance/refill-cards-series/:serie":    {named: series},
		"PUT /admin/finance/refill-cards-series/:serie":    {ok: http.StatusAccepted, named: series, body: fixed(`{"prefix":"Other","price":"10.00","valid_till":"2027-06-01"}`)},
		"DELETE /admin/finance/refill-cards-series/:serie": {ok: http.StatusNoContent, named: series},
		"POST /admin/finance/refill-cards-series": {ok: http.StatusCreated, body: func(h apiHolding) string {
			return fmt.Sprintf(`{"prefix":"New","quantity":"2","price":"10","valid_till":"2027-06-01","partner_id":"%d"}`, h.partner)
		}},
		"GET /admin/customers/customer":             {},
		"OPTIONS /admin/customers/customer":         {},
		"GET /admin/customers/customer/:id":         {named: customer},
		"GET /admin/customers/customer-billing/:id": {named: customer},
		"GET /admin/finance/payments":               {},
		"OPTIONS /admin/finance/payments":           {},
		"POST /admin/finance/payments": {ok: http.StatusCreated, body: func(h apiHolding) string {
			return fmt.Sprintf(`{"customer_id":"%d","payment_type":"1","receipt_number":"r","date":"2026-06-01","amount":"1.00","comment":"cash"}`, h.customer)
		}},
	}
}

// splynxRoutes calls f with every call that admits by the Authorization header.
func (s *site) splynxRoutes(f func(r route, path string, call splynxCall)) {
	s.t.Helper()
	known := splynxCalls()
	for _, r := range s.Server.routes {
		if r.who.door != kit.DoorSplynx || r.who.anyCaller { // TestSplynxTokens walks through these
			continue
		}
		path := strings.TrimPrefix(r.path, splynx.Base)
		call, listed := known[r.method+" "+path]
		require.True(s.t, listed, "%s %s is not in splynxCalls", r.method, path)
		delete(known, r.method+" "+path)
		f(r, path, call)
	}
	require.Empty(s.t, known, "these are no routes")
}

// fill returns the address and the body of a call for a holding.
func (call splynxCall) fill(s *site, path string, h apiHolding) (address, body string) {
	address = strings.TrimPrefix(path, "/") + call.query
	if call.named != nil {
		at := strings.LastIndex(address, "/:")
		address = address[:at+1] + call.named(h, s)
	}
	if call.body != nil {
		body = call.body(h)
	}
	return address, body
}

// What belongs to another partner is answered exactly like what is not there, in addresses,
// bodies and filters, and nothing changes. The owner succeeds with the same calls. Without the
// permission, without credentials and without the module every call is refused.
func TestSplynxForeignIsMissing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.distinct()
	s.printShop()
	own := s.partner("Mine")
	a := s.addon([]db.Partner{own})
	mine, theirs, gone := s.holdsAPI(own, a.program), s.holdsAPI(s.partner("Theirs"), a.program), absentAPI()
	gone.fresh = s.unknownCode()
	before := s.state()
	s.splynxRoutes(func(r route, path string, call splynxCall) {
		if call.named == nil && call.body == nil {
			return
		}
		foreign, foreignBody := call.fill(s, path, theirs)
		missing, missingBody := call.fill(s, path, gone)
		if foreign == missing && foreignBody == missingBody {
			return
		}
		there, nowhere := a.ask(r.method, foreign, foreignBody), a.ask(r.method, missing, missingBody)
		require.GreaterOrEqual(t, there.Status, http.StatusBadRequest, "%s %s: %s", r.method, path, there.Body)
		there.sameForClients(nowhere, r.method+" "+path)
	})
	for name, f := range map[string]func(h apiHolding) *got{
		"a card of theirs for a customer of mine": func(h apiHolding) *got {
			s.exec(`delete from guess`)
			return a.ask(http.MethodPut, redeemCall, fmt.Sprintf(`{"code":%q,"customer_id":%d}`, h.fresh, mine.customer))
		},
		"a series is given away": func(h apiHolding) *got {
			return a.ask(http.MethodPut, "admin/finance/refill-cards-series/"+mine.series, fmt.Sprintf(`{"partner_id":%d}`, h.partner))
		},
		"customers of a partner": func(h apiHolding) *got {
			return a.ask(http.MethodGet, fmt.Sprintf("admin/customers/customer?main_attributes%%5Bpartner_id%%5D=%d", h.partner), "")
		},
		"a customer by id": func(h apiHolding) *got {
			return a.ask(http.MethodGet, fmt.Sprintf("admin/customers/customer?main_attributes%%5Bid%%5D=%d", h.customer), "")
		},
		"payments of a customer": func(h apiHolding) *got {
			return a.ask(http.MethodGet, fmt.Sprintf("admin/finance/payments?main_attributes%%5Bcustomer_id%%5D=%d", h.customer), "")
		},
	} {
		there, nowhere := f(theirs), f(gone)
		there.sameForClients(nowhere, name)
		require.NotContains(t, there.Body, `"id"`, name)
	}
	require.Equal(t, before, s.state(), "nothing was changed")

	s.splynxRoutes(func(r route, path string, call splynxCall) {
		holding := s.holdsAPI(own, a.program)
		address, body := call.fill(s, path, holding)
		without := s.browser().do(r.method, splynx.Base+"/"+address, body)
		require.Equal(t, http.StatusUnauthorized, without.Status, path)
		want := call.ok
		if want == 0 {
			want = http.StatusOK
		}
		got := a.ask(r.method, address, body)
		require.Equal(t, want, got.Status, "%s %s: %s", r.method, path, got.Body)
	})

	s.exec(`update staff set role_id = (select id from role where key = 'operator') where id = $1`, a.Owner)
	s.exec(`update role set permissions = '{}' where key = 'operator'`)
	s.splynxRoutes(func(r route, path string, call splynxCall) {
		if r.who.permission == "" {
			return
		}
		address, body := call.fill(s, path, mine)
		a.ask(r.method, address, body).failed(t, http.StatusForbidden, "FORBIDDEN")
	})
}

// Hostile values in every field, address and query are refused in the shape of Splynx, repeat
// nothing, and change nothing.
func TestSplynxFromHell(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.printShop()
	a := s.addon(nil)
	s.exec(`update api_client set per_minute = 100000, wrong_codes_hour = 100000`)
	h := s.holdsAPI(s.North, a.program)
	values := hellJSON()
	hostile := []string{"-1", "0", "9223372036854775808", "1e3", "..", "%2e%2e%2f", "%00", "%ff", "%F0%9F%92%A5", strings.Repeat("9", 3000), "%27%3B--", "%0d%0aX%3A1", "{{.}}"}
	s.splynxRoutes(func(r route, path string, call splynxCall) {
		address, body := call.fill(s, path, h)
		for _, value := range hostile {
			at := address
			if call.named != nil {
				at = address[:strings.LastIndex(address, "/")+1] + value
			}
			got := a.ask(r.method, at+"?limit="+value+"&main_attributes%5Bid%5D="+value+"&main_attributes%5Blogin%5D%5B"+value+"%5D=x", body)
			require.Less(t, got.Status, http.StatusInternalServerError, "%s %s: %s", r.method, at, got.Body)
		}
		if r.method == http.MethodGet || r.method == http.MethodOptions || call.body == nil {
			return
		}
		for _, name := range []string{"code", "customer_id", "quantity", "prefix", "price", "valid_till", "partner_id", "payment_type", "receipt_number", "date", "amount", "comment"} {
			if !strings.Contains(body, `"`+name+`"`) {
				continue
			}
			for value, text := range values {
				broken := strings.TrimSuffix(body, "}") + `,"` + name + `":` + text + "}"
				before := s.print()
				got := a.ask(r.method, address, broken)
				require.Less(t, got.Status, http.StatusInternalServerError, "%s %s %s is %s: %s", r.method, path, name, value, got.Body)
				if got.Status >= http.StatusBadRequest {
					require.NotContains(t, got.Body, marked)
					require.Contains(t, got.Body, `"internal_code"`)
					require.Equal(t, before, s.print(), "%s %s: refused, and yet something changed", path, name)
				}
			}
		}
	})
	for _, text := range []string{values["null"], values["an object"], values["bad UTF-8"], values["a NUL"], values["a huge text"], `"` + marked + `"`} { // and the sign-in
		got := a.do(http.MethodPost, splynx.Tokens, `{"auth_type":"customer","login":`+text+`,"password":`+text+`}`, "Content-Type", "application/json")
		require.Less(t, got.Status, http.StatusInternalServerError, got.Body)
		got = a.do(http.MethodPost, splynx.Tokens, `{"auth_type":"api_key","key":`+text+`,"nonce":`+text+`,"signature":`+text+`}`, "Content-Type", "application/json")
		require.Less(t, got.Status, http.StatusInternalServerError, got.Body)
		require.NotContains(t, got.Body, marked)
	}
	require.NotContains(t, s.Log.String(), `"msg":"panic"`)
	require.NotContains(t, s.Log.String(), marked)
	broken, err := check.Run(t.Context(), s.Pool, nil)
	require.NoError(t, err)
	require.Empty(t, broken)
}
