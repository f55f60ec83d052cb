package card_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/card"
	"refill/internal/db"
)

// Codes that no card has are counted by partner, whichever way they come in:
// redeemed or looked at, by customers or by staff for them. Typing errors and cards
// that are there are none, nor is what lies an hour back.
func TestUnknownCodesAreCountedByPartner(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, form(1))
	code := b.codes(t, s)[0]
	_, err := b.redeem(t.Context(), b.ben, code)
	require.NoError(t, err)
	_, err = b.pool.Exec(t.Context(), `insert into audit (action, customer_id, at, detail) values ('card.refused', $1, now() - interval '61 minutes', '{"reason": "card_unknown"}')`, b.anna.ID)
	require.NoError(t, err)

	count := func() map[int64]int64 {
		rows, err := b.q.GuessCountUnknown(t.Context(), b.pool, db.GuessCountUnknownParams{AllPartners: true, PartnerIds: []int64{}})
		require.NoError(t, err)
		byPartner := map[int64]int64{}
		for _, row := range rows {
			byPartner[row.ID] = row.Unknown
		}
		return byPartner
	}
	unknown := func() string { return card.DrawForTest().Reveal("") }
	_, err = b.redeem(t.Context(), b.anna, unknown())
	require.ErrorIs(t, err, card.ErrRefused)
	_, err = b.look(t, b.anna, unknown())
	require.ErrorIs(t, err, card.ErrRefused)
	_, err = b.cards.Redeem(t.Context(), b.admin, card.Redemption{CustomerID: b.ben.ID, Code: unknown(), Key: uuid.New()})
	require.ErrorIs(t, err, card.ErrUnknown)
	_, err = b.redeem(t.Context(), b.carol, unknown())
	require.ErrorIs(t, err, card.ErrRefused)
	_, err = b.redeem(t.Context(), b.anna, code) // is there, and used
	require.Error(t, err)
	_, err = b.redeem(t.Context(), b.anna, "AAAA-AAAA") // a typing error
	require.Error(t, err)
	require.Equal(t, map[int64]int64{b.north.ID: 3, b.south.ID: 1}, count())

	rows, err := b.q.GuessCountUnknown(t.Context(), b.pool, db.GuessCountUnknownParams{PartnerIds: []int64{b.south.ID}})
	require.NoError(t, err)
	require.Len(t, rows, 1, "of one's own partners alone")
}
