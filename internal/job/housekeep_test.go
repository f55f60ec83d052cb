package job_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"refill/internal/cardfile"
	"refill/internal/dbtest"
	"refill/internal/job"
)

// Housekeeping runs every task even if others fail, and names those that failed.
func TestHousekeepingNamesWhatFailed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.order(t, 5)
	id := b.export(t, s, "csv")
	b.await(t, "export_series")
	b.pause(t, cardfile.Queue)
	stranded := b.export(t, s, "csv")
	_, err := b.pool.Exec(t.Context(), `update export set expires_at = now() where id = $1`, id)
	require.NoError(t, err)
	_, err = b.pool.Exec(t.Context(), `update river_job set state = 'cancelled', finalized_at = now() where id = $1`, *b.read(t, stranded).JobID)
	require.NoError(t, err)
	_, err = dbtest.Owner(t, b.pool).Exec(t.Context(), `alter table form_print rename to lost; alter table guess rename to gone`)
	require.NoError(t, err)

	require.NoError(t, pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error {
		_, err := b.worker.InsertTx(t.Context(), tx, job.HousekeepArgs{}, &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: time.Second}})
		return err
	}))
	var failed string
	for failed == "" {
		e := b.await(t, "housekeep")
		if n := len(e.Job.Errors); n > 0 {
			failed = e.Job.Errors[n-1].Error
		}
	}
	lines := strings.Split(failed, "\n")
	require.Len(t, lines, 2, failed)
	require.True(t, strings.HasPrefix(lines[0], "old wrong codes: "), failed)
	require.True(t, strings.HasPrefix(lines[1], "old prints of forms: "), failed)
	require.Equal(t, "expired", string(b.read(t, id).State), "a task after both")
	require.Equal(t, "failed", string(b.read(t, stranded).State))
}

// Requests of API clients are kept for 30 days.
func TestHousekeepingTrimsRequestsOfClients(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.pool.Exec(t.Context(), `insert into api_request (client_id, key_id, at, operation, status, request_id, took_ms)
		select 1, 1, now() - n * interval '1 day', 'GET /api/v1/me', 200, n::text, 1 from generate_series(29, 31) n`)
	require.NoError(t, err)
	require.NoError(t, pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error {
		_, err := b.worker.InsertTx(t.Context(), tx, job.HousekeepArgs{}, &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: time.Second}})
		return err
	}))
	kept := ""
	for kept != "29" {
		b.await(t, "housekeep")
		require.NoError(t, b.pool.QueryRow(t.Context(), `select string_agg(request_id, ' ' order by at desc) from api_request`).Scan(&kept))
	}
}
