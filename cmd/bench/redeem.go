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
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"refill/internal/card"
	"refill/internal/db"
)

// measureRedeem has customers redeem cards in the portal, all at once, and
// pgbench run the statements of as many redemptions on the same data.
func measureRedeem(ctx context.Context, st *stage, print func(string, float64, string)) error {
	ours, _, err := st.series(ctx, st.redemptions)
	if err != nil {
		return err
	}
	theirs, _, err := st.series(ctx, st.redemptions)
	if err != nil {
		return err
	}
	var codes []string
	err = st.cards.EachUnused(ctx, ours, func(page []card.Unsealed) error {
		for _, c := range page {
			codes = append(codes, c.Code.Reveal(ours.Prefix))
		}
		return nil
	})
	if err != nil {
		return err
	}
	clients := make([]*http.Client, st.clients)
	for n := range clients {
		if clients[n], err = st.signIn(ctx, n); err != nil {
			return err
		}
	}
	if err := st.checkpoint(ctx); err != nil {
		return err
	}
	rate, err := st.redeemAll(ctx, clients, codes)
	if err != nil {
		return err
	}
	if err := st.checkpoint(ctx); err != nil {
		return err
	}
	limit, err := st.pgbench(ctx, theirs)
	if err != nil {
		return err
	}
	print("redeem_rate", rate, "redemptions/s")
	print("pgbench_rate", limit, "redemptions/s")
	print("redeem_vs_pgbench", rate/limit, "ratio")
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
	return client, st.post(ctx, client, n, "/portal/login", url.Values{"username": {fmt.Sprintf("client%d", n)}, "password": {password}})
}

// post sends a form from a client's own address and wants to be sent on.
func (st *stage) post(ctx context.Context, client *http.Client, n int, path string, form url.Values) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+st.addr+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("X-Forwarded-For", fmt.Sprintf("198.51.100.%d", n%250+1))
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	err = errors.Join(err, answer.Body.Close())
	if err == nil && answer.StatusCode != http.StatusSeeOther {
		return fmt.Errorf("POST %s answered %s", path, answer.Status)
	}
	return err
}

// redeemAll shares the codes among the clients and returns redemptions a second.
func (st *stage) redeemAll(ctx context.Context, clients []*http.Client, codes []string) (float64, error) {
	queue := make(chan string, len(codes))
	for _, code := range codes {
		queue <- code
	}
	close(queue)
	group, ctx := errgroup.WithContext(ctx)
	started := time.Now()
	for n, client := range clients {
		group.Go(func() error {
			for code := range queue {
				form := url.Values{"code": {code}, "key": {uuid.NewString()}}
				if err := st.post(ctx, client, n, "/portal/finance/refill-card", form); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := group.Wait()
	return float64(len(codes)) / time.Since(started).Seconds(), err
}

// pgbench runs the same statements with Postgres's own load tool and returns
// transactions, which are redemptions, a second.
func (st *stage) pgbench(ctx context.Context, series db.Series) (float64, error) {
	setUp := fmt.Sprintf(`
		create sequence bench_next;
		create table bench_card as select row_number() over (order by serial) as n, code_index from card where series_id = %d;
		alter table bench_card add primary key (n);
		create table bench_client as select row_number() over (order by id) - 1 as n, id, (select token_hash from session where customer_id = customer.id limit 1) as token from customer;
		alter table bench_client add primary key (n);
		analyze bench_card, bench_client, card`, series.ID)
	if _, err := st.pool.Exec(ctx, setUp); err != nil {
		return 0, err
	}
	script := st.path("redeem.sql")
	if err := os.WriteFile(script, []byte(redeemScript), 0o600); err != nil {
		return 0, err
	}
	each := st.redemptions / st.clients
	cmd := exec.CommandContext(ctx, st.program("pgbench"), "-n", "-M", "prepared", "-c", strconv.Itoa(st.clients), "-j", "2", //nolint:gosec // of this stage's own server
		"-t", strconv.Itoa(each), "-f", script, st.url)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("pgbench (package postgresql brings it): %w: %s", err, out)
	}
	var used int
	if err := st.pool.QueryRow(ctx, `select count(*) from card where series_id = $1 and state = 'used'`, series.ID).Scan(&used); err != nil {
		return 0, err
	}
	if used != each*st.clients {
		return 0, fmt.Errorf("pgbench redeemed %d cards of %d: not comparable: %s", used, each*st.clients, out)
	}
	m := regexp.MustCompile(`tps = ([0-9.]+)`).FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("pgbench told no rate: %s", out)
	}
	return strconv.ParseFloat(string(m[1]), 64)
}
