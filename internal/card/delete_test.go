package card_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/card"
	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/jobqueue"
)

// sealed counts the cards of a series whose codes are still there.
func (b *bundle) sealed(t *testing.T, id int64) (n int) {
	t.Helper()
	err := b.pool.QueryRow(t.Context(), `select count(*) from card where series_id = $1 and octet_length(code_sealed) > 0`, id).Scan(&n)
	require.NoError(t, err)
	return n
}

// Erasing is stopped half-way, by a worker that dies and by a last chunk whose
// job can't be completed, and goes on where it was.
func TestEraseIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(50_000))
	codes := b.codes(t, s)
	_, err := b.redeem(t.Context(), b.anna, codes[7])
	require.NoError(t, err)
	_, err = b.pool.Exec(t.Context(), `with c as (update card set state = 'disabled' where series_id = $1 and serial in (1, 49999))
		insert into series_tally (series_id, shard, disabled) values ($1, 3, 2)`, s.ID)
	require.NoError(t, err)
	export, err := b.exports().Request(t.Context(), b.admin, s.ID, "csv", cardfile.Options{}, uuid.New())
	require.NoError(t, err)

	require.NoError(t, b.cards.Void(t.Context(), b.admin, s.ID, "a test"))
	require.Zero(t, b.outstanding(t, s.ID))
	require.Equal(t, int64(49_999_000), b.breakage(t))
	require.Equal(t, 50_000, b.sealed(t, s.ID), "what takes long comes later")
	err = b.begin(t.Context(), export)
	require.ErrorIs(t, err, cardfile.ErrNotWanted, "no file of it is written any more")
	b.sound(t)

	killed, kill := context.WithCancel(t.Context())
	later := func() time.Time { // looked at before the first chunk and after each
		if b.sealed(t, s.ID) < 50_000 {
			kill()
		}
		return time.Now()
	}
	require.ErrorIs(t, b.cards.Erase(killed, s.ID, later, noJob), context.Canceled)
	require.Equal(t, int32(20_000), b.read(t, s.ID).ErasedTo)
	b.sound(t)

	broken := errors.New("the connection broke")
	err = b.cards.Erase(t.Context(), s.ID, time.Now, func(context.Context, pgx.Tx) error { return broken })
	require.ErrorIs(t, err, broken)
	require.Equal(t, int32(40_000), b.read(t, s.ID).ErasedTo, "the last chunk and the end of its job are one")
	require.Nil(t, b.read(t, s.ID).ErasedAt)
	b.sound(t)

	require.NoError(t, b.cards.Erase(t.Context(), s.ID, time.Now, noJob))
	require.NotNil(t, b.read(t, s.ID).ErasedAt)
	require.Equal(t, 1, b.sealed(t, s.ID), "the used card alone keeps its code")
	require.ErrorIs(t, b.cards.Erase(t.Context(), s.ID, time.Now, noJob), card.ErrNotErasing)
	require.Equal(t, int64(1000), b.balance(t, b.anna))
	_, err = b.redeem(t.Context(), b.ben, codes[9])
	require.ErrorIs(t, err, card.ErrVoid, "the index stays: the code is still known, and void")
	row, err := b.q.CardShow(t.Context(), b.pool, db.CardShowParams{SeriesID: s.ID, Serial: 1, AllPartners: true})
	require.NoError(t, err)
	masked, err := b.cards.Masked(s.ID, row.KeyID, row.Serial, row.CodeSealed)
	require.NoError(t, err)
	require.Equal(t, card.Erased, masked)
	b.sound(t)
}

func TestEraseGivesWay(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(30_000))
	require.NoError(t, b.cards.Void(t.Context(), b.admin, s.ID, "a test"))
	clock := time.Now()
	slow := func() time.Time { clock = clock.Add(time.Minute); return clock }
	require.ErrorIs(t, b.cards.Erase(t.Context(), s.ID, slow, noJob), jobqueue.ErrYield)
	require.Equal(t, int32(20_000), b.read(t, s.ID).ErasedTo)
	active := b.series(t, form(1))
	require.ErrorIs(t, b.cards.Erase(t.Context(), active.ID, time.Now, noJob), card.ErrNotErasing)
	require.Equal(t, 1, b.sealed(t, active.ID))
	b.sound(t)
}

// A series that was never finished can be deleted too.
func TestCancelledSeriesIsDeleted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ordered, err := b.cards.Order(t.Context(), b.admin, form(30_000))
	require.NoError(t, err)
	clock := time.Now()
	slow := func() time.Time { clock = clock.Add(time.Minute); return clock }
	require.ErrorIs(t, b.cards.Generate(t.Context(), ordered.ID, slow, noJob), jobqueue.ErrYield)
	require.ErrorIs(t, b.cards.Void(t.Context(), b.admin, ordered.ID, "a test"), card.ErrSeriesState, "first it is cancelled")
	require.NoError(t, b.cards.Cancel(t.Context(), b.admin, ordered.ID))
	require.NoError(t, b.cards.Void(t.Context(), b.admin, ordered.ID, "a test"))
	require.NoError(t, b.cards.Erase(t.Context(), ordered.ID, time.Now, noJob))
	require.Zero(t, b.sealed(t, ordered.ID))
	require.Zero(t, b.breakage(t))
	b.sound(t)

	none, err := b.cards.Order(t.Context(), b.admin, form(10))
	require.NoError(t, err)
	require.NoError(t, b.cards.Cancel(t.Context(), b.admin, none.ID))
	require.NoError(t, b.cards.Void(t.Context(), b.admin, none.ID, "a test"))
	require.NoError(t, b.cards.Erase(t.Context(), none.ID, time.Now, noJob))
	require.NotNil(t, b.read(t, none.ID).ErasedAt, "also where no card was made")
}

// FailStranded enqueues a new job for codes that no job erases: the job was cancelled, or
// the series was voided before such jobs existed.
func TestHousekeepingErases(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(10))
	require.NoError(t, b.cards.Void(t.Context(), b.admin, s.ID, "a test"))
	first := b.read(t, s.ID).EraseJobID
	require.NoError(t, b.cards.FailStranded(t.Context()))
	require.Equal(t, first, b.read(t, s.ID).EraseJobID, "it has one")
	_, err := b.pool.Exec(t.Context(), `update river_job set state = 'cancelled', finalized_at = now() where id = $1`, *first)
	require.NoError(t, err)
	require.NoError(t, b.cards.FailStranded(t.Context()))
	require.NotEqual(t, first, b.read(t, s.ID).EraseJobID)
}
