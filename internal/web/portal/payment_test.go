package portal

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/web/kit"
)

// Months and years begin at midnight in the time zone of the customer.
func TestPeriods(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 30, 0, 0, kit.Zone("Europe/Berlin")) // still December in UTC
	for _, p := range periods(now) {
		switch p.Name {
		case "month":
			require.Equal(t, "2025-12-31T23:00:00Z", p.From.UTC().Format(time.RFC3339))
		case "last-month":
			require.Equal(t, "2025-11-30T23:00:00Z", p.From.UTC().Format(time.RFC3339))
			require.Equal(t, "2025-12-31T23:00:00Z", p.Until.UTC().Format(time.RFC3339))
		case "last-year":
			require.Equal(t, "2024-12-31T23:00:00Z", p.From.UTC().Format(time.RFC3339))
		}
	}
}

// Neighbouring periods meet at the first moment of a month, even where the clocks change at
// that midnight: the first day then has no midnight, or two.
func TestPeriodsWithoutMidnight(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, now, name, from, until string }{
		{"America/Asuncion", "2023-10-15T12:00:00Z", "month", "2023-10-01T04:00:00Z", ""},
		{"America/Asuncion", "2023-11-15T12:00:00Z", "last-month", "2023-10-01T04:00:00Z", "2023-11-01T03:00:00Z"},
		{"America/Asuncion", "2023-10-15T12:00:00Z", "last-month", "2023-09-01T04:00:00Z", "2023-10-01T04:00:00Z"},
		{"America/Havana", "2020-11-15T12:00:00Z", "month", "2020-11-01T04:00:00Z", ""}, // midnight occurs twice
		{"Africa/Cairo", "2024-04-26T12:00:00Z", "month", "2024-03-31T22:00:00Z", ""},
		{"America/Santiago", "2026-09-06T04:00:00Z", "year", "2026-01-01T03:00:00Z", ""},
		{"America/Santiago", "2026-03-31T12:00:00Z", "last-month", "2026-02-01T03:00:00Z", "2026-03-01T03:00:00Z"},
		{"Asia/Beirut", "2026-01-01T12:00:00Z", "last-year", "2024-12-31T22:00:00Z", "2025-12-31T22:00:00Z"},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		require.NoError(t, err)
		span, _ := choosePeriod(now.In(kit.Zone(c.zone)), c.name)
		require.Equal(t, c.from, span.From.UTC().Format(time.RFC3339), "%s in %s", c.name, c.zone)
		if c.until != "" {
			require.Equal(t, c.until, span.Until.UTC().Format(time.RFC3339), "%s in %s", c.name, c.zone)
		}
	}
}
