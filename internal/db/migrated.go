package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"refill/migrations"
)

// Migrations is the difference between the migrations embedded in this program and
// those that a database records as applied. Ours are named by file or, where this
// program has no such file, by number; River's by "river" and number.
type Migrations struct {
	Missing []string // embedded and not applied
	Unknown []string // applied and not embedded
	Newer   []string // those of Unknown with a number above every embedded one
}

// Migrated compares the migrations of this program with those applied to the
// database, each by its number, since the numbers have gaps. A database without our
// tables misses all of them.
func Migrated(ctx context.Context, dbtx DBTX) (Migrations, error) {
	ours, rivers, err := Applied(ctx, dbtx)
	if err != nil {
		return Migrations{}, err
	}
	return CompareMigrations(ours, rivers)
}

// Applied returns the numbers of the migrations that a database records as applied, ours
// and River's, in ascending order.
func Applied(ctx context.Context, dbtx DBTX) (ours, rivers []int64, err error) {
	// Goose enters a version 0 when it makes the table.
	ours, err = versions(ctx, dbtx, `select distinct version_id from goose_db_version where is_applied and version_id > 0 order by 1`)
	if err != nil {
		return nil, nil, err
	}
	rivers, err = versions(ctx, dbtx, `select version from river_migration where line = 'main' order by 1`)
	return ours, rivers, err
}

// CompareMigrations compares the migrations of this program with numbers of applied ones,
// ours and River's.
func CompareMigrations(ours, rivers []int64) (Migrations, error) {
	var m Migrations
	known, err := embedded()
	if err != nil {
		return m, err
	}
	m.compare(known, ours, func(version int64) string { return fmt.Sprintf("%05d", version) })
	if known, err = embeddedRiver(); err != nil {
		return m, err
	}
	m.compare(known, rivers, riverName)
	return m, nil
}

// compare adds the differences of one line of migrations. name names a version that
// is not embedded.
func (m *Migrations) compare(embedded map[int64]string, applied []int64, name func(int64) string) {
	var newest int64
	for version := range embedded {
		newest = max(newest, version)
	}
	for _, version := range applied {
		if _, known := embedded[version]; known {
			continue
		}
		m.Unknown = append(m.Unknown, name(version))
		if version > newest {
			m.Newer = append(m.Newer, name(version))
		}
	}
	var missing []string
	for version, file := range embedded {
		if !slices.Contains(applied, version) {
			missing = append(missing, file)
		}
	}
	slices.Sort(missing)
	m.Missing = append(m.Missing, missing...)
}

// embedded returns the files of our migrations by number.
func embedded() (map[int64]string, error) {
	entries, err := migrations.FS.ReadDir(".")
	if err != nil {
		return nil, err
	}
	files := make(map[int64]string, len(entries))
	for _, entry := range entries {
		version, err := goose.NumericComponent(entry.Name())
		if err != nil {
			return nil, fmt.Errorf("read the number of the migration %s: %w", entry.Name(), err)
		}
		files[version] = entry.Name()
	}
	return files, nil
}

// embeddedRiver returns the names of River's migrations by number.
func embeddedRiver() (map[int64]string, error) {
	river, err := rivermigrate.New(riverpgxv5.New(nil), nil)
	if err != nil {
		return nil, fmt.Errorf("read River's migrations: %w", err)
	}
	names := make(map[int64]string)
	for _, migration := range river.AllVersions() {
		names[int64(migration.Version)] = riverName(int64(migration.Version))
	}
	return names, nil
}

// riverName names one of River's migrations.
func riverName(version int64) string { return "river " + strconv.FormatInt(version, 10) }

// versions reads numbers of migrations; none where their table does not exist.
func versions(ctx context.Context, dbtx DBTX, sql string) ([]int64, error) {
	rows, err := dbtx.Query(ctx, sql)
	if err == nil {
		var found []int64
		if found, err = pgx.CollectRows(rows, pgx.RowTo[int64]); err == nil {
			return found, nil
		}
	}
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == "42P01" { // undefined_table
		return nil, nil
	}
	return nil, err
}
