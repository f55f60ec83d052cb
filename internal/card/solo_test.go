package card_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardfile"
	"refill/internal/cardimport"
	"refill/internal/db"
	"refill/internal/dbtest"
	"refill/internal/fault"
	"refill/internal/money"
)

// aDayLater moves what was done by one person alone a day into the past.
func (b *bundle) aDayLater(t *testing.T) {
	t.Helper()
	_, err := dbtest.Owner(t, b.pool).Exec(t.Context(), `update solo_act set done_at = done_at - interval '24 hours'`)
	require.NoError(t, err)
}

// solo is what one person did by themselves.
func (b *bundle) solo(t *testing.T, who audit.Actor, kind db.ApprovalKind) int64 {
	t.Helper()
	o, err := b.cards.Solo(t.Context(), who.ID, kind, 0, money.Amount{})
	require.NoError(t, err)
	return o.Before()
}

func (b *bundle) exportState(t *testing.T, id int64) db.ExportState {
	t.Helper()
	e, err := b.exports().Get(t.Context(), audit.System(), id)
	require.NoError(t, err)
	return e.Export.State
}

// Several small series are as one large one, for each person apart.
func TestSmallActivationsAddUp(t *testing.T) {
	t.Parallel()
	b, other := second(t) // above USD 50.00
	ctx := t.Context()
	first, next, last := b.inactive(t, 2), b.inactive(t, 3), b.inactive(t, 1)
	require.NoError(t, b.cards.Activate(ctx, b.admin, first.ID))
	require.NoError(t, b.cards.Activate(ctx, b.admin, next.ID), "USD 50.00 together, which is not above")
	require.ErrorIs(t, b.cards.Activate(ctx, b.admin, last.ID), card.ErrActivationWaits)
	require.Equal(t, db.SeriesStateReady, b.read(t, last.ID).State)
	a := b.waiting(t)
	require.Equal(t, []int64{10_00, 50_00, b.admin.ID}, []int64{a.Value, a.Before, a.RequestedBy})
	require.ErrorIs(t, b.cards.Approve(ctx, b.admin, a.ID, "because"), approval.ErrOwn)

	// Another person has a limit of their own. What was approved counts towards no limit.
	theirs := b.inactive(t, 5)
	require.NoError(t, b.cards.Activate(ctx, other, theirs.ID))
	require.NoError(t, b.cards.Approve(ctx, other, a.ID, "because"))
	require.Equal(t, db.SeriesStateActive, b.read(t, last.ID).State)
	require.Equal(t, int64(50_00), b.solo(t, b.admin, db.ApprovalKindActivate))
	require.Equal(t, int64(50_00), b.solo(t, other, db.ApprovalKindActivate))
	require.Zero(t, b.solo(t, b.admin, db.ApprovalKindExport), "files are counted apart")

	// The same series counts once.
	require.NoError(t, b.cards.Lock(ctx, b.admin, first.ID))
	require.NoError(t, b.cards.Activate(ctx, b.admin, first.ID))
	require.Equal(t, int64(50_00), b.solo(t, b.admin, db.ApprovalKindActivate))

	// A series that is activated when generated counts for the person who ordered it.
	ordered := b.series(t, form(1))
	require.Equal(t, db.SeriesStateReady, ordered.State)
	require.Equal(t, b.admin.ID, b.waiting(t).RequestedBy)
	require.NoError(t, b.cards.Refuse(ctx, other, b.waiting(t).ID, "not today"))

	b.aDayLater(t)
	require.Zero(t, b.solo(t, b.admin, db.ApprovalKindActivate))
	require.NoError(t, b.cards.Activate(ctx, b.admin, ordered.ID))
	require.Equal(t, int64(10_00), b.solo(t, b.admin, db.ApprovalKindActivate))
	b.none(t)
	b.sound(t)
}

// An import counts for the person who confirmed it.
func TestImportsAddUp(t *testing.T) {
	t.Parallel()
	b, other := second(t)
	require.Equal(t, db.SeriesStateActive, b.importedActive(t, 3).State)
	require.Equal(t, int64(30_00), b.solo(t, b.admin, db.ApprovalKindActivate))
	beyond := b.upload(t, many(8)) // three of them are known already
	beyond.check(t, planned("serial", "code"))
	require.ErrorIs(t, b.confirm(t.Context(), b.admin, beyond.id), cardimport.ErrImportWaits)
	a := b.waiting(t)
	require.Equal(t, []int64{beyond.id, 30_00, b.admin.ID}, []int64{*a.ImportID, a.Before, a.RequestedBy})
	require.NoError(t, b.cards.Approve(t.Context(), other, a.ID, "because"))
	require.Equal(t, db.SeriesStateActive, beyond.work(t)[0].State)
	require.Equal(t, int64(30_00), b.solo(t, b.admin, db.ApprovalKindActivate), "what was approved counts for no one")
	b.sound(t)
}

