package card_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/approval"
	"refill/internal/card"
	"refill/internal/cardimport"
	"refill/internal/db"
	"refill/internal/partner"
	"refill/internal/setting"
)

// The module is no condition of the guard: with it off, no redemption is asked for.
func TestModuleIsWeighed(t *testing.T) {
	t.Parallel()
	b, other := second(t)
	b.active(t, 9)
	store := setting.NewStore(b.pool, time.Now)
	turn := func(on bool) error {
		return approval.ChangeSettings(t.Context(), b.pool, store, b.admin, func(v *setting.Settings) { v.RefillCards = on })
	}
	require.NoError(t, turn(false))
	require.ErrorIs(t, store.Change(t.Context(), b.admin, func(v *setting.Settings) { v.RefillCards = true }), setting.ErrModuleGuarded)
	require.ErrorIs(t, turn(true), approval.ErrModuleWaits)
	settings, err := setting.Read(t.Context(), b.pool)
	require.NoError(t, err)
	require.False(t, settings.RefillCards)
	a := b.waitingOf(t, db.ApprovalKindReopening)
	require.Equal(t, int64(90_00), a.Value)
	require.NoError(t, b.cards.Approve(t.Context(), other, a.ID, "because"))
	settings, err = setting.Read(t.Context(), b.pool)
	require.NoError(t, err)
	require.True(t, settings.RefillCards)
}

// What brings nothing into use, or little, needs no second person.
func TestWhatBringsNothingIntoUse(t *testing.T) {
	t.Parallel()
	b, _ := second(t)
	ctx := t.Context()
	s := b.active(t, 9)
	form := func() card.SeriesEdit {
		s = b.read(t, s.ID)
		return card.SeriesEdit{Prefix: s.Prefix, Price: usd(1000), Partners: card.Partners{Any: true}, ValidTill: s.ValidTill, Version: s.Version}
	}
	f := form()
	f.ValidTill = time.Now().AddDate(2, 0, 0)
	_, err := b.cards.Edit(ctx, b.admin, s.ID, f)
	require.NoError(t, err, "it was valid anyway")
	f = form()
	f.Partners = card.Partners{IDs: []int64{b.north.ID}}
	_, err = b.cards.Edit(ctx, b.admin, s.ID, f)
	require.NoError(t, err, "fewer can redeem them")
	till := time.Now().AddDate(0, 6, 0)
	for _, o := range []card.Operation{
		{Operation: db.CardOperationExtend, ValidTill: till},
		{Operation: db.CardOperationPartner, PartnerID: b.north.ID},
	} {
		o.SeriesID, o.First, o.Last = s.ID, 1, 9
		began, err := b.cards.OrderChange(ctx, b.admin, o, uuid.New())
		require.NoError(t, err)
		require.NoError(t, b.cards.WorkChange(ctx, began, time.Now, noJob))
		change, err := b.cards.Change(ctx, b.admin, began)
		require.NoError(t, err)
		require.Equal(t, db.CardChangeStateDone, change.CardChange.State)
	}
	require.NoError(t, b.cards.EditCard(ctx, b.admin, card.Ref{SeriesID: s.ID, Serial: 1}, card.Edit{ValidTill: till, PartnerID: b.north.ID, Remark: "kept"}))
	require.NoError(t, partner.Disable(ctx, b.pool, b.admin, b.south.ID))
	require.NoError(t, partner.Enable(ctx, b.pool, b.admin, b.south.ID), "no card is for it alone")
	require.Zero(t, b.solo(t, b.admin, db.ApprovalKindActivate))
	b.none(t)
	b.sound(t)
}

