package report

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/money"
)

// usd returns a sum of money from cents.
func usd(cents int64) money.Amount { return money.Amount{Minor: cents, Currency: "USD"} }

// frame returns a frame of days in January.
func frame(t *testing.T, unit Unit, first, last string) Frame {
	t.Helper()
	return Frame{Span: Span{First: on(t, first), Last: on(t, last), Unit: unit}, Currency: "USD"}
}

// Each card that was made is counted once, in every state of its series.
func TestStanding(t *testing.T) {
	t.Parallel()
	// 20 cards: three used, two disabled, one void. Of the other 14, four have an expiry
	// date of their own, which has passed for one.
	row := db.ReportSeriesRow{Price: 50, Currency: "USD", Quantity: 30, Made: 20, Used: 3, Disabled: 2, Void: 1, OwnDate: 4, OwnDatePassed: 1}
	for name, c := range map[string]struct {
		state                             db.SeriesState
		seriesExpired                     bool
		active, expired, disabled, unused int64
		void                              int64
	}{
		"queued":          {db.SeriesStateQueued, false, 0, 0, 2, 14, 1},
		"generating":      {db.SeriesStateGenerating, false, 0, 0, 2, 14, 1},
		"failed":          {db.SeriesStateFailed, false, 0, 0, 2, 14, 1},
		"cancelled":       {db.SeriesStateCancelled, true, 0, 0, 2, 14, 1},
		"ready":           {db.SeriesStateReady, false, 0, 1, 2, 13, 1},
		"ready, expired":  {db.SeriesStateReady, true, 0, 11, 2, 3, 1},
		"active":          {db.SeriesStateActive, false, 13, 1, 2, 0, 1},
		"active, expired": {db.SeriesStateActive, true, 3, 11, 2, 0, 1},
		"locked":          {db.SeriesStateLocked, false, 0, 1, 2, 13, 1},
		"locked, expired": {db.SeriesStateLocked, true, 0, 11, 2, 3, 1},
		"void":            {db.SeriesStateVoid, false, 0, 0, 0, 0, 17},
		"void, expired":   {db.SeriesStateVoid, true, 0, 0, 0, 0, 17},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row := row
			row.State, row.Expired = c.state, c.seriesExpired
			count := func(n int64) Count { return Count{n, usd(n * 50)} }
			s := standingOf(row)
			require.Equal(t, Standing{count(3), count(c.active), count(c.expired), count(c.disabled), count(c.void), count(c.unused)}, s)
			var all Count
			for _, one := range []Count{s.Used, s.Active, s.Expired, s.Disabled, s.Inactive, s.Void} {
				all.add(one)
			}
			require.Equal(t, int64(20), all.Cards)
			require.Equal(t, int64(20*50), all.Sum.Minor)
		})
	}
}

func TestSeriesTotal(t *testing.T) {
	t.Parallel()
	total := noSeries(Frame{Currency: "USD"})
	for _, row := range []db.ReportSeriesRow{
		{State: db.SeriesStateActive, Price: 50, Currency: "USD", Quantity: 10, Made: 10, Used: 1, Void: 2, Redeemed: 1, RedeemedSum: 40, Outstanding: 350},
		{State: db.SeriesStateLocked, Price: 100, Currency: "USD", Quantity: 5, Made: 5, Disabled: 1, OwnDate: 1, OwnDatePassed: 1, Outstanding: 500},
	} {
		total.add(seriesLine(row).SeriesSum)
	}
	require.Equal(t, SeriesSum{
		Cards: 15, Redeemed: Count{1, usd(40)}, Outstanding: usd(850),
		Standing: Standing{
			Used: Count{1, usd(50)}, Active: Count{7, usd(350)}, Expired: Count{1, usd(100)},
			Disabled: Count{1, usd(100)}, Inactive: Count{3, usd(300)}, Void: Count{2, usd(100)},
		},
	}, total)
}

