package theft_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/setting"
)

// An account or an address raises an alarm if it redeems many more cards than is usual. A
// hotel raises none where many customers share addresses, and neither does a network that
// the settings exclude.
func TestFarMoreThanOthers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rules func(*setting.Theft)
		plant func(t *testing.T, b *bundle)
		want  []string
	}{
		"one account, others have one card": {nil, func(t *testing.T, b *bundle) {
			t.Helper()
			people := b.customers(t, 6, b.north)
			for i, p := range people[1:] {
				b.plant(t, 1, p.ID, fmt.Sprintf("192.0.2.%d", i), 0)
			}
			b.plant(t, 21, people[0].ID, "", time.Minute)
		}, []string{"account"}},
		"an account where all have many": {nil, func(t *testing.T, b *bundle) {
			t.Helper()
			for i, p := range b.customers(t, 5, b.north) {
				b.plant(t, 18+i, p.ID, "", 0)
			}
		}, nil},
		"an account over two hours": {nil, func(t *testing.T, b *bundle) {
			t.Helper()
			p := b.customers(t, 1, b.north)[0]
			b.plant(t, 10, p.ID, "", 0)
			b.plant(t, 10, p.ID, "", 61*time.Minute)
		}, []string{"account"}},
		"one address, many accounts": {nil, func(t *testing.T, b *bundle) {
			t.Helper()
			people := b.customers(t, 8, b.north)
			for i, p := range people {
				b.plant(t, 7, p.ID, "192.0.2.1", 0)
				b.plant(t, 1, p.ID, fmt.Sprintf("198.51.100.%d", i), 0)
			}
		}, []string{"address"}},
		"one IPv6 network": {nil, func(t *testing.T, b *bundle) {
			t.Helper()
			for i, p := range b.customers(t, 8, b.north) {
				b.plant(t, 7, p.ID, fmt.Sprintf("2001:db8:0:1::%d", i+1), 0)
				b.plant(t, 1, p.ID, fmt.Sprintf("2001:db8:0:%d::1", i+2), 0)
			}
		}, []string{"address"}},
		"everybody behind one address": {nil, func(t *testing.T, b *bundle) {
			t.Helper()
			for _, p := range b.customers(t, 12, b.north) {
				b.plant(t, 7, p.ID, "192.0.2.1", 0)
			}
		}, nil},
		"a hotel among hotels": {nil, func(t *testing.T, b *bundle) {
			t.Helper()
			people := b.customers(t, 12, b.north)
			for i, p := range people {
				for hotel := range 3 {
					b.plant(t, 2+i%2, p.ID, fmt.Sprintf("192.0.2.%d", hotel), 0)
				}
			}
			b.plant(t, 12, people[0].ID, "192.0.2.1", 30*time.Minute)
		}, nil},
		"an address that settings name": {func(r *setting.Theft) { r.Shared = []string{"192.0.2.0/28"} }, func(t *testing.T, b *bundle) {
			t.Helper()
			for i, p := range b.customers(t, 8, b.north) {
				b.plant(t, 7, p.ID, "192.0.2.1", 0)
				b.plant(t, 1, p.ID, fmt.Sprintf("198.51.100.%d", i), 0)
			}
		}, nil},
		"the counter of a shop": {nil, func(t *testing.T, b *bundle) {
			t.Helper()
			for i, p := range b.customers(t, 8, b.north) {
				_, err := b.pool.Exec(t.Context(), `insert into audit (action, customer_id, staff_id, series_id, serial, address)
					select 'card.redeemed', $1, $2, 900000, $3 * 100 + n, '192.0.2.1' from generate_series(1, 8) n`, p.ID, b.admin.ID, i)
				require.NoError(t, err)
				b.plant(t, 1, p.ID, fmt.Sprintf("198.51.100.%d", i), 0)
			}
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			if c.rules != nil {
				b.rules(t, c.rules)
			}
			c.plant(t, b)
			b.look(t)
			var got []string
			for _, a := range b.open(t) {
				got = append(got, a.Rule)
			}
			require.Equal(t, c.want, got)
		})
	}
}

// A few cards of high value raise an alarm like many cards of low value.
func TestValueCountsAsWell(t *testing.T) {
	t.Parallel()
	b := setup(t)
	people := b.customers(t, 4, b.north)
	_, small := b.series(t, 12, true)
	_, large := b.seriesOf(t, 6, 100_00)
	for i, code := range small[:3] {
		require.NoError(t, b.redeem(t, people[1+i], code, ""))
	}
	for _, code := range large[:4] {
		require.NoError(t, b.redeem(t, people[0], code, ""))
	}
	b.look(t)
	require.Empty(t, b.open(t), "four cards are a purchase, whatever they are worth")
	require.NoError(t, b.redeem(t, people[0], large[4], ""))
	b.look(t)
	open := b.open(t)
	require.Len(t, open, 1)
	require.Equal(t, "account", open[0].Rule)
	require.Equal(t, int64(50_000), open[0].Value)
	require.Equal(t, int32(1), open[0].Usual)
}

