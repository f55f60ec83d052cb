package card_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/card"
)

// What is no id becomes one that no partner has: a choice is never smaller than what was
// chosen, and so never accepted in part.
func TestParsePartners(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		texts []string
		want  card.Partners
	}{
		{nil, card.Partners{}},
		{[]string{"any"}, card.Partners{Any: true}},
		{[]string{"3", "1", "3"}, card.Partners{IDs: []int64{3, 1, 3}}},
		{[]string{"3", "North"}, card.Partners{IDs: []int64{3, 0}}},
		{[]string{"any", "-"}, card.Partners{Any: true, IDs: []int64{0}}},
		{[]string{""}, card.Partners{IDs: []int64{0}}},
		{[]string{"9223372036854775808"}, card.Partners{IDs: []int64{0}}},
	} {
		require.Equal(t, c.want, card.ParsePartners(c.texts), c.texts)
	}
	b := setup(t)
	f := form(3)
	f.Partners = card.ParsePartners([]string{"any", "-"})
	_, err := b.cards.Order(t.Context(), b.admin, f)
	require.ErrorContains(t, err, "order_partner")
}
