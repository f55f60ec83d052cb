package db_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/dbtest"
)

// A batch waits once for all its statements, answers each query, and runs them in order.
func TestBatch(t *testing.T) {
	t.Parallel()
	pool, wire := dbtest.WirePool(t, dbtest.Pool(t))
	q := db.New()
	ask := func() (partner *db.Answer[db.Partner], none *db.Answer[db.StaffGetRow], err error) {
		batch := &db.Batch{}
		partner = db.Queue(batch, func(dbtx db.DBTX) (db.Partner, error) {
			return q.PartnerCreate(t.Context(), dbtx, db.PartnerCreateParams{Name: "North", TimeZone: "UTC"})
		})
		require.NoError(t, q.SeriesShare(t.Context(), batch, 7))
		none = db.Queue(batch, func(dbtx db.DBTX) (db.StaffGetRow, error) { return q.StaffGet(t.Context(), dbtx, -1) })
		require.ErrorContains(t, partner.Err, "not sent")
		return partner, none, batch.Send(t.Context(), pool)
	}
	partner, none, err := ask()
	require.NoError(t, err, "no row is no failure")
	require.NoError(t, partner.Err)
	require.Equal(t, "North", partner.Value.Name)
	require.False(t, partner.Missing())
	require.True(t, none.Missing())

	wire.Take()
	partner, none, err = ask()
	require.Equal(t, int64(1), wire.Take())
	require.Equal(t, "partner_name_key", db.Constraint(err))
	require.Equal(t, err, partner.Err)
	require.Error(t, none.Err)
	require.False(t, none.Missing(), "what was not asked has no answer")

	_, err = q.StaffGet(t.Context(), &db.Batch{}, 1)
	require.ErrorContains(t, err, "Queue")
	require.Panics(t, func() {
		db.Queue(&db.Batch{}, func(dbtx db.DBTX) (int, error) { return 0, q.SeriesShare(t.Context(), dbtx, 7) })
	})
}

// A batch that never ends on the server is aborted at the client's deadline, like a single
// statement.
func TestBatchesHaveADeadline(t *testing.T) {
	t.Parallel()
	pool, err := db.Open(t.Context(), dbtest.URL(t), db.Options{Name: "test", MaxConns: 1, StatementTimeout: time.Second})
	require.NoError(t, err)
	defer pool.Close()
	batch := &db.Batch{}
	for _, sql := range []string{`set statement_timeout = 0`, `select pg_sleep(20)`} {
		_, err := batch.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	require.ErrorIs(t, batch.Send(t.Context(), pool), context.DeadlineExceeded)
	require.NoError(t, pool.Ping(t.Context()), "the pool goes on with another connection")
}

// A transaction begins with a batch in one round trip; within a transaction it begins with a
// savepoint. After a failure the connection is released.
func TestBatchBegins(t *testing.T) {
	t.Parallel()
	pool, wire := dbtest.WirePool(t, dbtest.Pool(t))
	q := db.New()
	begin := func(beginner db.Beginner, name string) (pgx.Tx, error) {
		batch := &db.Batch{}
		db.Queue(batch, func(dbtx db.DBTX) (db.Partner, error) {
			return q.PartnerCreate(t.Context(), dbtx, db.PartnerCreateParams{Name: name, TimeZone: "UTC"})
		})
		return batch.Begin(t.Context(), beginner)
	}
	count := func(dbtx db.DBTX) (n int) {
		t.Helper()
		require.NoError(t, dbtx.QueryRow(t.Context(), `select count(*) from partner`).Scan(&n))
		return n
	}
	for _, warm := range []bool{true, false} {
		wire.Take()
		tx, err := begin(pool, "North")
		require.NoError(t, err)
		if !warm {
			require.Equal(t, int64(1), wire.Take())
		}
		require.Equal(t, 1, count(tx))
		require.NoError(t, tx.Rollback(t.Context()))
		require.Zero(t, count(pool))
	}
	outer, err := begin(pool, "North")
	require.NoError(t, err)
	_, err = begin(outer, "North")
	require.Equal(t, "partner_name_key", db.Constraint(err))
	inner, err := begin(outer, "South")
	require.NoError(t, err, "the savepoint was rolled back")
	require.NoError(t, inner.Commit(t.Context()))
	require.Equal(t, 2, count(outer))
	require.NoError(t, outer.Commit(t.Context()))

	_, err = begin(pool, "North")
	require.Equal(t, "partner_name_key", db.Constraint(err))
	require.Equal(t, 2, count(pool), "the only connection is free again")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = (&db.Batch{}).Begin(ctx, pool)
	require.ErrorIs(t, err, context.Canceled)
	tx, err := (&db.Batch{}).Begin(t.Context(), pool)
	require.NoError(t, err)
	require.NoError(t, tx.Commit(t.Context()))
}
