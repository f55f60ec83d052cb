package report

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/dbtest"
)

// A report reads one snapshot of the database, with a long statement timeout, and is
// read-only.
func TestOneSnapshot(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	q := Question{Scope: audit.Everything(), Zone: time.UTC, Currency: "USD"}
	everyone := db.ReportPartnersParams{AllPartners: true}
	before, err := db.New().ReportPartners(t.Context(), pool, everyone)
	require.NoError(t, err)
	require.ErrorIs(t, read(t.Context(), pool, q, func(ctx context.Context, r *reading) error {
		_, err := pool.Exec(ctx, `insert into partner (name, time_zone) values ('Meanwhile', 'UTC')`)
		require.NoError(t, err)
		within, err := r.q.ReportPartners(ctx, r.tx, everyone)
		require.NoError(t, err)
		require.Equal(t, before, within)
		var patience string
		require.NoError(t, r.tx.QueryRow(ctx, `show statement_timeout`).Scan(&patience))
		require.Equal(t, db.LongStatement.String(), patience)
		_, err = r.tx.Exec(ctx, `insert into partner (name, time_zone) values ('Written', 'UTC')`)
		require.ErrorContains(t, err, "read-only")
		return pgx.ErrTxClosed // the failed statement ended the transaction
	}), pgx.ErrTxClosed)
}
