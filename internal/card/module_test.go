package card_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardfile"
	"refill/internal/cardimport"
	"refill/internal/db"
)

// With the module switched off no channel changes or tries a card, and switching it on
// again finds everything as it was.
func TestModuleOffRefusesEveryAct(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b := setup(t)
	s, waiting := b.series(t, form(3)), b.inactive(t, 2)
	code := b.codes(t, s)[0]
	_, err := b.pool.Exec(ctx, `insert into setting (name, value) values ('refill_cards', 'false') on conflict (name) do update set value = excluded.value`)
	require.NoError(t, err)
	b.use(newService(t, b.pool, b.keys)) // one whose settings are not remembered
	ref := card.Ref{SeriesID: s.ID, Serial: 2}
	redeemBy := func(actor audit.Actor) error {
		_, err := b.cards.Redeem(ctx, actor, card.Redemption{CustomerID: b.anna.ID, Code: code, Key: uuid.New()})
		return err
	}
	for name, act := range map[string]func() error{
		"order":    func() error { _, err := b.cards.Order(ctx, b.admin, form(1)); return err },
		"activate": func() error { return b.cards.Activate(ctx, b.admin, waiting.ID) },
		"lock":     func() error { return b.cards.Lock(ctx, b.admin, s.ID) },
		"void":     func() error { return b.cards.Void(ctx, b.admin, s.ID, "a test") },
		"disable":  func() error { return b.cards.DisableCard(ctx, b.admin, ref) },
		"reveal":   func() error { _, err := b.cards.Reveal(ctx, b.admin, ref, "a customer asks"); return err },
		"look":     func() error { _, err := b.cards.Look(ctx, asCustomer(b.anna), b.anna.ID, code); return err },
		"find":     func() error { _, err := b.cards.FindByCode(ctx, b.admin, code); return err },
		"redeem":   func() error { return redeemBy(asCustomer(b.anna)) },
		"staff":    func() error { return redeemBy(b.admin) },
		"export": func() error {
			_, err := b.exports().Request(ctx, b.admin, s.ID, "csv", cardfile.Options{}, uuid.New())
			return err
		},
		"import": func() error { _, err := b.importer().NewImport(ctx, b.admin, cardimport.Upload{}); return err },
	} {
		require.ErrorIs(t, act(), card.ErrModuleOff, name)
	}
	require.Zero(t, b.balance(t, b.anna))
	_, err = b.pool.Exec(ctx, `update setting set value = 'true' where name = 'refill_cards'`)
	require.NoError(t, err)
	b.use(newService(t, b.pool, b.keys))
	require.NoError(t, redeemBy(asCustomer(b.anna)))
	require.NoError(t, b.cards.Activate(ctx, b.admin, waiting.ID))
	b.sound(t)
}

// A customer whose partner does not offer refill cards redeems and looks at none. Staff
// still redeem for them.
func TestPortalSwitchHoldsInTheDomain(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b := setup(t)
	codes := b.codes(t, b.series(t, form(2)))
	require.NoError(t, b.offers(ctx, b.anna.PartnerID, false))
	_, err := b.redeem(ctx, b.anna, codes[0])
	require.ErrorIs(t, err, card.ErrNotOffered)
	_, err = b.cards.Look(ctx, asCustomer(b.anna), b.anna.ID, codes[0])
	require.ErrorIs(t, err, card.ErrNotOffered)
	_, err = b.cards.Redeem(ctx, b.admin, card.Redemption{CustomerID: b.anna.ID, Code: codes[0], Key: uuid.New()})
	require.NoError(t, err)
	b.sound(t)
}

// offers sets whether a partner's portal offers refill cards.
func (b *bundle) offers(ctx context.Context, partnerID int64, offered bool) error {
	_, err := b.q.PartnerUpdatePortal(ctx, b.pool, db.PartnerUpdatePortalParams{ID: partnerID, PortalRefillCard: offered})
	return err
}
