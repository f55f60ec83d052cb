package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"refill/internal/db"
	"refill/internal/job"
	"refill/internal/staff"
	"refill/internal/webhook"
)

const (
	// deliveryRate and deliverySeconds are the load under which the delay of webhooks is
	// measured.
	deliveryRate    = 100 // redemptions a second
	deliverySeconds = 20
	// relayed is how many entries the relay is measured with.
	relayed = 20_000
)

// measureEvents measures what telling other systems costs a redemption, and how soon they
// know.
func measureEvents(ctx context.Context, tb *testbed) (figures, error) {
	if err := tb.openPortal(ctx); err != nil {
		return nil, err
	}
	billing, err := tb.program(ctx, "Listening", []staff.Permission{staff.RedeemFor, staff.EventsView})
	if err != nil {
		return nil, err
	}
	f := figures{}
	for range tb.rounds {
		if err := tb.withRelayHeld(ctx, func() error { return tb.measureOutbox(ctx, f) }); err != nil {
			return nil, fmt.Errorf("cost of an entry: %w", err)
		}
		if err := tb.measureRelay(ctx, f); err != nil {
			return nil, fmt.Errorf("relay: %w", err)
		}
	}
	return f, tb.measureDelivery(ctx, f, billing)
}

// withRelayHeld runs do while the relay in the worker is kept from working.
func (tb *testbed) withRelayHeld(ctx context.Context, do func() error) error {
	return pgx.BeginFunc(ctx, tb.pool, func(tx pgx.Tx) error {
		if err := tb.waitFor(ctx, "the relay to pause", func() (bool, error) { return db.New().EventRelayTry(ctx, tx) }); err != nil {
			return err
		}
		return do()
	})
}

// withoutEntry returns the steps of a redemption without the entry of its event.
func withoutEntry() [][]step {
	var steps [][]step
	for _, together := range redeemSteps() {
		var kept []step
		for _, s := range together {
			if s.query != "EventOutAdd" {
				kept = append(kept, s)
			}
		}
		steps = append(steps, kept)
	}
	return steps
}

// measureOutbox compares redemptions with and without the entry of their event. For the time,
// one client of pgbench runs both kinds in random order, so that whatever slows the machine
// slows both. For the bytes of the write-ahead log each kind has a run of its own. Whole pages
// are kept out of the log, because their number depends on the last checkpoint; the share of
// the entry is larger without them.
func (tb *testbed) measureOutbox(ctx context.Context, f figures) error {
	with, err := redeemScript(os.DirFS("queries"), redeemSteps())
	if err != nil {
		return err
	}
	without, err := redeemScript(os.DirFS("queries"), withoutEntry())
	if err != nil {
		return err
	}
	const cards = 4000
	list, err := tb.pgbench(ctx, 1, cards, with, without)
	if err != nil {
		return err
	}
	var took [2][]float64 // milliseconds
	for _, one := range list[int(cards*warmUp):] {
		took[one.script] = append(took[one.script], float64(one.took.Microseconds())/1000)
	}
	f.add("redemption_ms", median(took[0]), "ms")
	f.add("outbox_cost", 100*(median(took[0])/median(took[1])-1), "%")
	var wal [2]float64
	for n, script := range []string{with, without} {
		if wal[n], err = tb.walOf(ctx, script); err != nil {
			return err
		}
	}
	f.add("redemption_wal_bytes", wal[0], "B")
	f.add("outbox_wal_cost", 100*(wal[0]/wal[1]-1), "%")
	return nil
}

// walOf returns the bytes that a transaction of a script adds to the write-ahead log.
func (tb *testbed) walOf(ctx context.Context, script string) (float64, error) {
	const cards = 2000
	if err := tb.wholePages(ctx, false); err != nil {
		return 0, err
	}
	defer func() { _ = tb.wholePages(ctx, true) }()
	var before, after float64
	position := func(into *float64) error {
		return tb.pool.QueryRow(ctx, `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8`).Scan(into)
	}
	tb.prepared = func() error { return errors.Join(tb.worker.pause(), position(&before)) } // the worker writes too
	_, err := tb.pgbench(ctx, 1, cards, script)
	tb.prepared = nil
	err = errors.Join(err, tb.worker.resume())
	if err := errors.Join(err, position(&after)); err != nil {
		return 0, err
	}
	return (after - before) / cards, nil
}

// wholePages switches the writing of whole pages to the write-ahead log.
func (tb *testbed) wholePages(ctx context.Context, on bool) error {
	if _, err := tb.pool.Exec(ctx, fmt.Sprintf(`alter system set full_page_writes = %t`, on)); err != nil {
		return err
	}
	if _, err := tb.pool.Exec(ctx, `select pg_reload_conf()`); err != nil {
		return err
	}
	return tb.waitFor(ctx, "full_page_writes", func() (is bool, err error) {
		err = tb.pool.QueryRow(ctx, `select current_setting('full_page_writes')::boolean = $1`, on).Scan(&is)
		return is, err
	})
}

