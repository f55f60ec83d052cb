package backup_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/backup"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/event"
)

// A restored database has the rows, the schema and the rights of the one that was backed
// up, and its figures are those of the manifest.
func TestThereAndBack(t *testing.T) {
	t.Parallel()
	folder, m, url := made(t)
	require.Equal(t, []string{"backup"}, names(t, filepath.Dir(folder)), "nothing lies beside it")
	require.EqualValues(t, 500, m.Figures.Rows["customer"])
	require.Equal(t, "375750", m.Figures.Sums["balances of customers USD"])
	require.NotContains(t, m.Figures.Rows, "api_quota", "an unlogged table")
	require.Contains(t, m.Roles, db.AppRole)
	for _, path := range append([]string{"", "manifest.json", "database"}, files(m)...) {
		info, err := os.Stat(filepath.Join(folder, path))
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, "others can read %s", path)
	}
	read, err := backup.Read(t.Context(), folder)
	require.NoError(t, err)
	require.Equal(t, m, read)

	other := dbtest.Empty(t)
	restored, err := target(other).Restore(t.Context(), folder)
	require.NoError(t, err)
	require.Equal(t, m, restored)
	require.Equal(t, 500, ask[int](t, other, `select count(*) from customer where name = 'Customer ' || id and username = 'customer' || id`))
	require.Equal(t, 501, ask[int](t, other, `insert into customer (partner_id, username, name) select min(partner_id), 'next', 'Next' from customer returning id`), "sequences go on")
	require.Zero(t, ask[int](t, other, `select count(*) from api_quota`))
	for _, sql := range []string{
		`select string_agg(table_name || ' ' || privilege_type, ',' order by table_name, privilege_type)
			from information_schema.role_table_grants where table_schema = 'public' and grantee = 'refill_app'`,
		`select string_agg(proname || ' ' || has_function_privilege('refill_app', oid, 'execute'), ',' order by proname, oid::text) from pg_proc where pronamespace = 'public'::regnamespace and proname !~ '^g|similar'`,
		`select string_agg(tgrelid::regclass || ' ' || tgname || ' ' || tgenabled::text, ',' order by tgrelid::regclass::text, tgname) from pg_trigger where not tgisinternal`,
		`select string_agg(indexdef, ',' order by indexdef) from pg_indexes where schemaname = 'public'`,
		`select string_agg(conrelid::regclass || ' ' || conname || ' ' || convalidated, ',' order by conrelid::regclass::text, conname) from pg_constraint where connamespace = 'public'::regnamespace`,
	} {
		require.Equal(t, ask[string](t, url, sql), ask[string](t, other, sql))
	}
	conn, err := pgx.Connect(t.Context(), other)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context())) //nolint:errcheck // the database is about to go
	migrated, err := db.Migrated(t.Context(), conn)
	require.NoError(t, err)
	require.Empty(t, migrated)
}

func files(m backup.Manifest) (list []string) {
	for _, f := range m.Files {
		list = append(list, f.Name)
	}
	return list
}

// After a restore no number of an event comes again and nothing is sent again, unless the
// backup is of the last state of the old database.
func TestFeedAfterARestore(t *testing.T) {
	t.Parallel()
	folder, _, _ := made(t)
	for _, move := range []bool{false, true} {
		url := dbtest.Empty(t)
		to := target(url)
		to.Move = move
		_, err := to.Restore(t.Context(), folder)
		require.NoError(t, err)
		kept := 0
		if move {
			kept = 1
		}
		require.Equal(t, kept, ask[int](t, url, `select count(*) from webhook_delivery`))
		require.Equal(t, kept, ask[int](t, url, `select count(*) from event_out`))
		require.Equal(t, kept, ask[int](t, url, `select count(*) from webhook_endpoint where replay_seq = 3`))
		require.Equal(t, 40*kept, ask[int](t, url, `select count(*) from event`))
		require.Equal(t, kept, ask[int](t, url, `select count(*) from river_job where kind = 'mail_staff'`))
		require.Equal(t, 1, ask[int](t, url, `select count(*) from river_job where kind = 'generate_series'`), "other jobs go on")
		require.Equal(t, kept, ask[int](t, url, `select count(*) from event_switch where wanted and since < now() - interval '1 hour'`))

		pool, err := db.Open(t.Context(), url, db.Options{Name: "test"})
		require.NoError(t, err)
		for _, cursor := range []int64{20, 40} {
			_, err = event.Read(t.Context(), pool, event.Query{After: &cursor, Limit: 100, Scope: audit.Everything()})
			if move {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, event.ErrExpired)
			}
		}
		page, err := event.Read(t.Context(), pool, event.Query{Limit: 100, Scope: audit.Everything()})
		require.NoError(t, err)
		if move {
			require.EqualValues(t, 40, page.Next)
		} else {
			require.EqualValues(t, 10_000_000_040, page.Next)
		}
		pool.Close()
	}
}

