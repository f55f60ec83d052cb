package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/money"
	"refill/internal/setting"
	"refill/internal/staff"
)

// homePage is what staff see first: how things stand, and what wants doing.
type homePage struct {
	page
	Tiles      []tile
	Chart      dayChart
	Alarms     []alarm
	Attention  []attention
	Running    []seriesView
	Welcome    empty // a new installation
	New        bool
	SeesSeries bool
	CanFind    bool // customers
}

// attention is one thing that wants doing.
type attention struct {
	Text, URL string
	Tone      tone
}

// alarm is what cannot wait: it stands above everything else.
type alarm struct{ Text, URL, Link string }

// dayChart is redemptions by day.
type dayChart struct {
	Days  []chartDay
	Total string
	Count int64
}

// chartDay is one bar: its place and height in the drawing's own units, and what
// it stands for.
type chartDay struct {
	X, Y, Height int64
	Day          time.Time
	Count        int64
	Sum          string
}

const (
	chartDays   = 30
	chartHeight = 100
	chartStep   = 10
)

// adminHome handles GET /admin.
func (s *Server) adminHome(c *gin.Context) error {
	p := &homePage{page: s.page(c, "Dashboard", sectionDashboard)}
	ctx := c.Request.Context()
	settings, err := s.Settings.Get(ctx)
	if err != nil {
		return err
	}
	p.SeesSeries = settings.RefillCards && p.Person.Can(staff.SeriesView)
	p.CanFind = p.Person.Can(staff.CustomersView)
	if p.SeesSeries {
		if err := s.homeSeries(ctx, p, settings); err != nil {
			return err
		}
	}
	if p.SeesSeries && p.Person.Can(staff.PaymentsView) {
		if err := s.homeRedemptions(ctx, p, settings); err != nil {
			return err
		}
	}
	if p.Person.Can(staff.JobsView) && p.Person.Scope.AllPartners {
		if err := s.homeJobs(ctx, p); err != nil {
			return err
		}
		if err := s.homeChecks(ctx, p); err != nil {
			return err
		}
	}
	if settings.RefillCards && (p.Person.Can(staff.AuditView) || p.Person.Can(staff.GuessClear)) {
		if err := s.homeGuesses(ctx, p, settings); err != nil {
			return err
		}
		if err := s.homeImports(ctx, p); err != nil {
			return err
		}
	}
	return s.render(c, http.StatusOK, "admin/home", p)
}

