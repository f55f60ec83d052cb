package web

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/export"
	"refill/internal/money"
	"refill/internal/setting"
)

// report is a table of figures and what is shown above it. The page and the file
// are made of the same one, so that they can't differ.
type report struct {
	Heading  string
	Text     string // what the figures mean
	Tiles    []tile
	Bar      bar
	Chart    reportChart
	Columns  []export.Column
	Rows     [][]any
	Totals   []any // the last row; none where figures don't add up
	Sortable bool
}

// reportFilter is what the address asks for.
type reportFilter struct {
	Period, From, Till string // as asked; From and Till are days, both included
	Partner            int64  // 0: all; -1: series for any partner
	Unit               string // day, week or month
	Start, End         time.Time
	Zone               *time.Location
	ZoneName, Currency string
	fromFirst          bool // from the first movement of the ledger on
	mistakes           []mistake
}

// reportEpoch is a year before every card.
const reportEpoch = 2000

// newReportFilter reads the address. What can't be read is told, and the preset
// period shown.
func newReportFilter(c *gin.Context, settings setting.Settings, days db.ReportTodayRow, preset string) reportFilter {
	f := reportFilter{
		Period: c.Query("period"), From: c.Query("from"), Till: c.Query("to"), Unit: c.Query("unit"),
		Zone: zone(settings.TimeZone), ZoneName: settings.TimeZone, Currency: settings.Currency,
	}
	f.Partner, _ = strconv.ParseInt(c.Query("partner"), 10, 64)
	if f.Period == "" {
		f.Period = preset
	}
	if f.Period == c.Query("was") && f.From+f.Till != "" {
		f.Period = "custom" // days were filled in, and the period left as it was
	}
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, f.Zone) }
	year, month, date := days.Today.Date()
	first := day(days.First.Date())
	f.End = day(year, month, date+1)
	switch f.Period {
	case "month":
		f.Start = day(year, month, 1)
	case "last-month":
		f.Start, f.End = day(year, month-1, 1), day(year, month, 1)
	case "year":
		f.Start = day(year, 1, 1)
	case "custom":
		f.custom(first, day)
	default:
		f.Period, f.Start, f.fromFirst = "all", first, true
	}
	if f.Period != "custom" {
		f.From, f.Till = "", ""
	}
	if f.Unit != "day" && f.Unit != "week" && f.Unit != "month" {
		f.Unit = "month"
		if f.End.Sub(f.Start) < 100*24*time.Hour {
			f.Unit = "day"
		}
	}
	if f.Unit == "day" && f.End.Sub(f.Start) > 800*24*time.Hour {
		f.Unit = "month" // nobody reads thousands of days
	}
	return f
}

// custom reads the two days.
func (f *reportFilter) custom(first time.Time, day func(int, time.Month, int) time.Time) {
	f.Start, f.fromFirst = first, true
	read := func(name, label, text string) (time.Time, bool) {
		if text == "" {
			return time.Time{}, false
		}
		at, err := time.ParseInLocation(time.DateOnly, text, f.Zone)
		if err != nil || at.Year() < reportEpoch || at.Year() > 9000 {
			f.mistakes = append(f.mistakes, mistake{name, label + " must be a date such as 2026-01-31."})
			return time.Time{}, false
		}
		return at, true
	}
	from, hasFrom := read("from", "From", f.From)
	till, hasTill := read("to", "To", f.Till)
	if hasFrom && hasTill && till.Before(from) {
		f.mistakes = append(f.mistakes, mistake{"to", "To must not lie before From."})
		return
	}
	if hasFrom {
		f.Start, f.fromFirst = from, false
	}
	if hasTill {
		f.End = day(till.Year(), till.Month(), till.Day()+1)
	}
	if !f.End.After(f.Start) {
		if f.fromFirst {
			f.Start = f.End.AddDate(0, 0, -1) // before the first movement
			return
		}
		f.End = day(f.Start.Year(), f.Start.Month(), f.Start.Day()+1)
	}
}

// words says the period.
func (f reportFilter) words() string {
	last := f.End.AddDate(0, 0, -1).Format("2 Jan 2006")
	if f.fromFirst {
		return "Up to " + last
	}
	return f.Start.Format("2 Jan 2006") + " to " + last
}

// amount gives a sum its currency.
func (f reportFilter) amount(minor int64) money.Amount {
	return money.Amount{Minor: minor, Currency: f.Currency}
}

// monthColumn holds the first days of months.
const monthColumn = "Month"

// unitWord heads the column of the periods' first days.
func (f reportFilter) unitWord() string {
	switch f.Unit {
	case "month":
		return monthColumn
	case "week":
		return "Week from"
	}
	return "Day"
}

