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
	"refill/internal/blob"
	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/cardfile"
	"refill/internal/check"
	"refill/internal/codestore"
	"refill/internal/dbtest"
)

// announce enters keys in the database, as the command of the owner does.
func announce(t *testing.T, pool *pgxpool.Pool, keys *cardcode.Keyring) {
	t.Helper()
	require.NoError(t, codestore.AnnounceKeys(t.Context(), dbtest.Owner(t, pool), keys))
}

// asOwner returns the domain on a connection of the tables' owner, who alone may give keys
// up.
func asOwner(t *testing.T, pool *pgxpool.Pool, keys *cardcode.Keyring) *card.Service {
	t.Helper()
	return card.New(dbtest.Owner(t, pool), keys, nil, nil, slog.New(slog.DiscardHandler))
}

// twoKeys returns a keyring with one key, and one with a second sealing key added.
func twoKeys(t *testing.T) (old, both *cardcode.Keyring) {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, cardcode.WriteNewKey(&file, 1))
	first := file.String()
	require.NoError(t, cardcode.WriteSealKey(&file, 2))
	old, err := cardcode.ReadKeyring(bytes.NewBufferString(first))
	require.NoError(t, err)
	both, err = cardcode.ReadKeyring(&file)
	require.NoError(t, err)
	return old, both
}

func TestKeysRotate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	old, both := twoKeys(t)
	b.keys = old
	b.use(newService(t, b.pool, old))
	s := b.series(t, form(5000))
	codes := b.codes(t, s)
	_, err := b.redeem(t.Context(), b.anna, codes[0])
	require.NoError(t, err)

	// A process that has not loaded the new key still redeems the cards that it finds. For
	// other codes it returns ErrKeysBehind and does not refuse them.
	behind := newService(t, b.pool, old)
	ahead := newService(t, b.pool, both)
	announce(t, b.pool, both)
	keyID, err := ahead.Codes.StartRotation(t.Context(), b.admin)
	require.NoError(t, err)
	require.EqualValues(t, 2, keyID)
	again, err := ahead.Codes.StartRotation(t.Context(), b.admin)
	require.NoError(t, err)
	require.Equal(t, keyID, again)

	// The first run is killed before it ends: the pages before are committed.
	boom := errors.New("killed")
	err = ahead.Codes.Reseal(t.Context(), keyID, time.Now, func(context.Context, pgx.Tx) error { return boom })
	require.ErrorIs(t, err, boom)
	var left int
	require.NoError(t, b.pool.QueryRow(t.Context(), `select count(*) from card where key_id = 1`).Scan(&left))
	require.Zero(t, left, "pages before stand")
	require.NoError(t, ahead.Codes.Reseal(t.Context(), keyID, time.Now, noJob))

	mine := *b
	mine.use(behind)
	_, err = mine.redeem(t.Context(), b.anna, codes[1])
	require.ErrorIs(t, err, codestore.ErrKeysBehind)
	_, err = behind.FindByCode(t.Context(), b.admin, codes[1])
	require.ErrorIs(t, err, codestore.ErrKeysBehind, "nor to staff who look for it")
	_, err = ahead.FindByCode(t.Context(), b.admin, codes[1])
	require.NoError(t, err)
	mine.use(ahead)
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
	mine.use(behind)
	_, err = mine.redeem(t.Context(), b.anna, codes[4])
	require.NoError(t, err)
	_, stranger := twoKeys(t)
	_, err = old.Adopt(stranger)
	require.ErrorContains(t, err, "put the file back")

	require.ErrorContains(t, asOwner(t, b.pool, both).Codes.RetireKey(t.Context(), audit.System(), 2), "new cards")
	require.NoError(t, asOwner(t, b.pool, both).Codes.RetireKey(t.Context(), audit.System(), 1))
	broken, err := check.Run(t.Context(), b.pool, both)
	require.NoError(t, err)
	require.Empty(t, broken)
}

