package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/lang"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// homePage is the dashboard. What it shows depends on the permissions of the person.
type homePage struct {
	kit.Page
	Alarms    []alarm
	Setup     []setupStep // of a new installation; empty once every step is done
	SetupDone int
	SetupOpen bool // a step is missing without which no card is sold
	Counter   bool // the large box of people who serve customers and make no series
	Tiles     []kit.Tile
	Periods   []kit.FilterWord
	Units     []kit.FilterWord // money or cards
	Chart     barChart
	Days      []homeDay // the figures of the chart
	Top       []topSeries
	Recent    []auditRow
	Attention []attention
	Running   []seriesView
	Queues    []queueView
	Books     *time.Time // when the books were last found in order; nil: not, or not for this person
	Self      string     // address of this view
	days      int        // of the chart
	byCards   bool
}

// attention is a task that waits for the person, with the address where it is done.
type attention struct {
	Text, URL string
	Tone      kit.Tone
}

// alarm is a message above everything else: money or cards may be in danger.
type alarm struct{ Text, URL, Link string }

// Home handles GET /admin.
func (s *Server) Home(c *gin.Context) error {
	p := &homePage{Page: s.Page(c, lang.M("Dashboard"), sectionDashboard), Self: c.Request.URL.RequestURI()}
	p.choose(c.Query("days"), c.Query("show"))
	ctx := c.Request.Context()
	settings, err := s.Settings.Get(ctx)
	if err != nil {
		return err
	}
	for _, part := range []struct {
		seen bool
		fill func(ctx context.Context, p *homePage, settings setting.Settings) error
	}{
		{true, s.homeSetup},
		{p.seesSeries(settings), s.homeSeries},
		{p.seesSeries(settings) && p.Person.Can(staff.PaymentsView), s.homeRedemptions},
		{p.Person.Can(staff.JobsView) && p.Person.Scope.AllPartners, s.homeJobs},
		{p.Person.Can(staff.JobsView) && p.Person.Scope.AllPartners, s.homeChecks},
		{settings.RefillCards && (p.Person.Can(staff.AuditView) || p.Person.Can(staff.GuessClear)), s.homeGuesses},
		{settings.RefillCards && (p.Person.Can(staff.AuditView) || p.Person.Can(staff.GuessClear)), s.homeImports},
		{settings.RefillCards && p.Person.Can(staff.AlarmsView), s.homeTheft},
		{settings.RefillCards && p.Person.Can(staff.PaymentsView), s.homeOutside},
		{p.Person.Can(staff.WebhooksManage), s.homeWebhooks},
		{true, s.homeRequests},
		{p.Person.Can(staff.AuditView), s.homeRecent},
	} {
		if !part.seen {
			continue
		}
		if err := part.fill(ctx, p, settings); err != nil {
			return err
		}
	}
	p.Counter = p.CanFind && p.Person.Can(staff.RedeemFor) && !p.Person.Can(staff.SeriesGenerate)
	return s.Part(c, http.StatusOK, "admin/home", "home-live", p)
}

// seesSeries reports whether the person may see the series of cards.
func (p *homePage) seesSeries(settings setting.Settings) bool {
	return settings.RefillCards && p.Person.Can(staff.SeriesView)
}