// measureRelay fills the queue with entries of redemptions and measures how fast the relay
// empties it.
func (tb *testbed) measureRelay(ctx context.Context, f figures) error {
	if err := tb.withRelayHeld(ctx, func() error {
		_, err := tb.pool.Exec(ctx, `
			insert into event_out (type, customer_id, series_id, serial)
			select 'redemption.created', used_by, series_id, serial from card where state = 'used' order by series_id desc, serial limit $1`, relayed)
		return err
	}); err != nil {
		return err
	}
	var first, last int64
	var from, until time.Time
	err := tb.waitFor(ctx, "the events", func() (bool, error) {
		counter, err := db.New().EventCounterGet(ctx, tb.pool)
		if err != nil {
			return false, err
		}
		now := time.Now()
		switch {
		case first == 0:
			first, from = counter.Last, now
		case last == 0 && counter.Last > first: // it has begun
			first, from, last, until = counter.Last, now, counter.Last, now
		case counter.Last > last && last > 0:
			last, until = counter.Last, now
		}
		state, err := db.New().EventOutState(ctx, tb.pool)
		return state.Waiting == 0, err
	})
	if err != nil {
		return err
	}
	if last-first < relayed/2 {
		return fmt.Errorf("only %d events were seen on their way", last-first)
	}
	f.add("relay_per_s", float64(last-first)/until.Sub(from).Seconds(), "events/s")
	return tb.emptyFeed(ctx) // the entries told of redemptions that were told of before
}

// listener is a server that is told of redemptions.
type listener struct {
	*httptest.Server

	mu   sync.Mutex
	came map[string]time.Time // by the id of the redemption
}

func newListener(ctx context.Context) (*listener, error) {
	l := &listener{came: map[string]time.Time{}}
	l.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var body struct{ Data struct{ ID string } }
		if json.NewDecoder(r.Body).Decode(&body) != nil {
			return
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if _, again := l.came[body.Data.ID]; !again {
			l.came[body.Data.ID] = time.Now()
		}
	}))
	var err error
	if l.Listener, err = new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	l.Start()
	return l, nil
}

func (l *listener) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.came)
}

// measureDelivery redeems cards by the API at a steady rate and measures the time from the
// answer, which follows the commit, to the arrival of the webhook.
func (tb *testbed) measureDelivery(ctx context.Context, f figures, billing program) error {
	l, err := newListener(ctx)
	if err != nil {
		return err
	}
	defer l.Close()
	log := slog.New(slog.DiscardHandler)
	jobs, err := job.NewInserter(tb.pool, log)
	if err != nil {
		return err
	}
	hooks := webhook.New(webhook.Config{DB: tb.pool, Jobs: jobs, Vault: tb.domain.Codes, Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Log: log, Now: time.Now})
	if _, err := hooks.Create(ctx, tb.admin, webhook.Form{Name: "Bench", URL: l.URL, Types: []string{"redemption.created"}, AllPartners: true}, uuid.New()); err != nil {
		return err
	}
	_, codes, err := tb.codes(ctx, deliveryRate*deliverySeconds)
	if err != nil {
		return err
	}
	redeemed := make(map[string]time.Time, len(codes))
	var mu sync.Mutex
	group, groupCtx := errgroup.WithContext(ctx)
	tick := time.NewTicker(time.Second / deliveryRate)
	defer tick.Stop()
	started := time.Now()
	for n, code := range codes {
		<-tick.C
		group.Go(func() error {
			id, err := billing.redeem(groupCtx, n%tb.clients, code)
			mu.Lock()
			defer mu.Unlock()
			redeemed[id] = time.Now()
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := tb.waitFor(ctx, "the webhooks", func() (bool, error) { return l.count() >= len(codes), nil }); err != nil {
		return err
	}
	f.add("webhook_per_s", float64(len(codes))/time.Since(started).Seconds(), "webhooks/s")
	var delays []float64
	for id, at := range redeemed {
		came, found := l.came[id]
		if !found {
			return fmt.Errorf("the webhook of redemption %s did not come", id)
		}
		delays = append(delays, max(0, came.Sub(at).Seconds()))
	}
	f.add("webhook_delay_seconds", median(delays), "s")
	worst := 0.0
	for _, delay := range delays {
		worst = max(worst, delay)
	}
	f.add("webhook_worst_delay_seconds", worst, "s")
	return nil
}
