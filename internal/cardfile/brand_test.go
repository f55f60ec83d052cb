package cardfile_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/card"
	"refill/internal/partner"
)

// Cards look like their partner's where they are for one alone.
func TestBrand(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, partner.Edit(t.Context(), b.pool, b.admin, b.north.ID, partner.Form{
		Name: "North", Brand: "Northlight", TimeZone: "UTC", Accent: "#1d4f91", CardLine2: "Press Redeem.",
	}, &partner.Logo{PNG: []byte("picture"), Width: 2, Height: 1}))
	type look struct {
		name, accent string
		lines        []string
		logo         []byte
	}
	of := func(partners card.Partners) (l look) {
		s := b.series(t, 1, func(f *card.OrderRequest) { f.Partners = partners })
		var err error
		l.name, l.accent, l.lines, l.logo, err = b.files.BrandForTest(t.Context(), s)
		require.NoError(t, err)
		return l
	}
	some := func(ids ...int64) card.Partners { return card.Partners{IDs: ids} }
	require.Equal(t, look{"Northlight", "#1d4f91", []string{"", "Press Redeem."}, []byte("picture")}, of(some(b.north.ID)))
	require.Equal(t, look{name: "South"}, of(some(b.south.ID)), "what a partner has not is the product's")
	require.Zero(t, of(some(b.north.ID, b.south.ID)))
	require.Zero(t, of(card.Partners{Any: true}))
}