func TestTimeToUsePercentiles(t *testing.T) {
	t.Parallel()
	type rows = []db.ReportTimeToUseRow
	for name, c := range map[string]struct {
		rows               rows
		median, nineTenths int64
	}{
		"one card":                 {rows{{Days: 5, N: 1}}, 5, 5},
		"two cards":                {rows{{Days: 1, N: 1}, {Days: 9, N: 1}}, 1, 9},
		"three cards":              {rows{{Days: 1, N: 1}, {Days: 2, N: 1}, {Days: 9, N: 1}}, 2, 9},
		"ten cards":                {rows{{Days: 0, N: 4}, {Days: 1, N: 1}, {Days: 2, N: 4}, {Days: 99, N: 1}}, 1, 2},
		"eleven cards":             {rows{{Days: 0, N: 5}, {Days: 3, N: 4}, {Days: 7, N: 1}, {Days: 99, N: 1}}, 3, 7},
		"more than an int32 holds": {rows{{Days: 0, N: 1 << 40}, {Days: 8, N: 1 << 40}}, 0, 8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line := timeToUse(c.rows)
			require.Equal(t, []int64{c.median, c.nineTenths}, []int64{line.Median, line.NineTenths})
		})
	}
}

func TestTimeToUseBySeries(t *testing.T) {
	t.Parallel()
	var f TimeToUseFigures
	f.fill([]db.ReportTimeToUseRow{
		{Number: "202602", Days: 0, N: 1},
		{Number: "202602", Days: 1, N: 2},
		{Number: "202602", Days: 6, N: 4},
		{Number: "202602", Days: 7, N: 8},
		{Number: "202602", Days: 29, N: 16},
		{Number: "202602", Days: 30, N: 32},
		{Number: "202602", Days: 89, N: 64},
		{Number: "202602", Days: 90, N: 128},
		{Number: "202602", Days: 364, N: 256},
		{Number: "202602", Days: 365, N: 512},
		{Number: "202601", Days: 365, N: 1},
	})
	require.Equal(t, []TimeToUseLine{
		{Number: "202602", Cards: 1023, Lags: Lags{1, 6, 24, 96, 384, 512}, Median: 365, NineTenths: 365},
		{Number: "202601", Cards: 1, Lags: Lags{5: 1}, Median: 365, NineTenths: 365},
	}, f.Lines)
	require.Equal(t, int64(1024), f.Cards)
	require.Equal(t, Lags{1, 6, 24, 96, 384, 513}, f.Lags)
}

// Outstanding value is computed backwards from now: first over the movements after the
// span, then period by period.
func TestRollForward(t *testing.T) {
	t.Parallel()
	f := OutstandingFigures{Frame: frame(t, Month, "2026-01-10", "2026-04-20")}
	f.stand([]db.ReportSeriesRow{
		{State: db.SeriesStateActive, Made: 10, Used: 2, Void: 1, Outstanding: 700},
		{State: db.SeriesStateLocked, Made: 5, Outstanding: 250},
		{State: db.SeriesStateActive, Made: 9}, // expired, and posted as breakage
	})
	require.Equal(t, []Count{{12, usd(950)}, {7, usd(700)}, {5, usd(250)}}, []Count{f.Now, f.Active, f.Locked})
	f.roll(map[time.Time]moved{
		on(t, "2026-02-01"): {issued: 1000, redeemed: -100, voided: -50},
		on(t, "2026-04-01"): {issued: 200, expired: -30, repriced: 80, other: -150},
	})
	rolled := func(opening, issued, redeemed, expired, voided, repriced, other, closing int64) Rolled {
		return Rolled{Opening: usd(opening), Closing: usd(closing), Movement: Movement{
			Issued: usd(issued), Redeemed: usd(redeemed), Expired: usd(expired), Voided: usd(voided), Repriced: usd(repriced), Other: usd(other),
		}}
	}
	require.Equal(t, []OutstandingPeriod{ // January, before the first value, is left out
		{rolled(0, 1000, -100, 0, -50, 0, 0, 850), on(t, "2026-02-01")},
		{rolled(850, 0, 0, 0, 0, 0, 0, 850), on(t, "2026-03-01")},
		{rolled(850, 200, 0, -30, 0, 80, -150, 950), on(t, "2026-04-01")},
	}, f.Periods)
	require.Equal(t, rolled(0, 1200, -100, -30, -50, 80, -150, 950), f.Total)

	later := OutstandingFigures{Frame: frame(t, Month, "2026-01-10", "2026-02-20"), Now: Count{1, usd(500)}}
	later.roll(map[time.Time]moved{on(t, "9999-12-31"): {redeemed: -100}}) // after the span
	require.Len(t, later.Periods, 2, "value from before the span")
	require.Equal(t, rolled(600, 0, 0, 0, 0, 0, 0, 600), later.Total)
}

