package card_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
)

// A file holds the cards that were chosen and no others; void ones never.
func TestExportOfAPart(t *testing.T) {
	t.Parallel()
	b, ctx := setup(t), t.Context()
	s := b.series(t, form(9))
	_, err := b.redeem(ctx, b.anna, b.codes(t, s)[1])
	require.NoError(t, err)
	require.NoError(t, b.cards.DisableCard(ctx, b.admin, ref(s, 3)))
	require.NoError(t, b.cards.VoidCard(ctx, b.admin, ref(s, 4)))
	const unused, disabled, used = db.CardStateActive, db.CardStateDisabled, db.CardStateUsed
	for _, tc := range []struct {
		want    string
		options card.ExportOptions
	}{
		{"1 5 6 7 8 9", card.ExportOptions{}},
		{"5 6", card.ExportOptions{First: 2, Last: 6}},
		{"9", card.ExportOptions{First: 9}},
		{"3", card.ExportOptions{States: []db.CardState{disabled}}},
		{"2", card.ExportOptions{States: []db.CardState{used}}},
		{"1 2 3 5 6 7 8 9", card.ExportOptions{States: []db.CardState{unused, disabled, used}}},
		{"3 5", card.ExportOptions{First: 2, Last: 5, States: []db.CardState{unused, disabled}}},
	} {
		var serials []string
		require.NoError(t, b.cards.EachSelected(ctx, s, tc.options, func(page []card.Unsealed) error {
			for _, c := range page {
				serials = append(serials, fmt.Sprint(c.Serial))
			}
			return nil
		}))
		require.Equal(t, tc.want, strings.Join(serials, " "))

		// What is announced is what comes.
		id, err := b.cards.RequestExport(ctx, b.admin, s.ID, "csv", tc.options, uuid.New())
		require.NoError(t, err)
		e, _, err := b.cards.StartExport(ctx, id)
		require.NoError(t, err)
		require.Len(t, serials, int(e.Export.RowsTotal))
		kept, err := card.ReadExportOptions(e.Export)
		require.NoError(t, err)
		require.Equal(t, tc.options, kept)
	}

	for want, o := range map[error]card.ExportOptions{
		card.ErrExportRange: {First: 3, Last: 2},
		card.ErrCardStates:  {States: []db.CardState{unused, db.CardStateVoid}},
		card.ErrPrintUsed:   {States: []db.CardState{used}},
		card.ErrNoneMatch:   {First: 4, Last: 4},
	} {
		_, err := b.cards.RequestExport(ctx, b.admin, s.ID, "pdf", o, uuid.New())
		require.ErrorIs(t, err, want)
	}

	// What was chosen last is proposed: of this series, else of any; never to others.
	other := b.series(t, form(1))
	_, err = b.cards.RequestExport(ctx, b.admin, other.ID, "pdf", card.ExportOptions{Layout: "roll-80", First: 1}, uuid.New())
	require.NoError(t, err)
	_, o, err := b.cards.LastChoice(ctx, b.admin, other.ID)
	require.NoError(t, err)
	require.Equal(t, card.ExportOptions{Layout: "roll-80"}, o)
	format, o, err := b.cards.LastChoice(ctx, b.admin, s.ID)
	require.NoError(t, err)
	require.Equal(t, "csv", format)
	require.Equal(t, []db.CardState{unused, disabled}, o.States)
	format, _, err = b.cards.LastChoice(ctx, audit.Actor{StaffID: b.admin.StaffID + 1}, s.ID)
	require.NoError(t, err)
	require.Empty(t, format)
}

// A made-up code is no card's: its check never holds, in any format.
func TestSampleCodesAreNoCodes(t *testing.T) {
	t.Parallel()
	for _, f := range []card.Format{{card.Letters, 12}, {card.Letters, 16}, {card.Letters, 24}, {card.Digits, 12}, {card.Digits, 21}} {
		seen := map[string]bool{}
		for n := range 10 {
			code := f.Sample("QuickAccess", n)
			_, err := card.ParseCode(code, []card.Format{f})
			require.ErrorIs(t, err, card.ErrCodeTyping, "%v %d", f, n)
			require.False(t, seen[code])
			seen[code] = true
		}
	}
}