// homeSeries says how the series stand.
func (s *Server) homeSeries(ctx context.Context, p *homePage, settings setting.Settings) error {
	q, scope := db.New(), p.Person.Scope
	out, err := q.DashboardOutstanding(ctx, s.Pool, db.DashboardOutstandingParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
	if err != nil {
		return err
	}
	p.Tiles = append(p.Tiles, tile{
		Label: "Outstanding", Value: money.Amount{Minor: out.Value, Currency: settings.Currency}.String(),
		Note: money.Group(fmt.Sprint(out.Cards)) + " cards", URL: sectionSeries,
	})
	list := func(status string) ([]seriesView, error) {
		rows, err := q.SeriesList(ctx, s.Pool, db.SeriesListParams{
			Sort: sortUsual, Down: true, Status: status, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, Size: 5,
		})
		var views []seriesView
		for _, row := range rows {
			views = append(views, viewSeries(listed(row)))
		}
		return views, err
	}
	if p.Running, err = list("working"); err != nil {
		return err
	}
	failed, err := list("failed")
	if err != nil {
		return err
	}
	for _, v := range failed {
		p.Attention = append(p.Attention, attention{fmt.Sprintf("Series %s failed while its cards were being made", v.Number), v.URL, toneBad})
	}
	expiring, err := q.DashboardExpiring(ctx, s.Pool, db.DashboardExpiringParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
	if err != nil {
		return err
	}
	for _, row := range expiring {
		p.Attention = append(p.Attention, attention{
			fmt.Sprintf("Series %s expires on %s with %s unused cards", row.Number, row.ValidTill.Format("2 January"), money.Group(fmt.Sprint(row.Unused))),
			seriesURL(row.Number), toneWarn,
		})
	}
	all, err := list("")
	p.New = len(all) == 0
	p.Welcome = empty{Icon: "cards", Title: "No cards yet", Text: "Order a series, print it, and customers redeem its cards in the portal."}
	if p.Person.Can(staff.SeriesGenerate) {
		p.Welcome.Action, p.Welcome.URL = "Order your first cards", sectionGenerate
	}
	return err
}

// homeRedemptions counts and draws the redemptions of the last thirty days.
func (s *Server) homeRedemptions(ctx context.Context, p *homePage, settings setting.Settings) error {
	scope := p.Person.Scope
	rows, err := db.New().DashboardRedemptions(ctx, s.Pool, db.DashboardRedemptionsParams{
		TimeZone: settings.TimeZone, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs,
	})
	if err != nil {
		return err
	}
	byDay := map[string]db.DashboardRedemptionsRow{}
	for _, row := range rows {
		byDay[row.Day.Format(time.DateOnly)] = row
	}
	now := s.Now().In(zone(settings.TimeZone))
	var most, count, total, weekCount, weekTotal int64
	for back := chartDays - 1; back >= 0; back-- {
		day := now.AddDate(0, 0, -back)
		row := byDay[day.Format(time.DateOnly)]
		p.Chart.Days = append(p.Chart.Days, chartDay{
			X: int64(chartDays-1-back) * chartStep, Day: day, Count: row.N, Sum: money.Amount{Minor: row.Total, Currency: settings.Currency}.String(),
		})
		most = max(most, row.N)
		count, total = count+row.N, total+row.Total
		if back < 7 {
			weekCount, weekTotal = weekCount+row.N, weekTotal+row.Total
		}
	}
	for i := range p.Chart.Days {
		d := &p.Chart.Days[i]
		if most > 0 {
			d.Height = d.Count * chartHeight / most
		}
		if d.Count > 0 {
			d.Height = max(d.Height, 2)
		}
		d.Y = chartHeight - d.Height
	}
	amount := func(minor int64) string { return money.Amount{Minor: minor, Currency: settings.Currency}.String() }
	p.Chart.Total, p.Chart.Count = amount(total), count
	today := byDay[now.Format(time.DateOnly)]
	p.Tiles = append(p.Tiles,
		tile{Label: "Redeemed today", Value: amount(today.Total), Note: cardCount(today.N)},
		tile{Label: "Redeemed in 7 days", Value: amount(weekTotal), Note: cardCount(weekCount)})
	return nil
}

// cardCount says a number of cards.
func cardCount(n int64) string {
	if n == 1 {
		return "1 card"
	}
	return money.Group(fmt.Sprint(n)) + " cards"
}

// homeGuesses raises the alarm where somebody seems to try codes at random.
func (s *Server) homeGuesses(ctx context.Context, p *homePage, settings setting.Settings) error {
	scope := p.Person.Scope
	rows, err := db.New().GuessCountUnknown(ctx, s.Pool, db.GuessCountUnknownParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.Unknown <= int64(settings.WrongPartner) {
			break // the most comes first
		}
		a := alarm{
			Text: fmt.Sprintf("Somebody may be guessing codes: customers of %s tried %s that no card has within the last hour; more than %s is an alarm.",
				row.Name, count(row.Unknown, "code", "codes"), money.Group(fmt.Sprint(settings.WrongPartner))),
			URL: sectionCustomers, Link: "Look for the customers",
		}
		if p.Person.Can(staff.AuditView) {
			today := s.Now().Add(-time.Hour).In(zone(settings.TimeZone)).Format(time.DateOnly)
			a.URL, a.Link = sectionAudit+"?what=card.refused&from="+today, "See who, and from where"
		}
		p.Alarms = append(p.Alarms, a)
	}
	return nil
}

// homeImports raises the alarm where a file was found to try codes. It may name cards of
// any partner, so staff of all of them are told.
func (s *Server) homeImports(ctx context.Context, p *homePage) error {
	if !p.Person.Scope.AllPartners {
		return nil
	}
	rows, err := db.New().ImportAlarms(ctx, s.Pool)
	if err != nil {
		return err
	}
	for _, row := range rows {
		a := alarm{Text: fmt.Sprintf("The file %s, which %s wanted to import, holds codes of cards that are here already: somebody may be trying codes. It was stopped.", row.FileName, row.Who), URL: sectionSeries, Link: "Look at the series"}
		switch {
		case p.Person.Can(staff.AuditView):
			a.URL, a.Link = sectionAudit+"?what=import.probed", "See when, and from where"
		case p.Person.Can(staff.SeriesImport):
			a.URL, a.Link = importURL(row.ID), "Look at the import"
		}
		p.Alarms = append(p.Alarms, a)
	}
	return nil
}

// homeJobs says what of the background wants doing.
func (s *Server) homeJobs(ctx context.Context, p *homePage) error {
	rows, err := db.New().JobCounts(ctx, s.Pool)
	if err != nil {
		return err
	}
	var jobs jobListPage
	jobs.queues(rows)
	if jobs.Alarm != "" {
		p.Attention = append(p.Attention, attention{jobs.Alarm, sectionJobs, toneBad})
	}
	return nil
}