// What an edit brings into use, a second person approves as it was asked for.
func TestRenewalTakesTwo(t *testing.T) {
	t.Parallel()
	b, other := second(t)
	ctx := t.Context()
	s := b.active(t, 9)
	code := b.codes(t, s)[0]
	b.exec(t, `update series set valid_till = current_date - 30 where id = $1`, s.ID)
	n, err := b.cards.LapseExpired(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Zero(t, b.outstanding(t, s.ID))
	till := time.Now().AddDate(0, 6, 0)
	ask := func() error {
		s = b.read(t, s.ID) //nolint:contextcheck // the test's own
		plan, err := b.cards.PlanEdit(ctx, b.admin, s.ID, card.SeriesEdit{Prefix: s.Prefix, Price: usd(1000), Partners: card.Partners{Any: true}, ValidTill: till, Version: s.Version})
		require.NoError(t, err)
		require.True(t, plan.Solo.Over(), "the page says so first")
		_, err = b.cards.Edit(ctx, b.admin, s.ID, card.SeriesEdit{Prefix: s.Prefix, Price: usd(1000), Partners: card.Partners{Any: true}, ValidTill: till, Version: s.Version})
		return err
	}
	require.ErrorIs(t, ask(), card.ErrEditWaits)
	require.ErrorIs(t, ask(), card.ErrEditAsked)
	require.Zero(t, b.outstanding(t, s.ID))
	a := b.waitingOf(t, db.ApprovalKindRenewal)
	require.Equal(t, []int64{90_00, 9}, []int64{a.Value, a.Cards})
	require.ErrorIs(t, b.cards.Approve(ctx, b.admin, a.ID, "because"), approval.ErrOwn)
	require.NoError(t, b.cards.Refuse(ctx, other, a.ID, "because"))
	require.ErrorIs(t, ask(), card.ErrEditWaits)
	require.NoError(t, b.cards.Approve(ctx, other, b.waitingOf(t, db.ApprovalKindRenewal).ID, "because"))
	require.Equal(t, int64(90_00), b.outstanding(t, s.ID))
	require.Equal(t, till.Format(time.DateOnly), b.read(t, s.ID).ValidTill.Format(time.DateOnly))
	_, err = b.redeem(ctx, b.anna, code)
	require.NoError(t, err)
	b.sound(t)

	// A locked series is renewed by one person: its activation is weighed.
	require.NoError(t, b.cards.Lock(ctx, b.admin, s.ID))
	b.exec(t, `update series set valid_till = current_date - 30 where id = $1`, s.ID)
	s = b.read(t, s.ID)
	_, err = b.cards.Edit(ctx, b.admin, s.ID, card.SeriesEdit{Prefix: s.Prefix, Price: usd(1000), Partners: card.Partners{Any: true}, ValidTill: till, Version: s.Version})
	require.NoError(t, err)
	require.ErrorIs(t, b.cards.Activate(ctx, b.admin, s.ID), card.ErrActivationWaits)
}

// Whatever of a series or its cards is edited between a request and its approval, the
// approval is of something else.
func TestApprovalHoldsTheVersion(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(t *testing.T, b *bundle, s db.Series){
		"partners": func(t *testing.T, b *bundle, s db.Series) {
			t.Helper()
			_, err := b.cards.Edit(t.Context(), b.admin, s.ID, card.SeriesEdit{Prefix: s.Prefix, Price: usd(1000), Partners: card.Partners{IDs: []int64{b.north.ID}}, ValidTill: s.ValidTill, Version: s.Version})
			require.NoError(t, err)
		},
		"date": func(t *testing.T, b *bundle, s db.Series) {
			t.Helper()
			_, err := b.cards.Edit(t.Context(), b.admin, s.ID, card.SeriesEdit{Prefix: s.Prefix, Price: usd(1000), Partners: card.Partners{Any: true}, ValidTill: time.Now().AddDate(2, 0, 0), Version: s.Version})
			require.NoError(t, err)
		},
		"one card": func(t *testing.T, b *bundle, s db.Series) {
			t.Helper()
			require.NoError(t, b.cards.EditCard(t.Context(), b.admin, card.Ref{SeriesID: s.ID, Serial: 2}, card.Edit{PartnerID: b.north.ID}))
		},
		"many cards": func(t *testing.T, b *bundle, s db.Series) {
			t.Helper()
			began, err := b.cards.OrderChange(t.Context(), b.admin, card.Operation{SeriesID: s.ID, First: 1, Last: 8, Operation: db.CardOperationPartner, PartnerID: b.south.ID}, uuid.New())
			require.NoError(t, err)
			require.NoError(t, b.cards.WorkChange(t.Context(), began, time.Now, noJob))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, other := second(t)
			s := b.inactive(t, 8)
			file := b.export(t, b.admin, s)
			require.ErrorIs(t, b.cards.Activate(t.Context(), b.admin, s.ID), card.ErrActivationWaits)
			spoil(t, b, b.read(t, s.ID))
			require.ErrorIs(t, b.cards.Approve(t.Context(), other, b.waitingOf(t, db.ApprovalKindActivate).ID, "because"), approval.ErrOutdated)
			require.Equal(t, db.SeriesStateReady, b.read(t, s.ID).State)
			require.ErrorIs(t, b.cards.Approve(t.Context(), other, b.waitingOf(t, db.ApprovalKindExport).ID, "because"), approval.ErrOutdated)
			require.Equal(t, db.ExportStateCancelled, b.exportState(t, file))
			b.none(t)
		})
	}
}

