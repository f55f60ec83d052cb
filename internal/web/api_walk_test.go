package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/setting"
)

// ask sends the request of an operation with a body and a key of its own.
func (p *program) ask(method, path string, op apiOperation, body map[string]any) *got {
	p.site.t.Helper()
	text := ""
	if body != nil {
		raw, err := json.Marshal(body)
		require.NoError(p.site.t, err)
		text = string(raw)
	}
	headers := []string{"Idempotency-Key", uuid.NewString()}
	if op.match {
		headers = append(headers, "If-Match", p.call(http.MethodGet, path, "").Header.Get("ETag"))
		if headers[3] == "" {
			headers[3] = `"1"`
		}
	}
	return p.call(method, path, text, headers...)
}

// The API answers for another partner's item exactly as for a missing one, and changes
// nothing. A route that apiOperations does not know fails the test.
func TestAPIForeignIsMissing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.distinct()
	s.printShop()
	own := s.partner("Mine")
	p := s.program([]db.Partner{own})
	mine, theirs := s.holdsAPI(own, p), s.holdsAPI(s.partner("Theirs"), p)
	before := s.state()
	s.apiRoutes(func(r route, path string, op apiOperation) {
		if !strings.Contains(path, ":") || op.names {
			return
		}
		var body map[string]any
		if op.body != nil {
			body = op.body(mine)
		}
		pairs := [][2]apiHolding{{theirs, absentAPI()}}
		if strings.Count(path, ":") > 1 { // another customer's payment, or another endpoint's delivery, below one's own
			here, nowhere := mine, mine
			here.payment, nowhere.payment = theirs.payment, absent().payment
			here.delivery, nowhere.delivery = theirs.delivery, absent().delivery
			pairs = append(pairs, [2]apiHolding{here, nowhere})
		}
		for _, pair := range pairs {
			foreign, known := pair[0].fillAPI(path)
			require.True(t, known, "%s needs a line in fillAPI", path)
			missing, _ := pair[1].fillAPI(path)
			name := r.method + " " + path
			there, nowhere := p.ask(r.method, foreign, op, body), p.ask(r.method, missing, op, body)
			require.Equal(t, http.StatusNotFound, there.Status, "%s: %s", name, there.Body)
			there.sameForClients(nowhere, name)
		}
	})
	require.Equal(t, before, s.state(), "nothing was changed")

	// What a body or a filter names.
	gone := absentAPI()
	gone.fresh = s.unknownCode()
	before = s.state()
	at := func(path string) string { filled, _ := mine.fillAPI(path); return filled }
	for name, f := range map[string]func(h apiHolding) *got{
		"a new customer": func(h apiHolding) *got {
			return p.send("/customers", uuid.NewString(), fmt.Sprintf(`{"partner_id":"%d","name":"New"}`, h.partner))
		},
		"a customer moves": func(h apiHolding) *got {
			path := at("/customers/:id")
			return p.patch(path, p.call(http.MethodGet, path, "").Header.Get("ETag"), fmt.Sprintf(`{"partner_id":"%d"}`, h.partner))
		},
		"a customer of a partner by external id": func(h apiHolding) *got {
			return p.put("/customers/by-external-id/x", fmt.Sprintf(`{"partner_id":"%d","name":"New"}`, h.partner))
		},
		"an order": func(h apiHolding) *got {
			return p.send("/series", uuid.NewString(), seriesBody(fmt.Sprintf(`"partner_ids":["%d"]`, h.partner), false))
		},
		"a series is given away": func(h apiHolding) *got {
			path := at("/series/:number")
			return p.patch(path, p.call(http.MethodGet, path, "").Header.Get("ETag"), fmt.Sprintf(`{"partner_ids":["%d"]}`, h.partner))
		},
		"a card is given away": func(h apiHolding) *got {
			return p.call(http.MethodPatch, at("/cards/:card"), fmt.Sprintf(`{"partner_id":"%d"}`, h.partner))
		},
		"cards are given away": func(h apiHolding) *got {
			return p.send(at("/series/:number/operations"), uuid.NewString(), fmt.Sprintf(`{"operation":"partner","partner_id":"%d"}`, h.partner))
		},
		"a redemption for a customer": func(h apiHolding) *got {
			return p.send("/redemptions", uuid.NewString(), fmt.Sprintf(`{"card":"%s-2","customer":{"id":"%d"}}`, mine.series, h.customer))
		},
		"a redemption by external id": func(h apiHolding) *got {
			return p.send("/redemptions", uuid.NewString(), fmt.Sprintf(`{"card":"%s-2","customer":{"external_id":%q}}`, mine.series, h.external))
		},
		"a redemption of a card": func(h apiHolding) *got {
			return p.send("/redemptions", uuid.NewString(), fmt.Sprintf(`{"card":"%s-2","customer":{"id":"%d"}}`, h.series, mine.customer))
		},
		"an endpoint for a partner": func(h apiHolding) *got {
			return p.send("/webhook-endpoints", uuid.NewString(), fmt.Sprintf(`{"name":"New","url":"http://127.0.0.1:9/","types":["*"],"partner_ids":["%d"]}`, h.partner))
		},
		"an endpoint is given away": func(h apiHolding) *got {
			path := at("/webhook-endpoints/:id")
			return p.patch(path, p.call(http.MethodGet, path, "").Header.Get("ETag"), fmt.Sprintf(`{"partner_ids":["%d"]}`, h.partner))
		},
		"the outstanding value of a partner": func(h apiHolding) *got {
			return p.call(http.MethodGet, fmt.Sprintf("/reports/outstanding?partner_id=%d", h.partner), "")
		},
		"a look at a code": func(h apiHolding) *got {
			s.exec(`delete from guess`)
			return p.send("/cards/look", "", fmt.Sprintf(`{"code":%q,"customer":{"id":"%d"}}`, h.fresh, mine.customer))
		},
	} {
		there, nowhere := f(theirs), f(gone)
		require.GreaterOrEqual(t, there.Status, http.StatusBadRequest, "%s: %s", name, there.Body)
		require.Less(t, there.Status, http.StatusInternalServerError, name)
		there.sameForClients(nowhere, name)
	}
	for _, query := range []string{"/customers?partner_id=%d", "/series?partner_id=%d"} {
		there := p.call(http.MethodGet, fmt.Sprintf(query, theirs.partner), "")
		require.Equal(t, http.StatusOK, there.Status, query)
		there.sameForClients(p.call(http.MethodGet, fmt.Sprintf(query, gone.partner), ""), query)
	}
	for _, query := range []string{"/customers?external_id=%s", "/customers?q=%s"} {
		there := p.call(http.MethodGet, fmt.Sprintf(query, theirs.external), "")
		require.Empty(t, there.list("id"), query)
		there.sameForClients(p.call(http.MethodGet, fmt.Sprintf(query, gone.external), ""), query)
	}
	require.Equal(t, before, s.state(), "nothing was changed")
}

