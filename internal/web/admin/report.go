package admin

import (
	"context"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"refill/internal/lang"
	"refill/internal/render"
	"refill/internal/report"
	"refill/internal/web/kit"
)

// reportKind describes one report: its address, the name of its file and how it is read.
type reportKind struct {
	Name, Title string // of the tab, and of the page
	Path, File  string
	Preset      string // the default period
	Units, Any  bool   // the filter offers: day, week or month; series for any partner
	read        func(ctx context.Context, pool *pgxpool.Pool, q report.Question) (*reportView, error)
}

// The reports.
var (
	ReportSeries      = reportKind{lang.M("Series"), lang.M("Statistics: series"), "", "refill-cards-statistics", "year", false, true, viewSeriesReport}                                  //nolint:gochecknoglobals // a constant, were structs allowed to be
	ReportOutstanding = reportKind{lang.M("Outstanding"), lang.M("Statistics: outstanding value"), "/outstanding", "refill-cards-outstanding", "year", true, true, viewOutstandingReport} //nolint:gochecknoglobals // likewise
	ReportBreakage    = reportKind{lang.M("Breakage"), lang.M("Statistics: breakage"), "/breakage", "refill-cards-breakage", "year", true, true, viewBreakageReport}                      //nolint:gochecknoglobals // likewise
	ReportRedemptions = reportKind{lang.M("Redemptions"), lang.M("Statistics: redemptions"), "/redemptions", "refill-cards-redemptions", "month", true, false, viewRedemptionReport}      //nolint:gochecknoglobals // likewise
	ReportTimeToUse   = reportKind{lang.M("Time to use"), lang.M("Statistics: time to use"), "/time-to-use", "refill-cards-time-to-use", "year", false, false, viewTimeToUseReport}       //nolint:gochecknoglobals // likewise
)

// reportPage is the page of any report.
type reportPage struct {
	kit.Page
	Tabs       []kit.FilterWord
	Self       string
	Fields     []kit.Field
	Mistakes   []kit.Mistake
	PartnerAny bool
	Report     *reportView
	Period     string
	Heads      []reportHead
	Rows       [][]reportCell
	Totals     []reportCell
	CSV, XLSX  string
	Was        kit.Hidden // the period that the form was shown with
	Pager      kit.Pager
	Empty      kit.Empty
}

// reportHead is the header of a column. Its address sorts the rows by the column.
type reportHead struct {
	Text, URL, Order string
	Num              bool
}

// reportRows is the number of rows on a page of a report. A file has all rows.
const reportRows = 100

// Report returns the handler of GET /admin/finance/refill-cards/statistics and of the pages
// below it: a page or, with the parameter format, a file.
func (s *Server) Report(kind reportKind) kit.Handler {
	return func(c *gin.Context) error {
		s.TakesTime(c)
		ctx := c.Request.Context()
		settings, err := s.Settings.Get(ctx)
		if err != nil {
			return err
		}
		f := newReportFilter(c, settings, s.Person(c).Scope, kind.Preset)
		sort := c.Query("sort")
		view, err := kind.read(ctx, s.Pool, f.question)
		if err != nil {
			return err
		}
		view.sortBy(sort)
		if format, ok := kit.TableFormat(c); ok && len(f.mistakes) == 0 {
			return s.sendReport(c, kind, view, format)
		}
		p := &reportPage{Page: s.Page(c, kind.Title, SectionStatistics), Self: SectionStatistics + kind.Path, PartnerAny: kind.Any, Report: view}
		for _, one := range []reportKind{ReportSeries, ReportOutstanding, ReportRedemptions, ReportBreakage, ReportTimeToUse} {
			at := kit.ListURL(SectionStatistics+one.Path, f.query(view.Frame)...) // the other reports keep the filter
			p.Tabs = append(p.Tabs, kit.FilterWord{Text: one.Name, URL: at, Current: one.Path == kind.Path})
		}
		if err := s.reportFields(ctx, p, f, kind.Units); err != nil {
			return err
		}
		p.fill(c, f, sort)
		status := http.StatusOK
		if len(f.mistakes) > 0 {
			status = http.StatusUnprocessableEntity
		}
		return s.Render(c, status, "admin/report", p)
	}
}

// sendReport responds with the filtered and sorted report as a file.
func (s *Server) sendReport(c *gin.Context, kind reportKind, r *reportView, format render.TableFormat) error {
	return s.SendTable(c, kind.File, format, r.Columns, func(_ context.Context, _ pgx.Tx, row func(...any) error) error {
		for _, cells := range r.Rows {
			if err := row(cells...); err != nil {
				return err
			}
		}
		if r.Totals != nil && len(r.Rows) > 0 {
			return row(r.Totals...)
		}
		return nil
	})
}

// fill prepares the report for the page.
func (p *reportPage) fill(c *gin.Context, f reportFilter, sort string) {
	r := p.Report
	query := func(pairs ...string) []string { return append(f.query(r.Frame), pairs...) }
	p.Period, p.Was = spanWords(r.Span), kit.Hidden{Name: "was", Value: f.Period}
	p.CSV = kit.ListURL(p.Self, query("sort", sort, "format", "csv")...)
	p.XLSX = kit.ListURL(p.Self, query("sort", sort, "format", "xlsx")...)
	shown := r.shown()
	for _, i := range shown {
		column := r.Columns[i]
		head := reportHead{Text: column.Name, Num: column.Kind == render.ColumnNumber || column.Kind == render.ColumnMoney}
		if r.Sortable {
			next := column.Name
			switch sort {
			case column.Name:
				next, head.Order = "-"+column.Name, "ascending"
			case "-" + column.Name:
				head.Order = "descending"
			}
			head.URL = kit.ListURL(p.Self, query("sort", next)...)
		}
		p.Heads = append(p.Heads, head)
	}
	number, _ := strconv.Atoi(c.Query("page"))
	first := min(max(number-1, 0), max(len(r.Rows)-1, 0)/reportRows) * reportRows
	last := min(first+reportRows, len(r.Rows))
	for _, row := range r.Rows[first:last] {
		p.Rows = append(p.Rows, r.cells(row, shown))
	}
	if r.Totals != nil {
		p.Totals = r.cells(r.Totals, shown)
		p.Totals[0].Text, p.Totals[0].URL = lang.M("Total"), ""
	}
	if len(r.Rows) > reportRows {
		at := first/reportRows + 1
		p.Pager.Text = strconv.Itoa(first+1) + " to " + strconv.Itoa(last) + " of " + strconv.Itoa(len(r.Rows))
		if first > 0 {
			p.Pager.Newer = kit.ListURL(p.Self, query("sort", sort, "page", strconv.Itoa(at-1))...)
		}
		if last < len(r.Rows) {
			p.Pager.Older = kit.ListURL(p.Self, query("sort", sort, "page", strconv.Itoa(at+1))...)
		}
	}
	p.Empty = kit.Empty{Icon: "chart-bar", Title: lang.M("Nothing in this period"), Text: lang.M("No cards fit the period and the partner."), Action: lang.M("Show all time"), URL: p.Self + "?period=all"}
}
