package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/dbtest"
	"refill/internal/setting"
)

// `refill limit` raises and removes the limit without a second person, and writes an audit
// row.
func TestLimitOnTheHost(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	limit := func() *int64 {
		settings, err := setting.NewStore(pool, time.Now).Get(t.Context())
		require.NoError(t, err)
		return settings.ApproveAbove
	}
	said, err := setLimit(t.Context(), pool, "1,000.50")
	require.NoError(t, err)
	require.Equal(t, "Above USD 1,000.50 a second person approves now.", said)
	require.Equal(t, int64(1000_50), *limit())
	_, err = setLimit(t.Context(), pool, "2000")
	require.NoError(t, err)
	require.Equal(t, int64(2000_00), *limit())
	for _, wrong := range []string{"", "much", "-5", "1.234"} {
		_, err = setLimit(t.Context(), pool, wrong)
		require.Error(t, err, wrong)
	}
	require.Equal(t, int64(2000_00), *limit())
	_, err = setLimit(t.Context(), pool, "none")
	require.NoError(t, err)
	require.Nil(t, limit())
	var lines int
	require.NoError(t, pool.QueryRow(t.Context(), `select count(*) from audit where action = 'setting.changed' and staff_id is null`).Scan(&lines))
	require.Equal(t, 3, lines)
}
