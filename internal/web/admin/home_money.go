package admin

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/setting"
	"refill/internal/web/kit"
)

// homeDay is the redemptions of one bar of the chart.
type homeDay struct {
	Label string
	Count int64
	Sum   string
}

// topSeries is a series among those with the most redemptions.
type topSeries struct {
	Number, Prefix, URL, Sum string
	Cards                    int64
}

// A period of the dashboard, in days; yearDays is twelve calendar months.
const (
	monthDays = 30
	yearDays  = 365
)

// homePeriods are the periods to choose from.
func homePeriods() []int { return []int{7, monthDays, 90, yearDays} }

// daysBefore returns the day that lies some days before the day of a moment in its zone, as
// midnight in UTC: in the zone, that day may have no midnight.
func daysBefore(now time.Time, days int) time.Time {
	year, month, day := now.Date()
	return time.Date(year, month, day-days, 0, 0, 0, 0, time.UTC)
}

// monthsBefore returns the first day of the month that lies some months before that of a
// moment in its zone, as midnight in UTC.
func monthsBefore(now time.Time, months int) time.Time {
	year, month, _ := now.Date()
	return time.Date(year, month-time.Month(months), 1, 0, 0, 0, 0, time.UTC)
}

// redeemedSum is redemptions: their number and their sum in minor units.
type redeemedSum struct{ n, total int64 }

func (r *redeemedSum) add(row db.DashboardRedemptionsRow) {
	r.n, r.total = r.n+row.N, r.total+row.Total
}

// homePeriod is the bars of a period and of the period before, each named by its first day.
type homePeriod struct {
	days   int
	starts []time.Time // of the bars of both periods, the oldest first
	label  string      // the form of a bar's first day
}

// periodOf returns the bars of a period that ends now.
func periodOf(days int, now time.Time) homePeriod {
	p := homePeriod{days: days, label: "2 Jan"}
	if days == yearDays {
		p.label = "Jan 2006"
		for back := 23; back >= 0; back-- {
			p.starts = append(p.starts, monthsBefore(now, back))
		}
		return p
	}
	for back := 2*days - 1; back >= 0; back-- {
		p.starts = append(p.starts, daysBefore(now, back))
	}
	return p
}

// periodWords are the messages about a period. Each is whole, so that it can be translated.
type periodWords struct{ Now, Then, Tile, Money, Cards string }

// words returns the messages about the period.
func (p homePeriod) words() periodWords {
	if p.days == yearDays {
		return periodWords{
			lang.M("Last 12 months"), lang.M("The 12 months before"), lang.M("Redeemed in 12 months"),
			lang.M("Redeemed value, last 12 months"), lang.M("Redeemed cards, last 12 months"),
		}
	}
	of := func(message string) string { return fmt.Sprintf(message, p.days) }
	return periodWords{
		of(lang.M("Last %d days")), of(lang.M("The %d days before")), of(lang.M("Redeemed in %d days")),
		of(lang.M("Redeemed value, last %d days")), of(lang.M("Redeemed cards, last %d days")),
	}
}

