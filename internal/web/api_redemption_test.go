package web

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/client"
	"refill/internal/db"
	"refill/internal/staff"
	"refill/internal/web/api"
)

// A redemption by the API moves money once, however often it is asked for with its key.
func TestAPIRedemption(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, codes := s.series(3)
	anna := s.newCustomer("anna", s.North)
	p := s.program(nil)
	body := fmt.Sprintf(`{"code":%q,"customer":{"username":"anna"},"reference":"inv-1"}`, codes[0])

	first := p.send("/redemptions", "t1", body)
	require.Equal(t, http.StatusCreated, first.Status, first.Body)
	done := first.json()
	require.Equal(t, fmt.Sprint(api.Base, "/redemptions/", done["id"]), first.Header.Get("Location"))
	require.Equal(t, map[string]any{"amount": "10.00", "currency": "USD"}, done["amount"])
	require.Equal(t, done["amount"], done["balance_after"])
	require.Equal(t, "inv-1", done["reference"])
	require.Equal(t, map[string]any{"id": fmt.Sprint(anna), "username": "anna"}, done["customer"])

	again := p.send("/redemptions", "t1", body)
	require.Equal(t, http.StatusOK, again.Status, again.Body)
	require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
	require.JSONEq(t, first.Body, again.Body)
	require.Equal(t, int64(1000), s.balanceOf("anna"))

	p.send("/redemptions", "t1", fmt.Sprintf(`{"code":%q,"customer":{"username":"anna"},"reference":"inv-1"}`, codes[1])).problem(t, http.StatusUnprocessableEntity, "idempotency_key_reused")
	p.send("/redemptions", "t1", fmt.Sprintf(`{"code":%q,"customer":{"username":"anna"},"reference":"inv-2"}`, codes[0])).problem(t, http.StatusUnprocessableEntity, "idempotency_key_reused")
	require.Equal(t, int64(1000), s.balanceOf("anna"))

	// The other movement of the balance is known as the client's, and its owner's.
	require.Equal(t, 1, s.count(`select count(*) from ledger_tx where client_id = $1 and staff_id = $2 and comment = 'inv-1'`, p.ID, p.Owner))
	require.Equal(t, 1, s.count(`select count(*) from audit where action = 'card.redeemed' and detail->'by'->>'id' = $1::text`, fmt.Sprint(p.ID)))

	// Fifty requests with keys of their own for one card: one redeems.
	var wait sync.WaitGroup
	status := make([]int, 50)
	body = fmt.Sprintf(`{"code":%q,"customer":{"username":"anna"}}`, codes[1])
	for i := range status {
		wait.Go(func() { status[i] = p.send("/redemptions", fmt.Sprint("race-", i), body).Status })
	}
	wait.Wait()
	made := 0
	for _, code := range status {
		if code == http.StatusCreated {
			made++
			continue
		}
		require.Contains(t, []int{http.StatusUnprocessableEntity, http.StatusTooManyRequests}, code)
	}
	require.Equal(t, 1, made)
	require.Equal(t, int64(2000), s.balanceOf("anna"))
}

// A client is told why a card is refused only with the permission for it.
func TestAPIRefusalTellsNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, codes := s.series(1)
	s.newCustomer("anna", s.North)
	s.newCustomer("berta", s.North)
	p := s.program(nil, staff.RedeemFor)
	redeem := func(key, code, who string) *got {
		return p.send("/redemptions", key, fmt.Sprintf(`{"code":%q,"customer":{"username":%q}}`, code, who))
	}
	require.Equal(t, http.StatusCreated, redeem("a", codes[0], "anna").Status)
	used := redeem("b", codes[0], "berta")
	used.problem(t, http.StatusUnprocessableEntity, "card_refused")
	require.NotContains(t, used.Body, codes[0])
	redeem("c", codes[0], "nobody").problem(t, http.StatusNotFound, "customer_unknown")
}

