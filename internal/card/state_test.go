package card_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/ledger"
)

func (b *bundle) breakage(t *testing.T) int64 {
	t.Helper()
	id, err := ledger.System(t.Context(), b.pool, db.AccountKindBreakage, "USD")
	require.NoError(t, err)
	sum, err := b.q.LedgerBalance(t.Context(), b.pool, id)
	require.NoError(t, err)
	return sum
}

func TestLockAndVoid(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(10))
	codes := b.codes(t, s)
	_, err := b.redeem(t.Context(), b.anna, codes[0])
	require.NoError(t, err)

	require.NoError(t, b.cards.Lock(t.Context(), b.admin, s.ID))
	require.ErrorIs(t, b.cards.Lock(t.Context(), b.admin, s.ID), card.ErrSeriesState)
	require.Equal(t, int64(9000), b.outstanding(t, s.ID), "a lock moves no money")
	require.NoError(t, b.cards.Activate(t.Context(), b.admin, s.ID))
	require.Equal(t, int64(9000), b.outstanding(t, s.ID), "nor does lifting it")
	_, err = b.redeem(t.Context(), b.anna, codes[1])
	require.NoError(t, err)

	require.NoError(t, b.cards.Void(t.Context(), b.admin, s.ID))
	require.Zero(t, b.outstanding(t, s.ID))
	require.Equal(t, int64(8000), b.breakage(t))
	require.ErrorIs(t, b.cards.Activate(t.Context(), b.admin, s.ID), card.ErrSeriesState, "void is for good")
	require.Equal(t, int64(2000), b.balance(t, b.anna), "used cards stay")
}

func TestVoidBeforeActivationMovesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := form(10)
	f.Activate = false
	s := b.series(t, f)
	require.NoError(t, b.cards.Void(t.Context(), b.admin, s.ID))
	require.Zero(t, b.outstanding(t, s.ID))
	require.Zero(t, b.breakage(t))
}

// A series is voided while its cards are being redeemed: what was redeemed and
// what went to breakage are all there was.
func TestVoidRacesWithRedemptions(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 5 {
		before := b.breakage(t)
		s := b.series(t, form(30))
		codes := b.codes(t, s)
		start := make(chan struct{})
		won := make([]bool, len(codes))
		var group sync.WaitGroup
		for i, code := range codes {
			group.Go(func() {
				<-start
				_, err := b.redeem(t.Context(), b.customer(t, code[len(code)-19:], b.north), code)
				won[i] = err == nil
			})
		}
		var voided error
		group.Go(func() { <-start; voided = b.cards.Void(t.Context(), b.admin, s.ID) })
		close(start)
		group.Wait()
		require.NoError(t, voided)
		redeemed := int64(0)
		for _, w := range won {
			if w {
				redeemed++
			}
		}
		require.Zero(t, b.outstanding(t, s.ID))
		require.Equal(t, (30-redeemed)*1000, b.breakage(t)-before)
		require.NoError(t, clearStaff(t, b))
	}
}

func TestExpiredValueLapses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(10))
	_, err := b.redeem(t.Context(), b.anna, b.codes(t, s)[0])
	require.NoError(t, err)
	n, err := b.cards.LapseExpired(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
	_, err = b.pool.Exec(t.Context(), `update series set valid_till = current_date - 2`)
	require.NoError(t, err)
	n, err = b.cards.LapseExpired(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Zero(t, b.outstanding(t, s.ID))
	require.Equal(t, int64(9000), b.breakage(t))
	n, err = b.cards.LapseExpired(t.Context())
	require.NoError(t, err)
	require.Zero(t, n, "once")
	require.NoError(t, b.cards.Void(t.Context(), b.admin, s.ID))
	require.Equal(t, int64(9000), b.breakage(t), "voiding what has lapsed moves nothing more")
}

func TestForeignSeriesIsMissing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(1))
	clerk := audit.Actor{StaffID: b.admin.StaffID, Scope: audit.Scope{PartnerIDs: []int64{b.north.ID}}}
	for _, f := range []func() error{
		func() error { return b.cards.Lock(t.Context(), clerk, s.ID) },
		func() error { return b.cards.Void(t.Context(), clerk, s.ID) },
		func() error { return b.cards.Void(t.Context(), clerk, 9999) },
		func() error { _, err := b.cards.SeriesByNumber(t.Context(), clerk, s.Number); return err },
		func() error {
			_, err := b.cards.RequestExport(t.Context(), clerk, s.ID, "csv", form(1).Key)
			return err
		},
	} {
		err := f()
		require.ErrorIs(t, err, card.ErrNoSeries)
	}
}
