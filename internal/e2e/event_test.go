package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/job"
	"refill/internal/webhook"
)

// A thousand redemptions while the worker is killed three times: the receiver gets each event
// under one id, and the feed has no gap.
func TestWorkersAreKilledWhileEventsAreSent(t *testing.T) {
	t.Parallel()
	const cards, kills = 1000, 3
	c := newChaos(t)
	c.env = append(c.env, "REFILL_WEBHOOK_NETWORKS=127.0.0.0/8")
	var mu sync.Mutex
	got := map[string]int{} // by webhook-id
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got[r.Header.Get("webhook-id")]++
		w.WriteHeader(http.StatusNoContent)
	}))
	defer receiver.Close()
	ids := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(got)
	}
	codes := c.makeCards(cards)
	jobs, err := job.NewInserter(c.pool, nil)
	require.NoError(t, err)
	hooks := webhook.New(webhook.Config{DB: c.pool, Jobs: jobs, Vault: c.cards.Codes, Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Now: time.Now})
	_, err = hooks.Create(t.Context(), c.admin, webhook.Form{Name: "receiver", URL: receiver.URL, Types: []string{"redemption.*"}, AllPartners: true}, uuid.New())
	require.NoError(t, err)
	north, err := db.New().PartnerCreate(t.Context(), c.pool, db.PartnerCreateParams{Name: "North", TimeZone: "UTC"})
	require.NoError(t, err)
	anna, err := customer.Create(t.Context(), c.pool, c.admin, customer.New{PartnerID: north.ID, Username: "anna", Name: "A", Currency: "USD"})
	require.NoError(t, err)

	worker := c.worker()
	done := make(chan error, 1)
	go func() {
		for _, code := range codes {
			_, err := c.cards.Redeem(t.Context(), audit.ByCustomer(anna.ID, audit.Everything()), card.Redemption{CustomerID: anna.ID, Code: code, Key: uuid.New()})
			if err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for n := range kills {
		c.until("events before a kill", stallLimit, func() bool { return ids() >= cards*(n+1)/(kills+2) })
		kill(worker)
		// The leases of the dead worker end now and not in a minute.
		_, err := c.pool.Exec(t.Context(), `update webhook_delivery set next_at = now() where state = 'due'`)
		require.NoError(t, err)
		worker = c.worker()
	}
	require.NoError(t, <-done)
	c.until("the last event", 2*stallLimit, func() bool { return ids() == cards })
	var events, first, last, ofCards int
	require.NoError(t, c.pool.QueryRow(t.Context(), `select count(*), min(seq), max(seq), count(distinct data ->> 'card') filter (where type = 'redemption.created') from event`).Scan(&events, &first, &last, &ofCards))
	require.Equal(t, cards, ofCards)
	require.Equal(t, []int{1, events}, []int{first, last})
	c.requireSound()
	mu.Lock()
	defer mu.Unlock()
	twice := 0
	for _, n := range got {
		twice += n - 1
	}
	t.Logf("%d events, %d of them sent more than once", len(got), twice)
}