// A change of state alone is no reason to ask for a file again.
func TestExportIsApprovedAfterTheActivation(t *testing.T) {
	t.Parallel()
	b, other := second(t)
	s := b.inactive(t, 8)
	file := b.export(t, b.admin, s)
	require.ErrorIs(t, b.cards.Activate(t.Context(), b.admin, s.ID), card.ErrActivationWaits)
	require.NoError(t, b.cards.Approve(t.Context(), other, b.waitingOf(t, db.ApprovalKindActivate).ID, "because"))
	require.NoError(t, b.cards.Approve(t.Context(), other, b.waitingOf(t, db.ApprovalKindExport).ID, "because"))
	require.Equal(t, db.ExportStateQueued, b.exportState(t, file))
}

// Above the limit an import waits, whether its cards are to be active or not; its
// approval covers their activation too.
func TestImportTakesTwo(t *testing.T) {
	t.Parallel()
	for _, active := range []bool{false, true} {
		b, other := second(t)
		ctx := t.Context()
		i := b.upload(t, many(6))
		plan := planned("serial", "code")
		plan.Activate = active
		i.check(t, plan)
		require.ErrorIs(t, b.confirm(ctx, b.admin, i.id), cardimport.ErrImportWaits)
		require.ErrorIs(t, b.confirm(ctx, b.admin, i.id), cardimport.ErrImportWaits, "asked for already")
		a := b.waiting(t)
		require.Equal(t, db.ApprovalKindImport, a.Kind)
		require.Equal(t, []int64{60_00, 6, i.id}, []int64{a.Value, a.Cards, *a.ImportID})
		require.ErrorIs(t, b.cards.Approve(ctx, b.admin, a.ID, "because"), approval.ErrOwn)

		// Another dry run is another import.
		i.check(t, plan)
		require.ErrorIs(t, b.cards.Approve(ctx, other, a.ID, "because"), approval.ErrOutdated)
		require.ErrorIs(t, b.confirm(ctx, b.admin, i.id), cardimport.ErrImportWaits)
		require.NoError(t, b.cards.Approve(ctx, other, b.waiting(t).ID, "because"))
		made := i.work(t)
		require.Len(t, made, 1)
		state := db.SeriesStateReady
		if active {
			state = db.SeriesStateActive
		}
		require.Equal(t, state, made[0].State)
		require.Equal(t, b.admin.ID, *made[0].CreatedBy, "the person who asked")
		b.none(t)
		b.sound(t)

		i = b.upload(t, many(60))
		i.check(t, plan)
		require.ErrorIs(t, b.confirm(ctx, b.admin, i.id), cardimport.ErrImportWaits)
		require.NoError(t, b.importer().Cancel(ctx, b.admin, i.id))
		b.none(t)
	}
}
