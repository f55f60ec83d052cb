package dbtest_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/dbtest"
)

// TestSample is filled once, and what is written to one clone is in no other.
func TestSample(t *testing.T) {
	t.Parallel()
	filled := 0
	exec := func(url, query string) error {
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			return err
		}
		defer conn.Close(t.Context()) //nolint:errcheck // nothing is lost with it
		_, err = conn.Exec(t.Context(), query)
		return err
	}
	sample := dbtest.Sample{Fill: func(url string) error {
		filled++
		return exec(url, insertPartner)
	}}
	for range 2 {
		url, drop, err := sample.Clone(t.Context())
		require.NoError(t, err)
		conn, err := pgx.Connect(t.Context(), url)
		require.NoError(t, err)
		require.Equal(t, 1, count(t, conn))
		require.NoError(t, conn.Close(t.Context()))
		require.NoError(t, exec(url, `delete from partner`))
		require.NoError(t, drop())
		require.Error(t, exec(url, `select 1`), "it is gone")
	}
	require.Equal(t, 1, filled)
}
