package admin

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// homePage is the dashboard: figures, and what needs attention.
type homePage struct {
	kit.Page
	Tiles      []kit.Tile
	Chart      dayChart
	Alarms     []alarm
	Attention  []attention
	Running    []seriesView
	Welcome    kit.Empty // shown in a new installation
	New        bool
	SeesSeries bool
	CanFind    bool // may search for customers
}

// attention is one thing that needs attention.
type attention struct {
	Text, URL string
	Tone      kit.Tone
}

// alarm is an urgent message, shown above everything else.
type alarm struct{ Text, URL, Link string }

// dayChart is the chart of redemptions by day.
type dayChart struct {
	Days  []chartDay
	Total string
	Count int64
}

// chartDay is one bar: its position and height in the units of the drawing, and its values.
type chartDay struct {
	X, Y, Height int64
	Day          time.Time
	Count        int64
	Sum          string
}

// ChartDays is the number of days in the chart of the dashboard. chartHeight is the height
// of a chart and chartStep the width of a bar, in the units of its drawing.
const (
	ChartDays   = 30
	chartHeight = 100
	chartStep   = 10
)

// Home handles GET /admin.
func (s *Server) Home(c *gin.Context) error {
	p := &homePage{Page: s.Page(c, lang.M("Dashboard"), sectionDashboard)}
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
	if settings.RefillCards && p.Person.Can(staff.AlarmsView) {
		if err := s.homeTheft(ctx, p, settings.Currency); err != nil {
			return err
		}
	}
	return s.Render(c, http.StatusOK, "admin/home", p)
}

// homeSeries adds the outstanding value, the series that are being generated, and the
// series that need attention.
func (s *Server) homeSeries(ctx context.Context, p *homePage, settings setting.Settings) error {
	q, scope := db.New(), p.Person.Scope
	out, err := q.DashboardOutstanding(ctx, s.Pool, db.DashboardOutstandingParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
	if err != nil {
		return err
	}
	p.Tiles = append(p.Tiles, kit.Tile{
		Label: lang.M("Outstanding"), Value: money.Amount{Minor: out.Value, Currency: settings.Currency}.String(),
		Note: money.Group(fmt.Sprint(out.Cards)) + " cards", URL: SectionSeries,
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
		p.Attention = append(p.Attention, attention{fmt.Sprintf(lang.M("Series %s failed while its cards were being made"), v.Number), v.URL, kit.ToneBad})
	}
	expiring, err := q.DashboardExpiring(ctx, s.Pool, db.DashboardExpiringParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
	if err != nil {
		return err
	}
	for _, row := range expiring {
		p.Attention = append(p.Attention, attention{
			fmt.Sprintf(lang.M("Series %s expires on %s with %s unused cards"), row.Number, row.ValidTill.Format("2 January"), money.Group(fmt.Sprint(row.Unused))),
			SeriesURL(row.Number), kit.ToneWarn,
		})
	}
	all, err := list("")
	p.New = len(all) == 0
	p.Welcome = kit.Empty{Icon: "cards", Title: lang.M("No cards yet"), Text: lang.M("Order a series, print it, and customers redeem its cards in the portal.")}
	if p.Person.Can(staff.SeriesGenerate) {
		p.Welcome.Action, p.Welcome.URL = lang.M("Order your first cards"), SectionGenerate
	}
	return err
}

// daysBefore returns the date some days before now, as midnight in UTC. In the zone of now,
// that date may have no midnight.
func daysBefore(now time.Time, days int) time.Time {
	year, month, day := now.Date()
	return time.Date(year, month, day-days, 0, 0, 0, 0, time.UTC)
}

// homeRedemptions adds the figures and the chart of the redemptions of the last thirty
// days.
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
	now := s.Now().In(kit.Zone(settings.TimeZone))
	var most, count, total, weekCount, weekTotal int64
	for back := ChartDays - 1; back >= 0; back-- {
		day := daysBefore(now, back)
		row := byDay[day.Format(time.DateOnly)]
		p.Chart.Days = append(p.Chart.Days, chartDay{
			X: int64(ChartDays-1-back) * chartStep, Day: day, Count: row.N, Sum: money.Amount{Minor: row.Total, Currency: settings.Currency}.String(),
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
		kit.Tile{Label: lang.M("Redeemed today"), Value: amount(today.Total), Note: cardCount(today.N)},
		kit.Tile{Label: lang.M("Redeemed in 7 days"), Value: amount(weekTotal), Note: cardCount(weekCount)})
	return nil
}

// cardCount returns a number of cards, in words.
func cardCount(n int64) string { return kit.Count(n, "card", "cards") }

// homeGuesses adds an alarm if codes seem to be guessed.
func (s *Server) homeGuesses(ctx context.Context, p *homePage, settings setting.Settings) error {
	scope := p.Person.Scope
	rows, err := db.New().GuessCountUnknown(ctx, s.Pool, db.GuessCountUnknownParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.Unknown <= int64(settings.WrongPartner) {
			break // the highest count comes first
		}
		who, with := lang.M("customers of ")+row.Name, lang.M(", searches of staff there included,")
		if row.ID == 0 {
			who, with = lang.M("staff of all partners"), ""
		}
		a := alarm{
			Text: fmt.Sprintf(lang.M("Somebody may be guessing codes: %s tried %s that no card has%s within the last hour; more than %s is an alarm."),
				who, kit.Count(row.Unknown, "code", "codes"), with, money.Group(fmt.Sprint(settings.WrongPartner))),
			URL: SectionCustomers, Link: lang.M("Look for the customers"),
		}
		if p.Person.Can(staff.AuditView) {
			today := s.Now().Add(-time.Hour).In(kit.Zone(settings.TimeZone)).Format(time.DateOnly)
			a.URL, a.Link = SectionAudit+"?what=card.refused&from="+today, lang.M("See who, and from where")
		}
		p.Alarms = append(p.Alarms, a)
	}
	return nil
}

// homeImports adds alarms for import files that seem to try codes. Such a file may name
// cards of any partner, so only staff who see all partners get the alarm.
func (s *Server) homeImports(ctx context.Context, p *homePage) error {
	if !p.Person.Scope.AllPartners {
		return nil
	}
	rows, err := db.New().ImportAlarms(ctx, s.Pool)
	if err != nil {
		return err
	}
	for _, row := range rows {
		a := alarm{Text: fmt.Sprintf(lang.M("The file %s, which %s wanted to import, holds codes of cards that are here already: somebody may be trying codes. It was stopped."), row.FileName, row.Who), URL: SectionSeries, Link: lang.M("Look at the series")}
		switch {
		case p.Person.Can(staff.AuditView):
			a.URL, a.Link = SectionAudit+"?what=import.probed", lang.M("See when, and from where")
		case p.Person.Can(staff.SeriesImport):
			a.URL, a.Link = importURL(row.ID), lang.M("Look at the import")
		}
		p.Alarms = append(p.Alarms, a)
	}
	return nil
}

// homeJobs adds the background work that needs attention.
func (s *Server) homeJobs(ctx context.Context, p *homePage) error {
	rows, err := db.New().JobCounts(ctx, s.Pool)
	if err != nil {
		return err
	}
	var jobs jobListPage
	jobs.queues(rows)
	if jobs.Alarm != "" {
		p.Attention = append(p.Attention, attention{jobs.Alarm, SectionJobs, kit.ToneBad})
	}
	return nil
}
