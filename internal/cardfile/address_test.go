package cardfile_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardfile"
	"refill/internal/partner"
	"refill/internal/render"
)

// A card leads to the address of its partner where its series is for one partner alone.
func TestLinkNamesOnePartner(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for id, name := range map[int64]string{b.north.ID: "North", b.south.ID: "South"} {
		require.NoError(t, partner.Edit(t.Context(), b.pool, b.admin, id, partner.Form{Name: name, Slug: name, TimeZone: "UTC"}, nil))
	}
	of := func(partners card.Partners) string {
		s := b.series(t, 2, func(f *card.OrderRequest) { f.Partners = partners })
		row, err := b.cards.Series(t.Context(), audit.System(), s.ID)
		require.NoError(t, err)
		_, rows, err := b.files.At("https://refill.example.net").FirstRows(t.Context(), row, cardfile.Options{Columns: []string{"link"}})
		require.NoError(t, err)
		for _, cells := range rows {
			for _, name := range []string{"", "north", "south"} {
				if cells[len(cells)-1] == render.Link("https://refill.example.net", name, cells[1]) {
					return "/r/" + name
				}
			}
		}
		return ""
	}
	require.Equal(t, "/r/north", of(card.Partners{IDs: []int64{b.north.ID}}))
	require.Equal(t, "/r/", of(card.Partners{IDs: []int64{b.north.ID, b.south.ID}}))
	require.Equal(t, "/r/", of(card.Partners{Any: true}))
}
