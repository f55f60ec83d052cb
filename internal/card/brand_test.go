package card_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/card"
	"refill/internal/customer"
)

// Cards look like their partner's where they are for one alone.
func TestBrand(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, customer.EditPartner(t.Context(), b.pool, b.admin, b.north.ID, customer.PartnerForm{
		Name: "North", Brand: "Northlight", TimeZone: "UTC", Accent: "#1d4f91", CardLine2: "Press Redeem.",
	}, &customer.Logo{PNG: []byte("picture"), Width: 2, Height: 1}))
	of := func(partners ...string) card.Brand {
		f := form(1)
		f.Partners = partners
		brand, err := b.cards.Brand(t.Context(), b.series(t, f))
		require.NoError(t, err)
		return brand
	}
	north, south := fmt.Sprint(b.north.ID), fmt.Sprint(b.south.ID)
	require.Equal(t, card.Brand{Name: "Northlight", Accent: "#1d4f91", Lines: []string{"", "Press Redeem."}, Logo: []byte("picture")}, of(north))
	require.Equal(t, card.Brand{Name: "South"}, of(south), "what a partner has not is the product's")
	require.Zero(t, of(north, south))
	require.Zero(t, of(card.AnyPartner))
}
