package admin

import (
	"context"
	"fmt"
	"math"
	"slices"

	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/setting"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// attend adds a task.
func (p *homePage) attend(tone kit.Tone, url, text string, args ...any) {
	p.Attention = append(p.Attention, attention{fmt.Sprintf(text, args...), url, tone})
}

// homeSeries shows the outstanding value, the series that are being made, and the series
// that need a decision.
func (s *Server) homeSeries(ctx context.Context, p *homePage, settings setting.Settings) error {
	q, scope := db.New(), p.Person.Scope
	out, err := q.DashboardOutstanding(ctx, s.Pool, db.DashboardOutstandingParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
	if err != nil {
		return err
	}
	amount := func(minor int64) string { return money.Amount{Minor: minor, Currency: settings.Currency}.String() }
	if out.Cards > 0 || scope.AllPartners {
		p.Tiles = append(p.Tiles, kit.Tile{Label: lang.M("Outstanding"), Value: amount(out.Value), Note: cardCount(out.Cards), URL: SectionSeries})
	}
	if out.SoonCards > 0 {
		p.Tiles = append(p.Tiles, kit.Tile{Label: lang.M("Expires within 30 days"), Value: amount(out.SoonValue), Note: cardCount(out.SoonCards)})
	}
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
		p.attend(kit.ToneBad, v.URL, lang.M("Series %s failed while its cards were being made"), v.Number)
	}
	return s.homeDue(ctx, p)
}

// homeDue names the series that expire soon, and those that were made and never activated.
func (s *Server) homeDue(ctx context.Context, p *homePage) error {
	q, scope := db.New(), p.Person.Scope
	expiring, err := q.DashboardExpiring(ctx, s.Pool, db.DashboardExpiringParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
	if err != nil {
		return err
	}
	for _, row := range expiring {
		p.attend(kit.ToneWarn, SeriesURL(row.Number), lang.M("Series %s expires on %s with %s unused cards"),
			row.Number, row.ValidTill.Format("2 January"), money.Group(fmt.Sprint(row.Unused)))
	}
	if !p.Person.Can(staff.SeriesActivate) {
		return nil
	}
	inactive, err := q.DashboardInactive(ctx, s.Pool, db.DashboardInactiveParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
	if err != nil {
		return err
	}
	switch {
	case inactive.N == 1:
		p.attend(kit.ToneIdle, SeriesURL(inactive.Newest), lang.M("Series %s was made and never activated: its cards can’t be redeemed"), inactive.Newest)
	case inactive.N > 1:
		p.attend(kit.ToneIdle, kit.ListURL(SectionSeries, "status", "ready"), lang.M("%d series were made and never activated: their cards can’t be redeemed"), inactive.N)
	}
	return nil
}

// homeRequests names the requests that wait for the person, the requests of the person that
// wait for somebody else, and imports that are not confirmed.
func (s *Server) homeRequests(ctx context.Context, p *homePage, settings setting.Settings) error {
	q, scope := db.New(), p.Person.Scope
	if p.Person.Can(staff.SeriesApprove) {
		item, err := s.approvalItem(ctx, p.Person)
		if err != nil {
			return err
		}
		switch {
		case item.Count == 1:
			p.attend(kit.ToneWarn, SectionApprovals, lang.M("A request waits for your decision"))
		case item.Count > 1:
			p.attend(kit.ToneWarn, SectionApprovals, lang.M("%d requests wait for your decision"), item.Count)
		}
	}
	asked, err := q.DashboardAsked(ctx, s.Pool, p.Person.ID)
	if err != nil {
		return err
	}
	switch {
	case asked == 1:
		p.attend(kit.ToneIdle, SectionApprovals, lang.M("A request of yours waits for another person"))
	case asked > 1:
		p.attend(kit.ToneIdle, SectionApprovals, lang.M("%d requests of yours wait for another person"), asked)
	}
	imports, err := q.DashboardImports(ctx, s.Pool, db.DashboardImportsParams{AllPartners: scope.AllPartners, StaffID: p.Person.ID})
	if err != nil {
		return err
	}
	for _, row := range imports {
		var url string
		switch {
		case row.Kind == db.ImportKindCards && settings.RefillCards && p.Person.Can(staff.SeriesImport):
			url = importURL(row.ID)
		case row.Kind == db.ImportKindCustomers && p.Person.Can(staff.CustomersEdit):
			url = fmt.Sprintf("%s/%d", SectionCustomerImport, row.ID)
		default:
			continue
		}
		p.attend(kit.ToneIdle, url, lang.M("The import of %s was checked and is not confirmed"), row.FileName)
	}
	return nil
}

// homeJobs shows the queues, and an alarm where jobs wait or failed.
func (s *Server) homeJobs(ctx context.Context, p *homePage, settings setting.Settings) error {
	jobs, err := s.queueState(ctx)
	if err != nil {
		return err
	}
	if jobs.Alarm != "" {
		p.attend(kit.ToneBad, SectionJobs, "%s", jobs.Alarm)
	}
	if !p.seesSeries(settings) || !p.Person.Can(staff.PaymentsView) {
		p.Queues = jobs.Queues
	}
	return nil
}

// recentRows is how many acts the dashboard shows, recentRead how many it reads to find
// them.
const (
	recentRows = 6
	recentRead = 60
)

// seldomNews are acts that the dashboard leaves out: they are frequent, and the page of the
// audit trail has them.
func seldomNews() []string {
	return []string{
		staff.SignedIn{}.Action(), staff.SignedOut{}.Action(), staff.SignInFailed{}.Action(),
		customer.SignedIn{}.Action(), customer.SignedOut{}.Action(), customer.SignInFailed{}.Action(),
	}
}

// homeRecent shows the newest acts that the person may see.
func (s *Server) homeRecent(ctx context.Context, p *homePage, settings setting.Settings) error {
	rows, err := db.New().AuditList(ctx, s.Pool, db.AuditListParams{
		BeforeID: math.MaxInt64, Size: recentRead, AllPartners: p.Person.Scope.AllPartners, PartnerIds: p.Person.Scope.PartnerIDs, ViewerID: p.Person.ID,
	})
	if err != nil {
		return err
	}
	words := newNarrator()
	for _, row := range rows {
		if len(p.Recent) == recentRows {
			break
		}
		if slices.Contains(seldomNews(), row.Action) {
			continue
		}
		view := words.viewAudit(row)
		if !p.seesSeries(settings) {
			view.SeriesURL = ""
		}
		p.Recent = append(p.Recent, view)
	}
	return nil
}
