package main

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/check"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/migrations"
)

// oldNewest is the number of the newest migration of version 4b8be3e.
const oldNewest = 31

// oldSum is the SHA-256 of the migrations up to oldNewest, each with its name. A landed
// migration never changes, so the present files create the schema of version 4b8be3e.
const oldSum = "9ba227cbb5066329a919fa97df98c6a3789e4c21d8e7cbb0d9e899084fc1b8a6"

// oldHead is the hash of the newest block of the audit trail with 20,000 cards. Version
// 4b8be3e verifies that chain.
const oldHead = "79307adcc98a5b2130248106495a748d5dff27c6d9a7ca0575183340d2722357"

// oldCards is the number of cards in the regular test.
const oldCards = 20_000

//go:embed testdata/upgrade/*.sql
var oldData embed.FS

// An installation of version 4b8be3e is upgraded by refill migrate and loses nothing.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	o := newOld(t, oldCards)
	require.Equal(t, oldHead, o.head)
	o.upgrade()
	o.lostNothing()
	o.checkBooks()
	o.redeem()
	o.checkBooks()
}

// The upgrade of a million cards takes less than a minute.
func TestChaosUpgradeAMillion(t *testing.T) { //nolint:paralleltest // measures
	if os.Getenv("REFILL_CHAOS") == "" {
		t.Skip("set REFILL_CHAOS=1: a million cards take minutes to make")
	}
	o := newOld(t, 1_000_000)
	took := o.upgrade()
	t.Logf("refill migrate took %s with a million cards", took.Round(100*time.Millisecond))
	require.Less(t, took, time.Minute)
	o.lostNothing()
	o.redeem()
	o.checkBooks()
}

// old is an installation of version 4b8be3e.
type old struct {
	t      *testing.T
	url    string
	config config
	pool   *pgxpool.Pool // as the owner
	keys   *cardcode.Keyring
	series map[int64]oldSeries
	head   string

	columns map[string][]string // of each table of the old version
	before  map[string]string   // contents of each table before the upgrade
}

// newOld creates an installation of version 4b8be3e with the given number of cards.
func newOld(t *testing.T, cards int) *old {
	t.Helper()
	ctx := t.Context()
	o := &old{t: t, url: dbtest.Empty(t)}
	keyFile := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, os.WriteFile(keyFile, []byte(oldKeyFile()), 0o600))
	var err error
	o.keys, err = readKeys(keyFile)
	require.NoError(t, err)
	o.config = config{DatabaseURL: secret(o.url), OwnerURL: secret(o.url), KeyFile: keyFile, FilesDir: t.TempDir(), LogFormat: "text", LogLevel: "error"}
	pool, err := pgxpool.ParseConfig(o.url)
	require.NoError(t, err)
	pool.ConnConfig.RuntimeParams["timezone"] = "UTC"
	pool.ConnConfig.RuntimeParams["old.cards"] = fmt.Sprint(cards)
	pool.MaxConns = 4
	o.pool, err = pgxpool.NewWithConfig(ctx, pool)
	require.NoError(t, err)
	t.Cleanup(o.pool.Close)
	o.migrate()
	conn, err := o.pool.Acquire(ctx)
	require.NoError(t, err)
	defer conn.Release()
	o.run(conn, "1_people", "2_series")
	o.copyCards(conn)
	o.run(conn, "3_money", "4_trail")
	block, err := audit.Seal(ctx, o.pool, o.keys, time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	o.head = hex.EncodeToString(block.Hash)
	_, err = conn.Exec(ctx, "analyze")
	require.NoError(t, err)
	o.columns = o.readColumns()
	o.before = o.contents(o.columns)
	return o
}

