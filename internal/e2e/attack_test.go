package e2e_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/dbtest"
)

// attacker is a customer who is signed in, at one of several web processes.
type attacker struct {
	client *http.Client
	url    string
	cookie string
	from   string // the address that the proxy before the portal tells
}

// serve starts `refill serve` and waits until it is ready.
func (c *chaos) serve() (*exec.Cmd, string) {
	c.t.Helper()
	return c.serveBy(binary)
}

// serveBy is serve with a program of another version.
func (c *chaos) serveBy(program string) (*exec.Cmd, string) {
	c.t.Helper()
	addr := freeAddr(c.t)
	cmd := exec.Command(program, "serve")
	cmd.Env, cmd.Stderr = append(c.env, "REFILL_ADDR="+addr, "REFILL_TRUSTED_PROXIES=127.0.0.1"), c.stderr()
	require.NoError(c.t, cmd.Start())
	c.t.Cleanup(func() { kill(cmd) })
	c.until("a web process", time.Minute, func() bool {
		request, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, "http://"+addr+"/readyz", nil)
		require.NoError(c.t, err)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return false
		}
		defer answer.Body.Close() //nolint:errcheck // nothing of it is needed
		return answer.StatusCode == http.StatusOK
	})
	return cmd, "http://" + addr
}

// attackers enters customers with a session each, spread over the web processes.
func (c *chaos) attackers(n int, urls []string) []attacker {
	c.t.Helper()
	partner, err := db.New().PartnerCreate(c.t.Context(), c.pool, db.PartnerCreateParams{Name: "North", TimeZone: "UTC"})
	require.NoError(c.t, err)
	hashes, all := make([][]byte, n), make([]attacker, n)
	for i := range all {
		token := make([]byte, 32)
		_, _ = rand.Read(token)
		sum := sha256.Sum256(token)
		hashes[i] = sum[:]
		all[i] = attacker{
			client: &http.Client{
				Transport:     &http.Transport{MaxIdleConnsPerHost: 1},
				Timeout:       busy(time.Minute),
				CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			},
			url: urls[i%len(urls)], cookie: "refill-portal=" + base64.RawURLEncoding.EncodeToString(token),
			from: fmt.Sprintf("198.51.%d.%d", i/250%256, i%250+1),
		}
		c.t.Cleanup(all[i].client.CloseIdleConnections)
	}
	// By SQL, as the owner: hashing a password for each would take minutes.
	err = pgx.BeginFunc(c.t.Context(), dbtest.Owner(c.t, c.pool), func(tx pgx.Tx) error {
		_, err := tx.Exec(c.t.Context(), `
			with who as (insert into customer (partner_id, username, name)
				select $1, 'attacker' || n, 'Attacker' from generate_series(1, $2::integer) n returning id),
			accounts as (insert into account (kind, currency, customer_id, balance, version)
				select 'customer', 'USD', id, 0, 0 from who)
			insert into session (token_hash, customer_id, expires_at)
			select h.hash, w.id, now() + interval '1 day'
			from (select id, row_number() over (order by id) as n from who) w
			join unnest($3::bytea[]) with ordinality h(hash, n) on h.n = w.n`, partner.ID, n, hashes)
		return err
	})
	require.NoError(c.t, err)
	return all
}

// home opens the first page of the portal: it warms the connection.
func (a attacker) home(ctx context.Context) (int, error) {
	return a.do(ctx, http.MethodGet, "/portal", nil)
}

// redeem sends the portal's form.
func (a attacker) redeem(ctx context.Context, code string) (int, error) {
	return a.do(ctx, http.MethodPost, "/portal/finance/refill-card", url.Values{"code": {code}, "key": {uuid.NewString()}})
}

