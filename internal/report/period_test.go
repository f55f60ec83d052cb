package report

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/dbtest"
	"refill/internal/fault"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// on parses a day.
func on(t *testing.T, text string) time.Time {
	t.Helper()
	if text == "" {
		return time.Time{}
	}
	day, err := time.Parse(time.DateOnly, text)
	require.NoError(t, err)
	return day
}

func in(t *testing.T, zone string) *time.Location {
	t.Helper()
	location, err := time.LoadLocation(zone)
	require.NoError(t, err)
	return location
}

func TestPeriodSpan(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind                   PeriodKind
		from, to, today, first string
		wantFirst, wantLast    string
		fromTheStart           bool
	}{
		"all time":              {AllTime, "", "", "2026-03-15", "2025-11-20", "2025-11-20", "2026-03-15", true},
		"all time, no movement": {AllTime, "", "", "2026-03-15", "2026-03-15", "2026-03-15", "2026-03-15", true},
		"this month":            {ThisMonth, "", "", "2026-03-15", "2025-11-20", "2026-03-01", "2026-03-15", false},
		"this month, its first": {ThisMonth, "", "", "2026-03-01", "2025-11-20", "2026-03-01", "2026-03-01", false},
		"last month":            {LastMonth, "", "", "2026-03-31", "2025-11-20", "2026-02-01", "2026-02-28", false},
		"last month, leap year": {LastMonth, "", "", "2028-03-01", "2025-11-20", "2028-02-01", "2028-02-29", false},
		"last month, December":  {LastMonth, "", "", "2026-01-01", "2025-11-20", "2025-12-01", "2025-12-31", false},
		"this year":             {ThisYear, "", "", "2026-03-15", "2025-11-20", "2026-01-01", "2026-03-15", false},
		"custom":                {Custom, "2026-01-31", "2026-02-01", "2026-03-15", "2025-11-20", "2026-01-31", "2026-02-01", false},
		"one day":               {Custom, "2026-01-31", "2026-01-31", "2026-03-15", "2025-11-20", "2026-01-31", "2026-01-31", false},
		"open":                  {Custom, "", "", "2026-03-15", "2025-11-20", "2025-11-20", "2026-03-15", true},
		"from a day":            {Custom, "2026-02-01", "", "2026-03-15", "2025-11-20", "2026-02-01", "2026-03-15", false},
		"from tomorrow":         {Custom, "2026-03-16", "", "2026-03-15", "2025-11-20", "2026-03-16", "2026-03-16", false},
		"to a day":              {Custom, "", "2026-02-01", "2026-03-15", "2025-11-20", "2025-11-20", "2026-02-01", true},
		"to before the first":   {Custom, "", "2025-11-19", "2026-03-15", "2025-11-20", "2025-11-19", "2025-11-19", true},
		"to the future":         {Custom, "2026-01-01", "2027-01-01", "2026-03-15", "2025-11-20", "2026-01-01", "2027-01-01", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := Period{Kind: c.kind, From: on(t, c.from), To: on(t, c.to)}
			require.NoError(t, p.Check())
			berlin := in(t, "Europe/Berlin")
			s := p.span(on(t, c.today), on(t, c.first), berlin, Day)
			require.Equal(t, []string{c.wantFirst, c.wantLast}, []string{s.First.Format(time.DateOnly), s.Last.Format(time.DateOnly)})
			require.Equal(t, c.fromTheStart, s.FromTheStart)
			require.Equal(t, DayStart(s.First, berlin), s.Start)
			require.Equal(t, c.wantLast, s.End.Add(-time.Nanosecond).Format(time.DateOnly))
			require.Equal(t, "00:00:00", s.End.Format(time.TimeOnly))
		})
	}
}

// A day keeps its calendar date, whatever its time zone.
func TestPeriodOfDaysInAnyZone(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"Pacific/Kiritimati", "Pacific/Honolulu"} { // 14 hours ahead, ten behind
		p := Period{Kind: Custom, From: time.Date(2026, 1, 5, 1, 0, 0, 0, in(t, zone)), To: time.Date(2026, 1, 5, 0, 0, 0, 0, in(t, zone))}
		require.NoError(t, p.Check())
		s := p.span(on(t, "2026-03-15"), on(t, "2025-11-20"), time.UTC, Day)
		require.Equal(t, []time.Time{on(t, "2026-01-05"), on(t, "2026-01-05"), on(t, "2026-01-05"), on(t, "2026-01-06")}, []time.Time{s.First, s.Last, s.Start, s.End})
	}
}

func TestPeriodCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from, to string
		want     []*fault.Error
	}{
		"open":              {"", "", nil},
		"one day":           {"2026-01-05", "2026-01-05", nil},
		"the ends of time":  {"2000-01-01", "9000-12-31", nil},
		"too early":         {"1999-12-31", "2026-01-05", []*fault.Error{ErrFrom}},
		"too late":          {"2026-01-05", "9001-01-01", []*fault.Error{ErrTo}},
		"both":              {"9999-01-01", "1000-01-01", []*fault.Error{ErrFrom, ErrTo}},
		"the wrong order":   {"2026-01-06", "2026-01-05", []*fault.Error{ErrOrder}},
		"early and ordered": {"1999-01-01", "1998-01-01", []*fault.Error{ErrFrom, ErrTo}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := Period{From: on(t, c.from), To: on(t, c.to)}
			require.NoError(t, p.Check(), "only a custom period has days")
			p.Kind = Custom
			require.Equal(t, c.want, fault.All(p.Check()))
		})
	}
	require.Equal(t, []string{"from", "to", "to"}, []string{ErrFrom.Field, ErrTo.Field, ErrOrder.Field})
}

