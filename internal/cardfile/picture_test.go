package cardfile_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/money"
	"refill/internal/partner"
	"refill/internal/setting"
)

// The picture of an order and the first printed sheet of its series draw the same card.
func TestDraftIsWhatIsPrinted(t *testing.T) {
	t.Parallel()
	b, ctx := setup(t), t.Context()
	require.NoError(t, b.settings.Change(ctx, b.admin, func(v *setting.Settings) {
		v.Brand, v.CardWords = "Our Net", setting.CardWords{Kind: "Top-up card", Serial: "No.", ValidTill: "Until", Line1: "Go to the portal.", Date: setting.DateDots}
	}))
	require.NoError(t, partner.Edit(ctx, b.pool, b.admin, b.north.ID, partner.Form{
		Name: "North", Brand: "Northlight", TimeZone: "UTC", Accent: "#1d4f91", CardLine2: "Press Redeem.",
	}, nil))
	drawn := regexp.MustCompile(`(?s)<defs>.*</g>`) // without the edges of the picture
	different := map[string]bool{}
	for name, partners := range map[string]card.Partners{
		"any": {Any: true}, "one": {IDs: []int64{b.north.ID}}, "plain": {IDs: []int64{b.south.ID}}, "several": {IDs: []int64{b.north.ID, b.south.ID}},
	} {
		f := card.OrderRequest{
			Quantity: 3, Prefix: "Test", Price: money.Amount{Minor: 1000, Currency: "USD"}, Partners: partners,
			ValidTill: b.settings.Now().AddDate(1, 0, 0), Key: uuid.New(),
		}
		order, err := b.cards.CheckOrder(ctx, b.admin, f)
		require.NoError(t, err)
		draft, err := b.files.Draft(ctx, order)
		require.NoError(t, err)
		_, err = b.pool.Exec(ctx, `update series set number = (990000 + id)::text`) // the number is free again
		require.NoError(t, err)
		s := b.series(t, 3, func(o *card.OrderRequest) { *o = f })
		_, err = b.pool.Exec(ctx, `update series set number = $2 where id = $1`, s.ID, draft.Series)
		require.NoError(t, err)
		row, err := b.cards.Series(ctx, audit.System(), s.ID)
		require.NoError(t, err)
		sides, err := b.files.Preview(ctx, row, cardfile.Options{Layout: "id-1"})
		require.NoError(t, err)
		require.Equal(t, drawn.FindString(string(sides[0])), drawn.FindString(string(draft.SVG)), name)
		different[string(draft.SVG)] = true
	}
	require.Len(t, different, 3, "any and several share the look of the settings")
}

// The picture of a card shows neither its code nor, in its QR code, a link to it: it differs
// from the printed card, and two masks of the same form draw the same picture.
func TestFaceHoldsNoCode(t *testing.T) {
	t.Parallel()
	b, ctx := setup(t), t.Context()
	s := b.series(t, 2)
	masked, err := b.files.Face(ctx, s, 1, "••••-••••-••••-ABCD", s.ValidTill)
	require.NoError(t, err)
	again, err := b.files.Face(ctx, s, 1, "••••-••••-••••-ABCD", s.ValidTill)
	require.NoError(t, err)
	require.Equal(t, masked, again)
	other, err := b.files.Face(ctx, s, 2, "••••-••••-••••-ABCD", s.ValidTill)
	require.NoError(t, err)
	require.NotEqual(t, masked, other)
	module := regexp.MustCompile(`<path fill="#000000" d="[^"]*"`)
	require.Equal(t, module.FindString(string(masked)), module.FindString(string(other)), "the QR code holds the portal's address on every card")
	require.NotEmpty(t, module.FindString(string(masked)))
	require.NotContains(t, strings.ToLower(string(masked)), "style=")
}

// The portal's address and the words fit what the QR code holds, in the file of a series.
func TestOptionsOfTheQR(t *testing.T) {
	t.Parallel()
	b := setup(t)
	s := b.series(t, 2)
	_, err := b.files.Request(t.Context(), b.admin, s.ID, "pdf", cardfile.Options{QR: "both"}, uuid.New())
	require.ErrorContains(t, err, "export_qr")
	id := b.request(t, s, "pdf", cardfile.Options{QR: "none"})
	kept, err := cardfile.ReadOptions(b.read(t, id))
	require.NoError(t, err)
	require.Equal(t, cardfile.Options{QR: "none"}, kept)
	require.NoError(t, b.files.Make(t.Context(), id, noJob))
	require.Equal(t, db.ExportStateReady, b.read(t, id).State)
}
