package web

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/setting"
	adminpages "refill/internal/web/admin"
	"refill/internal/web/api"
)

// seriesBody is an order of three cards of USD 10.00; who says for which partners.
func seriesBody(who string, activate bool) string {
	return fmt.Sprintf(`{"quantity":3,"prefix":"Api","price":{"amount":"10.00","currency":"USD"},%s,"valid_till":%q,"activate":%t}`,
		who, testClock().AddDate(1, 0, 0).Format(time.DateOnly), activate)
}

// reasonForm is the form of a decision.
func reasonForm() url.Values { return url.Values{"reason": {"as a test"}} }

// generated makes the cards of a series as a worker does.
func (s *site) generated(number string) {
	s.t.Helper()
	var id int64
	require.NoError(s.t, s.Pool.QueryRow(s.t.Context(), `select id from series where number = $1`, number).Scan(&id))
	require.NoError(s.t, s.Server.Cards.Generate(s.t.Context(), id, testClock, noJob))
}

// A series is ordered once for a key, generated, activated, locked, edited and voided.
func TestAPISeries(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.program(nil)
	body := seriesBody(fmt.Sprintf(`"partner_ids":["%d"]`, s.North.ID), false)
	first := p.send("/series", "s1", body)
	require.Equal(t, http.StatusCreated, first.Status, first.Body)
	made := first.json()
	number := fmt.Sprint(made["number"])
	path := "/series/" + number
	require.Equal(t, api.Base+path, first.Header.Get("Location"))
	require.Equal(t, "queued", made["state"])
	require.InDelta(t, 0, made["made"], 0)
	again := p.send("/series", "s1", body)
	require.Equal(t, http.StatusOK, again.Status, again.Body)
	require.JSONEq(t, first.Body, again.Body)
	p.send("/series", "s1", seriesBody(`"any_partner":true`, false)).problem(t, http.StatusUnprocessableEntity, "idempotency_key_reused")
	require.Equal(t, 1, s.count(`select count(*) from series`))
	wrong := p.send("/series", "s2", `{"quantity":0,"prefix":"a b","price":{"amount":"0","currency":"USD"},"partner_ids":["x"],"valid_till":"2020-01-01"}`)
	require.ElementsMatch(t, []string{"/quantity", "/prefix", "/price", "/partner_ids", "/valid_till"}, wrong.pointers(), wrong.Body)
	require.ElementsMatch(t, []string{"/price/amount", "/valid_till"}, p.send("/series", "s2", `{"quantity":1,"price":{"amount":"1,0","currency":"USD"},"valid_till":"soon"}`).pointers())

	s.generated(number)
	shown := p.call(http.MethodGet, path, "")
	require.Equal(t, "ready", shown.json()["state"])
	require.Equal(t, map[string]any{"unused": 3.0, "used": 0.0, "disabled": 0.0, "void": 0.0}, shown.json()["cards"])

	p.call(http.MethodPost, path+"/activate", "").problem(t, http.StatusBadRequest, "idempotency_key_missing")
	active := p.send(path+"/activate", "a1", "")
	require.Equal(t, http.StatusOK, active.Status, active.Body)
	require.Equal(t, "active", active.json()["state"])
	require.Empty(t, active.Header.Get("Idempotent-Replayed"))
	p.send(path+"/activate", "a2", "{}").problem(t, http.StatusConflict, "series_state")
	require.Equal(t, "locked", p.send(path+"/lock", "l1", "{}").json()["state"])
	replayed := p.send(path+"/activate", "a1", "")
	require.Equal(t, "true", replayed.Header.Get("Idempotent-Replayed"), replayed.Body)
	require.Equal(t, "locked", replayed.json()["state"], "the repetition of an activation unlocks nothing")

	etag := p.call(http.MethodGet, path, "").Header.Get("ETag")
	p.call(http.MethodPatch, path, `{"prefix":"New"}`).problem(t, http.StatusPreconditionRequired, "if_match_missing")
	edited := p.patch(path, etag, `{"prefix":"New","price":{"amount":"12.00","currency":"USD"}}`)
	require.Equal(t, http.StatusOK, edited.Status, edited.Body)
	require.Equal(t, "New", edited.json()["prefix"])
	require.Equal(t, made["valid_till"], edited.json()["valid_till"])
	require.Equal(t, made["partner_ids"], edited.json()["partner_ids"])
	p.patch(path, etag, `{"prefix":"Old"}`).problem(t, http.StatusPreconditionFailed, "if_match_stale")
	require.Equal(t, http.StatusOK, p.patch(path, edited.Header.Get("ETag"), `{"prefix":"New"}`).Status, "nothing to change is no error")
	require.Equal(t, []string{"/price"}, p.patch(path, edited.Header.Get("ETag"), `{"price":{"amount":"0","currency":"USD"}}`).pointers())

	p.send(path+"/void", "v1", `{}`).problem(t, http.StatusUnprocessableEntity, "reason")
	void := p.send(path+"/void", "v2", `{"reason":"as a test"}`)
	require.Equal(t, "void", void.json()["state"], void.Body)
	require.Equal(t, "true", p.send(path+"/void", "v2", `{"reason":"as a test"}`).Header.Get("Idempotent-Replayed"))

	other := p.send("/series", "s3", seriesBody(`"any_partner":true`, false)).json()
	require.Equal(t, "cancelled", p.send(fmt.Sprint("/series/", other["number"], "/cancel"), "x1", "").json()["state"])
	require.Equal(t, []any{other["number"], made["number"]}, p.call(http.MethodGet, "/series", "").list("number"))
	require.Equal(t, []any{made["number"]}, p.call(http.MethodGet, "/series?status=void", "").list("number"))
	require.Equal(t, []any{made["number"]}, p.call(http.MethodGet, fmt.Sprint("/series?partner_id=", s.North.ID), "").list("number"))
	require.Equal(t, []any{other["number"]}, p.call(http.MethodGet, "/series?limit=1", "").list("number"))
	p.call(http.MethodGet, "/series?status=x", "").problem(t, http.StatusBadRequest, "bad_query")
	require.Empty(t, s.program([]db.Partner{s.South}).call(http.MethodGet, "/series", "").list("number"))
}

