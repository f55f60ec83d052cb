package event_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/event"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// week is the age of the events of a test, in days, from the oldest on.
type week []int

// fill writes one event for each age, of partner 1, with a delivery that is due and one that
// is done.
func fill(t *testing.T, tx pgx.Tx, ages week) {
	t.Helper()
	ctx := t.Context()
	last, err := db.New().EventCounterMove(ctx, tx, int64(len(ages)))
	require.NoError(t, err)
	add := db.EventAddParams{}
	for i, days := range ages {
		add.Seqs, add.Ids, add.Types = append(add.Seqs, last-int64(len(ages)-1-i)), append(add.Ids, uuid.New()), append(add.Types, "customer.created")
		add.Ats = append(add.Ats, time.Now().Add(-time.Duration(days)*24*time.Hour))
		add.Everyone, add.Partners = append(add.Everyone, false), append(add.Partners, "1")
		add.CustomerIds, add.PaymentIds, add.Datas = append(add.CustomerIds, 0), append(add.PaymentIds, 0), append(add.Datas, "{}")
	}
	require.NoError(t, db.New().EventAdd(ctx, tx, add))
	_, err = tx.Exec(ctx, `insert into webhook_delivery (endpoint_id, seq, state) select w.id, e.seq, case w.id when 1 then 'due' else 'done' end from event e, webhook_endpoint w on conflict do nothing`)
	require.NoError(t, err)
}

// begin returns a transaction with two endpoints and no event.
func begin(t *testing.T) pgx.Tx {
	t.Helper()
	tx := dbtest.Tx(t)
	_, err := tx.Exec(t.Context(), `with maker as (
			insert into staff (username, name, password_hash, role_id, all_partners) select 'trim', 'Trim', 'x', id, true from role where key = 'administrator' returning id
		) insert into webhook_endpoint (id, name, url, types, all_partners, key_id, secret, request_key, request_print, created_by)
		select n, n::text, 'https://example.net/', '{*}', true, 1, 'x', gen_random_uuid(), 'x', maker.id from maker, generate_series(1, 2) n`)
	require.NoError(t, err)
	return tx
}

// left returns the number of events, of their partners' rows and of their deliveries, and the
// last seq that was deleted.
func left(t *testing.T, tx pgx.Tx) (n [4]int64) {
	t.Helper()
	require.NoError(t, tx.QueryRow(t.Context(), `select (select count(*) from event), (select count(*) from event_partner), (select count(*) from webhook_delivery), (select trimmed from event_counter)`).
		Scan(&n[0], &n[1], &n[2], &n[3]))
	return n
}

// Trim deletes what is older than 30 days with its deliveries, and nothing else: no young
// event, also where no event is old, where there is none at all, and where all are young after
// a part was deleted.
func TestTrim(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ages week
		kept int64
	}{
		"no event":                 {nil, 0},
		"all are young":            {week{29, 10, 0}, 3},
		"some are old":             {week{40, 31, 29, 0}, 2},
		"all are old":              {week{50, 40, 31}, 0},
		"one is old":               {week{31}, 0},
		"one is young":             {week{29}, 1},
		"an old one comes late":    {week{40, 29, 31, 28}, 3},
		"exactly within the limit": {week{30 - 1}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tx, made := begin(t), int64(len(c.ages))
			if made > 0 {
				fill(t, tx, c.ages)
			}
			want := [4]int64{c.kept, c.kept, 2 * c.kept, made - c.kept}
			for range 2 { // the second round finds a counter that has moved and nothing old
				require.NoError(t, event.Trim(t.Context(), tx))
				require.Equal(t, want, left(t, tx))
			}
			page, err := event.Read(t.Context(), tx, event.Query{Limit: 10, Scope: audit.Everything()})
			require.NoError(t, err)
			require.Len(t, page.Events, int(c.kept), "a reader from the oldest event on misses none")
			if made > c.kept {
				first := made - c.kept - 1
				_, err = event.Read(t.Context(), tx, event.Query{After: &first, Limit: 10, Scope: audit.Everything()})
				require.ErrorIs(t, err, event.ErrExpired)
			}
		})
	}
}

// What is deleted in one statement is bounded by its size, and no event between is left out.
func TestTrimIsBounded(t *testing.T) {
	t.Parallel()
	tx := begin(t)
	fill(t, tx, week{40, 39, 38, 37, 36, 1})
	for _, want := range []struct{ gone, trimmed int64 }{{2, 2}, {2, 4}, {1, 5}, {0, 5}} {
		gone, err := db.New().EventTrim(context.Background(), tx, db.EventTrimParams{Size: 2, Age: event.Kept})
		require.NoError(t, err)
		require.Equal(t, want.gone, gone)
		require.Equal(t, want.trimmed, left(t, tx)[3])
	}
	require.Equal(t, int64(1), left(t, tx)[0])
}
