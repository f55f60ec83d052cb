package dbtest_test

import (
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

const (
	insertPartner = `insert into partner (name) values ('North')`
	countPartners = `select count(*) from partner where name = 'North'`
)

func count(t *testing.T, q db.DBTX) int {
	t.Helper()
	var n int
	require.NoError(t, q.QueryRow(t.Context(), countPartners).Scan(&n))
	return n
}

// TestTx leaves nothing behind: each of many tests at a time sees its own row only.
func TestTx(t *testing.T) {
	t.Parallel()
	for range 40 { // more than there are connections
		t.Run("", func(t *testing.T) {
			t.Parallel()
			tx := dbtest.Tx(t)
			_, err := tx.Exec(t.Context(), insertPartner)
			require.NoError(t, err)
			require.Equal(t, 1, count(t, tx))
		})
	}
}

// TestPool gives each test a database of its own, where commits stay.
func TestPool(t *testing.T) {
	t.Parallel()
	for range 6 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			pool := dbtest.Pool(t)
			var group sync.WaitGroup
			for range 8 {
				group.Go(func() {
					if _, err := pool.Exec(t.Context(), `select 1`); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			_, err := pool.Exec(t.Context(), insertPartner)
			require.NoError(t, err)
			require.Equal(t, 1, count(t, pool))
		})
	}
}

// TestPoolIsRestricted works as the program does: with less than all rights.
func TestPoolIsRestricted(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	restricted, err := db.Restricted(t.Context(), pool)
	require.NoError(t, err)
	require.True(t, restricted)
	migrated, err := db.Migrated(t.Context(), pool)
	require.NoError(t, err)
	require.Empty(t, migrated)

	owner := dbtest.Owner(t, pool)
	restricted, err = db.Restricted(t.Context(), owner)
	require.NoError(t, err)
	require.False(t, restricted, "the owner may plant faults")
	_, err = owner.Exec(t.Context(), insertPartner)
	require.NoError(t, err)
	require.Equal(t, 1, count(t, pool), "in the same database")
}

func TestURL(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), dbtest.URL(t))
	require.NoError(t, err)
	defer conn.Close(t.Context()) //nolint:errcheck // the database is about to go
	require.Zero(t, count(t, conn))
}

// TestCloneGoes looks whether the database of a test that has ended is gone.
func TestCloneGoes(t *testing.T) { //nolint:tparallel // its parts come one after the other
	t.Parallel()
	var name string
	t.Run("use", func(t *testing.T) {
		require.NoError(t, dbtest.Pool(t).QueryRow(t.Context(), `select current_database()`).Scan(&name))
	})
	var found bool
	err := dbtest.Tx(t).QueryRow(t.Context(), `select exists (select from pg_database where datname = $1)`, name).Scan(&found)
	require.NoError(t, err)
	require.False(t, found)
}
