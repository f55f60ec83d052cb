package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/web/api"
	"refill/internal/web/kit"
)

// apiHolding is a holding with what only the API names.
type apiHolding struct {
	holding

	redemption int64  // a payment by a card
	external   string // what another system calls the customer
	reserved   string // a reservation by the client
	fresh      string // the code of an unused card
}

// apiOperation is how the walks use a route of the API.
type apiOperation struct {
	body    func(h apiHolding) map[string]any // accepted for an own item; nil: the route takes none
	prepare func(s *site, h apiHolding)       // brings the item into the state that the operation needs
	status  int                               // of the answer to it; 0: 200
	match   bool                              // the route wants If-Match
	// names says that the address may name what is not there yet.
	names bool
	// unkeyed says that a POST takes no Idempotency-Key: it changes nothing, or its address
	// names what is done once.
	unkeyed bool
}

func amountOf(text string) map[string]any { return map[string]any{"amount": text, "currency": "USD"} }

// setState puts the series of a holding into a state.
func setState(state string) func(s *site, h apiHolding) {
	return func(s *site, h apiHolding) {
		s.exec(`update series set state = $2::text::series_state where number = $1`, h.series, state)
	}
}

// takesAll has the endpoint of a holding take events of every type, so that there are some to
// send again.
func takesAll(s *site, h apiHolding) {
	s.relay()
	s.exec(`update webhook_endpoint set types = '{*}' where id = $1`, h.webhook)
}

