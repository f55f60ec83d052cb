package db_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func TestMigrateFromNothingByFourAtOnce(t *testing.T) {
	t.Parallel()
	url := dbtest.Empty(t)
	pool, err := db.Open(t.Context(), url, db.Options{Name: "test", AsOwner: true, MaxConns: 2})
	require.NoError(t, err)
	defer pool.Close()
	migrated, err := db.Migrated(t.Context(), pool)
	require.NoError(t, err)
	require.Subset(t, migrated.Missing, []string{"00001_people.sql", "00031_shut_out.sql", "river 1"}, "an empty database misses every migration")
	require.Empty(t, migrated.Unknown)

	var group sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		group.Go(func() { errs[i] = db.Migrate(t.Context(), url) })
	}
	group.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	migrated, err = db.Migrated(t.Context(), pool)
	require.NoError(t, err)
	require.Empty(t, migrated)
	restricted, err := db.Restricted(t.Context(), pool)
	require.NoError(t, err)
	require.False(t, restricted, "the owner is not")

	app, err := db.Open(t.Context(), url, db.Options{Name: "test", MaxConns: 2})
	require.NoError(t, err)
	defer app.Close()
	restricted, err = db.Restricted(t.Context(), app)
	require.NoError(t, err)
	require.True(t, restricted, "the application is")
}

// Where the database user may not create roles, migration succeeds and the triggers
// protect the append-only tables.
func TestMigrateWithoutTheRightToMakeRoles(t *testing.T) {
	t.Parallel()
	url := dbtest.Empty(t)
	owner, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, owner.Close(context.WithoutCancel(t.Context()))) })
	config := owner.Config()
	user := config.Database + "_user"
	_, err = owner.Exec(t.Context(), "create role "+pgx.Identifier{user}.Sanitize()+" login password 'plain'; alter database "+
		pgx.Identifier{config.Database}.Sanitize()+" owner to "+pgx.Identifier{user}.Sanitize()+"; alter schema public owner to "+pgx.Identifier{user}.Sanitize())
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		conn, err := pgx.Connect(ctx, url)
		require.NoError(t, err)
		_, err = conn.Exec(ctx, "drop owned by "+pgx.Identifier{user}.Sanitize()+" cascade; alter database "+
			pgx.Identifier{config.Database}.Sanitize()+" owner to current_user; drop role "+pgx.Identifier{user}.Sanitize())
		require.NoError(t, err)
		require.NoError(t, conn.Close(ctx))
	})
	plain := strings.Replace(url, config.User+":"+config.Password+"@", user+":plain@", 1)
	require.NotEqual(t, url, plain)
	require.NoError(t, db.Migrate(t.Context(), plain, db.Login{Name: user + "_login", Password: "a long quiet river"})) //nolint:gosec // a password for tests
	strength, err := db.StrengthOf(t.Context(), owner)
	require.NoError(t, err)
	require.NotEmpty(t, strength.Role)
	pool, err := db.Open(t.Context(), plain, db.Options{Name: "test", MaxConns: 2})
	require.NoError(t, err)
	defer pool.Close()
	restricted, err := db.Restricted(t.Context(), pool)
	require.NoError(t, err)
	require.False(t, restricted)
	_, err = pool.Exec(t.Context(), `delete from ledger_tx`)
	require.Equal(t, "ledger_tx_append_only", db.Constraint(err))
}

func TestUnsafeSettings(t *testing.T) {
	t.Parallel()
	tx := dbtest.Tx(t)
	_, err := tx.Exec(t.Context(), `set local synchronous_commit = off`)
	require.NoError(t, err)
	names, err := db.Unsafe(t.Context(), tx)
	require.NoError(t, err)
	require.Contains(t, names, "synchronous_commit")
}
