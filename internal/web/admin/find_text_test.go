package admin

import (
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/cardcode"
)

// TestNamedCards requires that the search box reads what pages, cards and receipts print.
func TestNamedCards(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]int32{
		"202611-42": 42, "202611 / 50,943": 50943, "202611-50943": 50943, "202611/50.943": 50943, "202611 – 50 943": 50943,
		"202611-0000042": 42, "202611 42": 42, "Series 202611, serial 42": 42, "series 202611 serial 1,000,000": 1_000_000,
		"#202611-42": 42, "٢٠٢٦١١-٤٢": 42, "202611 № 42": 0,
	} {
		number, serial, ok := namedCard(cardcode.PlainText(typed))
		require.Equal(t, want > 0, ok, typed)
		if ok {
			require.Equal(t, "202611", number, typed)
			require.Equal(t, want, serial, typed)
		}
	}
	for typed, want := range map[string]int32{"42": 42, "0000042": 42, "50,943": 50943, "50.943": 50943, "serial 42": 42, "No. 42": 42, "1,000,000": 1_000_000} {
		serial, ok := plainSerial(typed)
		require.True(t, ok, typed)
		require.Equal(t, want, serial, typed)
	}
	for _, typed := range []string{"0", "48291566", "1000001", "42a", "5,09", "", "anna 42b"} {
		_, ok := plainSerial(typed)
		require.False(t, ok, typed)
	}
	for typed, want := range map[string]int64{"17": 17, "#17": 17, "Customer 1,234": 1234, "customer #17": 17, "12,34": 0, "anna": 0} {
		require.Equal(t, want, customerNumber(typed), typed)
	}
	number, prefix := seriesStart("2026")
	require.Equal(t, []string{"2026%", ""}, []string{number, prefix})
	number, prefix = seriesStart("QuickAcc")
	require.Equal(t, []string{"", "quickacc%"}, []string{number, prefix})
	number, prefix = seriesStart("100%")
	require.Empty(t, number+prefix)
}