// A backup as a stream is a tar archive that ends with the manifest. What it unpacks to is
// restored like a folder.
func TestStream(t *testing.T) {
	t.Parallel()
	needTools(t)
	var archive bytes.Buffer
	temp, folder := t.TempDir(), t.TempDir()
	m, err := source(filled(t)).Stream(t.Context(), &archive, temp)
	require.NoError(t, err)
	require.Empty(t, names(t, temp))
	var last string
	for reader := tar.NewReader(&archive); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		last = header.Name
		path := filepath.Join(folder, header.Name) //nolint:gosec // written a moment ago
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		content, err := io.ReadAll(reader)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, content, 0o600))
	}
	require.Equal(t, "manifest.json", last)
	read, err := target(dbtest.Empty(t)).Restore(t.Context(), folder)
	require.NoError(t, err)
	require.Equal(t, m, read)
}

// A backup that is torn, changed or of another version is refused before the database is
// touched.
func TestBadBackups(t *testing.T) {
	t.Parallel()
	whole, m, _ := made(t)
	largest := slices.MaxFunc(m.Files, func(a, b backup.File) int { return int(a.Size - b.Size) }).Name
	edit := func(change func(*backup.Manifest)) func(string) error {
		return func(folder string) error {
			changed := m
			change(&changed)
			text, err := json.Marshal(changed)
			return errors.Join(err, os.WriteFile(filepath.Join(folder, "manifest.json"), text, 0o600))
		}
	}
	for name, test := range map[string]struct {
		damage func(folder string) error
		want   string
	}{
		"no manifest":       {func(folder string) error { return os.Remove(filepath.Join(folder, "manifest.json")) }, "not completed"},
		"half a manifest":   {func(folder string) error { return os.Truncate(filepath.Join(folder, "manifest.json"), 100) }, "cut off"},
		"a file is cut off": {func(folder string) error { return os.Truncate(filepath.Join(folder, largest), 50) }, largest + " has 50 bytes"},
		"a file is gone":    {func(folder string) error { return os.Remove(filepath.Join(folder, largest)) }, largest + " is missing"},
		"a file too many":   {func(folder string) error { return os.WriteFile(filepath.Join(folder, "database", "extra"), nil, 0o600) }, "database/extra is no part of it"},
		"a changed byte":    {flip(largest), largest + " was changed"},
		"a link": {func(folder string) error {
			return os.Symlink("/etc/hostname", filepath.Join(folder, "database", "link"))
		}, "no plain file"},
		"of a newer version":     {edit(func(m *backup.Manifest) { m.Migration, m.Program = 99999, "v9" }), "newer version of Refill (v9"},
		"of another form":        {edit(func(m *backup.Manifest) { m.Format = 2 }), "form 2"},
		"of a newer Postgres":    {edit(func(m *backup.Manifest) { m.Server = 99 }), "of Postgres 99"},
		"of a newer pg_dump":     {edit(func(m *backup.Manifest) { m.Dump = 99 }), "takes pg_restore of version 99"},
		"no folder of that name": {func(folder string) error { return os.RemoveAll(folder) }, "open the backup"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join(t.TempDir(), "backup")
			require.NoError(t, os.CopyFS(folder, os.DirFS(whole)))
			require.NoError(t, test.damage(folder))
			url := dbtest.Empty(t)
			_, err := target(url).Restore(t.Context(), folder)
			require.ErrorContains(t, err, test.want)
			require.Zero(t, ask[int](t, url, `select count(*) from pg_class where relnamespace = 'public'::regnamespace`))
		})
	}
}

// flip changes one byte of a file.
func flip(name string) func(folder string) error {
	return func(folder string) error {
		path := filepath.Join(folder, name)
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		content[len(content)/2] ^= 1
		return os.WriteFile(path, content, 0o600) //nolint:gosec // a copy of the test's own
	}
}

// A database whose figures are not those of the manifest stays one that the program
// refuses.
func TestOtherFigures(t *testing.T) {
	t.Parallel()
	folder, m, _ := made(t)
	m.Figures.Rows, m.Figures.Sums = maps.Clone(m.Figures.Rows), maps.Clone(m.Figures.Sums)
	m.Figures.Rows["customer"]++
	m.Figures.Sums["balances of customers USD"] = "1"
	text, err := json.Marshal(m)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "manifest.json"), text, 0o600))
	url := dbtest.Empty(t)
	_, err = target(url).Restore(t.Context(), folder)
	require.ErrorContains(t, err, "table customer: 501 in the backup, 500 here")
	require.ErrorContains(t, err, "balances of customers USD: 1 in the backup, 375750 here")
	require.ErrorContains(t, err, "Drop it")
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context())) //nolint:errcheck // the database is about to go
	migrated, err := db.Migrated(t.Context(), conn)
	require.NoError(t, err)
	require.NotEmpty(t, migrated.Missing, "serve and work refuse it")
	require.Error(t, db.Migrate(t.Context(), url))
}

