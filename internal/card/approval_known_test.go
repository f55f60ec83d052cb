package card_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardfile"
	"refill/internal/db"
)

// A card that staff redeem without its code is as a card whose code they had shown: what
// one person moves to balances that way adds up with what they export.
func TestCardsRedeemedWithoutTheirCodeAddUp(t *testing.T) {
	t.Parallel()
	b, other := second(t) // above USD 50.00
	ctx := t.Context()
	s := b.active(t, 12) // of USD 10.00
	redeem := func(who audit.Actor, serial int32) error {
		_, err := b.cards.Redeem(ctx, who, card.Redemption{CustomerID: b.anna.ID, Card: card.Ref{SeriesID: s.ID, Serial: serial}, Key: uuid.New()})
		return err
	}
	_, err := b.cards.Reveal(ctx, b.admin, card.Ref{SeriesID: s.ID, Serial: 1}, "a customer calls")
	require.NoError(t, err)
	require.NoError(t, redeem(b.admin, 1), "the same card counts once")
	for serial := range int32(4) {
		require.NoError(t, redeem(b.admin, serial+2))
	}
	require.ErrorIs(t, redeem(b.admin, 6), card.ErrRedeemNeedsSecond)
	require.Equal(t, int64(50_00), b.balance(t, b.anna))
	require.Equal(t, int64(50_00), b.solo(t, b.admin, db.ApprovalKindExport))
	_, err = b.cards.Reveal(ctx, b.admin, card.Ref{SeriesID: s.ID, Serial: 7}, "a customer calls")
	require.ErrorIs(t, err, card.ErrRevealWaits, "nor by its code")

	// A typed code proves that the customer has the card, so no approval is needed.
	_, err = b.cards.Redeem(ctx, b.admin, card.Redemption{CustomerID: b.anna.ID, Code: b.codes(t, s)[0], Key: uuid.New()})
	require.NoError(t, err)
	require.NoError(t, redeem(other, 7), "another person has a day of their own")
	b.aDayLater(t)
	require.NoError(t, redeem(b.admin, 8))
	b.sound(t)
}

// Codes that one person knows don't become dearer than that person may know: not those
// that were shown, nor those that were imported.
func TestPriceOfKnownCodesIsWeighed(t *testing.T) {
	t.Parallel()
	dearer := func(t *testing.T, b *bundle, s db.Series, cents int64) error {
		t.Helper()
		f := b.editForm(t, s.ID)
		f.Price = usd(cents)
		_, planned := b.cards.PlanEdit(t.Context(), b.admin, s.ID, f)
		_, err := b.cards.Edit(t.Context(), b.admin, s.ID, f)
		require.Equal(t, planned == nil, err == nil, "the page says what will be done")
		return err
	}
	cheap := func(quantity int) card.OrderRequest {
		f := form(quantity)
		f.Activate, f.Price = false, usd(100)
		return f
	}
	t.Run("shown", func(t *testing.T) {
		t.Parallel()
		b, _ := second(t) // above USD 50.00
		s := b.series(t, cheap(40))
		for serial := range int32(10) {
			_, err := b.cards.Reveal(t.Context(), b.admin, card.Ref{SeriesID: s.ID, Serial: serial + 1}, "a customer calls")
			require.NoError(t, err)
		}
		require.NoError(t, dearer(t, b, s, 500), "ten codes are worth USD 50.00 together")
		require.Equal(t, int64(50_00), b.solo(t, b.admin, db.ApprovalKindExport))
		require.ErrorContains(t, dearer(t, b, s, 501), card.ErrPriceNeedsSecond.Code)
		b.aDayLater(t)
		require.NoError(t, dearer(t, b, s, 1000), "USD 50.00 more, on another day")
		require.Error(t, dearer(t, b, s, 100000))
		require.Equal(t, int64(10_00), b.read(t, s.ID).Price)
	})
	t.Run("imported", func(t *testing.T) {
		t.Parallel()
		b, _ := second(t)
		i := b.upload(t, many(5))
		plan := planned("serial", "code")
		plan.Activate, plan.Price = false, "1.00"
		i.check(t, plan)
		s := i.run(t)[0]
		require.Equal(t, db.SeriesStateReady, s.State)
		require.NoError(t, dearer(t, b, s, 1000), "USD 45.00 more than the USD 5.00 that were imported")
		require.Equal(t, int64(50_00), b.solo(t, b.admin, db.ApprovalKindImport))
		require.Error(t, dearer(t, b, s, 1001))
		b.aDayLater(t)
		require.Error(t, dearer(t, b, s, 100000))
	})
	t.Run("known to no one", func(t *testing.T) {
		t.Parallel()
		b, _ := second(t)
		s := b.series(t, cheap(40))
		require.NoError(t, dearer(t, b, s, 100000), "its activation and its files are weighed")
	})
}

