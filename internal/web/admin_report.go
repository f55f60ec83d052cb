package web

import (
	"context"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/export"
)

// reportKind is one of the reports: where it stands and how it is made.
type reportKind struct {
	Name, Path, File string
	Preset           string // the period that is shown first
	Units, Any       bool   // can be had by day, week, month; by series for any partner
	make             func(ctx context.Context, tx pgx.Tx, f reportFilter, scope audit.Scope) (*report, error)
}

// The reports.
var (
	reportSeries      = reportKind{"Series", "", "refill-cards-statistics", "year", false, true, makeSeriesReport}                        //nolint:gochecknoglobals // a constant, were structs allowed to be
	reportOutstanding = reportKind{"Outstanding", "/outstanding", "refill-cards-outstanding", "year", true, true, makeOutstandingReport}  //nolint:gochecknoglobals // likewise
	reportBreakage    = reportKind{"Breakage", "/breakage", "refill-cards-breakage", "year", true, true, makeBreakageReport}              //nolint:gochecknoglobals // likewise
	reportRedemptions = reportKind{"Redemptions", "/redemptions", "refill-cards-redemptions", "month", true, false, makeRedemptionReport} //nolint:gochecknoglobals // likewise
	reportTimeToUse   = reportKind{"Time to use", "/time-to-use", "refill-cards-time-to-use", "year", false, false, makeTimeToUseReport}  //nolint:gochecknoglobals // likewise
)

// reportPage is any of the reports.
type reportPage struct {
	page
	Tabs       []filterWord
	Self       string
	Fields     []field
	Mistakes   []mistake
	PartnerAny bool
	Report     *report
	Period     string
	Heads      []reportHead
	Rows       [][]reportCell
	Totals     []reportCell
	CSV, XLSX  string
	Was        hidden // the period that the form was shown with
	Pager      pager
	Empty      empty
}

// reportHead is the head of a column, which orders the rows by it.
type reportHead struct {
	Text, URL, Order string
	Num              bool
}

// reportRows is how many rows a page of a report shows; a file has them all.
const reportRows = 100

// adminReport handles GET /admin/finance/refill-cards/statistics and what is
// below it: a page, or with ?format= a file of the same.
func (s *Server) adminReport(kind reportKind) handler {
	return func(c *gin.Context) error {
		s.takesTime(c)
		ctx := c.Request.Context()
		settings, err := s.Settings.Get(ctx)
		if err != nil {
			return err
		}
		days, err := db.New().ReportToday(ctx, s.Pool, settings.TimeZone)
		if err != nil {
			return err
		}
		f := newReportFilter(c, settings, days, kind.Preset)
		scope := s.person(c).Scope
		if f.Partner > 0 && !scope.Holds(f.Partner) {
			f.Partner = 0 // as if it did not exist
		}
		sort := c.Query("sort")
		if format, ok := tableFormat(c); ok && len(f.mistakes) == 0 {
			return s.sendReport(c, kind, f, scope, sort, format)
		}
		p := &reportPage{page: s.page(c, "Statistics", sectionStatistics), Self: sectionStatistics + kind.Path, PartnerAny: kind.Any, Mistakes: f.mistakes}
		for _, one := range []reportKind{reportSeries, reportOutstanding, reportRedemptions, reportBreakage, reportTimeToUse} {
			p.Tabs = append(p.Tabs, filterWord{Text: one.Name, URL: sectionStatistics + one.Path, Current: one.Path == kind.Path})
		}
		if err := s.reportFields(ctx, p, f, kind.Units); err != nil {
			return err
		}
		status := http.StatusOK
		if len(f.mistakes) > 0 {
			status = http.StatusUnprocessableEntity
		}
		if p.Report, err = s.readReport(ctx, kind, f, scope); err != nil {
			return err
		}
		p.fill(c, f, sort)
		return s.render(c, status, "admin/report", p)
	}
}

// readReport makes a report in one snapshot. A statement behind it may take longer
// than one behind another page: years of redemptions are read.
func (s *Server) readReport(ctx context.Context, kind reportKind, f reportFilter, scope audit.Scope) (r *report, err error) {
	opts := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, s.Pool, opts, func(tx pgx.Tx) error {
		ctx, err := db.Patiently(ctx, tx, tableStatement)
		if err != nil {
			return err
		}
		r, err = kind.make(ctx, tx, f, scope)
		return err
	})
	return r, err
}

// sendReport sends the whole report as it is filtered and ordered.
func (s *Server) sendReport(c *gin.Context, kind reportKind, f reportFilter, scope audit.Scope, sort string, format export.TableFormat) error {
	r, err := s.readReport(c.Request.Context(), kind, f, scope)
	if err != nil {
		return err
	}
	r.sortBy(sort)
	return s.sendTable(c, kind.File, format, r.Columns, func(_ context.Context, _ pgx.Tx, row func(...any) error) error {
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

// fill lays the report out for the page.
func (p *reportPage) fill(c *gin.Context, f reportFilter, sort string) {
	r := p.Report
	r.sortBy(sort)
	p.Period, p.Was = f.words(), hidden{"was", f.Period}
	p.CSV = listURL(p.Self, f.query("sort", sort, "format", "csv")...)
	p.XLSX = listURL(p.Self, f.query("sort", sort, "format", "xlsx")...)
	shown := r.shown()
	for _, i := range shown {
		column := r.Columns[i]
		head := reportHead{Text: column.Name, Num: column.Kind == export.ColumnNumber || column.Kind == export.ColumnMoney}
		if r.Sortable {
			next := column.Name
			switch sort {
			case column.Name:
				next, head.Order = "-"+column.Name, "ascending"
			case "-" + column.Name:
				head.Order = "descending"
			}
			head.URL = listURL(p.Self, f.query("sort", next)...)
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
		p.Totals[0].Text, p.Totals[0].URL = "Total", ""
	}
	if len(r.Rows) > reportRows {
		at := first/reportRows + 1
		p.Pager.Text = strconv.Itoa(first+1) + " to " + strconv.Itoa(last) + " of " + strconv.Itoa(len(r.Rows))
		if first > 0 {
			p.Pager.Newer = listURL(p.Self, f.query("sort", sort, "page", strconv.Itoa(at-1))...)
		}
		if last < len(r.Rows) {
			p.Pager.Older = listURL(p.Self, f.query("sort", sort, "page", strconv.Itoa(at+1))...)
		}
	}
	p.Empty = empty{Icon: "chart-bar", Title: "Nothing in this period", Text: "No cards fit the period and the partner.", Action: "Show all time", URL: p.Self + "?period=all"}
}
