package admin

import (
	"math"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/card"
	"refill/internal/fault"
	"refill/internal/web/kit"
)

func TestReadCount(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int32{
		"1": 1, "1000": 1000, "1,000": 1000, " 1,000 ": 1000, "1 000 000": 1_000_000, "1000001": 1_000_001, "99999999999": math.MaxInt32, "2147483648": math.MaxInt32,
		"": 0, "0": 0, "-1": 0, "1e9": 0, "ten": 0, "1.5": 0, "1,00": 0, "10,00,000": 0, "9223372036854775808": 0, "0x10": 0,
	} {
		require.Equal(t, want, readCount(text), text)
	}
}

func TestReadPrice(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"10": 1000, "10.5": 1050, "1,250.00": 125_000, "10,50": 1050, "USD 3.00": 300, "0.00": 0,
		"": 0, "NaN": 0, "-5": 0, "9223372036854775808": 0, "1.": 0,
	} {
		price, wrong := readPrice(text, "USD")
		require.Nil(t, wrong, text)
		require.Equal(t, want, price.Minor, text)
		require.Equal(t, "USD", price.Currency, text)
	}
	for text, currency := range map[string]string{"12.345": "USD", "10.005": "USD", "0.5": "JPY", "1.0001": "KWD"} {
		price, wrong := readPrice(text, currency)
		require.Zero(t, price.Minor, text)
		require.Equal(t, "order_price_decimals", wrong.Code, text)
		require.Equal(t, "price", wrong.Field, text)
	}
	_, wrong := readPrice("1.234", "USD")
	require.Equal(t, "Price may have at most 2 decimals, as in 10.00.", wrong.Text())
	three, wrong := readPrice("1.234", "KWD")
	require.Nil(t, wrong)
	require.Equal(t, int64(1234), three.Minor)
}

func TestReadDay(t *testing.T) {
	t.Parallel()
	today := time.Date(2026, 11, 30, 23, 0, 0, 0, time.UTC)
	for _, text := range []string{"2027-02-30", "99999-01-01", "31.12.2027", "2027-1-31", "tomorrow", "2027-01-31T00:00:00Z", "0001-01-01"} {
		day, wrong := readOrderDay(text, today)
		require.Equal(t, "order_valid_till", wrong.Code, text)
		require.Equal(t, "Valid till must be a date such as 2027-11-30.", wrong.Text())
		require.True(t, day.IsZero(), text)
		day, wrong = readCardDay(text)
		require.Equal(t, "card_till", wrong.Code, text)
		require.True(t, day.IsZero(), text)
	}
	for text, want := range map[string]time.Time{
		"": {}, "  ": {}, "2026-01-31": time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC), " 2026-01-31 ": time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC),
	} {
		day, wrong := readOrderDay(text, today)
		require.Nil(t, wrong, text)
		require.Equal(t, want, day, text)
		day, wrong = readCardDay(text)
		require.Nil(t, wrong, text)
		require.Equal(t, want, day, text)
	}
}

func TestReadPartners(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"0": 0, "7": 7, "": unknownPartner, "-3": unknownPartner, "any": unknownPartner, "7.0": unknownPartner} {
		require.Equal(t, want, readCardPartner(text), text)
	}
	require.Equal(t, card.Partners{Any: true}, readPartners(url.Values{"partner": {"any"}, "partners": {"1"}}))
	require.Equal(t, card.Partners{IDs: []int64{3}}, readPartners(url.Values{"partner": {"3"}, "partners": {"1"}}))
	require.Equal(t, card.Partners{IDs: []int64{1, 2}}, readPartners(url.Values{"partner": {SeveralPartners}, "partners": {"1", "2"}}))
	require.Equal(t, card.Partners{}, readPartners(url.Values{"partner": {SeveralPartners}}))
}

// Text that cannot be read reaches the domain as a value that it refuses.
func TestReadOrder(t *testing.T) {
	t.Parallel()
	f, unread := readOrderIn(url.Values{"quantity": {"x"}, "price": {"1.234"}, "valid_till": {"z"}, "partner": {"-"}}, "USD", time.Now())
	require.True(t, unread.Any())
	require.Zero(t, f.Quantity)
	require.Zero(t, f.Price.Minor)
	require.True(t, f.ValidTill.IsZero())
	require.Equal(t, card.Partners{IDs: []int64{0}}, f.Partners)
	var fields []string
	for _, one := range fault.All(unread.Merge(nil)) {
		fields = append(fields, one.Field)
	}
	require.Equal(t, []string{"price", "valid_till"}, fields)
}

// A filter from or until a day includes its first moment, also where clocks change at
// midnight, so that the day has no midnight or two.
func TestDayBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, day, start, end string }{
		{"Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"},
		{"America/Santiago", "2024-09-08", "2024-09-08T04:00:00Z", "2024-09-09T03:00:00Z"},
		{"America/Santiago", "2024-09-07", "2024-09-07T04:00:00Z", "2024-09-08T04:00:00Z"},
		{"America/Santiago", "2024-04-06", "2024-04-06T03:00:00Z", "2024-04-07T04:00:00Z"}, // 25 hours
		{"Asia/Beirut", "2024-03-31", "2024-03-30T22:00:00Z", "2024-03-31T21:00:00Z"},
		{"Africa/Cairo", "2024-04-26", "2024-04-25T22:00:00Z", "2024-04-26T21:00:00Z"},
		{"Africa/Cairo", "2024-04-25", "2024-04-24T22:00:00Z", "2024-04-25T22:00:00Z"},
		{"America/Havana", "2023-11-05", "2023-11-05T04:00:00Z", "2023-11-06T05:00:00Z"}, // midnight came twice
	} {
		start, end, ok := dayBounds(c.day, kit.Zone(c.zone))
		require.True(t, ok)
		require.Equal(t, c.start, start.UTC().Format(time.RFC3339), "%s in %s", c.day, c.zone)
		require.Equal(t, c.end, end.UTC().Format(time.RFC3339), "%s in %s", c.day, c.zone)
	}
	for _, text := range []string{"", "x", "2026-02-30", "1899-12-31", "9001-01-01", "2026-1-1"} {
		_, _, ok := dayBounds(text, time.UTC)
		require.False(t, ok, text)
	}
}

// A chart has each day once, even if one of them has no midnight.
func TestDaysBefore(t *testing.T) {
	t.Parallel()
	now := time.Date(2024, 9, 10, 0, 15, 0, 0, kit.Zone("America/Santiago"))
	var days []string
	for back := range 4 {
		days = append(days, daysBefore(now, back).Format(time.DateOnly))
	}
	require.Equal(t, []string{"2024-09-10", "2024-09-09", "2024-09-08", "2024-09-07"}, days)
}
