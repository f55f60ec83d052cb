package webhook

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/event"
)

// The example of the Standard Webhooks specification, whose signature its libraries make.
func TestSpecificationVector(t *testing.T) {
	t.Parallel()
	secret, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	require.NoError(t, err)
	require.Equal(t, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
		sign([][]byte{secret}, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`)))
	require.Regexp(t, `^whsec_[0-9A-Za-z+/]{43}=$`, secretText(newSecret()))
}

// checkSignature recomputes a signature with openssl, as a receiver would by hand.
func checkSignature(t *testing.T, g got, secret string) bool {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	require.NoError(t, err)
	hexKey := ""
	for _, b := range key {
		hexKey += strconv.FormatInt(int64(b)+256, 16)[1:]
	}
	cmd := exec.CommandContext(t.Context(), "openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:"+hexKey, "-binary")
	cmd.Stdin = strings.NewReader(g.Header.Get("webhook-id") + "." + g.Header.Get("webhook-timestamp") + "." + g.Body)
	mac, err := cmd.Output()
	require.NoError(t, err)
	for one := range strings.FieldsSeq(g.Header.Get("webhook-signature")) {
		if one == "v1,"+base64.StdEncoding.EncodeToString(mac) {
			return true
		}
	}
	return false
}

// An event reaches the endpoints that take it, signed, and no others; after a failure it comes
// again with the same id.
func TestDelivery(t *testing.T) {
	t.Parallel()
	b, l := setup(t), listen(t)
	b.pay(t, b.anna) // before there is an endpoint
	id, secret := b.endpoint(t, b.form(l.URL))
	all, _ := b.endpoint(t, Form{Name: "all", URL: l.URL, Types: []string{"*"}, AllPartners: true})
	other, _ := b.endpoint(t, Form{Name: "series", URL: l.URL, Types: []string{"series.*"}, AllPartners: true})
	b.pay(t, b.anna)
	b.pay(t, b.sam)
	b.step(t)
	require.Equal(t, "2", b.text(t, `select count(*) from event`), "nothing is queued while no one wants it")
	require.Equal(t, 1, b.deliver(t, id))
	require.Equal(t, 0, b.deliver(t, other))
	first := l.take()[0]
	require.True(t, checkSignature(t, first, secret))
	var body map[string]any
	require.NoError(t, json.Unmarshal([]byte(first.Body), &body))
	require.Equal(t, "payment.created", body["type"])
	require.InDelta(t, 1, body["seq"], 0)
	data, _ := body["data"].(map[string]any)
	require.Equal(t, map[string]any{"id": strconv.FormatInt(b.anna.ID, 10), "username": "of-north"}, data["customer"], first.Body)
	require.Equal(t, map[string]any{"amount": "1.00", "currency": "USD"}, data["amount"])
	require.NotContains(t, first.Body, "at the till", "what people write is not sent")
	require.Equal(t, 2, b.deliver(t, all))
	require.Len(t, l.take(), 2)

	l.answersStatus(http.StatusInternalServerError)
	b.pay(t, b.anna)
	b.step(t)
	require.Equal(t, 1, b.deliver(t, id))
	require.Equal(t, 0, b.deliver(t, id), "the next try is later")
	require.Equal(t, "due 1 500 status", b.text(t, `select state || ' ' || attempts || ' ' || status || ' ' || error from webhook_delivery where endpoint_id = $1 and seq = 3`, id))
	require.Equal(t, "true", b.text(t, `select (next_at between now() + interval '4 s' and now() + interval '6 s')::text from webhook_delivery where endpoint_id = $1 and seq = 3`, id))
	tried := l.take()[0]
	l.answersStatus(http.StatusOK)
	b.dueNow(t)
	require.Equal(t, 1, b.deliver(t, id))
	again := l.take()[0]
	require.Equal(t, tried.Header.Get("webhook-id"), again.Header.Get("webhook-id"))
	require.Equal(t, tried.Body, again.Body)
	require.Equal(t, "true", b.text(t, `select (failing_since is null)::text from webhook_endpoint where id = $1`, id))
}

// The waits of the specification, longer where the receiver asks for it.
func TestWaits(t *testing.T) {
	t.Parallel()
	var all time.Duration
	for i, want := range waits() {
		for _, random := range []float64{0, 0.5, 1} {
			wait, again := waitAfter(i+1, 0, random)
			require.True(t, again)
			require.InDelta(t, want, wait, 0.101*float64(want))
		}
		all += want
	}
	require.Greater(t, all, failingFor, "a delivery outlives the endpoint's last chance")
	_, again := waitAfter(len(waits())+1, 0, 0)
	require.False(t, again)
	wait, _ := waitAfter(1, time.Hour, 0)
	require.Equal(t, time.Hour, wait)
}

// 410 switches an endpoint off at once, three days of failures do, and an answer of 503 with
// Retry-After is waited for.
func TestSwitchingOff(t *testing.T) {
	t.Parallel()
	b, l := setup(t), listen(t)
	id, _ := b.endpoint(t, b.form(l.URL))
	l.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	b.pay(t, b.anna)
	b.step(t)
	require.Equal(t, 1, b.deliver(t, id))
	require.Equal(t, "true", b.text(t, `select (next_at > now() + interval '59 min')::text from webhook_delivery`))
	b.exec(t, `update webhook_endpoint set failing_since = now() - interval '71 hours'`)
	b.dueNow(t)
	require.Equal(t, 1, b.deliver(t, id))
	require.Empty(t, b.text(t, `select disabled_why from webhook_endpoint`))
	b.exec(t, `update webhook_endpoint set failing_since = now() - interval '73 hours'`)
	b.dueNow(t)
	require.Equal(t, 1, b.deliver(t, id))
	require.Equal(t, WhyFailing, b.text(t, `select disabled_why from webhook_endpoint`))
	require.Equal(t, WhyFailing, b.text(t, `select detail ->> 'why' from audit where action = 'webhook.disabled'`))
	b.dueNow(t)
	require.Equal(t, 0, b.deliver(t, id), "what is due waits")

	require.NoError(t, b.hooks.Switch(t.Context(), b.admin, id, false))
	l.answersStatus(http.StatusGone)
	require.Equal(t, 1, b.deliver(t, id))
	require.Equal(t, WhyGone, b.text(t, `select disabled_why from webhook_endpoint`))
	require.Equal(t, StateFailed, b.text(t, `select state from webhook_delivery`))
	require.ErrorIs(t, b.hooks.Test(t.Context(), b.admin, id), ErrOff)
}

// In order, an event that fails holds the later ones back; otherwise it doesn't.
func TestInOrder(t *testing.T) {
	t.Parallel()
	b, l := setup(t), listen(t)
	f := b.form(l.URL)
	f.InOrder = true
	ordered, _ := b.endpoint(t, f)
	free, _ := b.endpoint(t, b.form(l.URL))
	for range 3 {
		b.pay(t, b.anna)
	}
	b.step(t)
	l.answersStatus(http.StatusInternalServerError)
	require.Equal(t, 1, b.deliver(t, ordered))
	require.Equal(t, 3, b.deliver(t, free))
	l.take()
	l.answersStatus(http.StatusOK)
	b.dueNow(t)
	require.Equal(t, 3, b.deliver(t, ordered))
	for i, g := range l.take() {
		require.Contains(t, g.Body, `"seq":`+strconv.Itoa(i+1)+",")
	}
}

// During a change of the secret sendings have both signatures; a second change has to wait.
func TestRotation(t *testing.T) {
	t.Parallel()
	b, l := setup(t), listen(t)
	id, before := b.endpoint(t, b.form(l.URL))
	after, err := b.hooks.Rotate(t.Context(), b.admin, id)
	require.NoError(t, err)
	_, err = b.hooks.Rotate(t.Context(), b.admin, id)
	require.ErrorIs(t, err, ErrRotating)
	send := func() got {
		require.NoError(t, b.hooks.Test(t.Context(), b.admin, id))
		b.step(t)
		require.Equal(t, 1, b.deliver(t, id))
		return l.take()[0]
	}
	g := send()
	require.Contains(t, g.Body, `"type":"ping"`)
	require.True(t, checkSignature(t, g, before) && checkSignature(t, g, after))
	b.mu.Lock()
	b.clock = time.Now().Add(25 * time.Hour)
	b.mu.Unlock()
	g = send()
	require.True(t, checkSignature(t, g, after))
	require.False(t, checkSignature(t, g, before))
	b.exec(t, `update webhook_endpoint set old_until = now() - interval '1 s'`)
	require.NoError(t, b.hooks.Reseal(t.Context()))
	require.Equal(t, "true", b.text(t, `select (old_secret is null)::text from webhook_endpoint`))
	require.Equal(t, "false", b.text(t, `select (position('whsec' in encode(secret, 'escape')) > 0)::text from webhook_endpoint`))
}

// Sending again keeps the id, and takes only events of the endpoint's partners, also after
// these were changed.
func TestAgain(t *testing.T) {
	t.Parallel()
	b, l := setup(t), listen(t)
	f := b.form(l.URL)
	id, _ := b.endpoint(t, f)
	since := time.Now().Add(-time.Minute)
	for range 3 {
		b.pay(t, b.anna)
		b.pay(t, b.sam)
	}
	b.step(t)
	require.Equal(t, 3, b.deliver(t, id))
	first := l.take()
	require.NoError(t, b.hooks.Resend(t.Context(), b.admin, id, 1))
	require.Equal(t, 1, b.deliver(t, id))
	require.Equal(t, first[0].Header.Get("webhook-id"), l.take()[0].Header.Get("webhook-id"))
	require.ErrorIs(t, b.hooks.Resend(t.Context(), b.admin, id, 2), ErrNoDelivery, "an event of South")

	n, err := b.hooks.Replay(t.Context(), b.admin, id, since, true)
	require.NoError(t, err)
	require.Equal(t, int64(3), n)
	require.Equal(t, 0, b.deliver(t, id), "counting sends nothing")
	_, err = b.hooks.Replay(t.Context(), b.admin, id, since, false)
	require.NoError(t, err)
	_, err = b.hooks.Replay(t.Context(), b.admin, id, since, false)
	require.ErrorIs(t, err, ErrReplaying)
	b.step(t)
	require.Equal(t, 3, b.deliver(t, id))
	ids := func(list []got) (ids []string) {
		for _, g := range list {
			ids = append(ids, g.Header.Get("webhook-id"))
		}
		return ids
	}
	require.ElementsMatch(t, ids(first), ids(l.take()))
	_, err = b.hooks.Replay(t.Context(), b.admin, id, time.Now().Add(time.Hour), false)
	require.ErrorIs(t, err, ErrNoEvents)

	// The endpoint is given to South while events of North are due.
	require.NoError(t, b.hooks.Resend(t.Context(), b.admin, id, 1))
	f.PartnerIDs = []int64{b.south.ID}
	require.NoError(t, b.hooks.Change(t.Context(), b.admin, id, 1, Change{Form: &f}))
	require.Equal(t, 1, b.deliver(t, id))
	require.Empty(t, l.take())
	require.Equal(t, failPartners, b.text(t, `select error from webhook_delivery where seq = 1`))
	n, err = b.hooks.Replay(t.Context(), b.admin, id, since, true)
	require.NoError(t, err)
	require.Equal(t, int64(3), n)
	_, err = b.hooks.Replay(t.Context(), b.admin, id, since, false)
	require.NoError(t, err)
	b.step(t)
	require.Equal(t, 3, b.deliver(t, id))
	for _, g := range l.take() {
		require.Contains(t, g.Body, `"of-south"`)
	}
}

// Who may choose addresses, and for which partners.
func TestRights(t *testing.T) {
	t.Parallel()
	b, l := setup(t), listen(t)
	ctx := t.Context()
	key := uuid.New()
	f := b.form(l.URL)
	made, err := b.hooks.Create(ctx, b.admin, f, key)
	require.NoError(t, err)
	again, err := b.hooks.Create(ctx, b.admin, f, key)
	require.NoError(t, err)
	require.Equal(t, Made{ID: made.ID, Replayed: true}, again, "the secret is shown once")
	changed := f
	changed.InOrder = true
	_, err = b.hooks.Create(ctx, b.admin, changed, key)
	require.ErrorIs(t, err, ErrKeyReused)

	south := b.admin.Within(audit.Scope{PartnerIDs: []int64{b.south.ID}})
	for name, do := range map[string]func(a audit.Actor) error{
		"edit":   func(a audit.Actor) error { return b.hooks.Change(ctx, a, made.ID, 1, Change{Form: &f}) },
		"switch": func(a audit.Actor) error { return b.hooks.Switch(ctx, a, made.ID, true) },
		"rotate": func(a audit.Actor) error { _, err := b.hooks.Rotate(ctx, a, made.ID); return err },
		"test":   func(a audit.Actor) error { return b.hooks.Test(ctx, a, made.ID) },
		"resend": func(a audit.Actor) error { return b.hooks.Resend(ctx, a, made.ID, 1) },
		"replay": func(a audit.Actor) error { _, err := b.hooks.Replay(ctx, a, made.ID, time.Now(), true); return err },
	} {
		require.ErrorIs(t, do(south), ErrUnknown, name)
		require.ErrorIs(t, do(audit.ByCustomer(b.anna.ID, audit.Everything())), audit.ErrNeedsStaff, name)
	}
	_, err = b.hooks.Create(ctx, south, f, uuid.New())
	require.ErrorIs(t, err, errPartner)
	b.exec(t, `update staff set role_id = (select id from role where key = 'cashier')`)
	_, err = b.hooks.Create(ctx, b.admin, f, uuid.New())
	require.ErrorIs(t, err, errRight)
	require.ErrorIs(t, b.hooks.Test(ctx, b.admin, made.ID), errRight)
}

// Nothing secret is in the tables of events, in River's arguments or in the trail.
func TestNothingSecret(t *testing.T) {
	t.Parallel()
	b, l := setup(t), listen(t)
	f := b.form(l.URL + "/hook?token=hush")
	id, secret := b.endpoint(t, f)
	b.pay(t, b.anna)
	b.step(t)
	require.Equal(t, 1, b.deliver(t, id))
	everything := b.text(t, `select string_agg(x, ' ') from (
		select e::text from event e union all select d::text from webhook_delivery d union all select j.args::text from river_job j
		union all select detail::text from audit) t(x)`)
	require.Equal(t, fmt.Sprintf(`{"endpoint_id": %d}`, id), b.text(t, `select args::text from river_job`))
	for _, bad := range []string{secret, strings.TrimPrefix(secret, "whsec_"), "hush"} {
		require.NotContains(t, everything, bad)
	}
	require.True(t, event.Known("payment.*"))
	require.False(t, event.Known("pay*") || event.Known("") || event.Known(".*") || event.Known("ping"))
}
