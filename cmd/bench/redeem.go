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

// measureRedeem lets all customers redeem cards in the portal at the same time, then runs
// the statements of as many redemptions with pgbench, alternating for each round.
func measureRedeem(ctx context.Context, tb *testbed) (figures, error) {
	clients := make([]*http.Client, tb.clients)
	for n := range clients {
		var err error
		if clients[n], err = tb.signIn(ctx, n); err != nil {
			return nil, err
		}
	}
	f := figures{}
	for range tb.rounds {
		rate, err := tb.redeemOverHTTP(ctx, clients)
		if err != nil {
			return nil, err
		}
		limit, err := tb.pgbench(ctx)
		if err != nil {
			return nil, err
		}
		f.add("redeem_per_s", rate, "redemptions/s")
		f.add("pgbench_per_s", limit, "redemptions/s")
		f.add("redeem_vs_pgbench", rate/limit, "ratio")
	}
	return f, nil
}

// perClient returns the number of cards that each client redeems in a round.
func (tb *testbed) perClient() int { return tb.redemptions / tb.clients }

// redeemOverHTTP redeems a new series and returns redemptions a second.
func (tb *testbed) redeemOverHTTP(ctx context.Context, clients []*http.Client) (float64, error) {
	series, _, err := tb.series(ctx, tb.perClient()*tb.clients)
	if err != nil {
		return 0, err
	}
	var codes []string
	err = tb.domain.EachUnused(ctx, series, func(page []card.Unsealed) error {
		for _, c := range page {
			codes = append(codes, c.Code.Reveal(series.Prefix))
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if err := tb.vacuum(ctx); err != nil {
		return 0, err
	}
	finished := make([]time.Time, len(codes))
	group, groupCtx := errgroup.WithContext(ctx)
	for n, client := range clients {
		group.Go(func() error {
			for i := n * tb.perClient(); i < (n+1)*tb.perClient(); i++ {
				form := url.Values{"code": {codes[i]}, "key": {uuid.NewString()}}
				if err := tb.post(groupCtx, client, n, "/portal/finance/refill-card", form); err != nil {
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
	if err := tb.requireUsed(ctx, series); err != nil {
		return 0, err
	}
	return steadyRate(finished)
}

// vacuum updates the statistics after a series was made, so that both sides run with the
// same query plans, and writes all dirty pages.
func (tb *testbed) vacuum(ctx context.Context) error {
	if _, err := tb.pool.Exec(ctx, `vacuum analyze`); err != nil {
		return err
	}
	return tb.resetBaseline(ctx)
}

// requireUsed checks that every card of a series was redeemed.
func (tb *testbed) requireUsed(ctx context.Context, series db.Series) error {
	var used int
	if err := tb.pool.QueryRow(ctx, `select count(*) from card where series_id = $1 and state = 'used'`, series.ID).Scan(&used); err != nil {
		return err
	}
	if used != int(series.Quantity) {
		return fmt.Errorf("%d cards of %d were redeemed: not comparable", used, series.Quantity)
	}
	return nil
}

// signIn signs a customer in and returns the HTTP client with the session.
func (tb *testbed) signIn(ctx context.Context, n int) (*http.Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{
		Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: 1}, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return client, tb.post(ctx, client, n, "/portal/login", url.Values{"username": {username(n)}, "password": {password}})
}

// address returns the address of a client.
func address(n int) string { return fmt.Sprintf("198.51.100.%d", n%250+1) }

// post sends a form and requires a redirect, with which the portal answers a successful
// form.
func (tb *testbed) post(ctx context.Context, client *http.Client, n int, path string, form url.Values) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+tb.addr+path, strings.NewReader(form.Encode()))
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

// planSQL creates the table of the work of pgbench: each client redeems its own part of a
// series under its own session, as the clients of the portal do. The table also has the
// results that the program passes from one statement to the next, because pgbench can't use
// the result of a statement within the same pipeline.
const planSQL = `
	drop table if exists bench_plan;
	create table bench_plan as
	select (c.serial - 1) / %[2]d as client, (c.serial - 1) %% %[2]d + 1 as i, c.code_index, gen_random_uuid() as key,
		k.id as customer, k.partner_id as partner, s.token_hash as token, '198.51.100.' || (c.serial - 1) / %[2]d %% 250 + 1 as address,
		c.series_id as series, c.serial, of.number, of.price, of.currency, a.id as outstanding
	from card c
	join series of on of.id = c.series_id
	join account a on a.series_id = c.series_id
	join customer k on k.username = 'client' || (c.serial - 1) / %[2]d
	join session s on s.customer_id = k.id
	where c.series_id = %[1]d;
	alter table bench_plan add primary key (client, i)`

// pgbench runs the statements of redemptions on a new series with pgbench, and returns
// transactions a second, of which each is one redemption.
func (tb *testbed) pgbench(ctx context.Context) (float64, error) {
	path, err := tb.tool("pgbench")
	if err != nil {
		return 0, err
	}
	text, err := redeemScript(os.DirFS("queries"))
	if err != nil {
		return 0, err
	}
	script := tb.path("redeem.sql")
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		return 0, err
	}
	series, _, err := tb.series(ctx, tb.perClient()*tb.clients)
	if err != nil {
		return 0, err
	}
	if _, err := tb.pool.Exec(ctx, fmt.Sprintf(planSQL, series.ID, tb.perClient())); err != nil {
		return 0, err
	}
	if err := tb.vacuum(ctx); err != nil {
		return 0, err
	}
	log := tb.path("pgbench-log")
	cmd := exec.CommandContext(ctx, path, "-n", "-M", "prepared", "-c", strconv.Itoa(tb.clients), "-j", "2", "-D", "i=0", //nolint:gosec // on the private server of the testbed
		"-t", strconv.Itoa(tb.perClient()), "--log", "--log-prefix="+log, "-f", script, tb.url)
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("pgbench: %w: %s", err, out)
	}
	if err := tb.requireUsed(ctx, series); err != nil {
		return 0, fmt.Errorf("pgbench: %w", err)
	}
	finished, err := readPgbenchLog(log)
	if err != nil {
		return 0, err
	}
	return steadyRate(finished)
}