// homeRedemptions draws the redemptions of a period beside those of the period before.
func (s *Server) homeRedemptions(ctx context.Context, p *homePage, settings setting.Settings) error {
	q, scope := db.New(), p.Person.Scope
	now := s.Now().In(kit.Zone(settings.TimeZone))
	period := periodOf(p.days, now)
	// A day more than is drawn: the zone's midnight is up to 14 hours from that of UTC.
	rows, err := q.DashboardRedemptions(ctx, s.Pool, db.DashboardRedemptionsParams{
		TimeZone: settings.TimeZone, FromAt: period.starts[0].AddDate(0, 0, -1), AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs,
	})
	if err != nil {
		return err
	}
	sums := make([]redeemedSum, len(period.starts))
	var today redeemedSum
	for _, row := range rows {
		at, found := slices.BinarySearchFunc(period.starts, row.Day, time.Time.Compare)
		if !found {
			at-- // a day within a month
		}
		if at >= 0 {
			sums[at].add(row)
		}
		if row.Day.Equal(daysBefore(now, 0)) {
			today.add(row)
		}
	}
	amount := func(minor int64) string { return money.Amount{Minor: minor, Currency: settings.Currency}.String() }
	half := len(sums) / 2
	var whole, before redeemedSum
	p.Chart = barChart{ID: "redemptions"}
	words := period.words()
	p.Chart.Now, p.Chart.Then = words.Now, words.Then
	for i, sum := range sums[half:] {
		then := sums[i]
		whole.n, whole.total, before.n, before.total = whole.n+sum.n, whole.total+sum.total, before.n+then.n, before.total+then.total
		label := period.starts[half+i].Format(period.label)
		value, was := sum.total, then.total
		if p.byCards {
			value, was = sum.n, then.n
		}
		bar := p.Chart.add(label, fmt.Sprintf("%s: %s, %s", label, amount(sum.total), cardCount(sum.n)), value)
		bar.then, bar.Last = was, i == half-1
		if sum.n > 0 {
			p.Days = append(p.Days, homeDay{label, sum.n, amount(sum.total)})
		}
	}
	if p.byCards {
		p.Chart.Title = words.Cards
		p.Chart.scale(func(n int64) string { return money.Group(strconv.FormatInt(n, 10)) })
	} else {
		p.Chart.Title = words.Money
		p.Chart.scale(amount)
	}
	p.Tiles = append(p.Tiles,
		kit.Tile{Label: lang.M("Redeemed today"), Value: amount(today.total), Note: cardCount(today.n)},
		kit.Tile{Label: words.Tile, Value: amount(whole.total), Note: compared(whole, before, amount)})
	return s.homeTop(ctx, p, period.starts[half], amount, settings)
}

// compared says how a sum compares with the one of the period before.
func compared(now, before redeemedSum, amount func(int64) string) string {
	switch before.total {
	case 0:
		return cardCount(now.n)
	case now.total:
		return fmt.Sprintf(lang.M("%s, as in the period before"), cardCount(now.n))
	}
	change := fmt.Sprintf("%+.0f %%", (float64(now.total)/float64(before.total)-1)*100)
	if now.total < before.total {
		change = "−" + change[1:]
	}
	return fmt.Sprintf(lang.M("%s, %s from %s"), cardCount(now.n), change, amount(before.total))
}

// homeTop lists the series with the highest redeemed sum since a day.
func (s *Server) homeTop(ctx context.Context, p *homePage, since time.Time, amount func(int64) string, settings setting.Settings) error {
	from := time.Date(since.Year(), since.Month(), since.Day(), 0, 0, 0, 0, kit.Zone(settings.TimeZone))
	rows, err := db.New().DashboardTopSeries(ctx, s.Pool, db.DashboardTopSeriesParams{FromAt: from, AllPartners: p.Person.Scope.AllPartners, PartnerIds: p.Person.Scope.PartnerIDs})
	if err != nil {
		return err
	}
	for _, row := range rows {
		p.Top = append(p.Top, topSeries{row.Number, row.Prefix, SeriesURL(row.Number), amount(row.Total), row.N})
	}
	return nil
}

// choose reads the period and the unit of the chart, and lists the others to choose from.
func (p *homePage) choose(chosen, show string) {
	p.days, p.byCards = monthDays, show == "cards"
	for _, d := range homePeriods() {
		if chosen == strconv.Itoa(d) {
			p.days = d
		}
	}
	address := func(days int, byCards bool) string {
		chosen, show := strconv.Itoa(days), ""
		if days == monthDays {
			chosen = ""
		}
		if byCards {
			show = "cards"
		}
		return kit.ListURL(sectionDashboard, "days", chosen, "show", show)
	}
	for _, d := range homePeriods() {
		text := fmt.Sprintf(lang.M("%d days"), d)
		if d == yearDays {
			text = lang.M("12 months")
		}
		p.Periods = append(p.Periods, kit.FilterWord{Text: text, URL: address(d, p.byCards), Current: d == p.days})
	}
	p.Units = []kit.FilterWord{
		{Text: lang.M("Money"), URL: address(p.days, false), Current: !p.byCards},
		{Text: lang.M("Cards"), URL: address(p.days, true), Current: p.byCards},
	}
}

// cardCount says a number of cards.
func cardCount(n int64) string { return kit.Count(n, "card", "cards") }
