package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/check"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/event"
	"refill/internal/guess"
	"refill/internal/setting"
	"refill/internal/staff"
)

// relay makes the events of everything that was done, and has them sent.
func (s *site) relay() {
	s.t.Helper()
	r := event.NewRelay(s.Pool, s.Server.deps.Admin.Webhooks, slog.New(slog.DiscardHandler))
	for more := true; more; {
		var err error
		_, more, err = r.Step(s.t.Context())
		require.NoError(s.t, err)
	}
}

// A client reads the events of its partners in order, and no others; its cursor moves on past
// those of others.
func TestAPIFeed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	north, all := s.program([]db.Partner{s.North}), s.program(nil)
	anna, sam := s.newCustomer("anna", s.North), s.newCustomer("sam", s.South)
	_, codes := s.series(2)
	s.relay()
	start := all.call(http.MethodGet, "/events", "").json()
	require.NotEmpty(t, start["data"])
	cursor := fmt.Sprint(start["next"])
	redeem := func(who, code string) {
		g := all.send("/redemptions", who, fmt.Sprintf(`{"code":%q,"customer":{"username":%q},"reference":"inv-%s"}`, code, who, who))
		require.Equal(t, http.StatusCreated, g.Status, g.Body)
	}
	redeem("anna", codes[0])
	redeem("sam", codes[1])
	s.relay()

	g := north.call(http.MethodGet, "/events?types=redemption.*&after="+cursor, "")
	require.Equal(t, http.StatusOK, g.Status, g.Body)
	page := g.json()
	data, _ := page["data"].([]any)
	require.Len(t, data, 1, g.Body)
	one, _ := data[0].(map[string]any)
	require.Equal(t, "redemption.created", one["type"])
	facts, _ := one["data"].(map[string]any)
	require.Equal(t, map[string]any{"id": fmt.Sprint(anna), "username": "anna"}, facts["customer"])
	require.Equal(t, "inv-anna", facts["reference"])
	require.NotContains(t, g.Body, codes[0])
	require.NotContains(t, g.Body, fmt.Sprintf(`"id":"%d"`, sam))
	both := all.call(http.MethodGet, "/events?types=redemption.*&after="+cursor, "").json()
	require.Len(t, both["data"], 2)
	require.Equal(t, both["next"], page["next"], "the cursor moves on past events of others")
	require.Empty(t, north.call(http.MethodGet, fmt.Sprint("/events?after=", page["next"]), "").json()["data"])
	limited := all.call(http.MethodGet, "/events?limit=1&types=redemption.created&after="+cursor, "").json()
	require.Equal(t, true, limited["more"])

	for _, bad := range []string{"?after=-1", "?after=x", "?limit=1001", "?limit=0", "?type=x", "?after=1&after=2"} {
		north.call(http.MethodGet, "/events"+bad, "").problem(t, http.StatusBadRequest, "bad_query")
	}
	north.call(http.MethodGet, "/events?types=redemption.created,nothing.*", "").problem(t, http.StatusBadRequest, "event_types")
	north.call(http.MethodGet, "/events?after=99999999", "").problem(t, http.StatusConflict, "feed_ahead")
	s.program(nil, staff.RedeemFor).call(http.MethodGet, "/events", "").problem(t, http.StatusForbidden, "permission_missing")

	// Events of more than 30 days ago are deleted.
	_, err := dbtest.Owner(t, s.Pool).Exec(t.Context(), `update event set at = now() - interval '31 days'`)
	require.NoError(t, err)
	require.NoError(t, event.Trim(t.Context(), s.Pool))
	north.call(http.MethodGet, "/events?after=0", "").problem(t, http.StatusGone, "feed_expired")
	require.Empty(t, north.call(http.MethodGet, "/events", "").json()["data"])
	require.Equal(t, 0, s.count(`select count(*) from event_partner`))
}

