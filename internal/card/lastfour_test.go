package card_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/cardcode"
	"refill/internal/db"
)

// The end of a code finds a card only where every screen shows that end, also when
// housekeeping has filled in what was not hashed: of an imported code of less than
// twelve symbols a search tells no more than the mask.
func TestEndFindsWhatTheMaskShows(t *testing.T) {
	t.Parallel()
	b := setup(t)
	codes := []string{"48291566", "AB-4829-1577", "482915663012", "77-KQ-29-MX-3o-1L"}
	ends := []string{"1566", "1577", "3012", "3o1L"}
	_, series := b.imported(t, codes...)
	own := b.codes(t, b.series(t, form(1)))[0]
	for range 3 { // also in later rounds
		require.NoError(t, b.cards.Codes.HashLastFour(t.Context()))
	}
	_, err := b.q.SeriesWithoutLastFour(t.Context(), b.pool)
	require.Error(t, err, "nothing is left for ever to be hashed")
	for n, end := range ends {
		row, err := b.q.CardShow(t.Context(), b.pool, db.CardShowParams{SeriesID: series.ID, Serial: int32(n + 1)})
		require.NoError(t, err)
		masked, err := b.cards.Masked(series.ID, row.KeyID, row.Serial, row.CodeSealed)
		require.NoError(t, err)
		found, _, err := b.cards.Codes.FindLastFour(t.Context(), b.admin, end)
		require.NoError(t, err, end)
		require.Equal(t, n >= 2, len(found) == 1, "%s is %s", codes[n], masked)
		if n < 2 {
			require.NotContains(t, masked, end)
		} else {
			require.Contains(t, masked, end)
		}
	}
	found, _, err := b.cards.Codes.FindLastFour(t.Context(), b.admin, own[len(own)-4:])
	require.NoError(t, err)
	require.Len(t, found, 1)
}

// Masks of every length show what lastFour takes its symbols from.
func TestParseLastFour(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{"k7qp": "K7QP", "•••• K7QP": "K7QP", "٣٠١٢": "3012", "ав29": "AB29", "3o1l": "3O1L"} {
		got, ok := cardcode.ParseLastFour(typed)
		require.True(t, ok, typed)
		require.Equal(t, want, got, typed)
	}
	for _, typed := range []string{"", "k7q", "k7qp2", "k7 q", "a-29", "a'29"} {
		_, ok := cardcode.ParseLastFour(typed)
		require.False(t, ok, typed)
	}
}
