package card_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/check"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
)

// sound holds the books against every invariant.
func (b *bundle) sound(t *testing.T) {
	t.Helper()
	broken, err := check.Run(t.Context(), b.pool, b.keys)
	require.NoError(t, err)
	require.Empty(t, broken)
}

// editForm returns the form with the current values of a series.
func (b *bundle) editForm(t *testing.T, id int64) card.SeriesEdit {
	t.Helper()
	s := b.read(t, id)
	f := card.SeriesEdit{Prefix: s.Prefix, Price: money.Amount{Minor: s.Price, Currency: s.Currency}, ValidTill: s.ValidTill, Version: s.Version}
	if s.AnyPartner {
		f.Partners = card.Partners{Any: true}
		return f
	}
	ids, err := b.q.SeriesPartnerList(t.Context(), b.pool, id)
	require.NoError(t, err)
	f.Partners.IDs = ids
	return f
}

// edit changes a series through its form.
func (b *bundle) edit(t *testing.T, id int64, change func(f *card.SeriesEdit)) (card.EditPlan, error) {
	t.Helper()
	f := b.editForm(t, id)
	change(&f)
	return b.cards.Edit(t.Context(), b.admin, id, f)
}

func TestReprice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(10))
	codes := b.codes(t, s)
	_, err := b.redeem(t.Context(), b.anna, codes[0])
	require.NoError(t, err)

	plan, err := b.edit(t, s.ID, func(f *card.SeriesEdit) { f.Price = usd(1250) })
	require.NoError(t, err)
	require.Equal(t, int64(9), plan.Left)
	require.Equal(t, int64(9*250), plan.Repriced.Minor)
	require.Equal(t, []card.Change{{What: "price", From: "USD 10.00", To: "USD 12.50"}}, plan.Changes)
	require.Equal(t, int64(9*1250), b.outstanding(t, s.ID))
	require.Equal(t, int64(1000), b.balance(t, b.anna), "used cards keep what they paid")
	b.sound(t)

	receipt, err := b.redeem(t.Context(), b.anna, codes[1])
	require.NoError(t, err)
	require.Equal(t, int64(1250), receipt.Amount)
	_, err = b.edit(t, s.ID, func(f *card.SeriesEdit) { f.Price = usd(200) })
	require.NoError(t, err)
	require.Equal(t, int64(8*200), b.outstanding(t, s.ID))
	b.sound(t)

	for _, code := range codes[2:] {
		_, err := b.redeem(t.Context(), b.ben, code)
		require.NoError(t, err)
	}
	_, err = b.edit(t, s.ID, func(f *card.SeriesEdit) { f.Price = usd(300) })
	require.ErrorIs(t, err, card.ErrPriceOfNone)
	b.sound(t)
}

// Before its activation a series has no outstanding value, so a new price posts nothing.
func TestRepriceBeforeActivation(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := form(10)
	f.Activate = false
	queued, err := b.cards.Order(t.Context(), b.admin, f)
	require.NoError(t, err)
	_, err = b.edit(t, queued.ID, func(f *card.SeriesEdit) { f.Price = usd(2000) })
	require.NoError(t, err, "while it waits to be made")
	require.NoError(t, b.cards.Generate(t.Context(), queued.ID, time.Now, noJob))
	_, err = b.edit(t, queued.ID, func(f *card.SeriesEdit) { f.Price, f.Prefix = usd(3000), "" })
	require.NoError(t, err)
	require.Zero(t, b.outstanding(t, queued.ID))
	require.NoError(t, b.cards.Activate(t.Context(), b.admin, queued.ID))
	require.Equal(t, int64(30_000), b.outstanding(t, queued.ID))
	b.sound(t)
}

// Value that had gone to breakage comes back with a later last day, at the price
// at which it went.
func TestRenew(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(10))
	codes := b.codes(t, s)
	_, err := b.pool.Exec(t.Context(), `update series set valid_till = current_date - 2`)
	require.NoError(t, err)
	_, err = b.cards.LapseExpired(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(10_000), b.breakage(t))

	_, err = b.edit(t, s.ID, func(f *card.SeriesEdit) { f.Price = usd(700) })
	require.ErrorIs(t, err, card.ErrPriceOfExpired)
	_, err = b.edit(t, s.ID, func(f *card.SeriesEdit) { f.ValidTill = time.Now().AddDate(0, 0, -3) })
	require.ErrorContains(t, err, "order_valid_till")
	_, err = b.edit(t, s.ID, func(f *card.SeriesEdit) { f.ValidTill = time.Now().AddDate(21, 0, 0) })
	require.ErrorContains(t, err, "order_valid_till")
	_, err = b.edit(t, s.ID, func(f *card.SeriesEdit) { f.Prefix = "Old" })
	require.NoError(t, err, "the date that stands may stand")

	plan, err := b.edit(t, s.ID, func(f *card.SeriesEdit) { f.ValidTill = time.Now().AddDate(0, 1, 0); f.Price = usd(700) })
	require.NoError(t, err)
	require.Equal(t, int64(10_000), plan.Renewed.Minor)
	require.Equal(t, int64(-3000), plan.Repriced.Minor)
	require.Zero(t, b.breakage(t))
	require.Equal(t, int64(7000), b.outstanding(t, s.ID))
	require.Nil(t, b.read(t, s.ID).LapsedAt)
	_, err = b.redeem(t.Context(), b.anna, codes[3])
	require.NoError(t, err)
	b.sound(t)
}

