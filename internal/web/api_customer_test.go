package web

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/web/api"
)

// put sends a PUT.
func (p *program) put(path, body string) *got {
	p.site.t.Helper()
	return p.call(http.MethodPut, path, body)
}

// patch sends a PATCH of what has an ETag.
func (p *program) patch(path, etag, body string) *got {
	p.site.t.Helper()
	return p.call(http.MethodPatch, path, body, "If-Match", etag)
}

// list returns one field of every row of a page.
func (g *got) list(field string) []any {
	g.t.Helper()
	require.Equal(g.t, http.StatusOK, g.Status, g.Body)
	rows, _ := g.json()["data"].([]any)
	values := []any{}
	for _, one := range rows {
		row, _ := one.(map[string]any)
		values = append(values, row[field])
	}
	return values
}

// pointers returns where a problem document says that a body is wrong.
func (g *got) pointers() (list []string) {
	g.t.Helper()
	errors, _ := g.json()["errors"].([]any)
	for _, one := range errors {
		row, _ := one.(map[string]any)
		list = append(list, fmt.Sprint(row["pointer"]))
	}
	return list
}

// A customer is created once for a key, listed, read with its ETag, and changed with it.
func TestAPICustomers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.program(nil)
	body := fmt.Sprintf(`{"partner_id":"%d","external_id":"K-1","username":"anna","name":"Anna A","email":"a@example.com","phone":"123"}`, s.North.ID)
	first := p.send("/customers", "c1", body)
	require.Equal(t, http.StatusCreated, first.Status, first.Body)
	anna := first.json()
	path := fmt.Sprint("/customers/", anna["id"])
	require.Equal(t, api.Base+path, first.Header.Get("Location"))
	require.Equal(t, "K-1", anna["external_id"])
	again := p.send("/customers", "c1", body)
	require.Equal(t, http.StatusOK, again.Status, again.Body)
	require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
	require.JSONEq(t, first.Body, again.Body)
	p.send("/customers", "c1", fmt.Sprintf(`{"partner_id":"%d","name":"Other"}`, s.North.ID)).problem(t, http.StatusUnprocessableEntity, "idempotency_key_reused")
	p.send("/customers", "c2", `{"name":"Other"}`).problem(t, http.StatusUnprocessableEntity, "field_missing")
	taken := p.send("/customers", "c3", body)
	taken.problem(t, http.StatusUnprocessableEntity, "customer_username_taken")
	require.Equal(t, []string{"/username"}, taken.pointers())
	p.send("/customers", "c4", fmt.Sprintf(`{"partner_id":"%d","external_id":"K-1","username":"bert","name":"Bert"}`, s.North.ID)).problem(t, http.StatusUnprocessableEntity, "customer_external_taken")
	wrong := p.send("/customers", "c5", fmt.Sprintf(`{"partner_id":"%d","username":"a b","name":"","email":"x","phone":"x"}`, s.South.ID+99))
	require.ElementsMatch(t, []string{"/name", "/username", "/email", "/phone"}, wrong.pointers(), wrong.Body)
	require.Equal(t, []string{"/partner_id"}, p.send("/customers", "c6", fmt.Sprintf(`{"partner_id":"%d","name":"Bert"}`, s.South.ID+99)).pointers())

	shown := p.call(http.MethodGet, path, "")
	etag := shown.Header.Get("ETag")
	require.Equal(t, `"1"`, etag)
	require.Equal(t, `"1"`, first.Header.Get("ETag"))
	p.call(http.MethodPatch, path, `{"name":"Anna B"}`).problem(t, http.StatusPreconditionRequired, "if_match_missing")
	changed := p.patch(path, etag, `{"name":"Anna B","status":"disabled"}`)
	require.Equal(t, http.StatusOK, changed.Status, changed.Body)
	require.Equal(t, "Anna B", changed.json()["name"])
	require.Equal(t, "a@example.com", changed.json()["email"], "what is not sent stays")
	require.Equal(t, "disabled", changed.json()["status"])
	require.NotEqual(t, etag, changed.Header.Get("ETag"))
	p.patch(path, etag, `{"name":"Anna C"}`).problem(t, http.StatusPreconditionFailed, "if_match_stale")
	require.Equal(t, 1, s.count(`select count(*) from audit where action = 'customer.disabled'`))
	s.exec(`update customer set phone = '99' where username = 'anna'`)
	p.patch(path, changed.Header.Get("ETag"), `{"name":"Anna C"}`).problem(t, http.StatusPreconditionFailed, "if_match_stale")
	p.patch(path, p.call(http.MethodGet, path, "").Header.Get("ETag"), `{"status":"gone"}`).problem(t, http.StatusUnprocessableEntity, "customer_status")

	s.newCustomer("zoe", s.South)
	require.Equal(t, []any{"zoe", "anna"}, p.call(http.MethodGet, "/customers", "").list("username"))
	page := p.call(http.MethodGet, "/customers?limit=1", "")
	require.Equal(t, []any{"zoe"}, page.list("username"))
	require.Equal(t, []any{"anna"}, p.call(http.MethodGet, fmt.Sprintf("/customers?limit=1&after=%v", page.json()["next"]), "").list("username"))
	for query, names := range map[string][]any{
		"external_id=K-1": {"anna"}, "username=ANNA": {"anna"}, "q=anna+b": {"anna"}, "q=zoe": {"zoe"}, "status=disabled": {"anna"}, "status=active": {"zoe"},
		fmt.Sprint("partner_id=", s.South.ID): {"zoe"}, "external_id=none": {}, "q=K-1": {"anna"},
	} {
		require.Equal(t, names, p.call(http.MethodGet, "/customers?"+query, "").list("username"), query)
	}
	for _, bad := range []string{"status=x", "q=a&username=b", "name=x", "limit=201"} {
		p.call(http.MethodGet, "/customers?"+bad, "").problem(t, http.StatusBadRequest, "bad_query")
	}
	p.call(http.MethodGet, "/customers?username=%00", "").problem(t, http.StatusBadRequest, "malformed")
	south := s.program([]db.Partner{s.South})
	require.Equal(t, []any{"zoe"}, south.call(http.MethodGet, "/customers", "").list("username"))
	south.call(http.MethodGet, path, "").problem(t, http.StatusNotFound, "customer_unknown")
}

