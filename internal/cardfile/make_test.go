package cardfile_test

import (
	"context"
	"errors"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/setting"
)

// A file is there once it is whole, and with it the end of its job; a run that is cut off
// leaves nothing, and the next one begins again.
func TestMake(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.request(t, b.series(t, 5), "csv", cardfile.Options{})
	killed := errors.New("killed")
	require.ErrorIs(t, b.files.Make(t.Context(), id, func(context.Context, pgx.Tx) error { return killed }), killed)
	require.Equal(t, db.ExportStateRunning, b.read(t, id).State)
	require.Zero(t, b.kept(t), "nothing of it is left")

	b.disk.full.Store(true)
	err := b.files.Make(t.Context(), id, noJob)
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.NotErrorIs(t, err, cardfile.ErrOver, "there may be room in a moment")
	require.Equal(t, db.ExportStateRunning, b.read(t, id).State)
	b.disk.full.Store(false)

	completed := 0
	require.NoError(t, b.files.Make(t.Context(), id, func(context.Context, pgx.Tx) error { completed++; return nil }))
	require.Equal(t, 1, completed)
	e := b.read(t, id)
	require.Equal(t, db.ExportStateReady, e.State)
	require.EqualValues(t, 5, e.RowsDone)
	require.Len(t, b.content(t, id), int(e.Size))
	require.Equal(t, 1, b.number(t, `select count(*) from audit where action = 'export.finished'`))

	err = b.files.Make(t.Context(), id, noJob)
	require.ErrorIs(t, err, cardfile.ErrOver)
	require.ErrorIs(t, err, cardfile.ErrNotWanted)
	require.Equal(t, e, b.read(t, id), "a second run changes nothing")
	require.Equal(t, 1, b.kept(t))
}

// What is cancelled while it is written is not offered, and its file is removed.
func TestMakeOfWhatIsCancelled(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, 5)
	before := b.request(t, s, "csv", cardfile.Options{})
	require.NoError(t, b.files.Cancel(t.Context(), b.admin, before))
	require.ErrorIs(t, b.files.Make(t.Context(), before, noJob), cardfile.ErrNotWanted)

	// At the very end: the file is written, its row is not.
	late := b.request(t, s, "csv", cardfile.Options{})
	require.ErrorIs(t, b.files.Make(t.Context(), late, func(context.Context, pgx.Tx) error { return cardfile.ErrNotWanted }), cardfile.ErrOver)
	require.Zero(t, b.kept(t))
	require.Zero(t, b.number(t, `select count(*) from export where state = 'ready'`))
}

// A file that can't be made as it was asked for has failed, with the reason; trying again
// would end the same.
func TestMakeFailsForGood(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, 5)
	b.printShop(t)
	shop := b.request(t, s, "csv", cardfile.Options{ShopID: "one"})
	require.NoError(t, b.settings.Change(t.Context(), b.admin, func(v *setting.Settings) { v.PrintShops = nil }))
	require.ErrorIs(t, b.files.Make(t.Context(), shop, noJob), cardfile.ErrOver)
	require.Equal(t, db.ExportStateFailed, b.read(t, shop).State)
	require.Equal(t, cardfile.ErrShop.Text(), fault.Kept(b.read(t, shop).Failure).Text())

	locked := b.request(t, s, "pdf", cardfile.Options{Locked: true, Password: cardfile.NewPassword("planted heron basket")})
	_, err := b.pool.Exec(t.Context(), `update export set password_key_id = null, password_sealed = null where id = $1`, locked)
	require.NoError(t, err)
	require.ErrorIs(t, b.files.Make(t.Context(), locked, noJob), cardfile.ErrPasswordGone)
	require.Equal(t, db.ExportStateFailed, b.read(t, locked).State)
	require.Zero(t, b.kept(t), "never in clear")
}

// The last try that ended says why, and whether the file can be tried again.
func TestGiveUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, 5)
	for code, tc := range map[string]struct {
		err    error
		locked bool
	}{
		"export_disk_full":        {syscall.ENOSPC, false},
		"export_disk_full_locked": {syscall.EDQUOT, true},
		"export_failed":           {errors.New("the bucket is away"), false},
		"export_failed_locked":    {errors.New("the bucket is away"), true},
	} {
		o := cardfile.Options{Locked: tc.locked}
		if tc.locked {
			o.Password = cardfile.NewPassword("planted heron basket")
		}
		id := b.request(t, s, "pdf", o)
		require.NoError(t, b.files.GiveUp(t.Context(), id, tc.err))
		require.Equal(t, db.ExportStateFailed, b.read(t, id).State)
		require.Equal(t, code, fault.Kept(b.read(t, id).Failure).Code)
		err := b.files.Retry(t.Context(), b.admin, id)
		if tc.locked {
			require.ErrorIs(t, err, cardfile.ErrPasswordGone)
			continue
		}
		require.NoError(t, err)
		require.NoError(t, b.files.Make(t.Context(), id, noJob))
	}
}

// Files are known while they can be fetched, and named once when their time is up.
func TestExpire(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, 5)
	old, young := b.request(t, s, "csv", cardfile.Options{}), b.request(t, s, "csv", cardfile.Options{})
	for _, id := range []int64{old, young} {
		require.NoError(t, b.files.Make(t.Context(), id, noJob))
	}
	_, err := b.pool.Exec(t.Context(), `update export set expires_at = now() where id = $1`, old)
	require.NoError(t, err)
	gone, err := b.files.Expire(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{b.read(t, old).File}, gone)
	gone, err = b.files.Expire(t.Context())
	require.NoError(t, err)
	require.Empty(t, gone)
	kept, err := b.files.Kept(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{b.read(t, young).File}, kept)
	require.Equal(t, 1, b.number(t, `select count(*) from audit where action = 'export.expired'`))
}

// An export whose job is gone can be taken up again.
func TestStrandedExport(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.request(t, b.series(t, 5), "csv", cardfile.Options{})
	require.NoError(t, b.files.FailStranded(t.Context()))
	require.Equal(t, db.ExportStateQueued, b.read(t, id).State, "its job waits")
	_, err := b.pool.Exec(t.Context(), `update river_job set state = 'cancelled', finalized_at = now() where kind = 'export_series'`)
	require.NoError(t, err)
	require.NoError(t, b.files.FailStranded(t.Context()))
	require.Equal(t, db.ExportStateFailed, b.read(t, id).State)
	require.Equal(t, "export_stranded", fault.Kept(b.read(t, id).Failure).Code)
	require.NoError(t, b.files.Retry(t.Context(), b.admin, id))
	require.NoError(t, b.files.Make(t.Context(), id, noJob))
}
