package card_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/ledger"
	"refill/internal/setting"
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

	require.NoError(t, b.cards.Void(t.Context(), b.admin, s.ID, "a test"))
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
	require.NoError(t, b.cards.Void(t.Context(), b.admin, s.ID, "a test"))
	require.Zero(t, b.outstanding(t, s.ID))
	require.Zero(t, b.breakage(t))
}

// A series is voided while one of its cards is being redeemed: what was redeemed
// and what went to breakage are all there was. The redemption is held open until
// the voiding waits for it.
func TestVoidRacesWithRedemptions(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(30))
	codes := b.codes(t, s)
	tx, err := b.pool.Begin(t.Context())
	require.NoError(t, err)
	defer tx.Rollback(context.WithoutCancel(t.Context()))
	held := card.New(tx, b.keys, nil, setting.NewStore(b.pool, time.Now), slog.New(slog.DiscardHandler))
	_, err = held.Redeem(t.Context(), asCustomer(b.anna), card.Redemption{CustomerID: b.anna.ID, Code: codes[0], Key: uuid.New()})
	require.NoError(t, err)

	voided := make(chan error, 1)
	go func() { voided <- b.cards.Void(t.Context(), b.admin, s.ID, "a test") }()
	require.Eventually(t, func() bool {
		var waiting bool
		err := b.pool.QueryRow(t.Context(), `select exists (select from pg_locks
			where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database()))`).Scan(&waiting)
		return err == nil && (waiting || len(voided) > 0)
	}, 10*time.Second, time.Millisecond)
	require.NoError(t, tx.Commit(t.Context()))
	require.NoError(t, <-voided)
	require.Zero(t, b.outstanding(t, s.ID))
	require.Equal(t, int64(29*1000), b.breakage(t))
	_, err = b.redeem(t.Context(), b.ben, codes[1])
	require.ErrorIs(t, err, card.ErrRefused)
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
	require.NoError(t, b.cards.Void(t.Context(), b.admin, s.ID, "a test"))
	require.Equal(t, int64(9000), b.breakage(t), "voiding what has lapsed moves nothing more")
}

func TestForeignSeriesIsMissing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(1))
	clerk := audit.ByStaff(b.admin.ID, audit.Scope{PartnerIDs: []int64{b.north.ID}})
	for _, f := range []func() error{
		func() error { return b.cards.Lock(t.Context(), clerk, s.ID) },
		func() error { return b.cards.Void(t.Context(), clerk, s.ID, "a test") },
		func() error { return b.cards.Void(t.Context(), clerk, 9999, "a test") },
		func() error { _, err := b.cards.SeriesByNumber(t.Context(), clerk, s.Number); return err },
		func() error {
			_, err := b.exports().Request(t.Context(), clerk, s.ID, "csv", cardfile.Options{}, form(1).Key)
			return err
		},
	} {
		err := f()
		require.ErrorIs(t, err, card.ErrNoSeries)
	}
}
