package db_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/migrations"
)

// A missing migration is detected, whichever it is, even if the newest one is applied and a
// foreign migration makes the total number correct.
func TestMigratedComparesIdentities(t *testing.T) {
	t.Parallel()
	for _, lacking := range []struct{ name, plant, missing string }{
		{"the first", `delete from goose_db_version where version_id = 1`, "00001_people.sql"},
		{"one in the middle", `delete from goose_db_version where version_id = 29`, "00029_solo_acts.sql"},
		{"one that misses beside newer ones", `delete from goose_db_version where version_id = 31`, "00031_shut_out.sql"},
		{"one taken back", `update goose_db_version set is_applied = false where version_id = 20`, "00020_approvals.sql"},
		{"one of River's", `delete from river_migration where version = 5`, "river 5"},
	} {
		t.Run(lacking.name, func(t *testing.T) {
			t.Parallel()
			owner := dbtest.Owner(t, dbtest.Pool(t))
			_, err := owner.Exec(t.Context(), lacking.plant)
			require.NoError(t, err)
			_, err = owner.Exec(t.Context(), `insert into goose_db_version (version_id, is_applied) values (35, true), (99999, true)`)
			require.NoError(t, err)
			migrated, err := db.Migrated(t.Context(), owner)
			require.NoError(t, err)
			require.Equal(t, db.Migrations{
				Missing: []string{lacking.missing}, Unknown: []string{"00035", "99999"}, Newer: []string{"99999"},
			}, migrated)
		})
	}
}

// A migration that was merged after one with a higher number is applied.
func TestMigrateFillsAGap(t *testing.T) {
	t.Parallel()
	url := dbtest.Empty(t)
	pool, err := pgxpool.New(t.Context(), url)
	require.NoError(t, err)
	defer pool.Close()
	const late = "00050_form_prints.sql"
	files := fstest.MapFS{}
	require.NoError(t, fs.WalkDir(migrations.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || name == late {
			return err
		}
		text, err := migrations.FS.ReadFile(name)
		files[name] = &fstest.MapFile{Data: text}
		return err
	}))
	sqlDB := stdlib.OpenDBFromPool(pool)
	defer sqlDB.Close() //nolint:errcheck // closes a view of the pool
	provider, err := goose.NewProvider(goose.DialectPostgres, sqlDB, files)
	require.NoError(t, err)
	_, err = provider.Up(t.Context())
	require.NoError(t, err)
	migrated, err := db.Migrated(t.Context(), pool)
	require.NoError(t, err)
	require.Contains(t, migrated.Missing, late)

	require.NoError(t, db.Migrate(t.Context(), url))
	migrated, err = db.Migrated(t.Context(), pool)
	require.NoError(t, err)
	require.Empty(t, migrated)
	var rows int
	require.NoError(t, pool.QueryRow(t.Context(), `select count(*) from form_print`).Scan(&rows))
}

// An older version does not change the database of a newer version, because its grants would
// revoke privileges that the newer version needs.
func TestMigrateRefusesANewerDatabase(t *testing.T) {
	t.Parallel()
	url := dbtest.Empty(t)
	require.NoError(t, db.Migrate(t.Context(), url))
	pool, err := pgxpool.New(t.Context(), url)
	require.NoError(t, err)
	defer pool.Close()
	_, err = pool.Exec(t.Context(), `create table of_tomorrow (); grant select on of_tomorrow to refill_app;
		insert into goose_db_version (version_id, is_applied) values (99999, true)`)
	require.NoError(t, err)
	require.ErrorContains(t, db.Migrate(t.Context(), url), "99999")
	var may bool
	require.NoError(t, pool.QueryRow(t.Context(), `select has_table_privilege('refill_app', 'of_tomorrow', 'select')`).Scan(&may))
	require.True(t, may)
}
