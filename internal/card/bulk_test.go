package card_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refill/internal/card"
	"refill/internal/db"
)

// outcomes counts what became of the cards of an operation.
func (b *bundle) outcomes(tb testing.TB, id int64) (counts map[string]int, cards map[int32]int) {
	tb.Helper()
	counts, cards = map[string]int{}, map[int32]int{}
	require.NoError(tb, b.cards.EachOutcome(tb.Context(), id, func(o card.ChangeOutcome) error {
		counts[o.Before+"→"+o.Outcome]++
		cards[o.Serial]++
		return nil
	}))
	return counts, cards
}

func (b *bundle) readChange(tb testing.TB, id int64) db.CardChange {
	tb.Helper()
	row, err := b.cards.Change(tb.Context(), b.admin, id)
	require.NoError(tb, err)
	return row.CardChange
}

func TestRangeIsVoided(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	s := b.series(t, form(100))
	for i, code := range b.codes(t, s) {
		if i < 3 {
			_, err := b.redeem(ctx, b.anna, code)
			require.NoError(t, err)
		}
	}
	require.NoError(t, b.cards.VoidCard(ctx, b.admin, ref(s, 10)))
	require.NoError(t, b.cards.DisableCard(ctx, b.admin, ref(s, 11)))
	c := card.Operation{SeriesID: s.ID, Operation: db.CardOperationVoid, First: 2, Last: 60}

	dry, err := b.cards.TryChange(ctx, b.admin, c)
	require.NoError(t, err)
	require.Equal(t, card.DryRun{Fits: 56, Used: 2, Void: 1, Value: 56_000, Counts: []card.StatusCount{
		{Status: card.StatusActive, Cards: 55}, {Status: card.StatusDisabled, Cards: 1}, {Status: card.StatusUsed, Cards: 2}, {Status: card.StatusVoid, Cards: 1},
	}}, dry)
	require.Equal(t, int64(96_000), b.outstanding(t, s.ID), "a dry run changes nothing")

	key := uuid.New()
	id, err := b.cards.OrderChange(ctx, b.admin, c, key)
	require.NoError(t, err)
	again, err := b.cards.OrderChange(ctx, b.admin, c, key)
	require.NoError(t, err)
	require.Equal(t, id, again, "pressed twice is ordered once")
	require.NoError(t, b.cards.WorkChange(ctx, id, time.Now, noJob))
	require.ErrorIs(t, b.cards.WorkChange(ctx, id, time.Now, noJob), card.ErrChangeOver)

	done := b.readChange(t, id)
	require.Equal(t, db.CardChangeStateDone, done.State)
	require.Equal(t, []int64{56, 0, 2, 1, 56_000}, []int64{int64(done.Changed), int64(done.Already), int64(done.KeptUsed), int64(done.KeptVoid), done.ValueMoved})
	counts, cards := b.outcomes(t, id)
	require.Equal(t, map[string]int{"active→changed": 55, "disabled→changed": 1, "used→used": 2, "void→void": 1}, counts)
	require.Len(t, cards, 59)
	require.Equal(t, int64(40_000), b.outstanding(t, s.ID))
	b.sound(t)

	touched, err := b.q.CardChangeListCard(ctx, b.pool, db.CardChangeListCardParams{SeriesID: s.ID, Serial: 20, Size: 9})
	require.NoError(t, err)
	require.Len(t, touched, 1)
	touched, err = b.q.CardChangeListCard(ctx, b.pool, db.CardChangeListCardParams{SeriesID: s.ID, Serial: 2, Size: 9})
	require.NoError(t, err)
	require.Empty(t, touched, "a used card was passed by")

	_, err = b.cards.OrderChange(ctx, b.admin, c, uuid.New())
	require.ErrorIs(t, err, card.ErrNoneFits)
}

