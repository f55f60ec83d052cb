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

// A statement that never ends is given up at the client's deadline, unless Patiently has
// raised it; the pool continues on another connection.
func TestStatementsHaveADeadline(t *testing.T) {
	t.Parallel()
	pool, err := db.Open(t.Context(), dbtest.URL(t), db.Options{Name: "test", MaxConns: 1, StatementTimeout: time.Second})
	require.NoError(t, err)
	defer pool.Close()
	const endless, longer = `set local statement_timeout = 0`, `select pg_sleep(3.2)`
	err = pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), endless); err != nil {
			return err
		}
		_, err := tx.Exec(t.Context(), longer)
		return err
	})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		ctx, err := db.Patiently(t.Context(), tx, time.Minute)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, longer)
		return err
	}))
}
