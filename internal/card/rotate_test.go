package card_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/check"
	"refill/internal/db"
	"refill/internal/dbtest"
)

// announce enters keys in the database, as the command of the owner does.
func announce(t *testing.T, pool *pgxpool.Pool, keys *card.Keyring) {
	t.Helper()
	require.NoError(t, card.AnnounceKeys(t.Context(), dbtest.Owner(t, pool), keys))
}

// asOwner returns the domain on a connection of the tables' owner, who alone may give keys
// up.
func asOwner(t *testing.T, pool *pgxpool.Pool, keys *card.Keyring) *card.Service {
	t.Helper()
	return card.New(dbtest.Owner(t, pool), keys, nil, nil, slog.New(slog.DiscardHandler))
}

// twoKeys returns a keyring with one key, and one with a second sealing key added.
func twoKeys(t *testing.T) (old, both *card.Keyring) {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, card.WriteNewKey(&file, 1))
	first := file.String()
	require.NoError(t, card.WriteSealKey(&file, 2))
	old, err := card.ReadKeyring(bytes.NewBufferString(first))
	require.NoError(t, err)
	both, err = card.ReadKeyring(&file)
	require.NoError(t, err)
	return old, both
}

func TestKeysRotate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	old, both := twoKeys(t)
	b.keys, b.cards = old, newService(t, b.pool, old)
	s := b.series(t, form(5000))
	codes := b.codes(t, s)
	_, err := b.redeem(t.Context(), b.anna, codes[0])
	require.NoError(t, err)

	// A process that has not heard of the new key goes on with what it finds, and
	// never says no to what it does not.
	behind := newService(t, b.pool, old)
	ahead := newService(t, b.pool, both)
	announce(t, b.pool, both)
	keyID, err := ahead.StartRotation(t.Context(), b.admin)
	require.NoError(t, err)
	require.EqualValues(t, 2, keyID)
	again, err := ahead.StartRotation(t.Context(), b.admin)
	require.NoError(t, err)
	require.Equal(t, keyID, again)

	// The first run is killed before it ends: nothing of its last page stands.
	boom := errors.New("killed")
	err = ahead.Reseal(t.Context(), keyID, time.Now, func(context.Context, pgx.Tx) error { return boom })
	require.ErrorIs(t, err, boom)
	var left int
	require.NoError(t, b.pool.QueryRow(t.Context(), `select count(*) from card where key_id = 1`).Scan(&left))
	require.Zero(t, left, "pages before stand")
	require.NoError(t, ahead.Reseal(t.Context(), keyID, time.Now, noJob))

	mine := *b
	mine.cards = behind
	_, err = mine.redeem(t.Context(), b.anna, codes[1])
	require.ErrorIs(t, err, card.ErrKeysBehind)
	_, err = behind.FindByCode(t.Context(), b.admin, codes[1])
	require.ErrorIs(t, err, card.ErrKeysBehind, "nor to staff who look for it")
	_, err = ahead.FindByCode(t.Context(), b.admin, codes[1])
	require.NoError(t, err)
	mine.cards = ahead
	for _, code := range codes[1:4] {
		_, err = mine.redeem(t.Context(), b.anna, code)
		require.NoError(t, err)
	}
	_, err = mine.redeem(t.Context(), b.anna, codes[0])
	require.ErrorIs(t, err, card.ErrYours, "used cards are found too")
	require.Equal(t, codes[4:], mine.codes(t, s))

	// A worker that has the file only now takes the key over while it runs.
	changed, err := old.Adopt(both)
	require.NoError(t, err)
	require.True(t, changed)
	mine.cards = behind
	_, err = mine.redeem(t.Context(), b.anna, codes[4])
	require.NoError(t, err)
	_, stranger := twoKeys(t)
	_, err = old.Adopt(stranger)
	require.ErrorContains(t, err, "put the file back")

	require.ErrorContains(t, asOwner(t, b.pool, both).RetireKey(t.Context(), audit.System(), 2), "new cards")
	require.NoError(t, asOwner(t, b.pool, both).RetireKey(t.Context(), audit.System(), 1))
	broken, err := check.Run(t.Context(), b.pool, both)
	require.NoError(t, err)
	require.Empty(t, broken)
}