func TestTickedAndFilteredCards(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	s := b.series(t, form(50))
	work := func(c card.Operation) db.CardChange {
		c.SeriesID = s.ID
		id := b.change(t, c) //nolint:contextcheck // the test's own
		require.NoError(t, b.cards.WorkChange(ctx, id, time.Now, noJob))
		b.sound(t)                 //nolint:contextcheck // the test's own
		return b.readChange(t, id) //nolint:contextcheck // the test's own
	}
	require.Equal(t, int32(3), work(card.Operation{Operation: db.CardOperationDisable, Serials: []int32{9, 3, 41, 3}}).Changed)
	require.Equal(t, int32(47), work(card.Operation{Operation: db.CardOperationExtend, First: 1, Last: 50, Status: card.StatusActive, ValidTill: inDays(500)}).Changed)
	require.Nil(t, b.card(t, s, 9).ValidTill)
	partner := work(card.Operation{Operation: db.CardOperationPartner, First: 1, Last: 10, PartnerID: b.south.ID})
	require.Equal(t, int32(10), partner.Changed)
	enabled := work(card.Operation{Operation: db.CardOperationEnable, First: 1, Last: 50})
	require.Equal(t, []int32{3, 47}, []int32{enabled.Changed, enabled.Already})
	require.Equal(t, db.CardStateActive, b.card(t, s, 9).State)

	for _, c := range []struct {
		change card.Operation
		want   error
	}{
		{card.Operation{Operation: "burn", First: 1, Last: 2}, card.ErrOperation},
		{card.Operation{Operation: db.CardOperationVoid, First: 0, Last: 2}, card.ErrRangeFirst},
		{card.Operation{Operation: db.CardOperationVoid, First: 2, Last: 51}, card.ErrRangeLast},
		{card.Operation{Operation: db.CardOperationVoid, First: 3, Last: 2}, card.ErrRangeLast},
		{card.Operation{Operation: db.CardOperationVoid, Serials: []int32{}}, card.ErrNoneTicked},
		{card.Operation{Operation: db.CardOperationVoid, Serials: []int32{51}}, card.ErrRangeFirst},
		{card.Operation{Operation: db.CardOperationExtend, First: 1, Last: 2}, card.ErrTillMissing},
		{card.Operation{Operation: db.CardOperationPartner, First: 1, Last: 2, PartnerID: 99}, card.ErrCardPartner},
	} {
		c.change.SeriesID = s.ID
		_, err := b.cards.TryChange(ctx, b.admin, c.change)
		require.ErrorIs(t, err, c.want)
	}
}

// An operation is killed in the middle, taken up by two workers at once, and its
// cards are being redeemed meanwhile: each card is looked at once, and its value
// goes to one place.
func TestOperationSurvivesKills(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	const n = 12_000
	s := b.series(t, form(n))
	codes := b.codes(t, s)
	id := b.change(t, card.Operation{SeriesID: s.ID, Operation: db.CardOperationVoid, First: 1, Last: n})

	// The first worker dies at the end of its first chunk, the next one in the
	// transaction that would have ended the job.
	killed, kill := context.WithCancel(ctx)
	looks := 0
	err := b.cards.WorkChange(killed, id, func() time.Time {
		if looks++; looks == 2 {
			kill()
		}
		return time.Now()
	}, noJob)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, int32(5_000), b.readChange(t, id).Cursor)
	b.sound(t)
	broken := errors.New("the power went")
	require.ErrorIs(t, b.cards.WorkChange(ctx, id, time.Now, func(context.Context, pgx.Tx) error { return broken }), broken)
	require.Equal(t, int32(10_000), b.readChange(t, id).Cursor, "the last chunk was not kept")
	b.sound(t)

	start := make(chan struct{})
	var group sync.WaitGroup
	won := make([]bool, 20)
	for i := range won {
		group.Go(func() {
			<-start
			_, err := b.redeem(ctx, b.anna, codes[n-1-i])
			won[i] = err == nil
		})
	}
	for range 2 {
		group.Go(func() {
			<-start
			if err := b.cards.WorkChange(ctx, id, time.Now, noJob); err != nil && !errors.Is(err, card.ErrChangeOver) {
				t.Error(err)
			}
		})
	}
	close(start)
	group.Wait()
	redeemed := int64(0)
	for _, w := range won {
		if w {
			redeemed++
		}
	}
	done := b.readChange(t, id)
	require.Equal(t, db.CardChangeStateDone, done.State)
	require.Equal(t, n-redeemed, int64(done.Changed))
	_, cards := b.outcomes(t, id)
	require.Len(t, cards, n)
	for serial, times := range cards {
		require.Equal(t, 1, times, serial)
	}
	require.Zero(t, b.outstanding(t, s.ID))
	require.Equal(t, (n-redeemed)*1000, b.breakage(t))
	b.sound(t)
}

func TestOperationIsStoppedAndTakenUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	s := b.series(t, form(10))
	disable := card.Operation{SeriesID: s.ID, Operation: db.CardOperationDisable, First: 1, Last: 10}
	id := b.change(t, disable)
	require.NoError(t, b.cards.CancelChange(ctx, b.admin, id))
	require.ErrorIs(t, b.cards.CancelChange(ctx, b.admin, id), card.ErrChangeOver)
	require.ErrorIs(t, b.cards.WorkChange(ctx, id, time.Now, noJob), card.ErrChangeOver)
	require.Equal(t, db.CardStateActive, b.card(t, s, 1).State)

	id = b.change(t, disable)
	b.owner(t, `delete from river_job`) // by an operator, from outside
	require.NoError(t, b.cards.FailStranded(ctx))
	require.Equal(t, db.CardChangeStateFailed, b.readChange(t, id).State)
	require.NoError(t, b.cards.RetryChange(ctx, b.admin, id))
	require.NoError(t, b.cards.Void(ctx, b.admin, s.ID, "a test"))
	require.NoError(t, b.cards.WorkChange(ctx, id, time.Now, noJob))
	failed := b.readChange(t, id)
	require.Equal(t, db.CardChangeStateFailed, failed.State)
	require.Contains(t, failed.Failure, "no longer in use")
	b.sound(t)
}