func TestUnits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		unit Unit
		days int
		want Unit
	}{
		{ByLength, 1, Day},
		{ByLength, 99, Day},
		{ByLength, 100, Month},
		{Day, 800, Day},
		{Day, 801, Month},
		{Week, 1, Week},
		{Week, 5000, Week},
		{Month, 1, Month},
	} {
		require.Equal(t, c.want, c.unit.of(c.days), "%d, %d days", c.unit, c.days)
	}
	// The length is counted in days: setting clocks back does not add a 101st day.
	s := Period{Kind: Custom, From: on(t, "2026-08-01"), To: on(t, "2026-11-07")}.span(on(t, "2026-12-01"), on(t, "2026-01-01"), in(t, "Europe/Berlin"), ByLength)
	require.Equal(t, 99, s.days())
	require.Equal(t, Day, s.Unit)
}

func TestPeriodsOfSpan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		unit        Unit
		first, last string
		want        []string
	}{
		{Day, "2026-02-27", "2026-03-02", []string{"2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"}},
		{Week, "2026-03-01", "2026-03-02", []string{"2026-02-23", "2026-03-02"}}, // Sunday, Monday
		{Week, "2025-12-31", "2026-01-11", []string{"2025-12-29", "2026-01-05"}},
		{Month, "2025-12-31", "2026-02-01", []string{"2025-12-01", "2026-01-01", "2026-02-01"}},
		{Month, "2026-01-31", "2026-01-31", []string{"2026-01-01"}},
	} {
		var got []string
		for _, at := range (Span{First: on(t, c.first), Last: on(t, c.last), Unit: c.unit}).periods() {
			got = append(got, at.Format(time.DateOnly))
		}
		require.Equal(t, c.want, got)
	}
}

func TestDayStart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, day, want string }{
		{"UTC", "2026-03-29", "2026-03-29T00:00:00Z"},
		{"Europe/Berlin", "2026-03-29", "2026-03-29T00:00:00+01:00"},
		{"Europe/Berlin", "2026-03-30", "2026-03-30T00:00:00+02:00"},
		{"Europe/Berlin", "2026-10-25", "2026-10-25T00:00:00+02:00"},
		{"Europe/Berlin", "2026-10-26", "2026-10-26T00:00:00+01:00"},
		{"America/Sao_Paulo", "2018-11-04", "2018-11-04T01:00:00-02:00"}, // no midnight
		{"America/Sao_Paulo", "2018-02-18", "2018-02-18T00:00:00-03:00"}, // 23:00 occurs twice on the day before
		{"Africa/Cairo", "2024-04-26", "2024-04-26T01:00:00+03:00"},
		{"America/Havana", "2023-11-05", "2023-11-05T00:00:00-04:00"}, // midnight occurs twice
		{"Asia/Amman", "2021-10-29", "2021-10-29T00:00:00+03:00"},     // likewise
		{"Atlantic/Azores", "2023-10-29", "2023-10-29T00:00:00Z"},     // likewise
		{"America/Havana", "2023-03-12", "2023-03-12T01:00:00-04:00"},
		{"Pacific/Apia", "2011-12-30", "2011-12-31T00:00:00+14:00"}, // this day does not exist there
		{"Pacific/Apia", "2011-12-31", "2011-12-31T00:00:00+14:00"},
	} {
		require.Equal(t, c.want, DayStart(on(t, c.day), in(t, c.zone)).Format(time.RFC3339), "%s in %s", c.day, c.zone)
	}
	east := time.Date(2024, 9, 8, 1, 0, 0, 0, in(t, "Asia/Tokyo")) // the day before in UTC
	require.Equal(t, "2024-09-08T01:00:00-03:00", DayStart(east, in(t, "America/Santiago")).Format(time.RFC3339), "the day as it is written")
	require.Equal(t, on(t, "2026-03-29").Unix(), DayStart(on(t, "2026-03-29"), time.FixedZone("UTC", 0)).Unix())
}

// Days agree with those of Postgres: each redemption is in exactly one day.
func TestDaysOfPostgres(t *testing.T) {
	t.Parallel()
	tx := dbtest.Tx(t)
	for _, zone := range []string{"UTC", "Europe/Berlin", "America/Sao_Paulo", "America/Havana", "Asia/Amman", "Africa/Cairo", "Asia/Beirut", "Pacific/Auckland", "Asia/Kathmandu", "America/Santiago"} {
		location := in(t, zone)
		var moments []time.Time
		var days []string
		for day := on(t, "2017-01-01"); day.Year() < 2020; day = day.AddDate(0, 0, 1) {
			at := DayStart(day, location)
			moments = append(moments, at, at.Add(-time.Microsecond))
			days = append(days, day.Format(time.DateOnly), day.AddDate(0, 0, -1).Format(time.DateOnly))
		}
		var wrong []string
		require.NoError(t, tx.QueryRow(t.Context(), `select coalesce(array_agg(at || ' is not on ' || day), '{}')
			from unnest($1::timestamptz[], $2::text[]) as one (at, day) where (at at time zone $3)::date <> day::date`, moments, days, zone).Scan(&wrong))
		require.Empty(t, wrong, zone)
	}
}
