package card_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/approval"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/staff"
)

func TestDeletionTakesTwo(t *testing.T) {
	t.Parallel()
	b, other := second(t)
	ctx := t.Context()
	small := b.inactive(t, 5) // USD 50.00, which is not above
	require.NoError(t, b.cards.Void(ctx, b.admin, small.ID, "a test"))
	require.Equal(t, int64(50_00), b.solo(t, b.admin, db.ApprovalKindDeletion))
	b.none(t)

	third := b.colleague(t, "third")
	s := b.active(t, 9)
	code := b.codes(t, s)[0]
	require.ErrorIs(t, b.cards.Void(ctx, third, s.ID, "wrong price"), card.ErrDeletionWaits)
	require.ErrorIs(t, b.cards.Void(ctx, other, s.ID, "wrong price"), card.ErrDeletionAsked)
	require.Equal(t, db.SeriesStateActive, b.read(t, s.ID).State)
	require.Equal(t, int64(90_00), b.outstanding(t, s.ID))
	a := b.waitingOf(t, db.ApprovalKindDeletion)
	require.Equal(t, []int64{90_00, 9, third.ID}, []int64{a.Value, a.Cards, a.RequestedBy})
	facts, err := approval.Facts[card.DeletionFacts](a)
	require.NoError(t, err)
	require.Equal(t, "wrong price", facts.Reason)

	require.ErrorIs(t, b.cards.Approve(ctx, third, a.ID, "because"), approval.ErrOwn)
	_, err = b.redeem(ctx, b.anna, code)
	require.NoError(t, err, "the cards are good until it is decided")
	require.NoError(t, b.cards.Approve(ctx, other, a.ID, "because"), "fewer cards than were asked for")
	require.Equal(t, db.SeriesStateVoid, b.read(t, s.ID).State)
	require.Zero(t, b.outstanding(t, s.ID))
	require.Zero(t, b.solo(t, third, db.ApprovalKindDeletion), "an approved deletion counts for no person")
	require.ErrorIs(t, b.cards.Approve(ctx, other, a.ID, "because"), approval.ErrDone)
	b.none(t)
	b.sound(t)
}

// A request is of the series as it was.
func TestDeletionIsOfTheSeriesAsItWas(t *testing.T) {
	t.Parallel()
	b, other := second(t)
	ctx := t.Context()
	s := b.active(t, 9)
	ask := func() db.Approval {
		require.ErrorIs(t, b.cards.Void(ctx, b.admin, s.ID, "a test"), card.ErrDeletionWaits)
		return b.waitingOf(t, db.ApprovalKindDeletion) //nolint:contextcheck // the test's own
	}
	a := ask()
	require.NoError(t, b.cards.Lock(ctx, other, s.ID))
	require.ErrorIs(t, b.cards.Approve(ctx, other, a.ID, "because"), approval.ErrOutdated)
	require.Equal(t, db.SeriesStateLocked, b.read(t, s.ID).State)
	b.none(t)

	require.NoError(t, b.cards.Refuse(ctx, other, ask().ID, "they are sold"))
	require.NoError(t, b.cards.Approvals().Withdraw(ctx, b.admin, ask().ID))
	require.Equal(t, int64(90_00), b.outstanding(t, s.ID))

	// The person who asked must still be allowed to delete when it is decided.
	clerk := b.worker(t, "clerk", []staff.Permission{staff.SeriesView, staff.SeriesVoid})
	require.ErrorIs(t, b.cards.Void(ctx, clerk, s.ID, "a test"), card.ErrDeletionWaits)
	a = b.waitingOf(t, db.ApprovalKindDeletion)
	b.demote(t, clerk)
	require.ErrorIs(t, b.cards.Approve(ctx, other, a.ID, "because"), approval.ErrAskerMayNot)
	b.sound(t)
}

// Deleting the cards of a series in parts does not avoid the limit.
func TestDeletionInPartsIsMeasured(t *testing.T) {
	t.Parallel()
	b, _ := second(t)
	ctx := t.Context()
	s := b.active(t, 9)
	for serial := int32(1); serial <= 2; serial++ {
		require.NoError(t, b.cards.VoidCard(ctx, b.admin, card.Ref{SeriesID: s.ID, Serial: serial}))
	}
	began, err := b.cards.OrderChange(ctx, b.admin, card.Operation{Operation: db.CardOperationVoid, SeriesID: s.ID, First: 3, Last: 5}, uuid.New())
	require.NoError(t, err)
	require.NoError(t, b.cards.WorkChange(ctx, began, time.Now, noJob))
	require.Equal(t, int64(50_00), b.solo(t, b.admin, db.ApprovalKindDeletion))

	require.ErrorIs(t, b.cards.VoidCard(ctx, b.admin, card.Ref{SeriesID: s.ID, Serial: 6}), card.ErrVoidNeedsSecond)
	_, err = b.cards.OrderChange(ctx, b.admin, card.Operation{Operation: db.CardOperationVoid, SeriesID: s.ID, First: 6, Last: 6}, uuid.New())
	require.ErrorIs(t, err, card.ErrVoidNeedsSecond)
	require.ErrorIs(t, b.cards.Void(ctx, b.admin, s.ID, "a test"), card.ErrDeletionWaits)
	require.Equal(t, int64(50_00), b.waitingOf(t, db.ApprovalKindDeletion).Before)

	// What holds no value is deleted by one person.
	ordered, err := b.cards.Order(ctx, b.admin, form(10))
	require.NoError(t, err)
	require.NoError(t, b.cards.Cancel(ctx, b.admin, ordered.ID))
	require.NoError(t, b.cards.Void(ctx, b.admin, ordered.ID, "a test"))
	b.sound(t)
}

// An import is deleted by one person up to the limit, series by series above it.
func TestVoidingAnImportIsMeasured(t *testing.T) {
	t.Parallel()
	b := setup(t)
	i := b.upload(t, many(9))
	i.check(t, planned("serial", "code"))
	made := i.run(t)
	b.above(t, 50_00)
	err := b.importer().Void(t.Context(), b.admin, i.id, "a test")
	require.ErrorIs(t, err, card.ErrVoidNeedsSecond)
	require.Equal(t, db.SeriesStateActive, b.read(t, made[0].ID).State)
	require.ErrorIs(t, b.cards.Void(t.Context(), b.admin, made[0].ID, "a test"), card.ErrDeletionWaits)
	b.sound(t)
}

// Deletions count while no limit is set.
func TestDeletionWithoutALimit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(9))
	require.NoError(t, b.cards.Void(t.Context(), b.admin, s.ID, "a test"))
	require.Equal(t, int64(90_00), b.solo(t, b.admin, db.ApprovalKindDeletion), "a limit that is set later counts the whole day")
	b.sound(t)
}