// Whatever the partners were at the time of a redemption, it stays right.
func TestPartnersEdited(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(10))
	codes := b.codes(t, s)
	next := 0
	redeems := func(c db.Customer, may bool) {
		t.Helper()
		_, err := b.redeem(t.Context(), c, codes[next])
		require.Equal(t, may, err == nil, "%v", err)
		if may {
			next++
		}
		b.sound(t)
	}
	of := func(ids ...int64) card.Partners { return card.Partners{IDs: ids} }
	north, south := b.north.ID, b.south.ID
	redeems(b.carol, true) // any
	for _, step := range []struct {
		partners    card.Partners
		anna, carol bool
	}{
		{of(north), true, false},
		{of(south), false, true},
		{of(north, south), true, true},
		{card.Partners{Any: true}, true, true},
		{of(north), true, false},
	} {
		plan, err := b.edit(t, s.ID, func(f *card.SeriesEdit) { f.Partners = step.partners })
		require.NoError(t, err)
		require.True(t, plan.NewPartners)
		b.sound(t)
		redeems(b.anna, step.anna)
		redeems(b.carol, step.carol)
	}
	require.Equal(t, s.TimeZone, b.read(t, s.ID).TimeZone, "the zone is fixed")

	clerk := audit.ByStaff(b.admin.ID, audit.Scope{PartnerIDs: []int64{b.north.ID}})
	f := b.editForm(t, s.ID)
	for _, partners := range []card.Partners{of(south), of(north, south), {Any: true}, {}} {
		f.Partners = partners
		_, err := b.cards.Edit(t.Context(), clerk, s.ID, f)
		require.Error(t, err, "staff of some partners set only their own")
	}
	foreign := b.series(t, form(1))
	_, err := b.cards.Edit(t.Context(), clerk, foreign.ID, b.editForm(t, foreign.ID))
	require.ErrorIs(t, err, card.ErrNoSeries)
}

func TestEditRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(10))
	_, err := b.edit(t, s.ID, func(*card.SeriesEdit) {})
	require.ErrorIs(t, err, card.ErrNothingEdited)
	_, err = b.edit(t, s.ID, func(f *card.SeriesEdit) { f.Prefix, f.Price, f.Partners = "two words", usd(0), card.Partners{} })
	var codes []string
	for _, f := range fault.All(err) {
		codes = append(codes, f.Code)
	}
	require.Equal(t, []string{"order_prefix", "order_price", "order_partner"}, codes)
	stale := b.editForm(t, s.ID)
	stale.Prefix = "New"
	require.NoError(t, b.cards.Lock(t.Context(), b.admin, s.ID))
	_, err = b.cards.Edit(t.Context(), b.admin, s.ID, stale)
	require.ErrorIs(t, err, card.ErrSeriesEdited, "shown for a series that has changed")
	require.NoError(t, b.cards.Void(t.Context(), b.admin, s.ID, "a test"))
	_, err = b.edit(t, s.ID, func(f *card.SeriesEdit) { f.Prefix = "New" })
	require.ErrorIs(t, err, card.ErrSeriesOver)
}

// A series is repriced, over and over, while its cards are being redeemed.
func TestRepriceRacesWithRedemptions(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(24))
	codes := b.codes(t, s)
	var customers []db.Customer
	for i := range codes {
		customers = append(customers, b.customer(t, fmt.Sprintf("c%d", i), b.north))
	}
	start := make(chan struct{})
	var group sync.WaitGroup
	for i, code := range codes[:20] {
		group.Go(func() {
			<-start
			_, err := b.redeem(t.Context(), customers[i], code)
			if err != nil {
				t.Error(err)
			}
		})
	}
	forms := make([]card.SeriesEdit, 6)
	for i := range forms {
		forms[i] = b.editForm(t, s.ID)
		forms[i].Price = usd(int64(11+i) * 100)
	}
	won := make([]bool, len(forms))
	for i := range forms {
		group.Go(func() {
			<-start
			_, err := b.cards.Edit(t.Context(), b.admin, s.ID, forms[i])
			won[i] = err == nil
		})
	}
	close(start)
	group.Wait()
	n := 0
	for _, w := range won {
		if w {
			n++
		}
	}
	require.Equal(t, 1, n, "all forms were of one version: one is saved")
	b.sound(t)
}