// apiOperations returns every route of the API, by method and path. A route that is missing
// here fails the walks.
func apiOperations() map[string]apiOperation {
	reason := func(apiHolding) map[string]any { return map[string]any{"reason": "as a test"} }
	day := testClock().AddDate(0, 6, 0).Format(time.DateOnly)
	id := func(n int64) string { return fmt.Sprint(n) }
	return map[string]apiOperation{
		"GET /me": {},
		"POST /redemptions": {status: http.StatusCreated, body: func(h apiHolding) map[string]any {
			return map[string]any{"code": h.fresh, "customer": map[string]any{"id": id(h.customer)}, "reference": "a reference"}
		}},
		"GET /redemptions":     {},
		"GET /redemptions/:id": {},
		"POST /redemptions/:id/acknowledgement": {
			status: http.StatusCreated, unkeyed: true,
			prepare: func(s *site, h apiHolding) { s.handOver(h.redemption) },
			body:    func(apiHolding) map[string]any { return map[string]any{"reference": "E-4711"} },
		},
		"POST /redemptions/:id/reversal": {status: http.StatusCreated, body: reason},
		"POST /reservations": {status: http.StatusCreated, body: func(h apiHolding) map[string]any {
			return map[string]any{"code": h.fresh, "customer": map[string]any{"id": id(h.customer)}, "reference": "a reference", "ttl": 60}
		}},
		"GET /reservations/:id":          {},
		"POST /reservations/:id/commit":  {unkeyed: true, status: http.StatusCreated},
		"POST /reservations/:id/release": {unkeyed: true},
		"POST /cards/look": {unkeyed: true, body: func(h apiHolding) map[string]any {
			return map[string]any{"code": h.fresh, "customer": map[string]any{"external_id": h.external, "partner_id": id(h.partner)}}
		}},

		"GET /customers": {},
		"POST /customers": {status: http.StatusCreated, body: func(h apiHolding) map[string]any {
			return map[string]any{"partner_id": id(h.partner), "external_id": uuid.NewString(), "username": uuid.NewString(), "name": "New Person", "email": "new@example.com", "phone": "123"}
		}},
		"GET /customers/:id": {},
		"PATCH /customers/:id": {match: true, body: func(h apiHolding) map[string]any {
			return map[string]any{"partner_id": id(h.partner), "external_id": uuid.NewString(), "username": uuid.NewString(), "name": "Renamed", "email": "r@example.com", "phone": "1", "status": "disabled"}
		}},
		"PUT /customers/by-external-id/:external": {names: true, body: func(h apiHolding) map[string]any {
			return map[string]any{"partner_id": id(h.partner), "external_id": h.external, "username": uuid.NewString(), "name": "Renamed", "email": "r@example.com", "phone": "1", "status": "active"}
		}},
		"GET /customers/:id/balance":  {},
		"GET /customers/:id/payments": {},
		"POST /customers/:id/payments": {status: http.StatusCreated, body: func(apiHolding) map[string]any {
			return map[string]any{"type": "cash", "amount": amountOf("1.00"), "comment": "cash", "sure": true}
		}},
		"GET /customers/:id/payments/:payment":           {},
		"POST /customers/:id/payments/:payment/reversal": {status: http.StatusCreated, body: reason},
		"POST /customers/:id/charges": {status: http.StatusCreated, body: func(apiHolding) map[string]any {
			return map[string]any{"amount": amountOf("1.00"), "text": "Internet", "reference": "i-1", "floor": amountOf("-5.00")}
		}},

		"GET /series": {},
		"POST /series": {status: http.StatusCreated, body: func(h apiHolding) map[string]any {
			return map[string]any{
				"quantity": 2, "prefix": "New", "price": amountOf("10.00"), "partner_ids": []any{id(h.partner)}, "any_partner": false,
				"valid_till": day, "activate": true, "print_once": false,
			}
		}},
		"GET /series/:number": {},
		"PATCH /series/:number": {match: true, body: func(h apiHolding) map[string]any {
			return map[string]any{"prefix": "Other", "price": amountOf("10.00"), "partner_ids": []any{id(h.partner)}, "any_partner": false, "valid_till": day, "print_once": false}
		}},
		"POST /series/:number/activate": {prepare: setState("locked")},
		"POST /series/:number/lock":     {},
		"POST /series/:number/void":     {body: reason},
		"POST /series/:number/cancel":   {prepare: setState("failed")},
		"POST /series/:number/retry":    {prepare: setState("failed")},
		"GET /series/:number/cards":     {},
		"POST /series/:number/operations": {status: http.StatusAccepted, body: func(apiHolding) map[string]any {
			return map[string]any{"operation": "disable", "first": 1, "last": 2, "status": "active", "valid_till": "", "partner_id": ""}
		}},
		"POST /series/:number/exports": {status: http.StatusAccepted, body: func(apiHolding) map[string]any {
			return map[string]any{
				"format": "csv", "recipient": "Press", "reason": "as a test", "first": 1, "last": 3, "states": []any{"active"}, "columns": []any{},
				"layout": "", "both_sides": false, "qr": "",
			}
		}},
		"GET /cards/:card": {},
		"PATCH /cards/:card": {body: func(h apiHolding) map[string]any {
			return map[string]any{"valid_till": day, "partner_id": id(h.partner), "remark": "a remark"}
		}},
		"POST /cards/:card/disable": {},
		"POST /cards/:card/enable":  {},
		"POST /cards/:card/void":    {},

		"GET /events":            {},
		"GET /webhook-endpoints": {},
		"POST /webhook-endpoints": {status: http.StatusCreated, body: func(h apiHolding) map[string]any {
			return map[string]any{
				"name": uuid.NewString(), "url": "http://127.0.0.1:9/", "types": []any{"redemption.*"}, "all_partners": false, "partner_ids": []any{id(h.partner)}, "in_order": true,
			}
		}},
		"GET /webhook-endpoints/:id": {},
		"PATCH /webhook-endpoints/:id": {match: true, body: func(h apiHolding) map[string]any {
			return map[string]any{
				"name": uuid.NewString(), "url": "http://127.0.0.1:9/x", "types": []any{"*"}, "all_partners": false, "partner_ids": []any{id(h.partner)}, "in_order": true, "enabled": false,
			}
		}},
		"POST /webhook-endpoints/:id/secret": {unkeyed: true},
		"POST /webhook-endpoints/:id/test":   {unkeyed: true, status: http.StatusAccepted},
		"POST /webhook-endpoints/:id/replay": {unkeyed: true, status: http.StatusAccepted, prepare: takesAll, body: func(apiHolding) map[string]any {
			return map[string]any{"since": "2026-01-01T00:00:00Z", "dry_run": false}
		}},
		"GET /webhook-endpoints/:id/deliveries": {},
		"GET /deliveries/:id/:seq":              {},
		"POST /deliveries/:id/:seq/retry":       {unkeyed: true, status: http.StatusAccepted},

		"GET /operations/:id":      {},
		"GET /exports/:id":         {},
		"GET /exports/:id/file":    {},
		"GET /approvals/:id":       {},
		"GET /reports/outstanding": {},
	}
}