// All cards that one person enables in a day count towards their limit, even if another
// person disables cards in between.
func TestEnabledPartsAddUp(t *testing.T) {
	t.Parallel()
	b, other := second(t) // above USD 50.00
	ctx := t.Context()
	s := b.active(t, 15)
	change := func(who audit.Actor, what db.CardOperation, first, last int32) error {
		id, err := b.cards.OrderChange(ctx, who, card.Operation{SeriesID: s.ID, First: first, Last: last, Operation: what}, uuid.New())
		if err != nil {
			return err
		}
		return b.cards.WorkChange(ctx, id, time.Now, noJob)
	}
	require.NoError(t, change(other, db.CardOperationDisable, 1, 5))
	require.NoError(t, change(b.admin, db.CardOperationEnable, 1, 3))
	require.NoError(t, change(b.admin, db.CardOperationEnable, 4, 5), "all five were weighed before")
	require.Equal(t, int64(50_00), b.solo(t, b.admin, db.ApprovalKindActivate))
	require.NoError(t, change(other, db.CardOperationDisable, 6, 10))
	require.ErrorContains(t, change(b.admin, db.CardOperationEnable, 6, 10), card.ErrEnableNeedsSecond.Code)
	require.NoError(t, change(other, db.CardOperationEnable, 6, 10), "another person has a day of their own")
	b.sound(t)
}

// What is left of an operation that was taken up again counts for the person who took it
// up: an operation of another person is no way round a limit of one's own.
func TestOperationTakenUpCountsForWhoTakesIt(t *testing.T) {
	t.Parallel()
	b, other := second(t) // above USD 50.00
	third := b.colleague(t, "third")
	ctx := t.Context()
	s := b.active(t, 8)
	disable, err := b.cards.OrderChange(ctx, third, card.Operation{SeriesID: s.ID, First: 1, Last: 5, Operation: db.CardOperationDisable}, uuid.New())
	require.NoError(t, err)
	require.NoError(t, b.cards.WorkChange(ctx, disable, time.Now, noJob))
	require.NoError(t, b.cards.DisableCard(ctx, third, card.Ref{SeriesID: s.ID, Serial: 8}))
	require.NoError(t, b.cards.EnableCard(ctx, other, card.Ref{SeriesID: s.ID, Serial: 8}))
	id, err := b.cards.OrderChange(ctx, b.admin, card.Operation{SeriesID: s.ID, First: 1, Last: 5, Operation: db.CardOperationEnable}, uuid.New())
	require.NoError(t, err)
	require.NoError(t, b.cards.FailChange(ctx, id, "the disk was full"))
	require.NoError(t, b.cards.RetryChange(ctx, other, id))
	require.NoError(t, b.cards.WorkChange(ctx, id, time.Now, noJob))
	failed := b.readChange(t, id)
	require.Equal(t, db.CardChangeStateFailed, failed.State, "with the one before it is more than the other may")
	require.Contains(t, failed.Failure, "24 hours")
	require.Zero(t, b.solo(t, b.admin, db.ApprovalKindActivate))
	require.NoError(t, b.cards.RetryChange(ctx, third, id))
	require.NoError(t, b.cards.WorkChange(ctx, id, time.Now, noJob))
	require.Equal(t, db.CardChangeStateDone, b.readChange(t, id).State)
	require.Equal(t, int64(50_00), b.solo(t, third, db.ApprovalKindActivate))
	require.Equal(t, int64(10_00), b.solo(t, other, db.ApprovalKindActivate))
	require.Zero(t, b.solo(t, b.admin, db.ApprovalKindActivate))
	b.sound(t)
}