// Cards are redeemed while they are sealed again: none is refused.
func TestRedeemWhileKeysRotate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	old, both := twoKeys(t)
	b.keys, b.cards = old, newService(t, b.pool, old)
	codes := b.codes(t, b.series(t, form(6000)))
	b.cards = newService(t, b.pool, both)
	announce(t, b.pool, both)
	keyID, err := b.cards.StartRotation(t.Context(), b.admin)
	require.NoError(t, err)
	sealed := make(chan error, 1)
	go func() { sealed <- b.cards.Reseal(t.Context(), keyID, time.Now, noJob) }()
	n := 0
	for running := true; running && n < len(codes); n++ {
		_, err := b.redeem(t.Context(), b.anna, codes[n])
		require.NoError(t, err)
		running = len(sealed) == 0
	}
	require.NoError(t, <-sealed)
	require.Greater(t, n, 1)
	require.EqualValues(t, n*1000, b.balance(t, b.anna))
}

// A key that a kept file needs is not given up; one that was given up takes no file.
func TestKeyOfAFileIsNotRetired(t *testing.T) {
	t.Parallel()
	b := setup(t)
	old, both := twoKeys(t)
	b.keys, b.cards = old, newService(t, b.pool, old)
	announce(t, b.pool, old)
	s := b.series(t, form(10))
	begin := func() db.Export {
		id, err := b.cards.RequestExport(t.Context(), b.admin, s.ID, "csv", card.ExportOptions{}, uuid.New())
		require.NoError(t, err)
		e, _, err := b.cards.StartExport(t.Context(), id)
		require.NoError(t, err)
		return e.Export
	}
	file := func(key int16) card.File {
		return card.File{Name: "f-" + uuid.NewString(), Size: 1, SHA256: make([]byte, 32), KeyID: key, Rows: 10}
	}
	first, second := begin(), begin()
	require.NoError(t, b.cards.FinishExport(t.Context(), first, file(1), noJob))
	announce(t, b.pool, both)
	b.cards = newService(t, b.pool, both)
	keyID, err := b.cards.StartRotation(t.Context(), b.admin)
	require.NoError(t, err)
	require.NoError(t, b.cards.Reseal(t.Context(), keyID, time.Now, noJob))

	retiring := asOwner(t, b.pool, both)
	require.ErrorContains(t, retiring.RetireKey(t.Context(), audit.System(), 1), "1 kept files are still sealed under key 1")
	_, err = b.pool.Exec(t.Context(), `update export set expires_at = now() where id = $1`, first.ID)
	require.NoError(t, err)
	_, err = b.cards.ExpireExports(t.Context())
	require.NoError(t, err)
	upload := b.upload(t, "code\nAAAA-aaaa-0001\n")
	_, err = b.pool.Exec(t.Context(), `update card_import set key_id = 1`)
	require.NoError(t, err)
	require.ErrorContains(t, retiring.RetireKey(t.Context(), audit.System(), 1), "kept files")
	require.NoError(t, b.cards.CancelImport(t.Context(), b.admin, upload.id))

	// A file that is being entered holds its key; retiring waits and then sees it.
	tx, err := b.pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `select from key_canary where key_id = 1 for share`)
	require.NoError(t, err)
	retired := make(chan error, 1)
	go func() { retired <- retiring.RetireKey(t.Context(), audit.System(), 1) }()
	require.Eventually(t, func() bool {
		var waits bool
		err := b.pool.QueryRow(t.Context(), `select exists (select from pg_stat_activity where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0)`).Scan(&waits)
		return err == nil && waits
	}, 20*time.Second, 10*time.Millisecond)
	_, err = tx.Exec(t.Context(), `update export set state = 'ready', expires_at = now() + interval '1 day' where id = $1`, first.ID)
	require.NoError(t, err)
	require.NoError(t, tx.Commit(t.Context()))
	require.ErrorContains(t, <-retired, "1 kept files")
	_, err = b.pool.Exec(t.Context(), `update export set state = 'expired' where id = $1`, first.ID)
	require.NoError(t, err)

	require.NoError(t, retiring.RetireKey(t.Context(), audit.System(), 1))
	require.ErrorContains(t, b.cards.FinishExport(t.Context(), second, file(1), noJob), "retired meanwhile")
	require.NoError(t, b.cards.FinishExport(t.Context(), second, file(2), noJob))
}