// periodOf returns the first day of the period that a day lies in.
func (f reportFilter) periodOf(at time.Time) time.Time {
	y, m, d := at.Date()
	switch f.Unit {
	case "month":
		d = 1
	case "week":
		d -= (int(at.Weekday()) + 6) % 7
	}
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// following returns the first day of the period after that of a first day.
func (f reportFilter) following(first time.Time) time.Time {
	switch f.Unit {
	case "month":
		return first.AddDate(0, 1, 0)
	case "week":
		return first.AddDate(0, 0, 7)
	}
	return first.AddDate(0, 0, 1)
}

// fields are the controls of the filter.
func (s *Server) reportFields(ctx context.Context, p *reportPage, f reportFilter, units bool) error {
	scope := p.Person.Scope
	partners, err := db.New().ReportPartners(ctx, s.Pool, db.ReportPartnersParams{AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs})
	if err != nil {
		return err
	}
	period := field{Name: "period", Label: "Period", Options: []option{
		{Value: "month", Text: "This month"},
		{Value: "last-month", Text: "Last month"},
		{Value: "year", Text: "This year"},
		{Value: "all", Text: "All time"},
		{Value: "custom", Text: "From – to"},
	}}
	period.choose(f.Period)
	from := field{Name: "from", Label: "From", Type: "date", Value: f.From}
	till := field{Name: "to", Label: "To", Type: "date", Value: f.Till}
	partner := field{Name: "partner", Label: "Partner", Options: []option{{Value: "0", Text: "All"}}}
	if p.PartnerAny && scope.AllPartners {
		partner.Options = append(partner.Options, option{Value: "-1", Text: "Any (series for every partner)"})
	}
	for _, one := range partners {
		partner.Options = append(partner.Options, option{Value: fmt.Sprint(one.ID), Text: one.Name})
	}
	partner.choose(fmt.Sprint(f.Partner))
	for _, m := range f.mistakes {
		for _, one := range []*field{&from, &till} {
			if one.Name == m.Field {
				one.Error = m.Text
			}
		}
	}
	p.Fields = []field{period, from, till, partner}
	if units {
		unit := field{Name: "unit", Label: "By", Options: []option{{Value: "day", Text: "Day"}, {Value: "week", Text: "Week"}, {Value: "month", Text: "Month"}}}
		unit.choose(f.Unit)
		p.Fields = append(p.Fields, unit)
	}
	return nil
}

// query is the filter as the address has it.
func (f reportFilter) query(pairs ...string) []string {
	partner := ""
	if f.Partner != 0 {
		partner = fmt.Sprint(f.Partner)
	}
	return append([]string{"period", f.Period, "from", f.From, "to", f.Till, "partner", partner, "unit", f.Unit}, pairs...)
}

// reportCell is one cell as the page shows it.
type reportCell struct {
	Text, URL string
	Under     string // the sum that goes with a count
	Num       bool
}

// shown are the columns that the page has: not the currency, which stands with
// every amount; not the sum of a count, which stands beneath it; and not what a
// file has for good but hardly ever is there.
func (r *report) shown() []int {
	var list []int
	for i, c := range r.Columns {
		rare := slices.Contains([]string{"Repriced", "Other", "Reversed and other"}, c.Name) && r.zero(i)
		if c.Name != "Currency" && !strings.HasSuffix(c.Name, sumSuffix) && !rare {
			list = append(list, i)
		}
	}
	return list
}

// sumSuffix ends the name of the column that goes with the one before it.
const sumSuffix = " sum"

// zero reports whether a column of amounts has nothing in any row.
func (r *report) zero(column int) bool {
	return !slices.ContainsFunc(r.Rows, func(row []any) bool {
		a, ok := row[column].(money.Amount)
		return !ok || a.Minor != 0
	})
}

// cells makes a row of the page.
func (r *report) cells(row []any, shown []int) []reportCell {
	cells := make([]reportCell, len(shown))
	for at, i := range shown {
		c, column := &cells[at], r.Columns[i]
		c.Num = column.Kind == export.ColumnNumber || column.Kind == export.ColumnMoney
		c.Text = reportWords(row[i], column.Name)
		if column.Name == "Series" && row[i] != "Total" {
			c.URL = seriesURL(c.Text)
		}
		if i+1 < len(row) && r.Columns[i+1].Name == column.Name+sumSuffix {
			c.Under = reportWords(row[i+1], "")
		}
	}
	return cells
}

// reportWords writes a value for people.
func reportWords(v any, column string) string {
	switch v := v.(type) {
	case string:
		return v
	case int64:
		text, _ := number(v)
		return text
	case float64:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case money.Amount:
		return v.String()
	case time.Time:
		if column == monthColumn {
			return v.Format("Jan 2006")
		}
		return v.Format("2 Jan 2006")
	}
	return ""
}

// sortBy orders the rows by a column, "-" before its name for the largest first.
func (r *report) sortBy(sort string) {
	name := strings.TrimPrefix(sort, "-")
	at := slices.IndexFunc(r.Columns, func(c export.Column) bool { return c.Name == name })
	if at < 0 || !r.Sortable {
		return
	}
	slices.SortStableFunc(r.Rows, func(a, b []any) int {
		order := compareCells(a[at], b[at])
		if name != sort {
			return -order
		}
		return order
	})
}

func compareCells(a, b any) int {
	switch a := a.(type) {
	case string:
		if b, ok := b.(string); ok {
			return cmp.Compare(strings.ToLower(a), strings.ToLower(b))
		}
	case int64:
		if b, ok := b.(int64); ok {
			return cmp.Compare(a, b)
		}
	case float64:
		if b, ok := b.(float64); ok {
			return cmp.Compare(a, b)
		}
	case money.Amount:
		if b, ok := b.(money.Amount); ok {
			return cmp.Compare(a.Minor, b.Minor)
		}
	case time.Time:
		if b, ok := b.(time.Time); ok {
			return a.Compare(b)
		}
	}
	return 0
}