// migrate creates the schema of the old version.
func (o *old) migrate() {
	ctx := o.t.Context()
	files, sum := fstest.MapFS{}, sha256.New()
	names, err := fs.Glob(migrations.FS, "*.sql")
	require.NoError(o.t, err)
	slices.Sort(names)
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		require.NoError(o.t, err)
		if version > oldNewest {
			continue
		}
		text, err := migrations.FS.ReadFile(name)
		require.NoError(o.t, err)
		files[name] = &fstest.MapFile{Data: text}
		_, _ = fmt.Fprintf(sum, "%s %d\n%s", name, len(text), text)
	}
	require.Equal(o.t, oldSum, hex.EncodeToString(sum.Sum(nil)), "a migration that had landed was changed")
	sqlDB := stdlib.OpenDBFromPool(o.pool)
	defer sqlDB.Close() //nolint:errcheck // closes a view of the pool
	provider, err := goose.NewProvider(goose.DialectPostgres, sqlDB, files)
	require.NoError(o.t, err)
	_, err = provider.Up(ctx)
	require.NoError(o.t, err)
	river, err := rivermigrate.New(riverpgxv5.New(o.pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(o.t, err)
	_, err = river.Migrate(ctx, rivermigrate.DirectionUp, nil)
	require.NoError(o.t, err)
}

// run executes SQL files of testdata.
func (o *old) run(conn *pgxpool.Conn, names ...string) {
	for _, name := range names {
		text, err := oldData.ReadFile("testdata/upgrade/" + name + ".sql")
		require.NoError(o.t, err)
		_, err = conn.Exec(o.t.Context(), string(text))
		require.NoError(o.t, err, name)
	}
}

// copyCards creates the cards of each series, and the canary of the key.
func (o *old) copyCards(conn *pgxpool.Conn) {
	ctx := o.t.Context()
	rows, err := conn.Query(ctx, `select id, made as quantity, code_alphabet as alphabet, code_length::integer as length, import_id is not null as imported from series order by id`)
	require.NoError(o.t, err)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[oldSeries])
	require.NoError(o.t, err)
	o.series = map[int64]oldSeries{}
	for _, s := range list {
		o.series[s.ID] = s
		card := s.cards(o.t)
		_, err := conn.CopyFrom(ctx, pgx.Identifier{"card"},
			[]string{"series_id", "serial", "key_id", "state", "code_index", "code_sealed", "last_four", "imported_serial"},
			pgx.CopyFromSlice(int(s.Quantity), func(i int) ([]any, error) { return card(int32(i) + 1), nil })) //nolint:gosec // below a million
		require.NoError(o.t, err)
	}
	_, err = conn.Exec(ctx, `insert into key_canary (key_id, sealed, created_at) values (1, $1, '2025-01-01')`, oldSealed(oldSeal(o.t, 0), 0, 0, "REFILL-CANARY"))
	require.NoError(o.t, err)
}

// upgrade runs `refill migrate` and returns its duration.
func (o *old) upgrade() time.Duration {
	start := time.Now()
	require.NoError(o.t, runMigrate(o.t.Context(), o.config, nil))
	took := time.Since(start)
	migrated, err := db.Migrated(o.t.Context(), o.pool)
	require.NoError(o.t, err)
	require.Empty(o.t, migrated)
	return took
}

// readColumns returns the columns of each table, except those that an upgrade computes
// again: the search text of customers, and the hashes of the last symbols of imported
// codes.
func (o *old) readColumns() map[string][]string {
	rows, err := o.pool.Query(o.t.Context(), `select table_name::text as table, column_name::text as column from information_schema.columns
		where table_schema = 'public' and table_name not like 'river%' and table_name <> 'goose_db_version'
			and (table_name, column_name) not in (('customer', 'search'), ('card', 'last_four')) order by ordinal_position`)
	require.NoError(o.t, err)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[struct{ Table, Column string }])
	require.NoError(o.t, err)
	columns := map[string][]string{}
	for _, one := range list {
		columns[one.Table] = append(columns[one.Table], pgx.Identifier{one.Column}.Sanitize())
	}
	return columns
}

