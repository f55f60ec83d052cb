package admin

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/report"
	"refill/internal/setting"
	"refill/internal/web/kit"
)

// reportFilter is the filter of a report, read from the query parameters.
type reportFilter struct {
	Period, From, Till string // as in the query; From and Till for a custom period only
	question           report.Question
	mistakes           fault.List // errors; question leaves out the values that they are about
}

// Values of the query parameters period and unit. Any other period means all time. Without
// a known unit, the length of the period decides the unit.
const (
	periodMonth     = "month"
	periodLastMonth = "last-month"
	periodYear      = "year"
	periodAll       = "all"
	periodCustom    = "custom"

	unitDay   = "day"
	unitWeek  = "week"
	unitMonth = "month"
)

// newReportFilter reads the filter from the query parameters.
func newReportFilter(c *gin.Context, settings setting.Settings, scope audit.Scope, preset string) reportFilter {
	f := reportFilter{
		Period: c.Query("period"), From: c.Query("from"), Till: c.Query("to"),
		question: report.Question{Unit: readUnit(c.Query("unit")), Scope: scope, Zone: kit.Zone(settings.TimeZone), Currency: settings.Currency},
	}
	f.question.Partner, _ = strconv.ParseInt(c.Query("partner"), 10, 64)
	if f.Period == "" {
		f.Period = preset
	}
	if f.Period == c.Query("was") && f.From+f.Till != "" {
		f.Period = periodCustom // days were filled in without changing the period
	}
	period := &f.question.Period
	switch f.Period {
	case periodMonth:
		period.Kind = report.ThisMonth
	case periodLastMonth:
		period.Kind = report.LastMonth
	case periodYear:
		period.Kind = report.ThisYear
	case periodCustom:
		period.Kind = report.Custom
		f.readDays()
		return f
	default:
		f.Period = periodAll
	}
	f.From, f.Till = "", ""
	return f
}

// readDays reads the days of a custom period. It adds an error for an invalid day and
// leaves that end of the period open. If the days are in the wrong order, it leaves both
// ends open.
func (f *reportFilter) readDays() {
	p := &f.question.Period
	fromErr, tillErr := readDay(f.From, &p.From), readDay(f.Till, &p.To)
	if fromErr != nil {
		f.mistakes = append(f.mistakes, report.ErrFrom)
	}
	f.mistakes = append(f.mistakes, fault.All(p.Check())...)
	if tillErr != nil {
		f.mistakes = append(f.mistakes, report.ErrTo)
	}
	for _, m := range f.mistakes {
		if m.Field == "from" || errors.Is(m, report.ErrOrder) {
			p.From = time.Time{}
		}
		if m.Field == "to" {
			p.To = time.Time{}
		}
	}
}

// readDay reads a day. An empty field means no limit.
func readDay(text string, day *time.Time) (err error) {
	if text != "" {
		*day, err = time.Parse(time.DateOnly, text)
	}
	return err
}

func readUnit(word string) report.Unit {
	switch word {
	case unitDay:
		return report.Day
	case unitWeek:
		return report.Week
	case unitMonth:
		return report.Month
	}
	return report.ByLength
}

// unitName returns the name of a unit in the query and in sentences.
func unitName(unit report.Unit) string {
	switch unit {
	case report.Month:
		return unitMonth
	case report.Week:
		return unitWeek
	default:
		return unitDay
	}
}

// query returns the filter as query parameters, with the partner and the unit that the
// report used.
func (f reportFilter) query(answered report.Frame) []string {
	partner := ""
	if answered.Partner != report.EveryPartner {
		partner = fmt.Sprint(answered.Partner)
	}
	return []string{"period", f.Period, "from", f.From, "to", f.Till, "partner", partner, "unit", unitName(answered.Unit)}
}

// reportFields adds the fields of the filter to the page.
func (s *Server) reportFields(ctx context.Context, p *reportPage, f reportFilter, units bool) error {
	scope := p.Person.Scope
	partners, err := db.New().ReportPartners(ctx, s.Pool, db.ReportPartnersParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
	if err != nil {
		return err
	}
	period := kit.Field{Name: "period", Label: lang.M("Period"), Options: []kit.Option{
		{Value: periodMonth, Text: lang.M("This month")},
		{Value: periodLastMonth, Text: lang.M("Last month")},
		{Value: periodYear, Text: lang.M("This year")},
		{Value: periodAll, Text: lang.M("All time")},
		{Value: periodCustom, Text: "From – to"},
	}}
	period.Choose(f.Period)
	from := kit.Field{Name: "from", Label: lang.M("From"), Type: "date", Value: f.From}
	till := kit.Field{Name: "to", Label: lang.M("To"), Type: "date", Value: f.Till}
	partner := kit.Field{Name: "partner", Label: lang.M("Partner"), Options: []kit.Option{{Value: fmt.Sprint(report.EveryPartner), Text: lang.M("All")}}}
	if p.PartnerAny && scope.AllPartners {
		partner.Options = append(partner.Options, kit.Option{Value: fmt.Sprint(report.AnyPartner), Text: lang.M("Any (series for every partner)")})
	}
	for _, one := range partners {
		partner.Options = append(partner.Options, kit.Option{Value: fmt.Sprint(one.ID), Text: one.Name})
	}
	partner.Choose(fmt.Sprint(p.Report.Partner))
	p.Mistakes = kit.Explain(f.mistakes.Err(), &from, &till)
	p.Fields = []kit.Field{period, from, till, partner}
	if units {
		unit := kit.Field{Name: "unit", Label: lang.M("By"), Options: []kit.Option{{Value: unitDay, Text: lang.M("Day")}, {Value: unitWeek, Text: lang.M("Week")}, {Value: unitMonth, Text: lang.M("Month")}}}
		unit.Choose(unitName(p.Report.Unit))
		p.Fields = append(p.Fields, unit)
	}
	return nil
}