func TestMovedByKind(t *testing.T) {
	t.Parallel()
	var m moved
	for i, kind := range []db.LedgerKind{
		db.LedgerKindActivate, db.LedgerKindRedeem, db.LedgerKindLapse, db.LedgerKindRenew, db.LedgerKindVoid,
		db.LedgerKindReprice, db.LedgerKindPayment, db.LedgerKindReverse,
	} {
		m.add(kind, 1<<i)
	}
	require.Equal(t, moved{issued: 1, redeemed: 2, expired: 4 + 8, voided: 16, repriced: 32, other: 64 + 128}, m)
	require.Equal(t, int64(255), m.sum())
}

func TestBreakageByReason(t *testing.T) {
	t.Parallel()
	f := BreakageFigures{Frame: frame(t, Week, "2026-01-01", "2026-01-20")}
	f.fill(map[time.Time]moved{
		on(t, "2026-01-05"): {expired: 100, voided: 30, other: 7},
		on(t, "2026-01-19"): {expired: -40, repriced: 2},
		on(t, "9999-12-31"): {expired: 1000}, // after the span
	})
	broken := func(expired, voided, other, sum int64) Broken {
		return Broken{usd(expired), usd(voided), usd(other), usd(sum)}
	}
	require.Equal(t, []BreakagePeriod{
		{broken(100, 30, 7, 137), on(t, "2026-01-05")},
		{broken(0, 0, 0, 0), on(t, "2026-01-12")},
		{broken(-40, 0, 2, -38), on(t, "2026-01-19")},
	}, f.Periods)
	require.Equal(t, broken(60, 30, 9, 99), f.Total)
}

func TestRedemptionsByPeriodAndPartner(t *testing.T) {
	t.Parallel()
	f := RedemptionFigures{Frame: frame(t, Month, "2026-01-31", "2026-03-01")}
	f.fill([]db.ReportRedemptionsRow{
		{Day: on(t, "2026-01-31"), PartnerID: 7, N: 2, Total: 300},
		{Day: on(t, "2026-03-01"), PartnerID: 3, N: 1, Total: 100},
		{Day: on(t, "2026-03-01"), PartnerID: 7, N: 4, Total: 401},
		{Day: on(t, "2026-04-01"), PartnerID: 7, N: 1, Total: 10}, // outside all periods
	}, []db.ReportPartnersRow{{ID: 3, Name: "A"}, {ID: 5, Name: "B"}, {ID: 7, Name: "C"}})
	a, c := Partner{3, "A"}, Partner{7, "C"}
	require.Equal(t, []Partner{a, c}, f.Partners)
	require.Equal(t, RedemptionLine{Count{1, usd(100)}, on(t, "2026-03-01"), a}, f.Lines[1])
	require.Equal(t, []RedemptionPeriod{
		{Count{2, usd(300)}, on(t, "2026-01-01"), []Count{{0, usd(0)}, {2, usd(300)}}},
		{Count{0, usd(0)}, on(t, "2026-02-01"), []Count{{0, usd(0)}, {0, usd(0)}}},
		{Count{5, usd(501)}, on(t, "2026-03-01"), []Count{{1, usd(100)}, {4, usd(401)}}},
	}, f.Periods)
	require.Equal(t, Count{8, usd(811)}, f.Total)
	require.Equal(t, usd(101), f.Average)

	none := RedemptionFigures{Frame: frame(t, Day, "2026-01-31", "2026-01-31")}
	none.fill(nil, nil)
	require.Equal(t, usd(0), none.Average)
	require.Len(t, none.Periods, 1)
}
