package card_test

import (
	"cmp"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/dbtest"
	"refill/internal/setting"
)

// Each wait for the database costs the latency of the network. A redemption has few of
// them, whichever way its card is found, and so has the refusal of a code that no card has.
func TestRedeemRoundTrips(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ours := b.codes(t, b.series(t, form(4)))
	picked := b.series(t, form(4))
	i := b.upload(t, many(20))
	f := planned("serial", "code", "price")
	f.Decimal = ","
	i.check(t, f)
	imported := b.codes(t, i.run(t)[0])
	pool, wire := dbtest.WirePool(t, b.pool)
	now := time.Now()
	kept := setting.NewStore(pool, func() time.Time { return now }) // settings, formats and shapes are read once
	cards := card.New(pool, b.keys, jobs(t, b.pool), kept, slog.New(slog.DiscardHandler))

	for name, c := range map[string]struct {
		actor audit.Actor
		want  func(n int32) (card.Redemption, error) // its n-th call of two
		most  int64
	}{
		"a code of ours": {asCustomer(b.anna), func(n int32) (card.Redemption, error) {
			return card.Redemption{Code: ours[n]}, nil
		}, 7},
		"an imported code": {asCustomer(b.ben), func(n int32) (card.Redemption, error) {
			return card.Redemption{Code: imported[n]}, nil
		}, 9},
		"a card from its series": {b.admin, func(n int32) (card.Redemption, error) {
			return card.Redemption{Card: card.Ref{SeriesID: picked.ID, Serial: n + 1}}, nil
		}, 10},
		"a code that no card has": {asCustomer(b.anna), func(int32) (card.Redemption, error) {
			return card.Redemption{Code: card.DrawForTest().Reveal("")}, card.ErrRefused
		}, 7},
		"an imported code that no card has": {asCustomer(b.ben), func(n int32) (card.Redemption, error) {
			return card.Redemption{Code: fmt.Sprintf("P1-Old-abababababc%d", n)}, card.ErrRefused
		}, 9},
	} {
		for n := range int32(2) {
			r, want := c.want(n)
			r.CustomerID, r.Key = cmp.Or(c.actor.CustomerID(), b.anna.ID), uuid.New()
			wire.Take()
			_, err := cards.Redeem(t.Context(), c.actor, r)
			trips := wire.Take()
			require.ErrorIs(t, err, want, name)
			if n > 0 { // the connection knows the statements
				require.LessOrEqual(t, trips, c.most, name)
				t.Logf("%s: %d", name, trips)
			}
		}
	}
}