// A customer is brought to a state by the id of another system, which each partner gives
// itself.
func TestAPICustomerByExternalID(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	both, north, south := s.program(nil), s.program([]db.Partner{s.North}), s.program([]db.Partner{s.South})
	const path = "/customers/by-external-id/K-7"
	both.put(path, `{"name":"Anna"}`).problem(t, http.StatusUnprocessableEntity, "field_missing")
	made := north.put(path, `{"name":"Anna","username":"anna"}`)
	require.Equal(t, http.StatusCreated, made.Status, made.Body)
	again := north.put(path, `{"name":"Anna B"}`)
	require.Equal(t, http.StatusOK, again.Status, again.Body)
	require.Equal(t, made.json()["id"], again.json()["id"])
	require.Equal(t, "Anna B", again.json()["name"])
	require.Equal(t, http.StatusOK, both.put(path, `{"phone":"1"}`).Status, "only one partner has it")
	north.call(http.MethodPut, path, `{"phone":"2"}`, "If-Match", `"1"`).problem(t, http.StatusPreconditionFailed, "if_match_stale")
	north.put(path, `{"external_id":"K-8"}`).problem(t, http.StatusUnprocessableEntity, "external_id_other")

	// The other partner does not notice it.
	theirs := south.put(path, `{"name":"Berta","username":"berta"}`)
	require.Equal(t, http.StatusCreated, theirs.Status, theirs.Body)
	require.NotEqual(t, made.json()["id"], theirs.json()["id"])
	both.put(path, `{"name":"C"}`).problem(t, http.StatusConflict, "customer_ambiguous")
	require.Equal(t, http.StatusOK, both.put(path, fmt.Sprintf(`{"partner_id":"%d","name":"Bert"}`, s.South.ID)).Status)
	require.Equal(t, 1, s.count(`select count(*) from customer where name = 'Bert' and partner_id = $1`, s.South.ID))
	both.send("/redemptions", "r1", `{"card":"202601-1","customer":{"external_id":"K-7"}}`).problem(t, http.StatusConflict, "customer_ambiguous")
	both.send("/redemptions", "r2", fmt.Sprintf(`{"card":"209901-1","customer":{"external_id":"K-7","partner_id":"%d"}}`, s.North.ID)).problem(t, http.StatusNotFound, "card_missing")
	require.ElementsMatch(t, []any{"anna", "berta"}, both.call(http.MethodGet, "/customers?external_id=K-7", "").list("username"))

	// Ten at once create one.
	var wait sync.WaitGroup
	status := make([]int, 10)
	for i := range status {
		wait.Go(func() { status[i] = north.put("/customers/by-external-id/K-9", `{"name":"Once"}`).Status })
	}
	wait.Wait()
	require.Equal(t, 1, s.count(`select count(*) from customer where external_id = 'K-9'`))
	for _, code := range status {
		require.Contains(t, []int{http.StatusOK, http.StatusCreated}, code)
	}
}