// A file counts from when it is asked for, unless it was given up before it was made.
func TestSmallExportsAddUp(t *testing.T) {
	t.Parallel()
	b, other := second(t)
	ctx := t.Context()
	ask := func(s db.Series) int64 {
		t.Helper()
		id, err := b.exports().Request(ctx, b.admin, s.ID, "csv", cardfile.Options{}, uuid.New())
		require.NoError(t, err)
		return id
	}
	start := func(id int64) error {
		err := b.begin(ctx, id)
		return err
	}
	first, next := b.inactive(t, 3), b.inactive(t, 2)
	file := ask(first)
	require.NoError(t, start(file))
	require.NoError(t, start(ask(first)), "the same series counts once")
	require.NoError(t, start(ask(next)), "USD 50.00 together")
	require.NoError(t, start(file), "no file counts against itself")
	require.Equal(t, int64(50_00), b.solo(t, b.admin, db.ApprovalKindExport))
	last := b.inactive(t, 1)
	held := ask(last)
	require.Equal(t, db.ExportState("waiting"), b.exportState(t, held))
	require.Equal(t, int64(50_00), b.waiting(t).Before)
	require.ErrorIs(t, start(held), card.ErrApprovalNeeded)
	require.NoError(t, b.cards.Approve(ctx, other, b.waiting(t).ID, "because"))
	require.NoError(t, start(held))
	require.Equal(t, int64(50_00), b.solo(t, b.admin, db.ApprovalKindExport), "what was approved counts for nobody")

	// One that failed counts no more; tried again it does, if there is room still.
	b.aDayLater(t)
	file = ask(first)
	require.NoError(t, start(file))
	require.NoError(t, b.exports().Fail(ctx, file, "a test"))
	require.Zero(t, b.solo(t, b.admin, db.ApprovalKindExport))
	require.NoError(t, b.exports().Retry(ctx, b.admin, file))
	require.NoError(t, start(file))
	require.Equal(t, int64(30_00), b.solo(t, b.admin, db.ApprovalKindExport))
	require.NoError(t, b.exports().Fail(ctx, file, "a test"))
	require.Equal(t, db.ExportStateQueued, b.exportState(t, ask(b.inactive(t, 4))), "while it was free")
	require.ErrorIs(t, b.exports().Retry(ctx, b.admin, file), card.ErrApprovalNeeded)
	require.ErrorIs(t, start(file), card.ErrApprovalNeeded, "nor by a job that is still there")
	require.Equal(t, int64(40_00), b.solo(t, b.admin, db.ApprovalKindExport))

	// To retry another person's failed file does not avoid one's own limit.
	mine, err := b.exports().Request(ctx, other, b.inactive(t, 3).ID, "csv", cardfile.Options{}, uuid.New())
	require.NoError(t, err)
	require.NoError(t, start(mine))
	require.ErrorIs(t, b.exports().Retry(ctx, other, file), card.ErrApprovalNeeded)
	b.aDayLater(t)
	require.NoError(t, b.exports().Retry(ctx, other, file))
	require.Equal(t, int64(30_00), b.solo(t, other, db.ApprovalKindExport))

	// A file that is made long after it was asked for counts on that day.
	b.aDayLater(t)
	late, soon := ask(first), ask(next)
	b.aDayLater(t)
	require.NoError(t, start(late))
	require.Equal(t, int64(30_00), b.solo(t, b.admin, db.ApprovalKindExport))
	require.NoError(t, b.exports().Cancel(ctx, b.admin, late))
	require.Zero(t, b.solo(t, b.admin, db.ApprovalKindExport))
	require.NoError(t, start(soon))
	require.NoError(t, b.finish(t, soon))
	require.NoError(t, b.cards.Void(ctx, b.admin, next.ID, "a test"))
	require.Equal(t, int64(20_00), b.solo(t, b.admin, db.ApprovalKindExport), "one that was made counts whatever becomes of it")
}

// finish ends an export as the worker does.
func (b *bundle) finish(t *testing.T, id int64) error {
	t.Helper()
	return b.exports().Make(t.Context(), id, noJob)
}

