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

// reportView is a table of figures and what is shown above it. The page and the file are
// made from the same reportView, so that they cannot differ.
type reportView struct {
	report.Frame

	Heading  string
	Text     string // what the figures mean
	Tiles    []kit.Tile
	Bar      kit.Bar
	Chart    barChart
	Columns  []render.Column
	Rows     [][]any
	Totals   []any // the last row; nil if the figures have no total
	Sortable bool
}

// monthColumn is the name of a column with the first days of months.
const monthColumn = lang.M("Month")

// unitWord returns the name of the column with the first days of the periods.
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

// spanWords formats the time that a report covers.
func spanWords(s report.Span) string {
	last := kit.Day(s.Last)
	if s.FromTheStart {
		return lang.M("Up to ") + last
	}
	return kit.Day(s.First) + " to " + last
}

// reportCell is one cell, prepared for the page.
type reportCell struct {
	Text, URL string
	Under     string // the sum that goes with a count, or the prefix of a series
	Num       bool
}

// shown returns the indexes of the columns that the page shows. It leaves out the currency,
// which is part of every amount; the sum of a count, which is shown below the count; the
// prefix, which is shown below the number of its series; and rarely used columns without any
// amount.
func (r *reportView) shown() []int {
	var list []int
	for i, c := range r.Columns {
		rare := slices.Contains([]string{lang.M("Repriced"), lang.M("Other"), lang.M("Reversed and other")}, c.Name) && r.zero(i)
		if c.Name != "Currency" && c.Name != prefixColumn && !strings.HasSuffix(c.Name, sumSuffix) && !rare {
			list = append(list, i)
		}
	}
	return list
}

// prefixColumn is the name of the column with the prefixes of series.
const prefixColumn = lang.M("Prefix")

// sumSuffix ends the name of a sum column, which belongs to the column before it.
const sumSuffix = " sum"

// zero reports whether all amounts of a column are zero.
func (r *reportView) zero(column int) bool {
	return !slices.ContainsFunc(r.Rows, func(row []any) bool {
		a, ok := row[column].(money.Amount)
		return !ok || a.Minor != 0
	})
}

// cells returns the cells of a row for the page.
func (r *reportView) cells(row []any, shown []int) []reportCell {
	cells := make([]reportCell, len(shown))
	for at, i := range shown {
		c, column := &cells[at], r.Columns[i]
		c.Num = column.Kind == render.ColumnNumber || column.Kind == render.ColumnMoney
		c.Text = reportWords(row[i], column.Name)
		if column.Name == "Series" && row[i] != "Total" {
			c.URL = SeriesURL(c.Text)
		}
		if i+1 < len(row) && r.Columns[i+1].Name == prefixColumn {
			c.Under, _ = row[i+1].(string)
		}
		if i+1 < len(row) && r.Columns[i+1].Name == column.Name+sumSuffix {
			if sum, ok := row[i+1].(money.Amount); ok && !kit.IsZero(c.Text) { // a zero needs no sum
				c.Under = sum.Figure()
			}
		}
	}
	return cells
}

// reportWords formats a value for display.
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
		return kit.Day(v)
	}
	return ""
}

// sortBy sorts the rows by a column. A "-" before its name means descending order.
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
