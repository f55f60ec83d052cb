package card_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/jobqueue"
)

// requireWhole asserts that a series has exactly its cards.
func (b *bundle) requireWhole(t *testing.T, id int64) {
	t.Helper()
	s := b.read(t, id)
	var n, first, last, distinct int32
	require.NoError(t, b.pool.QueryRow(t.Context(), `select count(*), min(serial), max(serial), count(distinct code_index) from card where series_id = $1`, id).
		Scan(&n, &first, &last, &distinct))
	require.Equal(t, s.Quantity, s.Made)
	require.Equal(t, []int32{s.Quantity, 1, s.Quantity, s.Quantity}, []int32{n, first, last, distinct})
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(45_000)) // three chunks, the last one short
	require.Equal(t, db.SeriesStateActive, s.State)
	require.NotNil(t, s.MadeAt)
	require.NotNil(t, s.ActivatedAt)
	b.requireWhole(t, s.ID)
	require.Equal(t, int64(45_000*1000), b.outstanding(t, s.ID))

	seen := map[string]bool{}
	for _, code := range b.codes(t, s) {
		_, err := cardcode.ParseCode(code, card.UsualForTest())
		require.NoError(t, err)
		seen[code] = true
	}
	require.Len(t, seen, 45_000)

	err := b.cards.Generate(t.Context(), s.ID, time.Now, noJob)
	require.ErrorIs(t, err, card.ErrNotGenerating, "a finished series is not made again")
	b.requireWhole(t, s.ID)
}

func TestGenerateWithoutActivation(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := form(10)
	f.Activate = false
	s := b.series(t, f)
	require.Equal(t, db.SeriesStateReady, s.State)
	require.Zero(t, b.outstanding(t, s.ID), "cards that nobody can redeem are worth nothing yet")
	_, err := b.redeem(t.Context(), b.anna, b.codes(t, s)[0])
	require.ErrorIs(t, err, card.ErrRefused)

	require.NoError(t, b.cards.Activate(t.Context(), b.admin, s.ID))
	require.Equal(t, int64(10_000), b.outstanding(t, s.ID))
	_, err = b.redeem(t.Context(), b.anna, b.codes(t, s)[0])
	require.NoError(t, err)
}

// However the making is interrupted, and however many workers take it up, the
// series ends with exactly its cards.
func TestGenerateInterrupted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ordered, err := b.cards.Order(t.Context(), b.admin, form(130_000))
	require.NoError(t, err)
	broken := errors.New("the last transaction breaks")
	for n := range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		ticks := 0
		clock := func() time.Time { // asked once a chunk: the worker dies after the n-th
			if ticks++; ticks > n+1 {
				cancel()
			}
			return time.Now()
		}
		err := b.cards.Generate(ctx, ordered.ID, clock, func(context.Context, pgx.Tx) error { return broken })
		require.Error(t, err)
		cancel()
	}
	err = b.cards.Generate(t.Context(), ordered.ID, time.Now, func(context.Context, pgx.Tx) error { return broken })
	require.ErrorIs(t, err, broken, "the end of the series and of its job are one transaction")
	require.Equal(t, db.SeriesStateGenerating, b.read(t, ordered.ID).State)

	require.NoError(t, b.cards.Generate(t.Context(), ordered.ID, time.Now, noJob))
	b.requireWhole(t, ordered.ID)
	require.Equal(t, int64(130_000*1000), b.outstanding(t, ordered.ID), "activated once")
}

func TestGenerateTwiceAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ordered, err := b.cards.Order(t.Context(), b.admin, form(120_000))
	require.NoError(t, err)
	var group sync.WaitGroup
	errs := make([]error, 3)
	for i := range errs {
		group.Go(func() { errs[i] = b.cards.Generate(t.Context(), ordered.ID, time.Now, noJob) })
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			require.ErrorIs(t, err, card.ErrNotGenerating)
		}
	}
	b.requireWhole(t, ordered.ID)
}

func TestGenerateYields(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ordered, err := b.cards.Order(t.Context(), b.admin, form(50_000))
	require.NoError(t, err)
	now := time.Now()
	clock := func() time.Time { now = now.Add(time.Minute); return now }
	require.ErrorIs(t, b.cards.Generate(t.Context(), ordered.ID, clock, noJob), jobqueue.ErrYield)
	require.Equal(t, int32(20_000), b.read(t, ordered.ID).Made)
	require.ErrorIs(t, b.cards.Generate(t.Context(), ordered.ID, clock, noJob), jobqueue.ErrYield)
	require.NoError(t, b.cards.Generate(t.Context(), ordered.ID, clock, noJob))
	b.requireWhole(t, ordered.ID)
}

func TestCancelWhileGenerating(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ordered, err := b.cards.Order(t.Context(), b.admin, form(60_000))
	require.NoError(t, err)
	cancelled := false
	clock := func() time.Time {
		if b.read(t, ordered.ID).Made > 0 && !cancelled {
			cancelled = true
			require.NoError(t, b.cards.Cancel(t.Context(), b.admin, ordered.ID))
		}
		return time.Now()
	}
	require.ErrorIs(t, b.cards.Generate(t.Context(), ordered.ID, clock, noJob), card.ErrNotGenerating)
	s := b.read(t, ordered.ID)
	require.Equal(t, db.SeriesStateCancelled, s.State)
	require.Equal(t, int32(20_000), s.Made)
	require.Zero(t, b.outstanding(t, s.ID))
	_, err = b.redeem(t.Context(), b.anna, b.codes(t, s)[0])
	require.ErrorIs(t, err, card.ErrRefused, "a cancelled series pays nothing")
	require.ErrorIs(t, b.cards.Cancel(t.Context(), b.admin, s.ID), card.ErrSeriesState)
	var state string
	require.NoError(t, b.pool.QueryRow(t.Context(), `select state from river_job where id = $1`, *s.JobID).Scan(&state))
	require.Equal(t, "cancelled", state)
}

func TestFailedSeriesGoesOn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ordered, err := b.cards.Order(t.Context(), b.admin, form(10))
	require.NoError(t, err)
	require.NoError(t, b.cards.Fail(t.Context(), ordered.ID))
	require.NotEmpty(t, b.read(t, ordered.ID).Failure)
	require.NoError(t, b.cards.Retry(t.Context(), b.admin, ordered.ID))
	require.Equal(t, db.SeriesStateQueued, b.read(t, ordered.ID).State)
	require.NoError(t, b.cards.Generate(t.Context(), ordered.ID, time.Now, noJob))
	b.requireWhole(t, ordered.ID)
}