// Bad requests get a problem document, and nothing moves.
func TestAPIBadRequests(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, codes := s.series(1)
	s.newCustomer("anna", s.North)
	p := s.program(nil)
	good := fmt.Sprintf(`{"code":%q,"customer":{"username":"anna"}}`, codes[0])
	for name, c := range map[string]struct {
		body, code, pointer string
		status              int
		headers             []string
	}{
		"no idempotency key": {good, "idempotency_key_missing", "", http.StatusBadRequest, nil},
		"unknown field":      {`{"cod":"x"}`, "unknown_field", "/cod", http.StatusBadRequest, []string{"Idempotency-Key", "1"}},
		"another case":       {`{"Code":"x"}`, "unknown_field", "/Code", http.StatusBadRequest, []string{"Idempotency-Key", "1"}},
		"inner field":        {`{"customer":{"name":"x"}}`, "unknown_field", "/customer/name", http.StatusBadRequest, []string{"Idempotency-Key", "1"}},
		"a number":           {`{"code":12}`, "wrong_type", "/code", http.StatusBadRequest, []string{"Idempotency-Key", "1"}},
		"twice":              {`{"code":"a","code":"b"}`, "field_twice_json", "/code", http.StatusBadRequest, []string{"Idempotency-Key", "1"}},
		"no JSON":            {`code=1`, "not_json", "", http.StatusBadRequest, []string{"Idempotency-Key", "1"}},
		"two values":         {good + good, "not_json", "", http.StatusBadRequest, []string{"Idempotency-Key", "1"}},
		"a form":             {good, "media_type", "", http.StatusUnsupportedMediaType, []string{"Idempotency-Key", "1", "Content-Type", formType}},
		"a NUL":              {`{"code":"a\u0000b"}`, "malformed", "/code", http.StatusBadRequest, []string{"Idempotency-Key", "1"}},
		"code and card":      {`{"code":"a","card":"202601-1","customer":{"id":"1"}}`, "code_or_card", "/code", http.StatusUnprocessableEntity, []string{"Idempotency-Key", "1"}},
		"two names":          {`{"code":"a","customer":{"id":"1","username":"anna"}}`, "customer_ref", "/customer", http.StatusUnprocessableEntity, []string{"Idempotency-Key", "1"}},
		"no customer":        {`{"code":"a"}`, "customer_ref", "/customer", http.StatusUnprocessableEntity, []string{"Idempotency-Key", "1"}},
		"too large":          {`{"code":"` + string(make([]byte, 70_000)) + `"}`, "body_too_large", "", http.StatusRequestEntityTooLarge, []string{"Idempotency-Key", "1"}},
	} {
		got := p.call(http.MethodPost, "/redemptions", c.body, c.headers...)
		v := got.problem(t, c.status, c.code)
		if c.pointer != "" {
			list, ok := v["errors"].([]any)
			require.True(t, ok, name+got.Body)
			one, _ := list[0].(map[string]any)
			require.Equal(t, c.pointer, one["pointer"], name)
		}
	}
	require.Zero(t, s.balanceOf("anna"))

	p.call(http.MethodGet, "/nothing", "").problem(t, http.StatusNotFound, "not_found")
	p.call(http.MethodDelete, "/redemptions", "").problem(t, http.StatusMethodNotAllowed, "method_not_allowed")
	p.do(http.MethodGet, api.Base+"/me", "").problem(t, http.StatusUnauthorized, "key_missing")
	p.do(http.MethodGet, api.Base+"/me", "", "Authorization", "Bearer refill_x").problem(t, http.StatusUnauthorized, "key_unknown")
	s.program(nil, staff.CardsView).send("/redemptions", "1", good).problem(t, http.StatusForbidden, "permission_missing")

	// A key in the address is dead from then on.
	require.Equal(t, http.StatusOK, p.call(http.MethodGet, "/me", "").Status)
	p.do(http.MethodGet, api.Base+"/me?access_token="+p.Key, "").problem(t, http.StatusBadRequest, "key_in_address")
	p.call(http.MethodGet, "/me", "").problem(t, http.StatusUnauthorized, "key_ended")
	for _, path := range []string{"/me?bearer=%s", "/me?access_token=x&k=%s", "/customers/%s", "/redemptions/a%%20%s"} {
		exposed := s.program(nil)
		exposed.call(http.MethodGet, fmt.Sprintf(path, exposed.Key), "").problem(t, http.StatusBadRequest, "key_in_address")
		exposed.call(http.MethodGet, "/me", "").problem(t, http.StatusUnauthorized, "key_ended")
	}
}