// Above the limit of one person an activation waits, and the series says for what.
func TestAPIActivationWaits(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.program(nil)
	number := fmt.Sprint(p.send("/series", "s1", seriesBody(`"any_partner":true`, false)).json()["number"])
	s.generated(number)
	limit := int64(20_00)
	s.change(func(v *setting.Settings) { v.ApproveAbove = &limit })
	path := "/series/" + number
	asked := p.send(path+"/activate", "a1", "")
	require.Equal(t, http.StatusAccepted, asked.Status, asked.Body)
	require.Equal(t, http.StatusAccepted, p.send(path+"/activate", "a1", "").Status)
	at := asked.Header.Get("Location")[len(api.Base):]
	require.Equal(t, "activate", p.call(http.MethodGet, at, "").json()["kind"])
	require.Equal(t, asked.json()["approval_id"], p.call(http.MethodGet, path, "").json()["approval_id"])
	require.Equal(t, "ready", p.call(http.MethodGet, path, "").json()["state"])
	boss := s.as(db.StaffRoleAdministrator)
	require.Equal(t, http.StatusSeeOther, boss.post(fmt.Sprintf("/admin/approvals/%v/refuse", asked.json()["approval_id"]), reasonForm()).Status)
	require.Equal(t, "refused", p.call(http.MethodGet, at, "").json()["state"])
	require.Equal(t, "as a test", p.call(http.MethodGet, at, "").json()["reason"])
}

