package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/dbtest"
	"refill/internal/setting"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// scrape returns the metrics as Prometheus reads them.
func scrape(t *testing.T, handler http.Handler) string {
	t.Helper()
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	return answer.Body.String()
}

func TestMetricsOfChecks(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	handler := metrics(pool, setting.NewStore(pool, time.Now), slog.New(slog.DiscardHandler))
	require.NotContains(t, scrape(t, handler), "refill_check_")
	_, err := pool.Exec(t.Context(), `with run as (insert into check_run (total, ended_at) values (18, '2026-11-25 12:00Z') returning id)
		insert into check_result (run_id, number, found, examples, took) select id, n, case when n = 3 then 7 else 0 end, '{}', '1 s' from run, generate_series(1, 18) n`)
	require.NoError(t, err)
	text := scrape(t, handler)
	require.Contains(t, text, `refill_check_violations{invariant="3"} 7`)
	require.Contains(t, text, `refill_check_violations{invariant="18"} 0`)
	require.Contains(t, text, `refill_check_last_success_timestamp_seconds 1.7956`)
}

func TestMetricsOfGuesses(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	_, err := pool.Exec(t.Context(), `with north as (insert into partner (name, time_zone) values ('North', 'UTC') returning id),
		anna as (insert into customer (partner_id, username, name) select id, 'anna', 'Anna' from north returning id)
		insert into audit (action, customer_id, detail) select 'card.refused', id, '{"reason": "card_unknown"}' from anna, generate_series(1, 51)`)
	require.NoError(t, err)
	text := scrape(t, metrics(pool, setting.NewStore(pool, time.Now), slog.New(slog.DiscardHandler)))
	require.Contains(t, text, `refill_guesses_unknown{partner="North"} 51`)
	require.Contains(t, text, `refill_guesses_alarm{partner="North"} 1`)
	require.Contains(t, text, "refill_import_alarms 0")
}

func TestMetricsOfTheft(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	_, err := pool.Exec(t.Context(), `with boss as (insert into staff (username, name, password_hash, role_id, all_partners) select 'boss', 'Boss', '', id, true from role where key = 'administrator' returning id)
		insert into theft_alarm (rule, subject, network, partner_ids, first_at, last_at, cards, customers, value, state, acknowledged_by, acknowledged_at, reason)
		select 'address', 'address:192.0.2.' || n, '192.0.2.' || n, '{}', now() - interval '1 second', now(), 50, 9, 1, case when n = 1 then 'open' else 'acknowledged' end::theft_alarm_state,
			case when n > 1 then id end, case when n > 1 then now() end, case when n > 1 then 'a hotel' else '' end from boss, generate_series(1, 3) n`)
	require.NoError(t, err)
	text := scrape(t, metrics(pool, setting.NewStore(pool, time.Now), slog.New(slog.DiscardHandler)))
	require.Contains(t, text, `refill_theft_alarms_open{rule="address"} 1`)
	require.Contains(t, text, `refill_theft_alarms_total{rule="address"} 3`)
	require.Contains(t, text, `refill_theft_alarms_open{rule="run"} 0`)
	require.NotContains(t, text, "192.0.2")
}
