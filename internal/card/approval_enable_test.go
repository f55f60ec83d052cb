package card_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/card"
	"refill/internal/db"
)

// Disabled cards of an active series that are together worth more than the limit of one
// person are enabled while the series is locked. Another person approves its activation.
// Enabling them one by one, in parts, or by an operation ordered before more cards were
// disabled does not avoid the limit.
func TestEnablingTakesTwo(t *testing.T) {
	t.Parallel()
	b, other := second(t)
	ctx := t.Context()
	s := b.inactive(t, 9)
	require.ErrorIs(t, b.cards.Activate(ctx, b.admin, s.ID), card.ErrActivationWaits)
	require.NoError(t, b.cards.Approve(ctx, other, b.waiting(t).ID, "because"))
	disable := func(serials ...int32) {
		for _, serial := range serials {
			require.NoError(t, b.cards.DisableCard(ctx, b.admin, card.Ref{SeriesID: s.ID, Serial: serial}))
		}
	}
	disable(1, 2, 3, 4, 5) // USD 50.00, which is not above
	enable := card.Operation{SeriesID: s.ID, Operation: db.CardOperationEnable, First: 1, Last: 9}
	began, err := b.cards.OrderChange(ctx, b.admin, enable, uuid.New())
	require.NoError(t, err)
	disable(6)
	for _, last := range []int32{1, 9} {
		enable.Last = last
		_, err = b.cards.TryChange(ctx, b.admin, enable)
		require.ErrorContains(t, err, "enable_second")
		_, err = b.cards.OrderChange(ctx, b.admin, enable, uuid.New())
		require.ErrorContains(t, err, "enable_second")
	}
	// One by one each counts as itself, and together they are no way around.
	for serial := range int32(5) {
		require.NoError(t, b.cards.EnableCard(ctx, b.admin, card.Ref{SeriesID: s.ID, Serial: serial + 1}))
	}
	require.ErrorIs(t, b.cards.EnableCard(ctx, b.admin, card.Ref{SeriesID: s.ID, Serial: 6}), card.ErrEnableNeedsSecond)
	require.NoError(t, b.cards.WorkChange(ctx, began, time.Now, noJob))
	change, err := b.cards.Change(ctx, b.admin, began)
	require.NoError(t, err)
	require.Equal(t, db.CardChangeStateFailed, change.CardChange.State)
	require.Contains(t, change.CardChange.Failure, "more than one person may")
	require.Zero(t, change.CardChange.Changed)

	require.NoError(t, b.cards.Lock(ctx, b.admin, s.ID))
	began, err = b.cards.OrderChange(ctx, b.admin, enable, uuid.New())
	require.NoError(t, err)
	require.NoError(t, b.cards.WorkChange(ctx, began, time.Now, noJob))
	require.ErrorIs(t, b.cards.Activate(ctx, b.admin, s.ID), card.ErrActivationWaits)
	require.NoError(t, b.cards.Approve(ctx, other, b.waiting(t).ID, "because"))
	disable(1)
	require.NoError(t, b.cards.EnableCard(ctx, b.admin, card.Ref{SeriesID: s.ID, Serial: 1}), "one of little value needs nobody else")
	b.sound(t)
}