// Payments and charges move money once for a key; a charge stops at the floor, and large
// amounts are confirmed.
func TestAPIPayments(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.newCustomer("bea", s.North)
	p := s.program(nil)
	path := fmt.Sprint("/customers/", id)
	pay := func(key, amount, more string) *got {
		return p.send(path+"/payments", key, fmt.Sprintf(`{"type":"cash","amount":{"amount":%q,"currency":"USD"}%s}`, amount, more))
	}
	first := pay("p1", "10.00", "")
	require.Equal(t, http.StatusCreated, first.Status, first.Body)
	require.Equal(t, map[string]any{"amount": "10.00", "currency": "USD"}, first.json()["balance_after"])
	again := pay("p1", "10.00", "")
	require.Equal(t, http.StatusOK, again.Status)
	require.JSONEq(t, first.Body, again.Body)
	pay("p1", "11.00", "").problem(t, http.StatusUnprocessableEntity, "idempotency_key_reused")
	for amount, at := range map[string]string{"1,000.00": "/amount/amount", "1.001": "/amount/amount", "x": "/amount/amount", "-1.00": "/amount", "0": "/amount", "99999999999999999999": "/amount/amount"} {
		wrong := pay("w"+amount, amount, "")
		require.Equal(t, http.StatusUnprocessableEntity, wrong.Status, amount)
		require.Equal(t, []string{at}, wrong.pointers(), wrong.Body)
	}
	require.Equal(t, []string{"/amount/currency"}, p.send(path+"/payments", "w1", `{"type":"cash","amount":{"amount":"1.00","currency":"EUR"}}`).pointers())
	require.Equal(t, []string{"/type"}, p.send(path+"/payments", "w2", `{"type":"refill_card","amount":{"amount":"1.00","currency":"USD"}}`).pointers())
	p.send(path+"/payments", "w3", `{"type":"cash","amount":10}`).problem(t, http.StatusBadRequest, "wrong_type")
	large := pay("p2", "5000.00", "")
	large.problem(t, http.StatusUnprocessableEntity, "payment_large")
	require.Equal(t, []string{"/sure"}, large.pointers())
	require.Equal(t, http.StatusCreated, pay("p2", "5000.00", `,"sure":true`).Status)
	require.Equal(t, int64(501000), s.balanceOf("bea"))

	location := first.Header.Get("Location")[len(api.Base):]
	undo := p.send(location+"/reversal", "u1", `{"reason":"as a test"}`)
	require.Equal(t, http.StatusCreated, undo.Status, undo.Body)
	require.Equal(t, first.json()["id"], undo.json()["reverses"])
	require.Equal(t, http.StatusOK, p.send(location+"/reversal", "u1", `{"reason":"as a test"}`).Status)
	require.Equal(t, undo.json()["id"], p.call(http.MethodGet, location, "").json()["reversed_by"])
	require.Equal(t, http.StatusOK, pay("p1", "10.00", "").Status, "a repetition still tells what was done")

	charge := func(key, amount, more string) *got {
		return p.send(path+"/charges", key, fmt.Sprintf(`{"amount":{"amount":%q,"currency":"USD"},"text":"Internet","reference":"i-1"%s}`, amount, more))
	}
	short := charge("c1", "5000.01", "")
	require.Equal(t, map[string]any{"amount": "5000.00", "currency": "USD"}, short.problem(t, http.StatusConflict, "balance_short")["balance"])
	taken := charge("c1", "4999.00", "")
	require.Equal(t, http.StatusCreated, taken.Status, taken.Body)
	require.Equal(t, "i-1", taken.json()["reference"])
	require.Equal(t, http.StatusOK, charge("c1", "4999.00", "").Status)
	require.Equal(t, http.StatusCreated, charge("c2", "2.00", `,"floor":{"amount":"-1.00","currency":"USD"}`).Status)
	charge("c3", "0.01", `,"floor":{"amount":"-1.00","currency":"USD"}`).problem(t, http.StatusConflict, "balance_short")
	require.Equal(t, int64(-100), s.balanceOf("bea"))
	require.Equal(t, map[string]any{"amount": "-1.00", "currency": "USD"}, p.call(http.MethodGet, path+"/balance", "").json()["balance"])
	require.Equal(t, []any{"charge", "charge", "reversal", "cash", "cash"}, p.call(http.MethodGet, path+"/payments", "").list("type"))
	require.Equal(t, []any{"charge", "charge"}, p.call(http.MethodGet, path+"/payments?type=charge", "").list("type"))
	p.call(http.MethodGet, path+"/payments?type=x", "").problem(t, http.StatusBadRequest, "bad_query")

	// Twenty charges at once take what is there, and no more.
	require.Equal(t, http.StatusCreated, pay("p3", "11.00", "").Status)
	var wait sync.WaitGroup
	status := make([]int, 20)
	for i := range status {
		wait.Go(func() { status[i] = charge(fmt.Sprint("race-", i), "1.00", "").Status })
	}
	wait.Wait()
	made := map[int]int{}
	for _, code := range status {
		made[code]++
	}
	require.Equal(t, map[int]int{http.StatusCreated: 10, http.StatusConflict: 10}, made)
	require.Zero(t, s.balanceOf("bea"))
}

