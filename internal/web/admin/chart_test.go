package admin

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
)

// The grid reaches the largest value with round figures.
func TestGridStep(t *testing.T) {
	t.Parallel()
	for most, step := range map[int64]int64{1: 1, 3: 1, 4: 2, 6: 2, 7: 5, 15: 5, 16: 10, 100: 50, 300_00: 100_00, 300_01: 200_00, 1 << 60: 5e17} {
		require.Equal(t, step, gridStep(most), most)
		require.GreaterOrEqual(t, step*chartLines, most)
	}
}

func TestBarChart(t *testing.T) {
	t.Parallel()
	c := barChart{Legends: Legends{"now", "then"}}
	c.add("a", "a: 30", 20, 10)
	c.add("b", "b: 0", 0, 0).then = 15
	c.scale(func(n int64) string { return strconv.FormatInt(n, 10) })
	require.Equal(t, []chartLine{{0, "30"}, {334, "20"}, {667, "10"}, {1000, "0"}}, c.Grid)
	require.Equal(t, []chartPart{{0, 334, 666}, {1, 1, 333}}, c.Bars[0].Parts)
	require.Equal(t, int64(500), c.Bars[1].Before)
	require.Equal(t, []string{"a", "b"}, c.Labels())

	empty := barChart{}
	empty.add("a", "a", 0)
	empty.scale(func(int64) string { return "" })
	require.Empty(t, empty.Bars)

	many := barChart{}
	for i := range 31 {
		many.add(strconv.Itoa(i), "", 1)
	}
	require.Equal(t, []string{"0", "8", "15", "23", "30"}, many.Labels())
}

// A series is drawn by day, then by week, then by month; no redemption is left out.
func TestDrawDays(t *testing.T) {
	t.Parallel()
	last := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	for days, want := range map[int]struct {
		bars  int
		first string
	}{0: {1, "30 Nov"}, 30: {31, "31 Oct"}, 45: {46, "16 Oct"}, 46: {7, "15 Oct"}, 364: {53, "1 Dec"}, 365: {13, "Nov 2025"}, 730: {25, "Nov 2024"}} {
		var chart barChart
		rows := []db.SeriesRedemptionsRow{{Day: last.AddDate(0, 0, -days), N: 1, Total: 100}}
		if days > 0 {
			rows = append(rows, db.SeriesRedemptionsRow{Day: last, N: 2, Total: 200})
		}
		drawDays(&chart, rows, last, "USD")
		require.Len(t, chart.Bars, want.bars, days)
		require.Equal(t, want.first, chart.Bars[0].Label, days)
		require.Positive(t, chart.Bars[0].Parts[0].Height, days)
		require.Positive(t, chart.Bars[want.bars-1].Parts[0].Height, days)
	}
}
