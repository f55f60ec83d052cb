package admin

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/render"
	"refill/internal/report"
	"refill/internal/web/kit"
)

// reportView is a table of figures and what is shown above it. The page and the file
// are made of the same one, so that they can't differ.
type reportView struct {
	report.Frame

	Heading  string
	Text     string // what the figures mean
	Tiles    []kit.Tile
	Bar      kit.Bar
	Chart    barChart
	Columns  []render.Column
	Rows     [][]any
	Totals   []any // the last row; none where figures don't add up
	Sortable bool
}

// monthColumn holds the first days of months.
const monthColumn = lang.M("Month")

// unitWord heads the column of the periods' first days.
func unitWord(unit report.Unit) string {
	switch unit {
	case report.Month:
		return monthColumn
	case report.Week:
		return lang.M("Week from")
	default:
		return lang.M("Day")
	}
}

// spanWords says the time that a report is about.
func spanWords(s report.Span) string {
	last := s.Last.Format("2 Jan 2006")
	if s.FromTheStart {
		return lang.M("Up to ") + last
	}
	return s.First.Format("2 Jan 2006") + " to " + last
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
func (r *reportView) shown() []int {
	var list []int
	for i, c := range r.Columns {
		rare := slices.Contains([]string{lang.M("Repriced"), lang.M("Other"), lang.M("Reversed and other")}, c.Name) && r.zero(i)
		if c.Name != "Currency" && !strings.HasSuffix(c.Name, sumSuffix) && !rare {
			list = append(list, i)
		}
	}
	return list
}

// sumSuffix ends the name of the column that goes with the one before it.
const sumSuffix = " sum"

// zero reports whether a column of amounts has nothing in any row.
func (r *reportView) zero(column int) bool {
	return !slices.ContainsFunc(r.Rows, func(row []any) bool {
		a, ok := row[column].(money.Amount)
		return !ok || a.Minor != 0
	})
}

// cells makes a row of the page.
func (r *reportView) cells(row []any, shown []int) []reportCell {
	cells := make([]reportCell, len(shown))
	for at, i := range shown {
		c, column := &cells[at], r.Columns[i]
		c.Num = column.Kind == render.ColumnNumber || column.Kind == render.ColumnMoney
		c.Text = reportWords(row[i], column.Name)
		if column.Name == "Series" && row[i] != "Total" {
			c.URL = SeriesURL(c.Text)
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
		text, _ := kit.Number(v)
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
func (r *reportView) sortBy(sort string) {
	name := strings.TrimPrefix(sort, "-")
	at := slices.IndexFunc(r.Columns, func(c render.Column) bool { return c.Name == name })
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