// Above the limit of one person the deletion of a series waits, and its cards stay until a
// second person approves it.
func TestAPIDeletionWaits(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.program(nil)
	series, _ := s.series(3)
	limit := int64(20_00)
	s.change(func(v *setting.Settings) { v.ApproveAbove = &limit })
	path := "/series/" + series.Number
	asked := p.send(path+"/void", "v1", `{"reason":"the parcel was lost"}`)
	require.Equal(t, http.StatusAccepted, asked.Status, asked.Body)
	require.Equal(t, http.StatusAccepted, p.send(path+"/void", "v1", `{"reason":"the parcel was lost"}`).Status)
	require.Equal(t, 1, s.count(`select count(*) from approval where kind = 'deletion' and state = 'waiting'`))
	require.Equal(t, "active", p.call(http.MethodGet, path, "").json()["state"])
	boss := s.as(db.StaffRoleAdministrator)
	require.Equal(t, http.StatusSeeOther, boss.post(fmt.Sprintf("/admin/approvals/%v/approve", asked.json()["approval_id"]), reasonForm()).Status)
	require.Equal(t, "void", p.call(http.MethodGet, path, "").json()["state"])
}

// Cards are listed by status and changed; nothing tells a part of a code.
func TestAPICards(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	made, codes := s.series(4, s.North)
	anna := s.newCustomer("anna", s.North)
	p := s.program(nil)
	require.Equal(t, http.StatusCreated, p.send("/redemptions", "r1", fmt.Sprintf(`{"code":%q,"customer":{"username":"anna"}}`, codes[3])).Status)
	path := fmt.Sprintf("/cards/%s-1", made.Number)
	list := fmt.Sprintf("/series/%s/cards", made.Number)

	shown := p.call(http.MethodGet, path, "").json()
	require.Equal(t, "active", shown["status"])
	require.Equal(t, made.Number+"-1", shown["card"])
	disabled := p.send(path+"/disable", "d1", "")
	require.Equal(t, "disabled", disabled.json()["status"], disabled.Body)
	require.Equal(t, "active", p.send(path+"/enable", "e1", "").json()["status"])
	require.Equal(t, "active", p.send(path+"/disable", "d1", "").json()["status"], "a repetition disables nothing again")
	p.send(fmt.Sprintf("/cards/%s-2/disable", made.Number), "d1", "").problem(t, http.StatusUnprocessableEntity, "idempotency_key_reused")
	till := testClock().AddDate(0, 6, 0).Format(time.DateOnly)
	changed := p.call(http.MethodPatch, path, fmt.Sprintf(`{"valid_till":%q,"remark":"lost"}`, till))
	require.Equal(t, till, changed.json()["valid_till"], changed.Body)
	require.Equal(t, "lost", changed.json()["remark"])
	changed = p.call(http.MethodPatch, path, fmt.Sprintf(`{"partner_id":"%d"}`, s.North.ID))
	require.Equal(t, till, changed.json()["valid_till"], "what is not sent stays")
	require.Equal(t, fmt.Sprint(s.North.ID), changed.json()["partner_id"])
	require.Nil(t, p.call(http.MethodPatch, path, `{"valid_till":"","partner_id":"","remark":""}`).json()["partner_id"])
	for body, at := range map[string]string{`{"valid_till":"2020-01-01"}`: "/valid_till", `{"valid_till":"x"}`: "/valid_till", `{"partner_id":"799999"}`: "/partner_id"} {
		require.Equal(t, []string{at}, p.call(http.MethodPatch, path, body).pointers(), body)
	}
	require.Equal(t, "void", p.send(fmt.Sprintf("/cards/%s-2/void", made.Number), "v1", "").json()["status"])
	p.send(fmt.Sprintf("/cards/%s-4/disable", made.Number), "d9", "").problem(t, http.StatusConflict, "card_stays_used")

	require.Equal(t, []any{1.0, 2.0, 3.0, 4.0}, p.call(http.MethodGet, list, "").list("serial"))
	page := p.call(http.MethodGet, list+"?limit=3", "")
	require.Equal(t, []any{4.0}, p.call(http.MethodGet, fmt.Sprintf("%s?limit=3&after=%v", list, page.json()["next"]), "").list("serial"))
	require.Equal(t, []any{fmt.Sprint(anna)}, p.call(http.MethodGet, list+"?status=used", "").list("customer_id"))
	require.Equal(t, []any{2.0}, p.call(http.MethodGet, list+"?status=void", "").list("serial"))
	require.Empty(t, p.call(http.MethodGet, list+"?status=inactive", "").list("serial"))
	p.call(http.MethodGet, list+"?status=x", "").problem(t, http.StatusBadRequest, "bad_query")
	for _, code := range codes {
		require.NotContains(t, p.call(http.MethodGet, list, "").Body, code[len(code)-4:])
	}
	s.exec(`update customer set partner_id = $1 where id = $2`, s.South.ID, anna)
	require.Equal(t, []any{nil}, s.program([]db.Partner{s.North}).call(http.MethodGet, list+"?status=used", "").list("customer_id"), "a customer of another partner is not named")
	for _, missing := range []string{made.Number + "-5", made.Number + "-0", made.Number, "x", made.Number + "-1-1", "209912-1"} {
		p.call(http.MethodGet, "/cards/"+missing, "").problem(t, http.StatusNotFound, "card_missing")
	}
}