// A database that holds anything is refused, and what it holds is named.
func TestFullDatabase(t *testing.T) {
	t.Parallel()
	folder, _, full := made(t)
	_, err := target(full).Restore(t.Context(), folder)
	require.ErrorContains(t, err, "is not empty")
	require.ErrorContains(t, err, "function public.")
	require.Equal(t, 500, ask[int](t, full, `select count(*) from customer`))
	for what, sql := range map[string]string{
		"table public.notes":    `create table notes (id bigint)`,
		"table other.notes":     `create schema other; create table other.notes (id bigint)`,
		"sequence public.n":     `create sequence n`,
		"type public.colour":    `create type colour as enum ('red')`,
		"function public.twice": `create function twice(n int) returns int language sql as 'select n * 2'`,
	} {
		url := dbtest.Empty(t)
		exec(t, url, sql)
		_, err := target(url).Restore(t.Context(), folder)
		require.ErrorContains(t, err, "holds "+what)
	}
	url := dbtest.Empty(t)
	exec(t, url, `create extension pg_trgm`) // as a provider of databases may
	_, err = target(url).Restore(t.Context(), folder)
	require.NoError(t, err)
}

// No backup is made where one of the name is, of a database that is none of ours, or of one
// that a newer version has migrated.
func TestNoBackup(t *testing.T) {
	t.Parallel()
	needTools(t)
	parent := t.TempDir()
	folder := filepath.Join(parent, "backup")
	require.NoError(t, os.Mkdir(folder, 0o700))
	url := dbtest.URL(t)
	_, err := source(url).Folder(t.Context(), folder)
	require.ErrorContains(t, err, "is there already")
	_, err = source(dbtest.Empty(t)).Folder(t.Context(), filepath.Join(parent, "empty"))
	require.ErrorContains(t, err, "not one of Refill")
	exec(t, url, `insert into goose_db_version (version_id, is_applied) values (99999, true)`)
	_, err = source(url).Folder(t.Context(), filepath.Join(parent, "newer"))
	require.ErrorContains(t, err, "a newer version of Refill")
	require.Equal(t, []string{"backup"}, names(t, parent))
}

// A pg_dump that is older than the server is refused before anything is written.
func TestOldProgram(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	from := source(dbtest.URL(t))
	from.Programs = fake(t, `echo 'pg_dump (PostgreSQL) 13.9'`)
	_, err := from.Folder(t.Context(), filepath.Join(parent, "backup"))
	require.ErrorContains(t, err, "pg_dump is of Postgres 13, older than")
	require.ErrorContains(t, err, "PG_BIN")
	require.Empty(t, names(t, parent))
}

// fake returns a folder with a pg_dump of the test's own.
func fake(t *testing.T, script string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "pg_dump"), []byte("#!/bin/sh\n"+script+"\n"), 0o755))
	return dir
}

// hooked calls a function when something is written to it.
type hooked func()

func (h hooked) Write(b []byte) (int, error) {
	h()
	return len(b), nil
}

// A backup that is interrupted, or whose pg_dump fails, leaves nothing. The message of
// pg_dump is in the error.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	from := source(dbtest.URL(t))
	// The progress is printed once pg_dump has written something.
	from.Programs = fake(t, `case "$1" in --version) echo 'pg_dump (PostgreSQL) 99.1'; exit;; esac
		for a; do case "$a" in --file=*) mkdir "${a#--file=}"; echo x > "${a#--file=}/toc.dat";; esac; done; exec sleep 60`)
	prints := 0
	from.Progress = hooked(func() {
		if prints++; prints == 2 { // the first is before the dump
			require.Len(t, names(t, parent), 1)
			require.True(t, strings.HasPrefix(names(t, parent)[0], ".backup.incomplete-"))
			cancel()
		}
	})
	_, err := from.Folder(ctx, filepath.Join(parent, "backup"))
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "interrupted")
	require.Empty(t, names(t, parent))

	from.Progress = io.Discard
	from.Programs = fake(t, `case "$1" in --version) echo 'pg_dump (PostgreSQL) 99.1'; exit;; esac; echo 'pg_dump: error: no room' >&2; exit 1`)
	_, err = from.Folder(t.Context(), filepath.Join(parent, "backup"))
	require.ErrorContains(t, err, "no room")
	require.Empty(t, names(t, parent))
}
