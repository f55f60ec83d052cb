package money_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/money"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, currency string
		minor          int64
		err            error
	}{
		{"10", "USD", 1000, nil},
		{"10.5", "USD", 1050, nil},
		{" 10.50 ", "USD", 1050, nil},
		{"10,50", "EUR", 1050, nil},
		{"1,250.00", "USD", 125000, nil},
		{"1,250", "USD", 125000, nil},
		{"1 250", "USD", 125000, nil},
		{"USD 10.00", "USD", 1000, nil},
		{"0.01", "USD", 1, nil},
		{"5000", "JPY", 5000, nil},
		{"1.234", "KWD", 1234, nil},
		{"10.001", "USD", 0, money.ErrDecimals},
		{"1.5", "JPY", 0, money.ErrDecimals},
		{"92233720368547758.08", "USD", 0, money.ErrRange},
		{"9223372036854775808", "USD", 0, money.ErrRange},
		{"", "USD", 0, money.ErrForm},
		{"ten", "USD", 0, money.ErrForm},
		{"-1", "USD", 0, money.ErrForm},
		{"1e9", "USD", 0, money.ErrForm},
		{"10.", "USD", 0, money.ErrForm},
		{".5", "USD", 0, money.ErrForm},
		{"12,34,567", "USD", 0, money.ErrForm},
		{"1,2,3", "USD", 0, money.ErrForm},
		{"١٠", "USD", 0, money.ErrForm},
		{"0x10", "USD", 0, money.ErrForm},
	} {
		minor, err := money.Parse(c.text, c.currency)
		require.ErrorIs(t, err, c.err, "%q", c.text)
		require.Equal(t, c.minor, minor, "%q", c.text)
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		minor             int64
		currency, m, text string
	}{
		{1000, "USD", "10.00", "USD 10.00"},
		{5, "USD", "0.05", "USD 0.05"},
		{-350, "USD", "-3.50", "USD -3.50"},
		{123456789, "USD", "1234567.89", "USD 1,234,567.89"},
		{5000, "JPY", "5000", "JPY 5,000"},
		{7, "KWD", "0.007", "KWD 0.007"},
		{math.MinInt64, "USD", "-92233720368547758.08", "USD -92,233,720,368,547,758.08"},
	} {
		a := money.Amount{Minor: c.minor, Currency: c.currency}
		require.Equal(t, c.m, a.Decimal())
		require.Equal(t, c.text, a.String())
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"1,250.00", "-1", "1e309", "9223372036854775808", "92233720368547758.07", "0.001", "１２", "1\u202f250", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, currency := range []string{"USD", "JPY", "KWD"} {
			minor, err := money.Parse(text, currency)
			if err != nil {
				continue
			}
			// What was read, written and read again is the same sum.
			again, err := money.Parse(money.Amount{Minor: minor, Currency: currency}.Decimal(), currency)
			require.NoError(t, err)
			require.Equal(t, minor, again)
			require.GreaterOrEqual(t, minor, int64(0))
		}
	})
}