// Cards that are enabled, and prices that are raised, count as what they bring into use.
func TestEnablingAndRaisingAddUp(t *testing.T) {
	t.Parallel()
	b, other := second(t)
	ctx := t.Context()
	s, o := b.inactive(t, 5), b.inactive(t, 2)
	require.NoError(t, b.cards.Activate(ctx, other, s.ID))
	one := card.Ref{SeriesID: s.ID, Serial: 1}
	for serial := range int32(4) {
		require.NoError(t, b.cards.DisableCard(ctx, b.admin, card.Ref{SeriesID: s.ID, Serial: serial + 1}))
	}
	require.NoError(t, b.cards.Activate(ctx, b.admin, o.ID))
	for serial := range int32(3) {
		require.NoError(t, b.cards.EnableCard(ctx, b.admin, card.Ref{SeriesID: s.ID, Serial: serial + 1}))
	}
	require.ErrorIs(t, b.cards.EnableCard(ctx, b.admin, card.Ref{SeriesID: s.ID, Serial: 4}), card.ErrEnableNeedsSecond, "USD 20.00, and four of 10.00")
	for serial := range int32(3) {
		require.NoError(t, b.cards.DisableCard(ctx, b.admin, card.Ref{SeriesID: s.ID, Serial: serial + 1}))
	}
	require.NoError(t, b.cards.EnableCard(ctx, b.admin, one), "the same card counts once")
	require.NoError(t, b.cards.DisableCard(ctx, b.admin, one))
	_, err := b.cards.OrderChange(ctx, b.admin, card.Operation{SeriesID: s.ID, Operation: db.CardOperationEnable, First: 1, Last: 5}, uuid.New())
	require.ErrorContains(t, err, "enable_second")
	b.aDayLater(t)
	began, err := b.cards.OrderChange(ctx, b.admin, card.Operation{SeriesID: s.ID, Operation: db.CardOperationEnable, First: 1, Last: 2}, uuid.New())
	require.NoError(t, err)
	require.Zero(t, b.solo(t, b.admin, db.ApprovalKindActivate), "nothing is enabled yet")
	require.NoError(t, b.cards.WorkChange(ctx, began, time.Now, noJob))
	require.Equal(t, int64(20_00), b.solo(t, b.admin, db.ApprovalKindActivate), "the two that are enabled: another part adds to it")
	require.NoError(t, b.cards.EnableCard(ctx, b.admin, card.Ref{SeriesID: s.ID, Serial: 3}))
	require.Equal(t, int64(30_00), b.solo(t, b.admin, db.ApprovalKindActivate), "and what is enabled one by one adds to it")

	o = b.read(t, o.ID) // two active cards, activated by them a day ago
	raise := card.SeriesEdit{Prefix: o.Prefix, Price: usd(1200), Partners: card.Partners{Any: true}, ValidTill: o.ValidTill, Version: o.Version}
	_, err = b.cards.Edit(ctx, b.admin, o.ID, raise)
	require.ErrorIs(t, err, card.ErrPriceNeedsSecond)
	b.aDayLater(t)
	_, err = b.cards.Edit(ctx, b.admin, o.ID, raise)
	require.NoError(t, err)
	require.Equal(t, int64(24_00), b.solo(t, b.admin, db.ApprovalKindActivate))
	b.sound(t)
}

// Acts of one person at the same moment don't slip past the limit together.
func TestActsOfOnePersonRace(t *testing.T) {
	t.Parallel()
	b, _ := second(t)
	const each = 6 // of USD 20.00 each: two fit
	for range 4 {
		var series []db.Series
		for range each {
			series = append(series, b.inactive(t, 2))
		}
		gate := make(chan struct{})
		var all sync.WaitGroup
		for _, s := range series {
			all.Go(func() {
				<-gate
				_ = b.cards.Activate(context.WithoutCancel(t.Context()), b.admin, s.ID)
			})
			all.Go(func() {
				<-gate
				_, err := b.exports().Request(context.WithoutCancel(t.Context()), b.admin, s.ID, "csv", cardfile.Options{}, uuid.New())
				if err != nil {
					t.Error(err)
				}
			})
		}
		close(gate)
		all.Wait()
		active, queued := 0, 0
		for _, s := range series {
			if b.read(t, s.ID).State == db.SeriesStateActive {
				active++
			}
			files, err := b.q.ExportListSeries(t.Context(), b.pool, s.ID)
			require.NoError(t, err)
			require.Len(t, files, 1)
			if files[0].Export.State == db.ExportStateQueued {
				queued++
			}
		}
		require.Equal(t, []int{2, 2}, []int{active, queued})
		b.aDayLater(t)
	}
	b.sound(t)
}

