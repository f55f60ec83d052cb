package e2e_test

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// exitLimit is how long a process may take to stop when it is asked to.
const exitLimit = 25 * time.Second

// load is a load of customers who redeem one card after another, while web processes start
// and stop. A request with an unknown outcome is sent again with the same key, like a
// browser whose user presses the button again.
type load struct {
	c       *chaos
	urls    atomic.Pointer[[]string] // where requests may go now
	done    atomic.Int64             // cards that were acknowledged
	unknown atomic.Int64             // requests that had to be asked again
	failed  atomic.Int64             // answers of the 5xx kind
	lift    func()                   // lifts bars as staff would; nil: none may come about
	group   sync.WaitGroup
}

// start sets customers to work on the codes.
func (l *load) start(crowd []attacker, codes []string) {
	share := len(codes) / len(crowd)
	for i, a := range crowd {
		l.group.Go(func() {
			for _, code := range codes[i*share : (i+1)*share] {
				l.redeem(a, code, i)
			}
		})
	}
}

// redeem sends one form until the answer is known.
func (l *load) redeem(a attacker, code string, n int) {
	form := url.Values{"code": {code}, "key": {uuid.NewString()}}
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for {
		urls := *l.urls.Load()
		a.url = urls[n%len(urls)]
		ctx, cancel := context.WithTimeout(context.Background(), busy(15*time.Second))
		status, err := a.do(ctx, http.MethodPost, "/portal/finance/refill-card", form)
		cancel()
		switch {
		case err == nil && status == http.StatusSeeOther:
			l.done.Add(1)
			return
		case err == nil && status == http.StatusTooManyRequests && l.lift != nil:
			l.lift()
		case err == nil && status < http.StatusInternalServerError:
			l.c.t.Errorf("a good card was answered with %d", status)
			return
		case err == nil:
			l.failed.Add(1)
		}
		l.unknown.Add(1)
		n++ // the next process, as a balancer would
		<-pause.C
	}
}

// requirePaid checks that the books agree with the responses that the customers got.
func (l *load) requirePaid(codes int) {
	t := l.c.t
	t.Helper()
	require.EqualValues(t, codes, l.done.Load())
	var payments, money int64
	require.NoError(t, l.c.pool.QueryRow(t.Context(),
		`select count(*), (select sum(balance) from account where kind = 'customer')::bigint from payment`).Scan(&payments, &money))
	require.EqualValues(t, codes, payments)
	require.EqualValues(t, 100*codes, money)
	l.c.requireSound()
	t.Logf("%d cards paid once each, %d requests asked again, %d answers of the 5xx kind", codes, l.unknown.Load(), l.failed.Load())
}

// makeCards makes a series and opens its codes.
func (c *chaos) makeCards(n int) []string {
	c.t.Helper()
	series := c.order(n)
	require.NoError(c.t, c.cards.Generate(c.t.Context(), series, time.Now, func(context.Context, pgx.Tx) error { return nil }))
	return c.codesOf(series)
}

// Postgres is killed repeatedly while customers redeem: no acknowledged redemption is
// lost, none is paid twice, every unknown outcome is settled by the same key, and the
// portal answers again within ten seconds.
func TestChaosPostgresKilledUnderLoad(t *testing.T) {
	t.Parallel()
	cards, customers, kills := 160, 8, 1
	if large() {
		cards, customers, kills = 4000, 16, 20
	}
	server := newPostgres(t, t.TempDir(), nil)
	c := newChaosOn(t, server.pool())
	c.quiet = true
	codes := c.makeCards(cards)
	_, first := c.serve()
	_, second := c.serve()
	crowd := c.attackers(customers, []string{first, second})
	l := &load{c: c}
	l.urls.Store(&[]string{first, second})
	l.start(crowd, codes)
	for n := range kills {
		c.progress("%d of %d kills", n, kills)
		before := l.done.Load()
		c.until("redemptions before a kill", time.Minute, func() bool {
			return l.done.Load() >= before+int64(cards/(2*kills)) || l.done.Load() == int64(cards)
		})
		require.NoError(t, syscall.Kill(server.PID(), syscall.SIGKILL))
		<-server.Done()
		_ = server.Stop()
		server.start()
		up, at := time.Now(), l.done.Load()
		c.until("redemptions after Postgres is up again", time.Minute, func() bool {
			return l.done.Load() > at || at == int64(cards)
		})
		require.Less(t, time.Since(up), busy(10*time.Second))
	}
	l.group.Wait()
	c.pool.Reset()
	l.requirePaid(cards)
}