// A payment above the limit of one person waits for another one; the client reads what
// became of it.
func TestAPIPaymentWaits(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.newCustomer("anna", s.North)
	p, other := s.program(nil), s.program(nil)
	limit := int64(60_00)
	s.change(func(v *setting.Settings) { v.ApproveAbove = &limit })
	body := `{"type":"cash","amount":{"amount":"70.00","currency":"USD"}}`
	path := fmt.Sprint("/customers/", id, "/payments")
	asked := p.send(path, "p1", body)
	require.Equal(t, http.StatusAccepted, asked.Status, asked.Body)
	require.Equal(t, "waiting_for_approval", asked.json()["state"])
	require.Equal(t, http.StatusAccepted, p.send(path, "p1", body).Status)
	at := asked.Header.Get("Location")[len(api.Base):]
	require.Equal(t, "waiting", p.call(http.MethodGet, at, "").json()["state"])
	other.call(http.MethodGet, at, "").problem(t, http.StatusNotFound, "approval_unknown")
	require.Zero(t, s.balanceOf("anna"))

	boss := s.as(db.StaffRoleAdministrator)
	require.Equal(t, http.StatusSeeOther, boss.post(fmt.Sprintf("/admin/approvals/%v/approve", asked.json()["approval_id"]), reasonForm()).Status)
	decided := p.call(http.MethodGet, at, "").json()
	require.Equal(t, "approved", decided["state"])
	require.NotEmpty(t, decided["decided_by"])
	require.Equal(t, http.StatusOK, p.send(path, "p1", body).Status, "the repetition tells that it is done")
	require.Equal(t, int64(7000), s.balanceOf("anna"))
}

// A client can't do by ordering what it may not do itself: its own permissions count beside
// those of its owner.
func TestAPIActivatesWithItsOwnPermission(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.program(nil, staff.SeriesGenerate, staff.SeriesView)
	got := p.send("/series", "s1", seriesBody(`"any_partner":true`, true))
	got.problem(t, http.StatusUnprocessableEntity, "may_not_activate")
	require.Equal(t, []string{"/activate"}, got.pointers())
	require.Equal(t, http.StatusCreated, p.send("/series", "s1", seriesBody(`"any_partner":true`, false)).Status)
}
