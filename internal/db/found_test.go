package db_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/dbtest"
)

func TestFound(t *testing.T) {
	t.Parallel()
	row, found, err := db.Found(7, nil)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, 7, row)
	for _, none := range []error{pgx.ErrNoRows, fmt.Errorf("look: %w", pgx.ErrNoRows)} {
		row, found, err = db.Found(7, none)
		require.NoError(t, err)
		require.False(t, found)
		require.Zero(t, row)
	}
	broken := errors.New("the line is cut")
	_, found, err = db.Found(0, broken)
	require.ErrorIs(t, err, broken)
	require.False(t, found)

	tx, q := dbtest.Tx(t), db.New()
	_, found, err = db.Found(q.CustomerGetForUpdate(t.Context(), tx, 1))
	require.NoError(t, err)
	require.False(t, found, "an empty database")
	require.NoError(t, tx.Rollback(t.Context()))
	_, _, err = db.Found(q.CustomerGetForUpdate(t.Context(), tx, 1))
	require.ErrorIs(t, err, pgx.ErrTxClosed)
}

// The error of a failed query gets the description of the query. The error for a missing row
// does not, because visitors see it unchanged.
func TestNeed(t *testing.T) {
	t.Parallel()
	missing, broken := errors.New("there is none"), errors.New("the line is cut")
	row, err := db.Need(7, nil).Or(missing, "look for %d", 7)
	require.NoError(t, err)
	require.Equal(t, 7, row)

	row, err = db.Need(7, fmt.Errorf("look: %w", pgx.ErrNoRows)).Or(missing, "look for %d", 7)
	require.Equal(t, missing, err)
	require.Zero(t, row)

	row, err = db.Need(7, broken).Or(missing, "look for %d", 7)
	require.ErrorIs(t, err, broken)
	require.NotErrorIs(t, err, missing)
	require.EqualError(t, err, "look for 7: the line is cut")
	require.Zero(t, row)
}