// A file that a second person approved is for the person who asked for it: to anyone else
// it is an export like any other.
func TestFileOfAnotherCounts(t *testing.T) {
	t.Parallel()
	b, other := second(t) // above USD 50.00
	third := b.colleague(t, "third")
	ctx := t.Context()
	ready := func(t *testing.T, s db.Series, file int64) {
		t.Helper()
		err := b.begin(t.Context(), file)
		require.NoError(t, err)
		b.exec(t, `update export set state = 'ready', finished_at = now(), file = 'f' || id, size = 1, sha256 = '', key_id = 1, rows_done = rows_total, expires_at = now() + interval '1 day' where id = $1 and series_id = $2`, file, s.ID)
	}
	large := b.inactive(t, 6)
	file := b.export(t, b.admin, large)
	require.NoError(t, b.cards.Approve(ctx, other, b.waitingOf(t, db.ApprovalKindExport).ID, "because"))
	ready(t, large, file)
	require.ErrorIs(t, b.exports().Fetched(ctx, third, file), cardfile.ErrFileNeedsSecond)
	require.ErrorIs(t, b.exports().Fetched(ctx, other, file), cardfile.ErrFileNeedsSecond, "nor to whoever approved it")
	require.NoError(t, b.exports().Fetched(ctx, b.admin, file))
	require.NoError(t, b.exports().Fetched(ctx, b.admin, file))

	first, next := b.inactive(t, 3), b.inactive(t, 3)
	one, two := b.export(t, b.admin, first), b.export(t, other, next)
	ready(t, first, one)
	ready(t, next, two)
	require.NoError(t, b.exports().Fetched(ctx, third, one))
	require.NoError(t, b.exports().Fetched(ctx, third, one), "the same series counts once")
	require.ErrorIs(t, b.exports().Fetched(ctx, third, two), cardfile.ErrFileNeedsSecond, "small ones add up")
	require.Equal(t, int64(30_00), b.solo(t, third, db.ApprovalKindExport))
}

// If another person raises the price of a series before its cards are made, no approval is
// requested in the name of the person who ordered it. Otherwise the editor could approve a
// price of their own.
func TestEditedOrderIsNotAskedForByItself(t *testing.T) {
	t.Parallel()
	b, other := second(t) // above USD 50.00
	ctx := t.Context()
	made := func(t *testing.T, editor audit.Actor) db.Series {
		t.Helper()
		f := form(6)
		f.Price = usd(100)
		ordered, err := b.cards.Order(t.Context(), b.admin, f)
		require.NoError(t, err)
		edit := b.editForm(t, ordered.ID)
		edit.Price = usd(10000)
		_, err = b.cards.Edit(t.Context(), editor, ordered.ID, edit)
		require.NoError(t, err, "no card is there yet")
		require.NoError(t, b.cards.Generate(t.Context(), ordered.ID, time.Now, noJob))
		s := b.read(t, ordered.ID)
		require.Equal(t, db.SeriesStateReady, s.State)
		return s
	}
	s := made(t, other)
	b.none(t)
	require.ErrorIs(t, b.cards.Activate(ctx, other, s.ID), card.ErrActivationWaits)
	a := b.waiting(t)
	require.Equal(t, other.ID, a.RequestedBy)
	require.ErrorIs(t, b.cards.Approve(ctx, other, a.ID, "because"), approval.ErrOwn)
	require.NoError(t, b.cards.Approve(ctx, b.admin, a.ID, "because"))

	made(t, b.admin) // their own edit is what they ordered
	require.Equal(t, b.admin.ID, b.waiting(t).RequestedBy)
	b.sound(t)
}
