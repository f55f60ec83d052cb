package cardfile_test

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardfile"
	"refill/internal/customer"
	"refill/internal/db"
)

// A file holds the cards that were chosen and no others; void ones never.
func TestExportOfAPart(t *testing.T) {
	t.Parallel()
	b, ctx := setup(t), t.Context()
	s := b.series(t, 9)
	anna, err := customer.Create(ctx, b.pool, b.admin, customer.New{PartnerID: b.north.ID, Username: "anna", Name: "Anna", Currency: "USD"})
	require.NoError(t, err)
	_, err = b.cards.Redeem(ctx, b.admin, card.Redemption{CustomerID: anna.ID, Card: card.Ref{SeriesID: s.ID, Serial: 2}, Key: uuid.New()})
	require.NoError(t, err)
	require.NoError(t, b.cards.DisableCard(ctx, b.admin, card.Ref{SeriesID: s.ID, Serial: 3}))
	require.NoError(t, b.cards.VoidCard(ctx, b.admin, card.Ref{SeriesID: s.ID, Serial: 4}))
	const unused, disabled, used = db.CardStateActive, db.CardStateDisabled, db.CardStateUsed
	for _, tc := range []struct {
		want    string
		options cardfile.Options
	}{
		{"1 5 6 7 8 9", cardfile.Options{}},
		{"5 6", cardfile.Options{First: 2, Last: 6}},
		{"9", cardfile.Options{First: 9}},
		{"3", cardfile.Options{States: []db.CardState{disabled}}},
		{"2", cardfile.Options{States: []db.CardState{used}}},
		{"1 2 3 5 6 7 8 9", cardfile.Options{States: []db.CardState{unused, disabled, used}}},
		{"3 5", cardfile.Options{First: 2, Last: 5, States: []db.CardState{unused, disabled}}},
	} {
		id := b.request(t, s, "csv", tc.options)
		announced := b.read(t, id)
		kept, err := cardfile.ReadOptions(announced)
		require.NoError(t, err)
		require.Equal(t, tc.options, kept)
		require.NoError(t, b.files.Make(ctx, id, noJob))
		rows, err := csv.NewReader(strings.NewReader(b.content(t, id))).ReadAll()
		require.NoError(t, err)
		var serials []string
		for _, row := range rows[1:] {
			serials = append(serials, row[0])
		}
		require.Equal(t, tc.want, strings.Join(serials, " "))
		require.Len(t, serials, int(announced.RowsTotal), "what is announced is what comes")
		require.Len(t, serials, int(b.read(t, id).RowsDone))
	}

	for want, o := range map[error]cardfile.Options{
		cardfile.ErrRange:      {First: 3, Last: 2},
		cardfile.ErrCardStates: {States: []db.CardState{unused, db.CardStateVoid}},
		cardfile.ErrPrintUsed:  {States: []db.CardState{used}},
		cardfile.ErrNoneMatch:  {First: 4, Last: 4},
	} {
		_, err := b.files.Request(ctx, b.admin, s.ID, "pdf", o, uuid.New())
		require.ErrorIs(t, err, want)
	}

	// What was chosen last is proposed: of this series, else of any; never to others.
	other := b.series(t, 1)
	_, err = b.files.Request(ctx, b.admin, other.ID, "pdf", cardfile.Options{Layout: "roll-80", First: 1}, uuid.New())
	require.NoError(t, err)
	_, o, err := b.files.LastChoice(ctx, b.admin, other.ID)
	require.NoError(t, err)
	require.Equal(t, cardfile.Options{Layout: "roll-80"}, o)
	format, o, err := b.files.LastChoice(ctx, b.admin, s.ID)
	require.NoError(t, err)
	require.Equal(t, "csv", format)
	require.Equal(t, []db.CardState{unused, disabled}, o.States)
	format, _, err = b.files.LastChoice(ctx, audit.ByStaff(b.admin.ID+1, audit.Scope{}), s.ID)
	require.NoError(t, err)
	require.Empty(t, format)
}
