package card_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/check"
	"refill/internal/fault"
	"refill/internal/setting"
)

func TestOrderRefusesAtTheField(t *testing.T) {
	t.Parallel()
	b := setup(t)
	t.Cleanup(func() { // after every case
		var n int
		require.NoError(t, b.pool.QueryRow(context.WithoutCancel(t.Context()), `select count(*) from series`).Scan(&n))
		require.Zero(t, n, "a refused order leaves nothing")
	})
	scoped := audit.Actor{StaffID: b.admin.StaffID, Scope: audit.Scope{PartnerIDs: []int64{b.north.ID}}}
	for _, c := range []struct {
		name, field string
		actor       audit.Actor
		spoil       func(*card.OrderForm)
	}{
		{"quantity 0", "quantity", b.admin, func(f *card.OrderForm) { f.Quantity = "0" }},
		{"quantity -1", "quantity", b.admin, func(f *card.OrderForm) { f.Quantity = "-1" }},
		{"quantity 1e9", "quantity", b.admin, func(f *card.OrderForm) { f.Quantity = "1e9" }},
		{"quantity a billion", "quantity", b.admin, func(f *card.OrderForm) { f.Quantity = "1000000000" }},
		{"quantity one too many", "quantity", b.admin, func(f *card.OrderForm) { f.Quantity = "1000001" }},
		{"quantity in words", "quantity", b.admin, func(f *card.OrderForm) { f.Quantity = "ten" }},
		{"quantity with decimals", "quantity", b.admin, func(f *card.OrderForm) { f.Quantity = "1.5" }},
		{"no quantity", "quantity", b.admin, func(f *card.OrderForm) { f.Quantity = "" }},
		{"prefix with spaces", "prefix", b.admin, func(f *card.OrderForm) { f.Prefix = "Quick Access" }},
		{"prefix with emoji", "prefix", b.admin, func(f *card.OrderForm) { f.Prefix = "🎁" }},
		{"prefix of 300", "prefix", b.admin, func(f *card.OrderForm) { f.Prefix = strings.Repeat("A", 300) }},
		{"prefix as a formula", "prefix", b.admin, func(f *card.OrderForm) { f.Prefix = "=1+1" }},
		{"price with three decimals", "price", b.admin, func(f *card.OrderForm) { f.Price = "10.005" }},
		{"price 2^63", "price", b.admin, func(f *card.OrderForm) { f.Price = "9223372036854775808" }},
		{"price 0", "price", b.admin, func(f *card.OrderForm) { f.Price = "0.00" }},
		{"price NaN", "price", b.admin, func(f *card.OrderForm) { f.Price = "NaN" }},
		{"no price", "price", b.admin, func(f *card.OrderForm) { f.Price = "" }},
		{"face value past all reason", "quantity", b.admin, func(f *card.OrderForm) { f.Quantity, f.Price = "1000000", "1000000000" }},
		{"yesterday", "valid_till", b.admin, func(f *card.OrderForm) { f.ValidTill = time.Now().AddDate(0, 0, -2).Format(time.DateOnly) }},
		{"year 99999", "valid_till", b.admin, func(f *card.OrderForm) { f.ValidTill = "99999-01-01" }},
		{"year 2999", "valid_till", b.admin, func(f *card.OrderForm) { f.ValidTill = "2999-01-01" }},
		{"30 February", "valid_till", b.admin, func(f *card.OrderForm) { f.ValidTill = "2027-02-30" }},
		{"no date", "valid_till", b.admin, func(f *card.OrderForm) { f.ValidTill = "" }},
		{"no partner", "partner", b.admin, func(f *card.OrderForm) { f.Partners = nil }},
		{"unknown partner", "partner", b.admin, func(f *card.OrderForm) { f.Partners = []string{"999"} }},
		{"partner in words", "partner", b.admin, func(f *card.OrderForm) { f.Partners = []string{"North"} }},
		{"foreign partner", "partner", scoped, func(f *card.OrderForm) { f.Partners = []string{fmt.Sprint(b.south.ID)} }},
		{"any, of some", "partner", scoped, func(*card.OrderForm) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := form(10)
			c.spoil(&f)
			_, err := b.cards.Order(t.Context(), c.actor, f)
			faults := fault.All(err)
			require.Len(t, faults, 1, "%v", err)
			require.Equal(t, c.field, faults[0].Field)
			require.Equal(t, fault.Invalid, faults[0].Kind)
		})
	}
}

func TestOrderTellsEveryFaultAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.cards.Order(t.Context(), b.admin, card.OrderForm{Quantity: "x", Prefix: "a b", Price: "y", ValidTill: "z", Partners: []string{"-"}})
	require.Len(t, fault.All(err), 5)
}