// sameForClients is same without the fields that count requests.
func (g *got) sameForClients(other *got, name string) {
	g.t.Helper()
	for _, one := range []*got{g, other} {
		one.Header.Del("Ratelimit")
	}
	g.same(other, name)
}

// With the same requests the owner of an item succeeds, so that TestAPIForeignIsMissing does
// not pass for another reason. A repetition with the same key changes nothing and says so. An
// unknown parameter is refused, a POST that writes needs an Idempotency-Key, and a change of
// what has an ETag needs If-Match.
func TestAPIOwnIsThere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.printShop()
	own := s.partner("Mine")
	p := s.program([]db.Partner{own})
	s.apiRoutes(func(r route, path string, op apiOperation) {
		mine := s.holdsAPI(own, p)
		if op.prepare != nil {
			op.prepare(s, mine)
		}
		var body map[string]any
		if op.body != nil {
			body = op.body(mine)
		}
		filled, known := mine.fillAPI(path)
		require.True(t, known, path)
		name, status := r.method+" "+path, op.status
		if status == 0 {
			status = http.StatusOK
		}
		text, err := json.Marshal(body)
		require.NoError(t, err)
		if r.method == post && !op.unkeyed {
			p.call(r.method, filled, string(text)).problem(t, http.StatusBadRequest, "idempotency_key_missing")
		}
		if op.match {
			p.call(r.method, filled, string(text)).problem(t, http.StatusPreconditionRequired, "if_match_missing")
			p.call(r.method, filled, string(text), "If-Match", `"999"`).problem(t, http.StatusPreconditionFailed, "if_match_stale")
		}
		p.ask(r.method, filled+"?no_such_parameter=1", op, body).problem(t, http.StatusBadRequest, "bad_query")
		if r.method != post || op.unkeyed {
			got := p.ask(r.method, filled, op, body)
			require.Equal(t, status, got.Status, "%s: %s", name, got.Body)
			return
		}
		key := uuid.NewString()
		got := p.send(filled, key, string(text))
		require.Equal(t, status, got.Status, "%s: %s", name, got.Body)
		require.Empty(t, got.Header.Get("Idempotent-Replayed"), name)
		before := s.state()
		again := p.send(filled, key, string(text))
		require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"), "%s: %s", name, again.Body)
		require.Less(t, again.Status, http.StatusMultipleChoices, name)
		require.Equal(t, before, s.state(), "%s: a repetition changed something", name)
		if body != nil {
			body["a_field_that_is_not_there"] = 1
			p.ask(r.method, filled, op, body).problem(t, http.StatusBadRequest, "unknown_field")
		}
	})
}

// A client is refused what it may not do, what its owner may no longer do, and what is
// switched off.
func TestAPIRightsFollowTheOwner(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.distinct()
	s.printShop()
	p := s.program(nil)
	north := s.holdsAPI(s.North, p)
	lowered := func(path string) string { filled, _ := north.fillAPI(path); return filled }

	s.exec(`update staff set all_partners = false where id = $1`, p.Owner)
	s.exec(`insert into staff_partner (staff_id, partner_id) values ($1, $2)`, p.Owner, s.South.ID)
	s.apiRoutes(func(r route, path string, op apiOperation) {
		if !strings.Contains(path, ":") || op.names {
			return
		}
		var body map[string]any
		if op.body != nil {
			body = op.body(north)
		}
		got := p.ask(r.method, lowered(path), op, body)
		require.Equal(t, http.StatusNotFound, got.Status, "%s %s: %s", r.method, path, got.Body)
	})

	s.change(func(v *setting.Settings) { v.RefillCards = false })
	s.apiRoutes(func(r route, path string, op apiOperation) {
		if r.who.cardsModule {
			p.ask(r.method, lowered(path), op, nil).problem(t, http.StatusServiceUnavailable, "module_off")
		}
	})

	s.exec(`update staff set role_id = (select id from role where key = 'operator') where id = $1`, p.Owner)
	s.exec(`update role set permissions = '{}' where key = 'operator'`)
	s.apiRoutes(func(r route, path string, op apiOperation) {
		if r.who.permission != "" {
			got := p.ask(r.method, lowered(path), op, nil)
			require.Contains(t, got.problem(t, http.StatusForbidden, "permission_missing")["detail"], string(r.who.permission))
		}
	})
	s.exec(`update staff set disabled_at = now() where id = $1`, p.Owner)
	s.apiRoutes(func(r route, path string, op apiOperation) {
		p.ask(r.method, lowered(path), op, nil).problem(t, http.StatusUnauthorized, "client_disabled")
	})
}
