package card_test

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/guess"
)

func TestGuessesAreCharged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	codes := b.codes(t, b.series(t, form(2)))
	wrong := func() string { return card.DrawForTest().Reveal("") }

	// A thousand guesses at once: five are looked up.
	start := make(chan struct{})
	var looked, barred sync.Map
	var group sync.WaitGroup
	for i := range 200 {
		group.Go(func() {
			<-start
			_, err := b.redeem(t.Context(), b.anna, wrong())
			switch fault.KindOf(err) {
			case fault.Limited:
				barred.Store(i, true)
			case fault.Invalid:
				looked.Store(i, true)
			default:
			}
		})
	}
	close(start)
	group.Wait()
	count := func(m *sync.Map) (n int) { m.Range(func(_, _ any) bool { n++; return true }); return n }
	require.Equal(t, 5, count(&looked))
	require.Equal(t, 195, count(&barred))

	_, err := b.redeem(t.Context(), b.anna, codes[0])
	require.ErrorIs(t, err, guess.ErrBarred, "a right code waits like any other")
	require.NoError(t, b.cards.Guesses.ClearCustomer(t.Context(), b.admin, b.anna.ID, "called us"))
	_, err = b.redeem(t.Context(), b.anna, codes[0])
	require.NoError(t, err)

	for range 4 { // a right code starts the count anew
		_, err = b.redeem(t.Context(), b.anna, wrong())
		require.ErrorIs(t, err, card.ErrRefused)
	}
	_, err = b.redeem(t.Context(), b.anna, codes[1])
	require.NoError(t, err)
	_, err = b.redeem(t.Context(), b.anna, wrong())
	require.ErrorIs(t, err, card.ErrRefused)

	for range 50 { // typing errors cost nothing
		_, err = b.redeem(t.Context(), b.ben, "2345-6789")
		require.ErrorIs(t, err, cardcode.ErrCodeShort)
	}
	_, err = b.redeem(t.Context(), b.ben, wrong())
	require.ErrorIs(t, err, card.ErrRefused)
}

// A thousand accounts behind one address gain nothing.
func TestGuessesFromOneAddress(t *testing.T) {
	t.Parallel()
	b := setup(t)
	looked := 0
	for i := range 40 {
		c := b.customer(t, fmt.Sprintf("guesser%d", i), b.north)
		actor := audit.ByCustomer(c.ID, audit.Everything()).From(netip.MustParseAddr(fmt.Sprintf("2001:db8::%x", i+1)), "")
		_, err := b.cards.Redeem(t.Context(), actor, card.Redemption{CustomerID: c.ID, Code: card.DrawForTest().Reveal(""), Key: uuid.New()})
		if fault.KindOf(err) == fault.Invalid {
			looked++
		}
	}
	require.Equal(t, 30, looked, "one /64 is one address")
}

// Charging and forgiving take their locks in one order: a few customers behind one address,
// each on two devices and at two processes, redeem at once without a deadlock. In the end no
// attempt of theirs is charged.
func TestManyDevicesBehindOneAddress(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const devices, cards = 12, 20
	codes := b.codes(t, b.series(t, form(devices*cards)))
	var neighbours []db.Customer
	for n := range devices / 2 {
		neighbours = append(neighbours, b.customer(t, fmt.Sprintf("neighbour%d", n), b.north))
	}
	processes := []*card.Service{b.cards, newService(t, b.pool, b.keys)}
	var group sync.WaitGroup
	for n := range devices {
		group.Go(func() {
			who := neighbours[n/2]
			by := audit.ByCustomer(who.ID, audit.Everything()).From(netip.MustParseAddr("192.0.2.7"), "")
			for _, code := range codes[n*cards : (n+1)*cards] {
				_, err := processes[n%2].Redeem(t.Context(), by, card.Redemption{CustomerID: who.ID, Code: code, Key: uuid.New()})
				assert.NoError(t, err) //nolint:forbidigo // not the test's own goroutine
			}
		})
	}
	group.Wait()
	var charged int
	require.NoError(t, b.pool.QueryRow(t.Context(), `select sum(n) from guess`).Scan(&charged))
	require.Zero(t, charged)
}
