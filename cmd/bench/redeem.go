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
	if err := tb.openPortal(ctx); err != nil {
		return nil, err
	}
	whole, err := redeemScript(os.DirFS("queries"), redeemSteps())
	if err != nil {
		return nil, err
	}
	f := figures{}
	for range tb.rounds {
		rate, err := tb.redeemAll(ctx, tb.redeemInPortal)
		if err != nil {
			return nil, err
		}
		finished, err := tb.pgbench(ctx, tb.clients, tb.perClient(), whole)
		if err != nil {
			return nil, err
		}
		limit, err := steadyRate(ends(finished))
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

// openPortal signs every customer in at the portal, once.
func (tb *testbed) openPortal(ctx context.Context) error {
	for n := len(tb.portal); n < tb.clients; n++ {
		client, err := tb.signIn(ctx, n)
		if err != nil {
			return err
		}
		tb.portal = append(tb.portal, client)
	}
	return nil
}

// codes makes a series of n cards and returns it with its codes.
func (tb *testbed) codes(ctx context.Context, n int) (db.Series, []string, error) {
	series, _, err := tb.series(ctx, n)
	if err != nil {
		return db.Series{}, nil, err
	}
	codes := make([]string, 0, n)
	err = tb.domain.EachUnused(ctx, series, func(page []card.Unsealed) error {
		for _, c := range page {
			codes = append(codes, c.Code.Reveal(series.Prefix))
		}
		return nil
	})
	return series, codes, err
}

// redeemAll lets all clients redeem a new series at the same time. redeem redeems a code for
// client n. It returns redemptions a second.
func (tb *testbed) redeemAll(ctx context.Context, redeem func(ctx context.Context, n int, code string) error) (float64, error) {
	series, codes, err := tb.codes(ctx, tb.perClient()*tb.clients)
	if err != nil {
		return 0, err
	}
	if err := tb.vacuum(ctx); err != nil {
		return 0, err
	}
	finished := make([]time.Time, len(codes))
	group, groupCtx := errgroup.WithContext(ctx)
	for n := range tb.clients {
		group.Go(func() error {
			for i := n * tb.perClient(); i < (n+1)*tb.perClient(); i++ {
				if err := redeem(groupCtx, n, codes[i]); err != nil {
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

// redeemInPortal redeems a code as a customer does.
func (tb *testbed) redeemInPortal(ctx context.Context, n int, code string) error {
	return tb.post(ctx, tb.portal[n], n, "/portal/finance/refill-card", url.Values{"code": {code}, "key": {uuid.NewString()}})
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

// pgbench runs the statements of redemptions on a new series with pgbench: each client redeems
// perClient cards, one a transaction. Of several scripts each transaction takes one at random.
func (tb *testbed) pgbench(ctx context.Context, clients, perClient int, scripts ...string) ([]transaction, error) {
	path, err := tb.tool("pgbench")
	if err != nil {
		return nil, err
	}
	log := tb.path("pgbench-log")
	args := []string{
		"-n", "-M", "prepared", "-c", strconv.Itoa(clients), "-j", strconv.Itoa(min(2, clients)), "-D", "i=0",
		"-t", strconv.Itoa(perClient), "--log", "--log-prefix=" + log,
	}
	for n, text := range scripts {
		script := tb.path(fmt.Sprintf("redeem%d.sql", n))
		if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
			return nil, err
		}
		args = append(args, "-f", script)
	}
	series, _, err := tb.series(ctx, perClient*clients)
	if err != nil {
		return nil, err
	}
	if _, err := tb.pool.Exec(ctx, fmt.Sprintf(planSQL, series.ID, perClient)); err != nil {
		return nil, err
	}
	if err := tb.vacuum(ctx); err != nil {
		return nil, err
	}
	if tb.prepared != nil {
		if err := tb.prepared(); err != nil {
			return nil, err
		}
	}
	cmd := exec.CommandContext(ctx, path, append(args, tb.url)...) //nolint:gosec // on the private server of the testbed
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("pgbench: %w: %s", err, out)
	}
	if err := tb.requireUsed(ctx, series); err != nil {
		return nil, fmt.Errorf("pgbench: %w", err)
	}
	return readPgbenchLog(log)
}
