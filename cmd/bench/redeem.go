package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"refill/internal/card"
	"refill/internal/db"
)

// measureRedeem has customers redeem cards in the portal, all at once, and
// pgbench run the statements of as many redemptions on the same data, in turns.
func measureRedeem(ctx context.Context, st *stage) (figures, error) {
	clients := make([]*http.Client, st.clients)
	for n := range clients {
		var err error
		if clients[n], err = st.signIn(ctx, n); err != nil {
			return nil, err
		}
	}
	f := figures{}
	for range st.rounds {
		rate, err := st.redeemOverHTTP(ctx, clients)
		if err != nil {
			return nil, err
		}
		limit, err := st.pgbench(ctx)
		if err != nil {
			return nil, err
		}
		f.add("redeem_rate", rate, "redemptions/s")
		f.add("pgbench_rate", limit, "redemptions/s")
		f.add("redeem_vs_pgbench", rate/limit, "ratio")
	}
	return f, nil
}

// perClient is how many cards each client redeems in a round.
func (st *stage) perClient() int { return st.redemptions / st.clients }

// redeemOverHTTP redeems a series of its own and returns redemptions a second.
func (st *stage) redeemOverHTTP(ctx context.Context, clients []*http.Client) (float64, error) {
	series, _, err := st.series(ctx, st.perClient()*st.clients)
	if err != nil {
		return 0, err
	}
	var codes []string
	err = st.domain.EachUnused(ctx, series, func(page []card.Unsealed) error {
		for _, c := range page {
			codes = append(codes, c.Code.Reveal(series.Prefix))
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if err := st.settle(ctx); err != nil {
		return 0, err
	}
	finished := make([]time.Time, len(codes))
	group, groupCtx := errgroup.WithContext(ctx)
	for n, client := range clients {
		group.Go(func() error {
			for i := n * st.perClient(); i < (n+1)*st.perClient(); i++ {
				form := url.Values{"code": {codes[i]}, "key": {uuid.NewString()}}
				if err := st.post(groupCtx, client, n, "/portal/finance/refill-card", form); err != nil {
					return err
				}
				finished[i] = time.Now()
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	if err := st.requireUsed(ctx, series); err != nil {
		return 0, err
	}
	return steadyRate(finished)
}

// settle has Postgres know the cards that were just made, so that both sides work
// with the same plans, and nothing left to write.
func (st *stage) settle(ctx context.Context) error {
	if _, err := st.pool.Exec(ctx, `vacuum analyze`); err != nil {
		return err
	}
	return st.calm(ctx)
}

// requireUsed makes sure that every card of a series was redeemed.
func (st *stage) requireUsed(ctx context.Context, series db.Series) error {
	var used int
	if err := st.pool.QueryRow(ctx, `select count(*) from card where series_id = $1 and state = 'used'`, series.ID).Scan(&used); err != nil {
		return err
	}
	if used != int(series.Quantity) {
		return fmt.Errorf("%d cards of %d were redeemed: not comparable", used, series.Quantity)
	}
	return nil
}

// signIn signs a customer in and returns the browser.
func (st *stage) signIn(ctx context.Context, n int) (*http.Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{
		Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: 1}, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return client, st.post(ctx, client, n, "/portal/login", url.Values{"username": {username(n)}, "password": {password}})
}

// address is where a client comes from.
func address(n int) string { return fmt.Sprintf("198.51.100.%d", n%250+1) }

// post sends a form and wants to be sent on, which is how the portal answers when
// it did what it was asked.
func (st *stage) post(ctx context.Context, client *http.Client, n int, path string, form url.Values) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+st.addr+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("X-Forwarded-For", address(n))
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	err = errors.Join(err, answer.Body.Close())
	if err == nil && answer.StatusCode != http.StatusSeeOther {
		return fmt.Errorf("POST %s answered %s instead of 303", path, answer.Status)
	}
	return err
}

// planSQL lays out what the clients of pgbench do: as the clients of the portal,
// each its own part of a series under its own session.
const planSQL = `
	drop table if exists bench_plan;
	create table bench_plan as
	select (c.serial - 1) / %[2]d as client, (c.serial - 1) %% %[2]d + 1 as i, c.code_index, gen_random_uuid() as key,
		k.id as customer, k.partner_id as partner, s.token_hash as token, '198.51.100.' || (c.serial - 1) / %[2]d %% 250 + 1 as address
	from card c
	join customer k on k.username = 'client' || (c.serial - 1) / %[2]d
	join session s on s.customer_id = k.id
	where c.series_id = %[1]d;
	alter table bench_plan add primary key (client, i)`

// pgbench runs the same statements with Postgres's own load tool, on a series of
// its own, and returns transactions, which are redemptions, a second.
func (st *stage) pgbench(ctx context.Context) (float64, error) {
	path, err := st.tool("pgbench")
	if err != nil {
		return 0, err
	}
	text, err := redeemScript(os.DirFS("queries"))
	if err != nil {
		return 0, err
	}
	script := st.path("redeem.sql")
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		return 0, err
	}
	series, _, err := st.series(ctx, st.perClient()*st.clients)
	if err != nil {
		return 0, err
	}
	if _, err := st.pool.Exec(ctx, fmt.Sprintf(planSQL, series.ID, st.perClient())); err != nil {
		return 0, err
	}
	if err := st.settle(ctx); err != nil {
		return 0, err
	}
	log := st.path("pgbench-log")
	cmd := exec.CommandContext(ctx, path, "-n", "-M", "prepared", "-c", strconv.Itoa(st.clients), "-j", "2", "-D", "i=0", //nolint:gosec // on this stage's own server
		"-t", strconv.Itoa(st.perClient()), "--log", "--log-prefix="+log, "-f", script, st.url)
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("pgbench: %w: %s", err, out)
	}
	if err := st.requireUsed(ctx, series); err != nil {
		return 0, fmt.Errorf("pgbench: %w", err)
	}
	finished, err := readPgbenchLog(log)
	if err != nil {
		return 0, err
	}
	return steadyRate(finished)
}