// contents returns the number of rows of each table and a checksum of the given columns.
func (o *old) contents(columns map[string][]string) map[string]string {
	held := map[string]string{}
	for table, names := range columns {
		var content string
		err := o.pool.QueryRow(o.t.Context(), `select count(*) || ' rows, ' || coalesce(sum(hashtextextended(row(`+strings.Join(names, ", ")+`)::text, 0)), 0) from `+
			pgx.Identifier{table}.Sanitize()).Scan(&content)
		require.NoError(o.t, err, table)
		held[table] = content
	}
	return held
}

// lostNothing checks that every old row still exists with the same values in the old
// columns.
func (o *old) lostNothing() {
	require.Greater(o.t, len(o.before), 30)
	// The upgrade confirms the currency, because the installation has customers.
	confirmed, err := o.pool.Exec(o.t.Context(), `delete from setting where name = 'currency_confirmed' and value = 'true'`)
	require.NoError(o.t, err)
	require.EqualValues(o.t, 1, confirmed.RowsAffected())
	require.Equal(o.t, o.before, o.contents(o.columns))
}

// checkBooks checks every invariant.
func (o *old) checkBooks() {
	_, err := audit.Seal(o.t.Context(), o.pool, o.keys, time.Now())
	require.NoError(o.t, err)
	broken, err := check.Run(o.t.Context(), o.pool, o.keys)
	require.NoError(o.t, err)
	require.Empty(o.t, broken)
}

// redeem redeems old cards by their codes in the present program with the old key file. It
// also checks the refusals of cards that can't be redeemed.
func (o *old) redeem() {
	ctx, stop := context.WithCancel(o.t.Context())
	defer stop() // stops watchKeys
	p, err := openParts(ctx, o.config, "test", time.Minute)
	require.NoError(o.t, err)
	defer p.pool.Close()
	const customer = 3 // of partner 1
	balance := func() (minor int64) {
		require.NoError(o.t, p.pool.QueryRow(ctx, `select balance from account where customer_id = $1`, customer).Scan(&minor))
		return minor
	}
	cashier := audit.ByStaff(1, audit.Everything())
	try := func(r card.Redemption) error {
		r.CustomerID, r.Key = customer, uuid.New()
		_, err := p.cards.Redeem(ctx, cashier, r)
		return err
	}
	for ref, worth := range map[card.Ref]int64{
		{SeriesID: 1, Serial: 50}: 1000, {SeriesID: 1, Serial: 27}: 1000, {SeriesID: 1, Serial: 28}: 1000, {SeriesID: 2, Serial: 51}: 2500,
		{SeriesID: 7, Serial: 52}: 1000, {SeriesID: 9, Serial: 53}: 1500, {SeriesID: 12, Serial: 54}: 1500, {SeriesID: 14, Serial: 55}: 100,
	} {
		before := balance()
		code := strings.TrimPrefix(o.series[ref.SeriesID].symbols(ref.Serial), "\x00")
		require.NoError(o.t, try(card.Redemption{Code: code}), "%v", ref)
		require.Equal(o.t, before+worth, balance(), "%v", ref)
	}
	for ref, why := range map[card.Ref]error{
		{SeriesID: 1, Serial: 50}: card.ErrYours, {SeriesID: 2, Serial: 7}: card.ErrUsed, {SeriesID: 1, Serial: 20}: card.ErrVoid, {SeriesID: 1, Serial: 25}: card.ErrDisabled,
		{SeriesID: 3, Serial: 50}: card.ErrInactive, {SeriesID: 4, Serial: 50}: card.ErrVoid, {SeriesID: 5, Serial: 50}: card.ErrInactive, {SeriesID: 6, Serial: 50}: card.ErrExpired,
	} {
		before := balance()
		require.ErrorIs(o.t, try(card.Redemption{Card: ref}), why, "%v", ref) // by reference, because failed codes count as guesses
		require.Equal(o.t, before, balance(), "%v", ref)
	}
}