func (a attacker) do(ctx context.Context, method, path string, form url.Values) (int, error) {
	request, err := http.NewRequestWithContext(ctx, method, a.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Cookie", a.cookie)
	request.Header.Set("X-Forwarded-For", a.from)
	answer, err := a.client.Do(request)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	if closeErr := answer.Body.Close(); err == nil {
		err = closeErr
	}
	return answer.StatusCode, err
}

// codesOf opens the codes of a series.
func (c *chaos) codesOf(id int64) []string {
	c.t.Helper()
	series := c.made(id)
	var codes []string
	require.NoError(c.t, c.cards.EachUnused(c.t.Context(), series, func(page []card.Unsealed) error {
		for _, one := range page {
			codes = append(codes, one.Code.Reveal(series.Prefix))
		}
		return nil
	}))
	return codes
}

// Customers at four web processes, each with a warm connection, try to redeem the same
// card at the same moment, card after card. Each card pays exactly once, all other
// attempts are refused, and no request fails.
func TestChaosRedeemUnderAttack(t *testing.T) {
	t.Parallel()
	c := newChaos(t)
	cards, attempts, processes := 6, 48, 4
	if large() {
		cards, attempts = 1000, 1000
	}
	series := c.order(cards)
	require.NoError(t, c.cards.Generate(t.Context(), series, time.Now, func(context.Context, pgx.Tx) error { return nil }))
	codes := c.codesOf(series)
	urls := make([]string, processes)
	for i := range urls {
		_, urls[i] = c.serve()
	}
	crowd := c.attackers(attempts, urls)
	for _, a := range crowd {
		status, err := a.home(t.Context())
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
	}
	for n, code := range codes {
		c.progress("%d of %d cards attacked", n, cards)
		start := make(chan struct{})
		statuses, errs := make([]int, len(crowd)), make([]error, len(crowd))
		var group sync.WaitGroup
		for i, a := range crowd {
			group.Go(func() {
				<-start
				statuses[i], errs[i] = a.redeem(t.Context(), code)
			})
		}
		close(start)
		group.Wait()
		counts := map[int]int{}
		for i := range crowd {
			require.NoError(t, errs[i])
			counts[statuses[i]]++
		}
		require.Equal(t, map[int]int{http.StatusSeeOther: 1, http.StatusUnprocessableEntity: attempts - 1}, counts)
		_, err := c.pool.Exec(t.Context(), `delete from guess`) // losing a race is a wrong code; the bars are tested elsewhere
		require.NoError(t, err)
	}
	var payments, money int64
	require.NoError(t, c.pool.QueryRow(t.Context(),
		`select count(*), (select sum(balance) from account where kind = 'customer')::bigint from payment`).Scan(&payments, &money))
	require.EqualValues(t, cards, payments)
	require.EqualValues(t, 100*cards, money)
	c.requireSound()
}

// A thousand accounts and forged X-Forwarded-For headers do not help a guesser: where no
// proxy is trusted, all of them are one address, and after its thirty wrong codes no
// further code from it is looked up.
func TestGuessesOverHTTPAreBounded(t *testing.T) {
	t.Parallel()
	c := newChaos(t)
	c.env = append(c.env, "REFILL_TRUSTED_PROXIES=")
	addr := freeAddr(t)
	cmd := exec.Command(binary, "serve")
	cmd.Env, cmd.Stderr = append(c.env, "REFILL_ADDR="+addr), os.Stderr
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { kill(cmd) })
	crowd := c.attackers(60, []string{"http://" + addr})
	c.until("the web process", time.Minute, func() bool {
		status, err := crowd[0].home(t.Context())
		return err == nil && status == http.StatusOK
	})
	series := c.order(60)
	require.NoError(t, c.cards.Generate(t.Context(), series, time.Now, func(context.Context, pgx.Tx) error { return nil }))
	require.NoError(t, c.cards.Lock(t.Context(), c.admin, series)) // well-formed codes, none of which can be redeemed
	counts := map[int]int{}
	for i, code := range c.codesOf(series) {
		status, err := crowd[i].redeem(t.Context(), code)
		require.NoError(t, err)
		counts[status]++
	}
	require.Equal(t, map[int]int{http.StatusUnprocessableEntity: 30, http.StatusTooManyRequests: 30}, counts)
}