// An operation on many cards is queued once for a key, and tells how far it is.
func TestAPIOperations(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	made, _ := s.series(4, s.North)
	p := s.program(nil)
	path := fmt.Sprintf("/series/%s/operations", made.Number)
	first := p.send(path, "o1", `{"operation":"disable","first":1,"last":2}`)
	require.Equal(t, http.StatusAccepted, first.Status, first.Body)
	again := p.send(path, "o1", `{"operation":"disable","first":1,"last":2}`)
	require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
	require.JSONEq(t, first.Body, again.Body)
	p.send(path, "o1", `{"operation":"disable","first":1,"last":3}`).problem(t, http.StatusUnprocessableEntity, "idempotency_key_reused")
	at := first.Header.Get("Location")[len(api.Base):]
	require.Equal(t, "queued", p.call(http.MethodGet, at, "").json()["state"])
	var id int64
	_, err := fmt.Sscan(fmt.Sprint(first.json()["id"]), &id)
	require.NoError(t, err)
	require.NoError(t, s.Server.Cards.WorkChange(t.Context(), id, testClock, noJob))
	done := p.call(http.MethodGet, at, "").json()
	require.Equal(t, "done", done["state"])
	require.InDelta(t, 2, done["changed"], 0)
	admin := s.as(db.StaffRoleAdministrator)
	require.Contains(t, admin.get(adminpages.CardURL(made.Number, 1)).text("main"), "(API)", "who asked")
	for body, at := range map[string]string{
		`{"operation":"burn"}`: "/operation", `{"operation":"disable","first":9,"last":9}`: "/first", `{"operation":"disable","serials":[]}`: "/operation",
		`{"operation":"disable","serials":[1],"last":2}`: "/serials", `{"operation":"extend"}`: "/valid_till", `{"operation":"partner","partner_id":"799999"}`: "/partner_id",
		`{"operation":"void","valid_till":"2099-01-01"}`: "/valid_till", `{"operation":"void","status":"x"}`: "/status", `{"operation":"disable","first":1,"last":2}`: "/operation",
	} {
		got := p.send(path, "bad", body)
		require.Contains(t, got.pointers(), at, got.Body)
		require.Equal(t, http.StatusUnprocessableEntity, got.Status)
	}
}

// The outstanding value at the end of a day comes from the ledger.
func TestAPIOutstanding(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.series(4, s.North)
	s.series(1, s.South)
	value := func(p *program, query string) any {
		got := p.call(http.MethodGet, "/reports/outstanding"+query, "")
		require.Equal(t, http.StatusOK, got.Status, got.Body)
		sum, _ := got.json()["outstanding"].(map[string]any)
		return sum["amount"]
	}
	all := s.program(nil)
	require.Equal(t, "50.00", value(all, ""))
	require.Equal(t, "50.00", value(all, "?at=2099-01-01"))
	require.Equal(t, "0.00", value(all, "?at=2001-01-01"))
	require.Equal(t, "10.00", value(all, fmt.Sprint("?partner_id=", s.South.ID)))
	require.Equal(t, "40.00", value(s.program([]db.Partner{s.North}), ""))
	all.call(http.MethodGet, "/reports/outstanding?at=now", "").problem(t, http.StatusBadRequest, "bad_query")
}
