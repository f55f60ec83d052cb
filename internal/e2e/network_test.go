package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	// pageLimit is how long a page may take, and slack what a busy machine adds.
	pageLimit, slack = 10 * time.Second, 5 * time.Second
	// recovery is the longest time until all work continues after the network is back.
	recovery = 15 * time.Second
)

// network is a proxy between the program and Postgres that can simulate faults. It is a
// process of its own, which .ci/setup builds from nettest.
type network struct {
	t   *testing.T
	api string // URL of the HTTP API of toxiproxy
}

// behind puts a network between the program and Postgres, and returns it. The test's own
// connections don't go through it.
func (c *chaos) behind() *network {
	c.t.Helper()
	program, err := filepath.Abs("../../bin/nettest")
	require.NoError(c.t, err)
	if _, err := os.Stat(program); err != nil {
		require.Empty(c.t, os.Getenv("CI"), "CI cuts the network: .ci/setup test builds nettest") //nolint:forbidigo // a test binary has no main that could read it
		c.t.Skip("no network to cut here; .ci/setup test builds it")
	}
	cmd := exec.Command(program)
	input, err := cmd.StdinPipe()
	require.NoError(c.t, err)
	output, err := cmd.StdoutPipe()
	require.NoError(c.t, err)
	require.NoError(c.t, cmd.Start())
	c.t.Cleanup(func() {
		require.NoError(c.t, input.Close())
		require.NoError(c.t, cmd.Wait())
	})
	address, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(c.t, err)
	n := &network{t: c.t, api: "http://" + strings.TrimSpace(address)}

	config := c.pool.Config().ConnConfig
	var made struct{ Listen string }
	n.order("/proxies", map[string]any{
		"name": "postgres", "listen": "127.0.0.1:0", "upstream": net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))), "enabled": true,
	}, &made)
	through := url.URL{
		Scheme: "postgres", User: url.UserPassword(config.User, config.Password),
		Host: made.Listen, Path: config.Database, RawQuery: "sslmode=disable",
	}
	c.env = append(c.env, "DATABASE_URL="+through.String())
	return n
}

// order sends an order and reads its answer into answer, unless that is nil.
func (n *network) order(path string, body map[string]any, answer any) {
	n.t.Helper()
	text, err := json.Marshal(body)
	require.NoError(n.t, err)
	request, err := http.NewRequestWithContext(n.t.Context(), http.MethodPost, n.api+path, bytes.NewReader(text))
	require.NoError(n.t, err)
	request.Header.Set("User-Agent", "refill-e2e") // browsers are refused
	response, err := http.DefaultClient.Do(request)
	require.NoError(n.t, err)
	defer response.Body.Close() //nolint:errcheck // read to its end
	said, err := io.ReadAll(response.Body)
	require.NoError(n.t, err)
	require.Less(n.t, response.StatusCode, 300, "%s", said)
	if answer != nil {
		require.NoError(n.t, json.Unmarshal(said, answer))
	}
}

// cut ends every connection and refuses new ones; join takes that back.
func (n *network) cut() {
	n.order("/proxies/postgres", map[string]any{"enabled": false}, nil)
}

func (n *network) join() {
	n.order("/proxies/postgres", map[string]any{"enabled": true}, nil)
}

// add makes the network worse, both ways; heal removes all such faults.
func (n *network) add(kind string, attributes map[string]any) {
	for _, stream := range []string{"upstream", "downstream"} {
		n.order("/proxies/postgres/toxics", map[string]any{
			"name": kind + "-" + stream, "type": kind, "stream": stream, "attributes": attributes,
		}, nil)
	}
}

func (n *network) heal() { n.order("/reset", nil, nil) }

// The network to Postgres is cut, drops everything silently, and is slow, while customers
// redeem and a worker makes a series. Every request is answered in time, all work
// continues by itself soon afterwards, and no redemption is paid twice or lost.
func TestChaosNetworkCut(t *testing.T) {
	t.Parallel()
	c := newChaos(t)
	c.quiet = true
	cards, customers, rounds, quantity := 240, 6, 1, 60_000
	if large() {
		cards, customers, rounds, quantity = 4000, 16, 10, 1_000_000
	}
	codes := c.makeCards(cards)
	line := c.behind()
	_, address := c.serve()
	worker := c.worker()
	t.Cleanup(func() { kill(worker) })
	crowd := c.attackers(customers+1, []string{address})
	// An attempt whose connection breaks stays charged. Otherwise a guesser could hang up to
	// avoid the charge. Five cuts in a row lock a customer out for a while.
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
	// answered checks that a page gets a response while the network is down.
	answered := func(what string) {
		t.Helper()
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), busy(time.Minute))
		defer cancel()
		status, err := visitor.home(ctx)
		require.NoError(t, err)
		require.Equal(t, http.StatusServiceUnavailable, status, what)
		require.Less(t, time.Since(began), busy(pageLimit+slack), what)
	}
	for n := range rounds {
		c.progress("%d of %d rounds, %d cards redeemed", n, rounds, l.done.Load())
		more("redemptions before the cut", time.Minute)
		line.cut()
		answered("a cut")
		line.join()
		up := time.Now()
		more("redemptions after a cut", time.Minute)
		require.Less(t, time.Since(up), busy(recovery))

		line.add("timeout", map[string]any{"timeout": 0}) // swallows everything, closes nothing
		answered("silence")
		line.heal()
		up = time.Now()
		more("redemptions after silence", time.Minute)
		require.Less(t, time.Since(up), busy(recovery))

		failed := l.failed.Load()
		line.add("latency", map[string]any{"latency": 40, "jitter": 20})
		more("redemptions over a slow line", time.Minute)
		require.Equal(t, failed, l.failed.Load(), "slow is no fault")
		line.heal()
	}
	l.group.Wait()
	c.until("the series", 2*stallLimit, func() bool { return c.made(series).MadeAt != nil })
	l.requirePaid(cards)
	require.EqualValues(t, quantity, c.made(series).Made)
}