// What was done before a limit was set is reckoned with once there is one.
func TestDayBeforeTheLimit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.Equal(t, db.SeriesStateActive, b.series(t, form(4)).State)
	b.above(t, 50_00)
	require.Equal(t, db.SeriesStateReady, b.series(t, form(2)).State)
	require.Equal(t, int64(40_00), b.waiting(t).Before)
}

// Whatever one person does at the same moment to one series, and a second one decides,
// all of it takes its locks in one order.
func TestActsDoNotLockEachOtherOut(t *testing.T) {
	t.Parallel()
	b, other := second(t)
	b.above(t, 1000_00)
	s := b.inactive(t, 21)
	file, err := b.exports().Request(t.Context(), b.admin, s.ID, "csv", cardfile.Options{}, uuid.New())
	require.NoError(t, err)
	require.NoError(t, b.cards.Activate(t.Context(), b.admin, s.ID))
	for serial := range int32(20) {
		require.NoError(t, b.cards.DisableCard(t.Context(), b.admin, card.Ref{SeriesID: s.ID, Serial: serial + 1}))
	}
	for round := range int32(10) {
		err := b.begin(t.Context(), file)
		require.NoError(t, err)
		require.NoError(t, b.exports().Fail(t.Context(), file, "a test"))
		b.above(t, 10_00)
		asked, err := b.exports().Request(t.Context(), b.admin, s.ID, "pdf", cardfile.Options{}, uuid.New())
		require.NoError(t, err)
		waiting := b.waiting(t)
		b.above(t, 1000_00)
		gate := make(chan struct{})
		var all sync.WaitGroup
		for _, f := range []func(ctx context.Context) error{
			func(ctx context.Context) error { return b.exports().Retry(ctx, b.admin, file) },
			func(ctx context.Context) error { err := b.begin(ctx, file); return err },
			func(ctx context.Context) error {
				_, err := b.exports().Request(ctx, b.admin, s.ID, "csv", cardfile.Options{}, uuid.New())
				return err
			},
			func(ctx context.Context) error {
				return b.cards.EnableCard(ctx, b.admin, card.Ref{SeriesID: s.ID, Serial: 2*round + 1})
			},
			func(ctx context.Context) error {
				return b.cards.EnableCard(ctx, b.admin, card.Ref{SeriesID: s.ID, Serial: 2*round + 2})
			},
			func(ctx context.Context) error { return b.cards.Lock(ctx, b.admin, s.ID) },
			func(ctx context.Context) error { return b.cards.Activate(ctx, b.admin, s.ID) },
			func(ctx context.Context) error { return b.exports().Cancel(ctx, b.admin, asked) },
			func(ctx context.Context) error { return b.cards.Approve(ctx, other, waiting.ID, "because") },
		} {
			all.Go(func() {
				<-gate
				if err := f(context.WithoutCancel(t.Context())); fault.IsInternal(err) {
					t.Error(err)
				}
			})
		}
		close(gate)
		all.Wait()
		b.none(t)
		require.Contains(t, []error{nil, card.ErrSeriesState}, b.cards.Activate(t.Context(), b.admin, s.ID))
	}
	did := b.solo(t, b.admin, db.ApprovalKindActivate)
	require.GreaterOrEqual(t, did, int64(210_00), "one series, at its most, and each card that was enabled")
	require.LessOrEqual(t, did, int64(210_00+200_00))
	b.sound(t)
}

// The program enters what was done and changes nothing of it; old rows go.
func TestOldActsGo(t *testing.T) {
	t.Parallel()
	b, _ := second(t)
	require.NoError(t, b.cards.Activate(t.Context(), b.admin, b.inactive(t, 1).ID))
	_, err := b.pool.Exec(t.Context(), `update solo_act set value = 0`)
	require.ErrorContains(t, err, "permission denied")
	gone, err := b.q.SoloActDeleteOld(t.Context(), b.pool)
	require.NoError(t, err)
	require.Zero(t, gone)
	for range 8 {
		b.aDayLater(t)
	}
	gone, err = b.q.SoloActDeleteOld(t.Context(), b.pool)
	require.NoError(t, err)
	require.Equal(t, int64(1), gone)
}
