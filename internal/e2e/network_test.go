package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

const (
	// pageLimit is how long a page may take, and slack what a busy machine adds.
	pageLimit, slack = 10 * time.Second, 5 * time.Second
	// recovery is how soon everything goes on when the network is there again.
	recovery = 15 * time.Second
)

// behind puts a network between the program and Postgres that can be cut, and returns
// it. The test's own connections don't go through it.
func (c *chaos) behind() *toxiproxy.Proxy {
	c.t.Helper()
	config := c.pool.Config().ConnConfig
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	network := toxiproxy.NewProxy(server, "postgres", "127.0.0.1:0", fmt.Sprintf("%s:%d", config.Host, config.Port))
	require.NoError(c.t, network.Start())
	c.t.Cleanup(network.Stop)
	address := url.URL{
		Scheme: "postgres", User: url.UserPassword(config.User, config.Password),
		Host: network.Listen, Path: config.Database, RawQuery: "sslmode=disable",
	}
	c.env = append(c.env, "DATABASE_URL="+address.String())
	return network
}

// add makes the network worse, both ways.
func (c *chaos) add(network *toxiproxy.Proxy, kind, attributes string) {
	c.t.Helper()
	for _, stream := range []string{"upstream", "downstream"} {
		_, err := network.Toxics.AddToxicJson(strings.NewReader(
			fmt.Sprintf(`{"name": "%[1]s-%[2]s", "type": "%[1]s", "stream": "%[2]s", "attributes": %[3]s}`, kind, stream, attributes)))
		require.NoError(c.t, err)
	}
}

// The network to Postgres is cut, swallows everything without a word, and is slow,
// while customers redeem and a worker makes a series. Whoever asks meanwhile is
// answered in time, everything goes on by itself soon after, and nothing is paid
// twice or lost.
func TestChaosNetworkCut(t *testing.T) {
	t.Parallel()
	c := newChaos(t)
	c.quiet = true
	cards, customers, rounds, quantity := 240, 6, 1, 60_000
	if large() {
		cards, customers, rounds, quantity = 4000, 16, 10, 1_000_000
	}
	codes := c.makeCards(cards)
	network := c.behind()
	_, address := c.serve()
	worker := c.worker()
	t.Cleanup(func() { kill(worker) })
	crowd := c.attackers(customers+1, []string{address})
	// An attempt that is cut off once it was charged stays charged: giving it back
	// would let a guesser hang up instead. Five cuts in a row bar a customer for a while.
	l := &load{c: c, lift: func() { _, _ = c.pool.Exec(t.Context(), `update guess set n = 0, barred_until = null`) }}
	l.urls.Store(&[]string{address})
	visitor := crowd[customers]
	status, err := visitor.home(t.Context())
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	l.start(crowd[:customers], codes)
	series := c.order(quantity)
	c.until("the first cards", stallLimit, func() bool { return c.made(series).Made > 0 })

	more := func(what string, limit time.Duration) {
		t.Helper()
		at := l.done.Load()
		c.until(what, limit, func() bool { return l.done.Load() > at || l.done.Load() == int64(cards) })
	}
	// answered asks for a page while the network is gone.
	answered := func(what string) {
		t.Helper()
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		status, err := visitor.home(ctx)
		require.NoError(t, err)
		require.Equal(t, http.StatusServiceUnavailable, status, what)
		require.Less(t, time.Since(began), pageLimit+slack, what)
	}
	for range rounds {
		more("redemptions before the cut", time.Minute)
		network.Stop()
		answered("a cut")
		require.NoError(t, network.Start())
		up := time.Now()
		more("redemptions after a cut", time.Minute)
		require.Less(t, time.Since(up), recovery)

		c.add(network, "timeout", `{"timeout": 0}`) // swallows everything, closes nothing
		answered("silence")
		network.Toxics.ResetToxics(t.Context())
		up = time.Now()
		more("redemptions after silence", time.Minute)
		require.Less(t, time.Since(up), recovery)

		failed := l.failed.Load()
		c.add(network, "latency", `{"latency": 40, "jitter": 20}`)
		more("redemptions over a slow line", time.Minute)
		require.Equal(t, failed, l.failed.Load(), "slow is no fault")
		network.Toxics.ResetToxics(t.Context())
	}
	l.group.Wait()
	c.until("the series", 2*stallLimit, func() bool { return c.made(series).MadeAt != nil })
	l.requirePaid(cards)
	require.EqualValues(t, quantity, c.made(series).Made)
}