// fillAPI puts the items of a holding into the parameters of a route of the API. It returns
// false for a parameter that it does not know.
func (h apiHolding) fillAPI(path string) (string, bool) {
	for _, one := range []struct {
		prefix string
		values map[string]any
	}{
		{"/redemptions/:id", map[string]any{":id": h.redemption}},
		{"/reservations/:id", map[string]any{":id": h.reserved}},
		{"/customers/by-external-id", map[string]any{":external": h.external}},
		{"/customers/:id", map[string]any{":id": h.customer, ":payment": h.payment}},
		{"/series/:number", map[string]any{":number": h.series}},
		{"/cards/:card", map[string]any{":card": kit.CardName(h.series, 1)}},
		{"/webhook-endpoints/:id", map[string]any{":id": h.webhook}},
		{"/deliveries/:id/:seq", map[string]any{":id": h.webhook, ":seq": h.delivery}},
		{"/operations/:id", map[string]any{":id": h.change}},
		{"/exports/:id", map[string]any{":id": h.export}},
		{"/approvals/:id", map[string]any{":id": h.approval}},
	} {
		if strings.HasPrefix(path, one.prefix) {
			for name, value := range one.values {
				path = strings.ReplaceAll(path, name, fmt.Sprint(value))
			}
			return path, !strings.Contains(path, ":")
		}
	}
	return path, !strings.Contains(path, ":")
}

// absentAPI returns a holding of items that do not exist.
func absentAPI() apiHolding {
	return apiHolding{holding: absent(), redemption: 799_999, external: "ext-799999", reserved: uuid.NewString()}
}

// holdsAPI creates one item of every kind for a partner. The approval is one that a client has
// asked for, and the file is for a print shop.
func (s *site) holdsAPI(p db.Partner, client *program) apiHolding {
	s.t.Helper()
	h := apiHolding{holding: s.holds(p)}
	h.external = fmt.Sprint("ext-", h.customer)
	s.exec(`update customer set external_id = $2 where id = $1`, h.customer, h.external)
	s.exec(`update approval set client_id = $2, key_maker = requested_by where id = $1`, h.approval, client.ID)
	s.exec(`update export set options = '{"shop_id":"1","shop":"Press","sealed_as":"age"}' where id = $1`, h.export)
	more, codes := s.series(2, p)
	h.fresh = codes[1]
	used := s.program(nil).send("/redemptions", uuid.NewString(), fmt.Sprintf(`{"card":"%s-1","customer":{"id":"%d"}}`, more.Number, h.customer))
	require.Equal(s.t, http.StatusCreated, used.Status, used.Body)
	require.NoError(s.t, s.Pool.QueryRow(s.t.Context(), `select max(id) from payment where customer_id = $1`, h.customer).Scan(&h.redemption))
	require.NoError(s.t, s.Pool.QueryRow(s.t.Context(), `with held as (
			insert into reservation (id, client_id, customer_id, series_id, serial, request_key, amount, currency, held_until)
			select gen_random_uuid(), $2, $3, id, 3, gen_random_uuid(), price, currency, now() + interval '10 minutes' from series where number = $1 returning *
		), card as (
			update card set reserved_by = held.id, reserved_until = held.held_until from held where card.series_id = held.series_id and card.serial = held.serial
		) select id from held`, h.series, client.ID, h.customer).Scan(&h.reserved))
	return h
}

// apiRoutes calls f with every route of the API and how the walks use it.
func (s *site) apiRoutes(f func(r route, path string, op apiOperation)) {
	s.t.Helper()
	known := apiOperations()
	for _, r := range s.Server.routes {
		if r.who.door != kit.DoorClient {
			continue
		}
		path := strings.TrimPrefix(r.path, api.Base)
		op, listed := known[r.method+" "+path]
		require.True(s.t, listed, "%s %s is not in apiOperations", r.method, path)
		delete(known, r.method+" "+path)
		f(r, path, op)
	}
	require.Empty(s.t, known, "these are no routes")
}
