package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2" //nolint:depguard // where to read; codes are drawn by package card
	"net/http"
	"os"
	"time"

	"refill/internal/db"
	"refill/internal/staff"
)

const (
	feedPage = 1000 // events of a page
	feedAsks = 60   // pages that are read in a round
	// fewShare is the share of the events that concern the partner with few: one in a thousand.
	fewShare = 1000
	// leastEvents is enough for one page of that partner from the middle of the feed.
	leastEvents = 4 * feedPage * fewShare
)

// feedSQL adds events in the form in which the relay writes them, from one seq to another.
// Every thousandth concerns the partner with few.
const feedSQL = `
	with added as (
		insert into event (seq, id, type, at, partner_ids, customer_id, payment_id, data)
		select n, gen_random_uuid(), 'redemption.created', now(), array[case when n %% %[5]d = 0 then %[4]d else %[3]d end], n %% 100000 + 1000000, n,
			jsonb_build_object('id', n::text, 'at', '2026-01-01T12:00:00Z', 'card', '202601-' || n, 'amount', jsonb_build_object('amount', '10.00', 'currency', 'USD'),
				'balance_after', jsonb_build_object('amount', '25.00', 'currency', 'USD'),
				'customer', jsonb_build_object('id', (n %% 100000 + 1000000)::text, 'username', 'customer' || n %% 100000), 'partner_id', '%[3]d')
		from generate_series(%[1]d::bigint, %[2]d::bigint) as n
		returning seq, type, partner_ids
	)
	insert into event_partner (partner_id, seq, type) select partner_ids[1], seq, type from added order by 1, 2`

// measureFeed reads pages of the feed from random places, for a client of all partners and
// for one whose partner has one event in a thousand.
func measureFeed(ctx context.Context, tb *testbed) (_ figures, err error) {
	few, err := db.New().PartnerCreate(ctx, tb.pool, db.PartnerCreateParams{Name: "Few", TimeZone: "UTC"})
	if err != nil {
		return nil, err
	}
	all, err := tb.program(ctx, "All events", []staff.Permission{staff.EventsView})
	if err != nil {
		return nil, err
	}
	some, err := tb.program(ctx, "Few events", []staff.Permission{staff.EventsView}, few.ID)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, tb.emptyFeed(ctx)) }()
	first, err := tb.fillFeed(ctx, few.ID)
	if err != nil {
		return nil, fmt.Errorf("make %d events: %w", tb.events, err)
	}
	f := figures{}
	for range tb.rounds {
		for _, of := range []struct {
			name string
			by   program
			room int64 // events from the last place on
		}{{"feed_page_ms", all, feedPage + 1}, {"feed_page_small_ms", some, 2 * feedPage * fewShare}} {
			took := make([]float64, 0, feedAsks)
			for range feedAsks {
				after := first + rand.Int64N(int64(tb.events)-of.room) //nolint:gosec // a place in the feed, no secret
				var page struct{ Data []struct{ Seq int64 } }
				started := time.Now()
				if err := of.by.call(ctx, http.MethodGet, fmt.Sprintf("/events?after=%d&limit=%d", after, feedPage), nil, &page, http.StatusOK); err != nil {
					return nil, err
				}
				took = append(took, float64(time.Since(started).Microseconds())/1000)
				if len(page.Data) != feedPage {
					return nil, fmt.Errorf("a page has %d events instead of %d", len(page.Data), feedPage)
				}
			}
			f.add(of.name, median(took), "ms")
		}
	}
	return f, nil
}

// fillFeed adds the events and returns the seq before the first of them.
func (tb *testbed) fillFeed(ctx context.Context, few int64) (int64, error) {
	var first int64
	err := tb.withRelayHeld(ctx, func() error {
		counter, err := db.New().EventCounterGet(ctx, tb.pool)
		if err != nil {
			return err
		}
		first = counter.Last
		const chunk = 500_000
		for made := 0; made < tb.events; made += chunk {
			n := min(chunk, tb.events-made)
			from := first + int64(made)
			if _, err := tb.pool.Exec(ctx, fmt.Sprintf(feedSQL, from+1, from+int64(n), tb.partner, few, fewShare)); err != nil {
				return err
			}
			if _, err := tb.pool.Exec(ctx, `update event_counter set last = $1`, from+int64(n)); err != nil {
				return err
			}
			fmt.Fprintf(os.Stderr, "bench: %d of %d events made\n", made+n, tb.events)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return first, tb.vacuum(ctx)
}

// emptyFeed removes all events, as if they were too old and acts had told of nothing before.
func (tb *testbed) emptyFeed(ctx context.Context) error {
	return tb.withRelayHeld(ctx, func() error {
		_, err := tb.pool.Exec(ctx, `
			truncate event, event_partner, webhook_delivery;
			update event_counter set trimmed = last;
			update event_switch set since = clock_timestamp() where wanted`)
		return err
	})
}