// Alarms are for readers of all partners with the permission, in the feed and by webhooks.
// Each lasts until it is over.
func TestAPIAlarms(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	readers := map[string]*program{
		"all":           s.program(nil, staff.EventsView, staff.AlarmsView, staff.WebhooksManage),
		"no permission": s.program(nil, staff.EventsView, staff.WebhooksManage),
		"one partner":   s.program([]db.Partner{s.North}, staff.EventsView, staff.AlarmsView, staff.WebhooksManage),
	}
	hooks := map[string]string{}
	for name, p := range readers {
		to := `"all_partners":true`
		if name == "one partner" {
			to = fmt.Sprintf(`"partner_ids":["%d"]`, s.North.ID)
		}
		made := p.send("/webhook-endpoints", "w", `{"name":"Acme","url":"http://127.0.0.1:9/","types":["*"],`+to+`}`)
		require.Equal(t, http.StatusCreated, made.Status, made.Body)
		hooks[name] = fmt.Sprint(made.json()["id"])
	}
	anna := s.newCustomer("anna", s.North)
	settings := setting.Settings{RefillCards: true, WrongPartner: 4}
	tried := func(n int) {
		for range n {
			s.exec(`insert into audit (action, customer_id, detail) values ('card.refused', $1, '{"reason": "card_unknown"}')`, anna)
		}
		require.NoError(t, guess.Watch(t.Context(), s.Pool, settings))
		s.relay()
	}
	alarms := func(name string) (types []string) {
		for _, query := range []string{"?types=guesses.*,check.*", "?limit=1000"} {
			data, _ := readers[name].call(http.MethodGet, "/events"+query, "").json()["data"].([]any)
			for _, one := range data {
				e, _ := one.(map[string]any)
				if e["type"] != "guesses.alarm" && e["type"] != "check.broken" {
					continue
				}
				facts, _ := e["data"].(map[string]any)
				types = append(types, fmt.Sprint(e["type"], facts["partner_id"], facts["id"]))
			}
		}
		require.Equal(t, len(types)/2, s.count(`select count(*) from webhook_delivery d join event e using (seq) where e.type in ('guesses.alarm', 'check.broken') and d.endpoint_id = $1`, hooks[name]), name)
		return types
	}
	tried(4)
	require.Empty(t, alarms("all"))
	tried(1)
	tried(1) // it lasts
	one := fmt.Sprint("guesses.alarm", s.North.ID, "<nil>")
	require.Equal(t, []string{one, one}, alarms("all"))
	settings.WrongPartner = 100 // it is over
	tried(0)
	settings.WrongPartner = 4
	tried(0)
	require.Equal(t, []string{one, one, one, one}, alarms("all"))
	require.NoError(t, act.Record(t.Context(), s.Pool, audit.System(), check.Broken{Run: 7, Rules: []int64{3}}))
	s.relay()
	require.Contains(t, alarms("all"), "check.broken<nil>7")
	require.Empty(t, alarms("no permission"))
	require.Empty(t, alarms("one partner"))
}

// A request that prefers to wait is answered when there is an event for it, and before.
func TestAPIFeedWaits(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	hub := s.Server.deps.Admin.Hub
	go func() { _ = hub.Run(t.Context(), s.Pool.Config().ConnString()) }()
	north := s.program([]db.Partner{s.North})
	s.relay()
	cursor := fmt.Sprint(north.call(http.MethodGet, "/events", "").json()["next"])
	answers := make(chan *got, 1)
	go func() { answers <- north.call(http.MethodGet, "/events?after="+cursor, "", "Prefer", "wait=20") }()
	require.Eventually(t, func() bool { return hub.Subscribers() == 1 }, 10*time.Second, time.Millisecond)
	s.newCustomer("sam", s.South)
	s.relay()
	select {
	case g := <-answers:
		t.Fatal("an event of South ended the wait", g.Body)
	case <-time.After(100 * time.Millisecond):
	}
	s.newCustomer("anna", s.North)
	s.relay()
	g := <-answers
	require.Len(t, g.json()["data"], 1)
	require.Equal(t, "wait=20", g.Header.Get("Preference-Applied"))

	g = north.call(http.MethodGet, fmt.Sprint("/events?after=", g.json()["next"]), "", "Prefer", "wait=1")
	require.Empty(t, g.json()["data"])

	cursor = fmt.Sprint(g.json()["next"])
	go func() {
		answers <- north.call(http.MethodGet, "/events?after="+cursor, "", "Prefer", "respond-async, wait=30")
	}()
	require.Eventually(t, func() bool { return hub.Subscribers() == 1 }, 10*time.Second, time.Millisecond)
	s.Server.CloseStreams()
	require.Equal(t, http.StatusOK, (<-answers).Status)
}