// Past the limit of requests a client waits until the next minute, and no other client does.
func TestAPIQuota(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p, other := s.program(nil), s.program(nil)
	s.exec(`update api_client set per_minute = 2 where id = $1`, p.ID)
	var limited *got
	for range 6 { // a minute may end meanwhile
		if limited = p.call(http.MethodGet, "/me", ""); limited.Status == http.StatusTooManyRequests {
			break
		}
	}
	limited.problem(t, http.StatusTooManyRequests, "quota_exceeded")
	require.NotEmpty(t, limited.Header.Get("Retry-After"))
	require.Contains(t, limited.Header.Get("RateLimit"), `"client";r=0;t=`)
	require.Equal(t, http.StatusOK, other.call(http.MethodGet, "/me", "").Status)
	require.Len(t, other.call(http.MethodGet, "/me", "").json()["permissions"], len(client.Scopes()))
}

// Redemptions are listed page by page, shown and reversed; those of other partners are not
// there.
func TestAPIRedemptionsRead(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, codes := s.series(3)
	s.newCustomer("anna", s.North)
	p, south := s.program(nil), s.program([]db.Partner{s.South})
	for i, code := range codes {
		got := p.send("/redemptions", fmt.Sprint(i), fmt.Sprintf(`{"code":%q,"customer":{"username":"anna"},"reference":"r%d"}`, code, i))
		require.Equal(t, http.StatusCreated, got.Status, got.Body)
	}
	first := p.call(http.MethodGet, "/redemptions?limit=2", "")
	require.Equal(t, []string{"r2", "r1"}, first.references(t))
	require.Contains(t, first.Header.Get("Link"), `rel="next"`)
	second := p.call(http.MethodGet, fmt.Sprintf("/redemptions?limit=2&after=%v", first.json()["next"]), "")
	require.Equal(t, []string{"r0"}, second.references(t))
	require.Nil(t, second.json()["next"])
	require.Equal(t, []string{"r1"}, p.call(http.MethodGet, "/redemptions?reference=r1", "").references(t))
	require.Empty(t, south.call(http.MethodGet, "/redemptions", "").references(t))
	p.call(http.MethodGet, "/redemptions?limit=0", "").problem(t, http.StatusBadRequest, "bad_query")
	p.call(http.MethodGet, "/redemptions?customer_reference=r1", "").problem(t, http.StatusBadRequest, "bad_query")

	list, _ := second.json()["data"].([]any)
	one, _ := list[0].(map[string]any)
	path := fmt.Sprint("/redemptions/", one["id"])
	foreign, missing := south.call(http.MethodGet, path, ""), south.call(http.MethodGet, "/redemptions/999999", "")
	foreign.problem(t, http.StatusNotFound, "payment_unknown")
	require.Equal(t, missing.Body, foreign.Body)

	undo := p.send(path+"/reversal", "u1", `{"reason":"a mistake"}`)
	require.Equal(t, http.StatusCreated, undo.Status, undo.Body)
	require.Equal(t, http.StatusOK, p.send(path+"/reversal", "u1", `{"reason":"a mistake"}`).Status)
	p.send(path+"/reversal", "u2", `{"reason":"a mistake"}`).problem(t, http.StatusConflict, "payment_reversed")
	require.Equal(t, undo.json()["id"], p.call(http.MethodGet, path, "").json()["reversed_by"])
	require.Equal(t, int64(2000), s.balanceOf("anna"))
}

// references returns the references of a page of redemptions.
func (g *got) references(t *testing.T) (list []string) {
	t.Helper()
	require.Equal(t, http.StatusOK, g.Status, g.Body)
	data, _ := g.json()["data"].([]any)
	for _, one := range data {
		row, _ := one.(map[string]any)
		list = append(list, fmt.Sprint(row["reference"]))
	}
	return list
}

// A look tells what a code would add, and moves nothing.
func TestAPILook(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, codes := s.series(1)
	s.newCustomer("anna", s.North)
	p := s.program(nil, staff.RedeemFor)
	got := p.call(http.MethodPost, "/cards/look", fmt.Sprintf(`{"code":%q,"customer":{"username":"anna"}}`, codes[0]))
	require.Equal(t, http.StatusOK, got.Status, got.Body)
	require.Equal(t, map[string]any{"amount": "10.00", "currency": "USD"}, got.json()["amount"])
	require.Zero(t, s.balanceOf("anna"))
	p.call(http.MethodPost, "/cards/look", fmt.Sprintf(`{"code":%q,"customer":{"username":"anna"}}`, s.unknownCode())).problem(t, http.StatusUnprocessableEntity, "card_refused")
}
