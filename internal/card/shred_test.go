package card_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/billing"
	"refill/internal/card"
	"refill/internal/db"
)

// Codes that are no longer needed are erased: of void cards at once, of used cards after a
// while. A thief of the database and the keys can't read them then.
func TestCodesThatNobodyNeedsAreErased(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	s := b.series(t, form(6))
	codes := b.codes(t, s)
	kept := func() (serials []int32) {
		rows, err := b.pool.Query(ctx, `select serial from card where octet_length(code_sealed) > 0 order by serial`)
		require.NoError(t, err)
		for rows.Next() {
			var serial int32
			require.NoError(t, rows.Scan(&serial))
			serials = append(serials, serial)
		}
		require.NoError(t, rows.Err())
		return serials
	}
	receipt, err := b.redeem(ctx, b.anna, codes[0])
	require.NoError(t, err)
	_, err = b.redeem(ctx, b.anna, codes[1])
	require.NoError(t, err)
	third, err := b.redeem(ctx, b.anna, codes[2])
	require.NoError(t, err)

	require.NoError(t, b.cards.VoidCard(ctx, b.admin, ref(s, 4)))
	_, err = b.cards.Reverse(ctx, b.admin, billing.Reversal{CustomerID: b.anna.ID, PaymentID: third.PaymentID, Reason: "sold twice", Key: uuid.New()})
	require.NoError(t, err)
	require.Equal(t, []int32{1, 2, 5, 6}, kept(), "void cards lose their codes at once, however they became so")

	require.NoError(t, b.cards.Shred(ctx))
	require.Equal(t, []int32{1, 2, 5, 6}, kept(), "used cards keep theirs for a while")
	b.owner(t, `set session_replication_role = replica; update ledger_tx set at = at - interval '401 days' where id <= (select tx_id from payment where id = `+fmt.Sprint(receipt.PaymentID)+`); reset session_replication_role`)
	require.NoError(t, b.cards.Shred(ctx))
	require.NoError(t, b.cards.Shred(ctx))
	require.Equal(t, []int32{2, 5, 6}, kept())

	_, err = b.redeem(ctx, b.anna, codes[0])
	require.ErrorIs(t, err, card.ErrUsed, "what is typed is still recognised")
	_, err = b.cards.Reveal(ctx, b.admin, ref(s, 1), "curious")
	require.ErrorIs(t, err, card.ErrErased)

	series, err := b.cards.Series(ctx, b.admin, s.ID)
	require.NoError(t, err)
	var exported []string
	used := card.Selection{States: []db.CardState{db.CardStateUsed}}
	require.NoError(t, b.cards.EachSelected(ctx, series.Series, used, func(page []card.Unsealed) error {
		for _, one := range page {
			exported = append(exported, one.Code.Reveal(series.Series.Prefix))
		}
		return nil
	}))
	require.Equal(t, []string{"", codes[1]}, exported, "a table of used cards leaves an erased code empty")
}