// Endpoints by the API: made once for a key, changed by version, foreign like missing.
func TestAPIWebhooks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	north, south := s.program([]db.Partner{s.North}), s.program([]db.Partner{s.South})
	body := fmt.Sprintf(`{"name":"Acme","url":"http://127.0.0.1:9/hook","types":["redemption.*"],"partner_ids":["%d"]}`, s.North.ID)
	first := north.send("/webhook-endpoints", "w1", body)
	require.Equal(t, http.StatusCreated, first.Status, first.Body)
	made := first.json()
	require.Regexp(t, `^whsec_`, made["secret"])
	require.Equal(t, `"1"`, first.Header.Get("ETag"))
	again := north.send("/webhook-endpoints", "w1", body)
	require.Equal(t, http.StatusOK, again.Status)
	require.NotContains(t, again.Body, "whsec_")
	require.Equal(t, made["id"], again.json()["id"])
	north.send("/webhook-endpoints", "w1", `{"name":"Other","url":"http://127.0.0.1:9/hook","types":["*"],"partner_ids":["1"]}`).problem(t, http.StatusUnprocessableEntity, "idempotency_key_reused")
	north.call(http.MethodPost, "/webhook-endpoints", body).problem(t, http.StatusBadRequest, "idempotency_key_missing")
	for address, code := range map[string]string{
		"http://169.254.169.254/": "webhook_inside", "http://[::ffff:10.0.0.1]/": "webhook_inside", "https://localhost.invalid/": "webhook_host", "gopher://x/": "webhook_url",
	} {
		g := north.send("/webhook-endpoints", address, fmt.Sprintf(`{"name":"Bad","url":%q,"types":["*"],"partner_ids":["%d"]}`, address, s.North.ID))
		g.problem(t, http.StatusUnprocessableEntity, code)
		require.Contains(t, g.Body, `"pointer":"/url"`)
		require.NotContains(t, g.Body, address)
	}
	require.ElementsMatch(t, []string{"/types", "/partner_ids"}, north.send("/webhook-endpoints", "w0", `{"name":"Bad","url":"http://127.0.0.1:9/","types":["x"]}`).pointers())
	north.send("/webhook-endpoints", "w2", fmt.Sprintf(`{"name":"X","url":"http://127.0.0.1:9/","types":["*"],"partner_ids":["%d"]}`, s.South.ID)).problem(t, http.StatusUnprocessableEntity, "webhook_partner")
	north.send("/webhook-endpoints", "w3", `{"name":"X","url":"http://127.0.0.1:9/","types":["*"],"all_partners":true}`).problem(t, http.StatusUnprocessableEntity, "webhook_partner")

	path := fmt.Sprint("/webhook-endpoints/", made["id"])
	north.call(http.MethodPatch, path, `{"in_order":true}`).problem(t, http.StatusPreconditionRequired, "if_match_missing")
	north.call(http.MethodPatch, path, `{"in_order":true}`, "If-Match", `"7"`).problem(t, http.StatusPreconditionFailed, "if_match_stale")
	g := north.call(http.MethodPatch, path, `{"in_order":true}`, "If-Match", `"1"`)
	require.Equal(t, http.StatusOK, g.Status, g.Body)
	require.Equal(t, `"2"`, g.Header.Get("ETag"))
	require.Equal(t, http.StatusAccepted, north.call(http.MethodPost, path+"/test", "").Status)
	require.Equal(t, http.StatusOK, north.call(http.MethodPost, path+"/secret", "").Status)
	north.call(http.MethodPost, path+"/secret", "").problem(t, http.StatusConflict, "webhook_rotating")
	s.relay()
	list := north.call(http.MethodGet, path+"/deliveries?state=due", "")
	require.Contains(t, list.Body, `"type":"ping"`)
	require.NotContains(t, list.Body, "whsec_")
	seq := s.count(`select seq from webhook_delivery`)
	retry := fmt.Sprintf("/deliveries/%v/%d", made["id"], seq)
	require.Equal(t, http.StatusAccepted, north.call(http.MethodPost, retry+"/retry", "").Status)
	require.Equal(t, http.StatusOK, north.call(http.MethodGet, retry, "").Status)
	north.call(http.MethodPost, path+"/replay", `{"since":"yesterday"}`).problem(t, http.StatusUnprocessableEntity, "replay_since")
	require.Equal(t, http.StatusOK, north.call(http.MethodPost, path+"/replay", `{"since":"2026-01-01T00:00:00Z","dry_run":true}`).Status)

	// Of another partner: as if there were none.
	for _, r := range []struct{ method, path, body string }{
		{http.MethodGet, "", ""},
		{http.MethodPatch, "", `{"in_order":true}`},
		{http.MethodPost, "/secret", ""},
		{http.MethodPost, "/test", ""},
		{http.MethodPost, "/replay", `{"since":"2026-01-01T00:00:00Z"}`},
		{http.MethodGet, "/deliveries", ""},
	} {
		foreign := south.call(r.method, path+r.path, r.body, "If-Match", `"2"`)
		missing := south.call(r.method, "/webhook-endpoints/987654"+r.path, r.body, "If-Match", `"2"`)
		require.Equal(t, http.StatusNotFound, foreign.Status, r.path)
		require.Equal(t, missing.Body, foreign.Body)
	}
	require.Equal(t, south.call(http.MethodPost, "/deliveries/987654/1/retry", "").Body, south.call(http.MethodPost, retry+"/retry", "").Body)
	require.Empty(t, south.call(http.MethodGet, "/webhook-endpoints", "").json()["data"])
	require.Equal(t, false, north.call(http.MethodPatch, path, `{"enabled":false}`, "If-Match", `"3"`).json()["enabled"])
	north.call(http.MethodPost, path+"/test", "").problem(t, http.StatusConflict, "webhook_off")
}
