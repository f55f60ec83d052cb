package card_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/setting"
)

// A price is read exactly or refused: 1E+05, as a spreadsheet writes it, is not read as
// 105.
func TestImportedPrices(t *testing.T) {
	t.Parallel()
	b := setup(t)
	prices := []string{"1E+05", "1e2", "10/5", "10 + 5", "10 USD 2", "-10", "(10.00)", "10-", ".10", "EUR 10", "10 eur", "€ 10.50", "10.50 €", "USD 1,000.00", "1'000", "1 000.5", "10 usd", "10,50", "10 5", "1,00,000.00", "10.00.00", "10..5"}
	text := "code;price\n"
	for n, price := range prices {
		text += fmt.Sprintf("AAAA-aaaa-%04d;%s\n", n, price)
	}
	i := b.upload(t, text)
	i.check(t, planned("code", "price"))
	var bad []string
	for _, problem := range i.problems(t) {
		bad = append(bad, strings.Fields(problem)[0])
	}
	require.Equal(t, []string{"2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "20", "22", "23"}, bad)
	var got []int64
	for _, s := range i.run(t) {
		got = append(got, s.Price)
	}
	require.Equal(t, []int64{1000, 1050, 100000, 100050, 10000000}, got)
}

// Codes of ours are known in whatever form a file has them: a card printed once would
// be two otherwise.
func TestImportKnowsOurOwn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	store := setting.NewStore(b.pool, time.Now)
	b.use(card.New(b.pool, b.keys, jobs(t, b.pool), store, slog.New(slog.DiscardHandler)))
	codes := b.codes(t, b.series(t, form(2)))
	require.NoError(t, store.Change(t.Context(), b.admin, func(s *setting.Settings) { s.CodeAlphabet, s.CodeLength = cardcode.Digits, 21 }))
	codes = append(codes, b.codes(t, b.series(t, form(2)))...)
	text := "code\n"
	for _, code := range codes {
		text += code + "\n"
	}
	text += strings.ReplaceAll(codes[1], "-", "") + "\n" + strings.ToLower(codes[3]) + "\nAAAA-aaaa-0001\n"
	i := b.upload(t, text)
	f := planned("code")
	f.Rows = []int32{8} // another shape than ours, and right all the same
	i.check(t, f)
	series := i.run(t)
	require.Len(t, series, 1)
	require.Equal(t, int32(1), series[0].Made, "the other one's only")
	b.sound(t)
}
