package card_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/cardcode/codetest"
	"refill/internal/check"
	"refill/internal/fault"
	"refill/internal/guess"
	"refill/internal/money"
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
	scoped := audit.ByStaff(b.admin.ID, audit.Scope{PartnerIDs: []int64{b.north.ID}})
	for _, c := range []struct {
		name, field string
		actor       audit.Actor
		spoil       func(*card.OrderRequest)
	}{
		{"quantity 0", "quantity", b.admin, func(f *card.OrderRequest) { f.Quantity = 0 }},
		{"quantity -1", "quantity", b.admin, func(f *card.OrderRequest) { f.Quantity = -1 }},
		{"quantity a billion", "quantity", b.admin, func(f *card.OrderRequest) { f.Quantity = 1000000000 }},
		{"quantity one too many", "quantity", b.admin, func(f *card.OrderRequest) { f.Quantity = 1000001 }},
		{"prefix with spaces", "prefix", b.admin, func(f *card.OrderRequest) { f.Prefix = "Quick Access" }},
		{"prefix with emoji", "prefix", b.admin, func(f *card.OrderRequest) { f.Prefix = "🎁" }},
		{"prefix of 300", "prefix", b.admin, func(f *card.OrderRequest) { f.Prefix = strings.Repeat("A", 300) }},
		{"prefix as a formula", "prefix", b.admin, func(f *card.OrderRequest) { f.Prefix = "=1+1" }},
		{"price 2^40", "price", b.admin, func(f *card.OrderRequest) { f.Price = usd(1 << 40) }},
		{"price 0", "price", b.admin, func(f *card.OrderRequest) { f.Price = usd(0) }},
		{"price -1", "price", b.admin, func(f *card.OrderRequest) { f.Price = usd(-1) }},
		{"one cent too dear", "price", b.admin, func(f *card.OrderRequest) { f.Price, f.Quantity = usd(card.MaxPrice+1), 1 }},
		{"no price", "price", b.admin, func(f *card.OrderRequest) { f.Price = money.Amount{} }},
		{"price in euros", "price", b.admin, func(f *card.OrderRequest) { f.Price.Currency = "EUR" }},
		{"price in no currency", "price", b.admin, func(f *card.OrderRequest) { f.Price.Currency = "" }},
		{"face value past all reason", "quantity", b.admin, func(f *card.OrderRequest) { f.Quantity, f.Price = card.MaxQuantity, usd(card.MaxPrice) }},
		{"yesterday", "valid_till", b.admin, func(f *card.OrderRequest) { f.ValidTill = time.Now().AddDate(0, 0, -2) }},
		{"year 99999", "valid_till", b.admin, func(f *card.OrderRequest) { f.ValidTill = day(99999, 1, 1) }},
		{"year 2999", "valid_till", b.admin, func(f *card.OrderRequest) { f.ValidTill = day(2999, 1, 1) }},
		{"no date", "valid_till", b.admin, func(f *card.OrderRequest) { f.ValidTill = time.Time{} }},
		{"no partner", "partner", b.admin, func(f *card.OrderRequest) { f.Partners = card.Partners{} }},
		{"unknown partner", "partner", b.admin, func(f *card.OrderRequest) { f.Partners = card.Partners{IDs: []int64{999}} }},
		{"partner 0", "partner", b.admin, func(f *card.OrderRequest) { f.Partners.IDs = []int64{0} }},
		{"foreign partner", "partner", scoped, func(f *card.OrderRequest) { f.Partners = card.Partners{IDs: []int64{b.south.ID}} }},
		{"any, of some", "partner", scoped, func(*card.OrderRequest) {}},
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
	_, err := b.cards.Order(t.Context(), b.admin, card.OrderRequest{Prefix: "a b"})
	require.Len(t, fault.All(err), 5)
	huge := form(10)
	huge.Price = usd(math.MaxInt64)
	_, err = b.cards.Order(t.Context(), b.admin, huge)
	require.ErrorContains(t, err, "order_price")
	require.ErrorContains(t, err, "order_face_value", "no overflow hides it")
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
	f.Partners = card.Partners{IDs: []int64{b.north.ID}}
	require.Equal(t, "Pacific/Kiritimati", b.series(t, f).TimeZone)
	f = form(1)
	f.Partners = card.Partners{IDs: []int64{b.north.ID, b.south.ID}}
	require.Equal(t, "UTC", b.series(t, f).TimeZone)
}

// Codes of digits beside codes of letters: each series keeps the form that it was
// ordered with, and both are redeemed, also when the settings have moved on.
func TestSeriesKeepTheFormOfTheirCodes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	store := setting.NewStore(b.pool, time.Now)
	keys := codetest.Keys(t)
	b.use(card.New(b.pool, keys, jobs(t, b.pool), store, slog.New(slog.DiscardHandler)))
	old := b.series(t, form(2))
	change := func(edit func(*setting.Settings)) {
		require.NoError(t, store.Change(t.Context(), b.admin, edit))
	}
	_, err := b.redeem(t.Context(), b.anna, "2345-6789") // warms what is known of formats
	require.ErrorIs(t, err, cardcode.ErrCodeShort)
	change(func(s *setting.Settings) { s.CodeAlphabet, s.CodeLength, s.LockPartners = cardcode.Digits, 21, false })
	f := form(2)
	f.Partners = card.Partners{IDs: []int64{b.north.ID}}
	keypad := b.series(t, f)
	require.Equal(t, []any{"digits", int16(21), false}, []any{keypad.CodeAlphabet, keypad.CodeLength, keypad.PartnerLock})
	change(func(s *setting.Settings) { s.CodeAlphabet, s.CodeLength, s.LockPartners = cardcode.Letters, 24, true })

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
	cards := card.New(b.pool, codetest.Keys(t), jobs(t, b.pool), store, slog.New(slog.DiscardHandler))
	for _, alphabet := range []cardcode.Alphabet{cardcode.Letters, cardcode.Digits} {
		require.NoError(t, store.Change(t.Context(), b.admin, func(s *setting.Settings) {
			s.CodeAlphabet, s.CodeLength = alphabet, alphabet.UsualLength()
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
	require.Contains(t, faults[0].Text(), "order at most 2 cards")
	_, err = cards.CheckOrder(t.Context(), b.admin, form(2))
	require.NoError(t, err, "what it says would do does")
}

// The limits for wrong codes are those of the settings.
func TestWrongCodeLimitsAreSettings(t *testing.T) {
	t.Parallel()
	b := setup(t)
	store := setting.NewStore(b.pool, time.Now)
	b.use(card.New(b.pool, codetest.Keys(t), jobs(t, b.pool), store, slog.New(slog.DiscardHandler)))
	require.NoError(t, store.Change(t.Context(), b.admin, func(s *setting.Settings) { s.WrongSoft = 2 }))
	for range 2 {
		_, err := b.redeem(t.Context(), b.anna, card.DrawForTest().Reveal(""))
		require.ErrorIs(t, err, card.ErrRefused)
	}
	_, err := b.redeem(t.Context(), b.anna, card.DrawForTest().Reveal(""))
	require.ErrorIs(t, err, guess.ErrBarred)
}
