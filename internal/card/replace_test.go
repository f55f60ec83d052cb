package card_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/check"
	"refill/internal/db"
	"refill/internal/fault"
)

// A lost card is void from then on, and a new one of the same value, for the same customers
// and till the same day takes its place. No money appears or vanishes.
func TestReplace(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := form(3)
	f.Partners = card.Partners{IDs: []int64{b.north.ID}}
	s := b.series(t, f)
	old := b.codes(t, s)[1]
	key := uuid.New()
	require.Error(t, replaceErr(b, b.admin, ref(s, 2), " ", key), "a reason is required")
	ordered, err := b.cards.Replace(t.Context(), b.admin, ref(s, 2), "washed with the trousers", key)
	require.NoError(t, err)
	again, err := b.cards.Replace(t.Context(), b.admin, ref(s, 2), "washed with the trousers", key)
	require.NoError(t, err)
	require.Equal(t, ordered, again)
	require.ErrorIs(t, replaceErr(b, b.admin, ref(s, 3), "another card", key), card.ErrOrderKeyUsed)
	require.ErrorIs(t, replaceErr(b, b.admin, ref(s, 2), "once more", uuid.New()), card.ErrReplaceMoment)
	require.NoError(t, b.cards.Generate(t.Context(), ordered.ID, time.Now, noJob))

	made := b.read(t, ordered.ID)
	require.Equal(t, db.SeriesStateActive, made.State)
	require.Equal(t, []any{s.Price, s.Prefix, s.ValidTill, s.TimeZone, int32(1), s.ID, int32(2)},
		[]any{made.Price, made.Prefix, made.ValidTill, made.TimeZone, made.Quantity, *made.ReplacesSeriesID, *made.ReplacesSerial})
	_, err = b.redeem(t.Context(), b.anna, old)
	require.ErrorIs(t, err, card.ErrVoid)
	code := b.codes(t, made)[0]
	_, err = b.redeem(t.Context(), b.carol, code)
	require.Error(t, err, "of another partner")
	_, err = b.redeem(t.Context(), b.anna, code)
	require.NoError(t, err)
	require.EqualValues(t, 1000, b.balance(t, b.anna))
	require.EqualValues(t, 1000, b.breakage(t))
	b.holds(t)
}

// holds checks every invariant of the books.
func (b *bundle) holds(t *testing.T) {
	t.Helper()
	broken, err := check.Run(t.Context(), b.pool, b.keys)
	require.NoError(t, err)
	require.Empty(t, broken)
}

func replaceErr(b *bundle, actor audit.Actor, ref card.Ref, reason string, key uuid.UUID) error {
	_, err := b.cards.Replace(context.Background(), actor, ref, reason, key)
	return err
}

// Only a card that can be redeemed is replaced, and a refusal changes nothing.
func TestReplaceRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(6))
	_, err := b.redeem(t.Context(), b.anna, b.codes(t, s)[0])
	require.NoError(t, err)
	require.NoError(t, b.cards.VoidCard(t.Context(), b.admin, ref(s, 2)))
	require.NoError(t, b.cards.DisableCard(t.Context(), b.admin, ref(s, 3)))
	locked, inactive := b.series(t, form(1)), b.inactive(t, 1)
	require.NoError(t, b.cards.Lock(t.Context(), b.admin, locked.ID))
	clerk := audit.ByStaff(b.admin.ID, audit.Scope{PartnerIDs: []int64{b.north.ID}})
	for name, c := range map[string]struct {
		actor audit.Actor
		ref   card.Ref
		want  error
	}{
		"used": {b.admin, ref(s, 1), card.ErrCardUsed}, "void": {b.admin, ref(s, 2), card.ErrCardVoid}, "disabled": {b.admin, ref(s, 3), card.ErrReplaceState},
		"locked": {b.admin, ref(locked, 1), card.ErrReplaceState}, "inactive": {b.admin, ref(inactive, 1), card.ErrReplaceState},
		"missing": {b.admin, ref(s, 7), card.ErrNoCard}, "foreign": {clerk, ref(s, 4), card.ErrNoSeries}, "by a customer": {asCustomer(b.anna), ref(s, 4), card.ErrMayNotActivate},
	} {
		require.ErrorIs(t, replaceErr(b, c.actor, c.ref, "lost", uuid.New()), c.want, name)
	}
	var replacing int
	require.NoError(t, b.pool.QueryRow(t.Context(), `select count(*) from series where replaces_serial is not null`).Scan(&replacing))
	require.Zero(t, replacing)
	var active int
	require.NoError(t, b.pool.QueryRow(t.Context(), `select count(*) from card where series_id = $1 and state = 'active'`, s.ID).Scan(&active))
	require.Equal(t, 3, active)
	b.holds(t)
}

// However many people replace a card while its owner redeems it, it is worth its value once.
func TestReplaceWhileRedeemed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(8))
	codes := b.codes(t, s)
	for serial := range int32(8) {
		var all sync.WaitGroup
		var redeemed error
		replaced := make([]error, 2)
		all.Go(func() { _, redeemed = b.redeem(t.Context(), b.anna, codes[serial]) })
		for i := range replaced {
			all.Go(func() { replaced[i] = replaceErr(b, b.admin, ref(s, serial+1), "lost", uuid.New()) })
		}
		all.Wait()
		worth := 0
		for _, err := range []error{replaced[0], replaced[1], redeemed} {
			require.False(t, fault.IsInternal(err), err)
			if err == nil {
				worth++
			}
		}
		require.Equal(t, 1, worth)
	}
	b.holds(t)
}

// A replacement above the limit of one person waits for another one.
func TestReplaceIsWeighed(t *testing.T) {
	t.Parallel()
	b, _ := second(t)
	b.above(t, 1000_00)
	s := b.series(t, form(3))
	b.above(t, 5_00)
	ordered, err := b.cards.Replace(t.Context(), b.admin, ref(s, 1), "lost", uuid.New())
	require.NoError(t, err)
	require.NoError(t, b.cards.Generate(t.Context(), ordered.ID, time.Now, noJob))
	require.Equal(t, db.SeriesStateReady, b.read(t, ordered.ID).State)
	require.Equal(t, db.ApprovalKindActivate, b.waiting(t).Kind)
	b.holds(t)
}