// The audit trail names the card of each refused attempt. Thus the rules find attempts at
// cards that are not activated yet, at locked and disabled cards, and at used ones.
func TestRefusedAttempts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.rules(t, func(r *setting.Theft) { r.CopiedCards = 2 })
	people := b.customers(t, 3, b.north)
	early, closed := b.series(t, 4, false)
	s, codes := b.series(t, 10, true)

	// An attempt by staff who pick the card from the list does not count: no code was typed.
	_, err := b.cards.Redeem(t.Context(), b.admin, card.Redemption{CustomerID: people[0].ID, Card: card.Ref{SeriesID: early.ID, Serial: 1}, Key: uuid.New()})
	require.ErrorIs(t, err, card.ErrInactive)
	require.NoError(t, b.redeem(t, people[0], codes[0], ""))
	require.NoError(t, b.redeem(t, people[0], codes[1], ""))
	require.ErrorContains(t, b.redeem(t, people[0], codes[0], ""), "card_yours") // the customer's own used card suggests no copy
	require.ErrorIs(t, b.redeem(t, people[1], codes[0], ""), card.ErrRefused)
	require.ErrorIs(t, b.redeem(t, people[2], codes[0], ""), card.ErrRefused)
	b.look(t)
	require.Empty(t, b.open(t), "one card that was used is a mistake")

	require.ErrorIs(t, b.redeem(t, people[1], codes[1], ""), card.ErrRefused)
	_, err = b.cards.Look(t.Context(), audit.ByCustomer(people[0].ID, audit.Everything()), people[0].ID, closed[2])
	require.ErrorIs(t, err, card.ErrRefused)
	require.NoError(t, b.cards.DisableCard(t.Context(), b.admin, card.Ref{SeriesID: s.ID, Serial: 9}))
	require.ErrorIs(t, b.redeem(t, people[2], codes[8], ""), card.ErrRefused)
	require.NoError(t, b.cards.Lock(t.Context(), b.admin, s.ID))
	require.ErrorIs(t, b.redeem(t, people[2], codes[4], ""), card.ErrRefused)
	b.look(t)
	got := map[string][]int32{}
	for _, a := range b.open(t) {
		got[a.Rule] = []int32{*a.FirstSerial, *a.LastSerial, a.Cards, a.Customers}
	}
	require.Equal(t, map[string][]int32{"copied": {1, 2, 2, 2}, "early": {3, 3, 1, 1}}, got)

	require.ErrorIs(t, b.redeem(t, people[1], codes[6], ""), card.ErrRefused)
	b.look(t)
	open := b.open(t)
	require.Len(t, open, 3)
	locked := open[2]
	require.Equal(t, "locked", locked.Rule)
	require.Equal(t, []int32{5, 9, 3, 2}, []int32{*locked.FirstSerial, *locked.LastSerial, locked.Cards, locked.Customers})
	require.Equal(t, s.ID, *locked.SeriesID)
}

// An alarm is raised if many codes that one member of staff revealed are redeemed soon
// afterwards.
func TestShownCodesThatAreRedeemed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.rules(t, func(r *setting.Theft) { r.RevealedCards = 3 })
	people := b.customers(t, 2, b.south)
	s, codes := b.series(t, 10, true)
	other := b.staff(t, "other")
	show := func(who audit.Actor, serial int32) {
		t.Helper()
		_, err := b.cards.Reveal(t.Context(), who, card.Ref{SeriesID: s.ID, Serial: serial}, "a damaged card")
		require.NoError(t, err)
		require.NoError(t, b.redeem(t, people[serial%2], codes[serial-1], ""))
	}
	show(other, 1)
	show(other, 2)
	show(b.admin, 3)
	require.NoError(t, b.redeem(t, people[0], codes[7], ""))
	b.look(t)
	require.Empty(t, b.open(t))
	show(other, 4)
	b.look(t)
	open := b.open(t)
	require.Len(t, open, 1)
	require.Equal(t, "revealed", open[0].Rule)
	require.Equal(t, other.ID, *open[0].StaffID)
	require.Equal(t, []int32{3, 2}, []int32{open[0].Cards, open[0].Customers})
	require.ErrorContains(t, b.watch.Acknowledge(t.Context(), other, open[0].ID, "it was me"), "alarm_own")
	require.NoError(t, b.watch.Acknowledge(t.Context(), b.admin, open[0].ID, "asked them"))
}
