package money_test

import (
	"math"
	"math/rand/v2" //nolint:depguard // sums of a test
	"strings"
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
		{-350, "USD", "-3.50", "USD −3.50"},
		{123456789, "USD", "1234567.89", "USD 1,234,567.89"},
		{5000, "JPY", "5000", "JPY 5,000"},
		{7, "KWD", "0.007", "KWD 0.007"},
		{12345, "CLF", "1.2345", "CLF 1.2345"},
		{500, "XCD", "5.00", "XCD 5.00"},
		{math.MinInt64, "USD", "-92233720368547758.08", "USD −92,233,720,368,547,758.08"},
	} {
		a := money.Amount{Minor: c.minor, Currency: c.currency}
		require.Equal(t, c.m, a.Decimal())
		require.Equal(t, c.text, a.String())
	}
}

// digits are the decimals of every currency. Amounts are kept in minor units, so a
// release of the library that changes the decimals of a currency, or no longer knows it,
// would change what is owed: look before you change this list.
func digits() map[string]int {
	all := map[string]int{}
	for digits, codes := range map[int]string{
		0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
		2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK " +
			"DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR " +
			"LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR " +
			"SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER " +
			"ZAR ZMW ZWG",
		3: "BHD IQD JOD KWD LYD OMR TND",
		4: "CLF UYW",
	} {
		for code := range strings.FieldsSeq(codes) {
			all[code] = digits
		}
	}
	return all
}

func TestCurrencies(t *testing.T) {
	t.Parallel()
	known := map[string]int{}
	for n := range 26 * 26 * 26 {
		code := string([]byte{'A' + byte(n/676), 'A' + byte(n/26%26), 'A' + byte(n%26)})
		if money.Known(code) {
			known[code] = money.Digits(code)
		}
	}
	require.Equal(t, digits(), known)
	for _, code := range []string{"", "usd", "US", "USDX", "XXX", "XAU", "DEM"} {
		require.False(t, money.Known(code), "%q", code)
	}
	require.Equal(t, 2, money.Digits("DEM"), "an unknown one")
}

// What is written in any currency, for people or for machines, is read as the same sum.
func TestWrittenIsRead(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4217, 1)) //nolint:gosec // the same sums each time
	for code, digits := range digits() {
		sums := []int64{0, 1, 9, 10, 99, 100, 999, 1000, 9999, 10_000, 123_456, 1_234_567, math.MaxInt64 - 1, math.MaxInt64}
		for range 500 {
			sums = append(sums, random.Int64()>>random.IntN(63))
		}
		for _, minor := range sums {
			a := money.Amount{Minor: minor, Currency: code}
			for _, text := range []string{a.String(), a.Decimal(), strings.TrimPrefix(a.String(), code+" ")} {
				again, err := money.Parse(text, code)
				require.NoError(t, err, "%q", text)
				require.Equal(t, minor, again, "%q", text)
				require.Equal(t, min(digits, 1), strings.Count(text, "."), "%q", text)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"1,250.00", "-1", "1e309", "9223372036854775808", "92233720368547758.07", "0.001", "１２", "1\u202f250", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, currency := range []string{"USD", "JPY", "KWD", "CLF"} {
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
