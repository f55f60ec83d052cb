package card_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/card"
	"refill/internal/fault"
)

// A series stays editable in everything else when its partner is disabled. No other
// disabled partner is chosen, nor this one for anything new.
func TestSeriesOfADisabledPartnerIsEdited(t *testing.T) {
	t.Parallel()
	b := setup(t)
	of := func(ids ...int64) card.OrderRequest {
		f := form(3)
		f.Partners = card.Partners{IDs: ids}
		return f
	}
	refused := func(err error) {
		t.Helper()
		require.Equal(t, fault.Invalid, fault.KindOf(err))
		require.Equal(t, "order_partner", fault.All(err)[0].Code)
	}
	one, both, anyones := b.series(t, of(b.north.ID)), b.series(t, of(b.north.ID, b.south.ID)), b.series(t, form(3))
	b.exec(t, `update partner set disabled_at = now() where id = $1`, b.north.ID)
	for _, id := range []int64{one.ID, both.ID} {
		plan, err := b.edit(t, id, func(f *card.SeriesEdit) {
			f.Prefix, f.Price, f.ValidTill = "Other", usd(1250), time.Now().AddDate(2, 0, 0)
		})
		require.NoError(t, err)
		require.False(t, plan.NewPartners)
		require.Len(t, plan.Changes, 3)
	}
	require.Equal(t, "Other", b.read(t, one.ID).Prefix)

	// Its partner may be given up, and is not taken up again.
	_, err := b.edit(t, both.ID, func(f *card.SeriesEdit) { f.Partners = card.Partners{IDs: []int64{b.south.ID}} })
	require.NoError(t, err)
	for _, id := range []int64{both.ID, anyones.ID} {
		_, err = b.edit(t, id, func(f *card.SeriesEdit) { f.Partners = card.Partners{IDs: []int64{b.north.ID}} })
		refused(err)
	}
	b.exec(t, `update partner set disabled_at = now() where id = $1`, b.south.ID)
	_, err = b.edit(t, one.ID, func(f *card.SeriesEdit) { f.Partners.IDs = append(f.Partners.IDs, b.south.ID) })
	refused(err)
	_, err = b.cards.Order(t.Context(), b.admin, of(b.north.ID))
	refused(err)
	b.sound(t)
}