// Two clicks, twenty requests at once: one series, one number, one job.
func TestOrderTwiceOrdersOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := form(10)
	numbers := make([]string, 20)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range numbers {
		group.Go(func() {
			<-start
			ordered, err := b.cards.Order(t.Context(), b.admin, f)
			if err == nil {
				numbers[i] = ordered.Number
			}
		})
	}
	close(start)
	group.Wait()
	for _, n := range numbers {
		require.Equal(t, fmt.Sprintf("%d01", time.Now().Year()), n)
	}
	var series, jobs int
	require.NoError(t, b.pool.QueryRow(t.Context(), `select (select count(*) from series), (select count(*) from river_job)`).Scan(&series, &jobs))
	require.Equal(t, 1, series)
	require.Equal(t, 1, jobs)
}

func TestOrderOfOnePartnerKeepsItsZone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := form(1)
	f.Partners = []string{fmt.Sprint(b.north.ID)}
	require.Equal(t, "Pacific/Kiritimati", b.series(t, f).TimeZone)
	f = form(1)
	f.Partners = []string{fmt.Sprint(b.north.ID), fmt.Sprint(b.south.ID)}
	require.Equal(t, "UTC", b.series(t, f).TimeZone)
}

// Codes of digits beside codes of letters: each series keeps the form that it was
// ordered with, and both are redeemed, also when the settings have moved on.
func TestSeriesKeepTheFormOfTheirCodes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	store := setting.NewStore(b.pool, time.Now)
	keys := newKeys(t)
	b.cards = card.New(b.pool, keys, jobs(t, b.pool), store, slog.New(slog.DiscardHandler))
	old := b.series(t, form(2))
	change := func(edit func(*setting.Settings)) {
		require.NoError(t, store.Change(t.Context(), b.admin, edit))
	}
	_, err := b.redeem(t.Context(), b.anna, "2345-6789") // warms what is known of formats
	require.ErrorIs(t, err, card.ErrCodeShort)
	change(func(s *setting.Settings) { s.CodeAlphabet, s.CodeLength, s.LockPartners = setting.Digits, 21, false })
	f := form(2)
	f.Partners = []string{fmt.Sprint(b.north.ID)}
	keypad := b.series(t, f)
	require.Equal(t, []any{"digits", int16(21), false}, []any{keypad.CodeAlphabet, keypad.CodeLength, keypad.PartnerLock})
	change(func(s *setting.Settings) { s.CodeAlphabet, s.CodeLength, s.LockPartners = setting.Letters, 24, true })

	require.Regexp(t, `^QuickAccess(-[0-9]{4}){4}-[0-9]{5}$`, b.codes(t, keypad)[0])
	_, err = b.redeem(t.Context(), b.carol, b.codes(t, keypad)[0]) // of another partner: not locked
	require.NoError(t, err)
	_, err = b.redeem(t.Context(), b.anna, b.codes(t, old)[0])
	require.NoError(t, err)
	long := b.series(t, form(1))
	require.Len(t, b.codes(t, long)[0], len("QuickAccess-")+24+5)
	_, err = b.redeem(t.Context(), b.anna, b.codes(t, long)[0])
	require.NoError(t, err)
	broken, err := check.Run(t.Context(), b.pool, keys)
	require.NoError(t, err)
	require.Empty(t, broken)
}

// The odds refuse what could be guessed, and a million cards pass with the usual
// length of each alphabet.
func TestOrderRefusesWhatCouldBeGuessed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	store := setting.NewStore(b.pool, time.Now)
	cards := card.New(b.pool, newKeys(t), jobs(t, b.pool), store, slog.New(slog.DiscardHandler))
	for _, alphabet := range []string{setting.Letters, setting.Digits} {
		require.NoError(t, store.Change(t.Context(), b.admin, func(s *setting.Settings) {
			s.CodeAlphabet, s.CodeLength = alphabet, setting.UsualLength(alphabet)
		}))
		f := form(card.MaxQuantity)
		_, err := cards.CheckOrder(t.Context(), b.admin, f)
		require.NoError(t, err, alphabet)
	}
	require.NoError(t, store.Change(t.Context(), b.admin, func(s *setting.Settings) { s.CodeLength = 15 }))
	_, err := cards.CheckOrder(t.Context(), b.admin, form(10))
	faults := fault.All(err)
	require.Len(t, faults, 1)
	require.Equal(t, "order_guessable", faults[0].Code)
	require.Contains(t, faults[0].Message, "order at most 2 cards")
	_, err = cards.CheckOrder(t.Context(), b.admin, form(2))
	require.NoError(t, err, "what it says would do does")
}

// The limits for wrong codes are those of the settings.
func TestWrongCodeLimitsAreSettings(t *testing.T) {
	t.Parallel()
	b := setup(t)
	store := setting.NewStore(b.pool, time.Now)
	b.cards = card.New(b.pool, newKeys(t), jobs(t, b.pool), store, slog.New(slog.DiscardHandler))
	require.NoError(t, store.Change(t.Context(), b.admin, func(s *setting.Settings) { s.WrongSoft = 2 }))
	for range 2 {
		_, err := b.redeem(t.Context(), b.anna, card.DrawForTest().Reveal(""))
		require.ErrorIs(t, err, card.ErrRefused)
	}
	_, err := b.redeem(t.Context(), b.anna, card.DrawForTest().Reveal(""))
	require.ErrorIs(t, err, card.ErrBarred)
}