// Cards are redeemed while they are sealed again: none is refused.
func TestRedeemWhileKeysRotate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	old, both := twoKeys(t)
	b.keys = old
	b.use(newService(t, b.pool, old))
	codes := b.codes(t, b.series(t, form(6000)))
	b.use(newService(t, b.pool, both))
	announce(t, b.pool, both)
	keyID, err := b.cards.Codes.StartRotation(t.Context(), b.admin)
	require.NoError(t, err)
	sealed := make(chan error, 1)
	go func() { sealed <- b.cards.Codes.Reseal(t.Context(), keyID, time.Now, noJob) }()
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
	b.keys = old
	b.use(newService(t, b.pool, old))
	announce(t, b.pool, old)
	s := b.series(t, form(10))
	ask := func() int64 {
		id, err := b.exports().Request(t.Context(), b.admin, s.ID, "csv", cardfile.Options{}, uuid.New())
		require.NoError(t, err)
		return id
	}
	first, second := ask(), ask()
	require.NoError(t, b.exports().Make(t.Context(), first, noJob))
	b.cards = newService(t, b.pool, old) // its files are those of a slow store
	slow := &slowStore{Store: blob.NewSealed(b.disk, old), reached: make(chan struct{}), open: make(chan struct{})}
	made := make(chan error, 1)
	go func(exports *cardfile.Service) { made <- exports.Make(t.Context(), second, noJob) }(b.exportsOn(slow))
	<-slow.reached
	announce(t, b.pool, both)
	b.keys = both
	b.use(newService(t, b.pool, both))
	keyID, err := b.cards.Codes.StartRotation(t.Context(), b.admin)
	require.NoError(t, err)
	require.NoError(t, b.cards.Codes.Reseal(t.Context(), keyID, time.Now, noJob))

	retiring := asOwner(t, b.pool, both)
	require.ErrorContains(t, retiring.Codes.RetireKey(t.Context(), audit.System(), 1), "1 kept files are still sealed under key 1")
	_, err = b.pool.Exec(t.Context(), `update export set expires_at = now() where id = $1`, first)
	require.NoError(t, err)
	_, err = b.exports().Expire(t.Context())
	require.NoError(t, err)
	upload := b.upload(t, "code\nAAAA-aaaa-0001\n")
	_, err = b.pool.Exec(t.Context(), `update card_import set key_id = 1`)
	require.NoError(t, err)
	require.ErrorContains(t, retiring.Codes.RetireKey(t.Context(), audit.System(), 1), "kept files")
	require.NoError(t, b.importer().Cancel(t.Context(), b.admin, upload.id))

	// A file that is being entered holds its key; retiring waits and then sees it.
	tx, err := b.pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `select from key_canary where key_id = 1 for share`)
	require.NoError(t, err)
	retired := make(chan error, 1)
	go func() { retired <- retiring.Codes.RetireKey(t.Context(), audit.System(), 1) }()
	require.Eventually(t, func() bool {
		var waits bool
		err := b.pool.QueryRow(t.Context(), `select exists (select from pg_stat_activity where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0)`).Scan(&waits)
		return err == nil && waits
	}, 20*time.Second, 10*time.Millisecond)
	_, err = tx.Exec(t.Context(), `update export set state = 'ready', expires_at = now() + interval '1 day' where id = $1`, first)
	require.NoError(t, err)
	require.NoError(t, tx.Commit(t.Context()))
	require.ErrorContains(t, <-retired, "1 kept files")
	_, err = b.pool.Exec(t.Context(), `update export set state = 'expired' where id = $1`, first)
	require.NoError(t, err)

	require.NoError(t, retiring.Codes.RetireKey(t.Context(), audit.System(), 1))
	close(slow.open)
	require.ErrorContains(t, <-made, "retired meanwhile")
	require.NoError(t, b.exports().Make(t.Context(), second, noJob))
}

// slowStore blocks after the commit of a file until open is closed.
type slowStore struct {
	blob.Store
	reached, open chan struct{}
}

func (s *slowStore) Create(ctx context.Context, name string) (blob.File, error) {
	file, err := s.Store.Create(ctx, name)
	return slowFile{file, s}, err
}

type slowFile struct {
	blob.File
	store *slowStore
}

func (f slowFile) Commit() (blob.Info, error) {
	info, err := f.File.Commit()
	close(f.store.reached)
	<-f.store.open
	return info, err
}
