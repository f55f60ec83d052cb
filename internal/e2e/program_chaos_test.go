package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/client"
	"refill/internal/job"
	"refill/internal/staff"
	"refill/internal/webhook"
)

// caller is an API client that repeats a request under its key until the outcome is known.
type caller struct {
	t     *testing.T
	key   string
	urls  []string
	again atomic.Int64 // requests that were sent again
}

// program makes an API client that may do these things.
func (c *chaos) program(permissions ...staff.Permission) string {
	c.t.Helper()
	id, err := client.Create(c.t.Context(), c.pool, audit.System(), client.Form{
		Name: "Billing", OwnerID: c.admin.Person(), AllPartners: true, Permissions: staff.Stored(permissions...), PerMinute: 100_000, WrongCodesHour: 100_000,
	})
	require.NoError(c.t, err)
	key, err := client.MakeKey(c.t.Context(), c.pool, audit.System(), id, client.KeyForm{})
	require.NoError(c.t, err)
	return key
}

// settle sends a POST until its outcome is known and returns the answer. Answers of the 5xx
// kind and broken lines are repeated at the other web process. lift lifts bars for wrong
// codes: attempts that a crash cuts off stay counted.
func (p *caller) settle(n int, path string, body any, lift func()) map[string]any {
	text, err := json.Marshal(body)
	if err != nil {
		p.t.Error(err)
		return nil
	}
	key := uuid.NewString()
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for ; ; n++ {
		status, got, err := p.post(p.urls[n%len(p.urls)]+"/api/v1"+path, key, text)
		switch {
		case err == nil && (status == http.StatusCreated || status == http.StatusOK):
			return got
		case err == nil && status == http.StatusTooManyRequests:
			lift()
		case err == nil && status < http.StatusInternalServerError:
			p.t.Errorf("POST %s was answered with %d %v", path, status, got["code"])
			return nil
		}
		p.again.Add(1)
		<-pause.C
	}
}

func (p *caller) post(address, key string, body []byte) (status int, got map[string]any, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), busy(15*time.Second))
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+p.key)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", key)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	err = json.NewDecoder(answer.Body).Decode(&got)
	return answer.StatusCode, got, errors.Join(err, answer.Body.Close())
}

// Customers redeem in the portal while an API client redeems, reserves and commits, and
// charges. Postgres is killed, the worker is killed, and every unknown outcome is asked for
// again with the same key. Each card is paid once, each charge is taken once, and the feed
// and the webhooks tell of each redemption.
func TestChaosProgramsAmongCustomers(t *testing.T) {
	t.Parallel()
	share, customers, kills := 60, 4, 1
	if large() {
		share, customers, kills = 1200, 8, 12
	}
	server := newPostgres(t, t.TempDir(), nil)
	c := newChaosOn(t, server.pool())
	c.quiet = true
	c.env = append(c.env, "REFILL_WEBHOOK_NETWORKS=127.0.0.0/8")

	var mu sync.Mutex
	told := map[string]bool{} // by card
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var event struct{ Data struct{ Card string } }
		if json.NewDecoder(r.Body).Decode(&event) == nil {
			mu.Lock()
			defer mu.Unlock()
			told[event.Data.Card] = true
		}
	}))
	defer receiver.Close()
	jobs, err := job.NewInserter(c.pool, nil)
	require.NoError(t, err)
	hooks := webhook.New(webhook.Config{DB: c.pool, Jobs: jobs, Vault: c.cards.Codes, Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Now: time.Now})
	_, err = hooks.Create(t.Context(), c.admin, webhook.Form{Name: "receiver", URL: receiver.URL, Types: []string{"redemption.created"}, AllPartners: true}, uuid.New())
	require.NoError(t, err)

	codes := c.makeCards(3 * share)
	_, first := c.serve()
	_, second := c.serve()
	worker := c.worker()
	crowd := c.attackers(customers, []string{first, second})
	lift := func() { _, _ = c.pool.Exec(t.Context(), `update guess set n = 0, barred_until = null`) }
	l := &load{c: c, lift: lift}
	l.urls.Store(&[]string{first, second})
	l.start(crowd, codes[:share])
	p := &caller{t: t, key: c.program(staff.RedeemFor, staff.CardsReserve, staff.CustomersCharge, staff.PaymentsView), urls: []string{first, second}}
	who := map[string]string{"username": "attacker1"}
	var done atomic.Int64
	var group sync.WaitGroup
	for n := range 2 {
		group.Go(func() {
			for _, code := range codes[share+n*share/2 : share+(n+1)*share/2] {
				p.settle(n, "/redemptions", map[string]any{"code": code, "customer": who}, lift)
				done.Add(1)
			}
		})
		group.Go(func() {
			for _, code := range codes[2*share+n*share/2 : 2*share+(n+1)*share/2] {
				held := p.settle(n, "/reservations", map[string]any{"code": code, "customer": who, "ttl": 1800}, lift)
				id, _ := held["id"].(string)
				p.settle(n, "/reservations/"+id+"/commit", map[string]any{}, lift)
				// The card has brought a dollar, of which a tenth goes again.
				customer, _ := held["customer"].(map[string]any)
				number, _ := customer["id"].(string)
				p.settle(n, "/customers/"+number+"/charges", map[string]any{"amount": map[string]string{"amount": "0.10", "currency": "USD"}, "text": "a day"}, lift)
				done.Add(1)
			}
		})
	}
	all := int64(3 * share)
	count := func() int64 { return l.done.Load() + done.Load() }
	for range kills {
		before := count()
		c.until("redemptions before a kill", time.Minute, func() bool { return count() >= before+all/int64(4*kills) || count() == all })
		kill(worker)
		require.NoError(t, syscall.Kill(server.PID(), syscall.SIGKILL))
		<-server.Done()
		_ = server.Stop()
		server.start()
		worker = c.worker()
	}
	l.group.Wait()
	group.Wait()
	c.pool.Reset()
	require.Equal(t, all, count())
	// The leases of the dead worker end now and not in a minute.
	_, err = c.pool.Exec(t.Context(), `update webhook_delivery set next_at = now() where state = 'due'`)
	require.NoError(t, err)
	c.until("the webhook of every card", 2*stallLimit, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(told) == int(all)
	})

	var redeemed, charges, money, events int64
	require.NoError(t, c.pool.QueryRow(t.Context(), `select count(*) filter (where type = 'refill_card'), count(*) filter (where type = 'charge'),
		(select sum(balance) from account where kind = 'customer')::bigint, (select count(distinct data ->> 'card') from event where type = 'redemption.created') from payment`).
		Scan(&redeemed, &charges, &money, &events))
	require.Equal(t, []int64{all, int64(share), 100*all - 10*int64(share), all}, []int64{redeemed, charges, money, events}, "redemptions, charges, balances, cards in the feed")
	c.requireSound()
	t.Logf("%d cards, %d requests of the client asked again, %d of the customers", all, p.again.Load(), l.unknown.Load())
}
