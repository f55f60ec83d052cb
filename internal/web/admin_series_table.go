package web

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/export"
	"refill/internal/money"
)

// sortUsual is how the list of series is sorted unless asked otherwise: by
// number, the newest first.
const sortUsual = "number"

// seriesColumns are the columns of the list that can be chosen.
func seriesColumns() []tableColumn {
	return []tableColumn{
		{"value", "Face value", "", true, true},
		{"price", "Price", "price", true, false},
		{"quantity", "Quantity", "quantity", true, false},
		{"outstanding", "Outstanding", "outstanding", true, true},
		{"partner", "Partner", "", false, true},
		{"till", "Valid till", "valid_till", false, true},
		{"cards", "Cards", "", false, true},
		{"state", "State", "", false, true},
		{"ordered", "Created", "created", false, true},
		{"export", "Last export", "", false, true},
	}
}

// columnHead is the head of a column as the table shows it.
type columnHead struct {
	Name, Text, URL string
	Aria            string // ascending, descending; empty: not sorted by it
	Num             bool
}

// seriesSort reads the order from the address: a name, or one after a minus for
// the greatest first.
func seriesSort(text string) (name string, down bool) {
	name, down = strings.CutPrefix(text, "-")
	if slices.Contains([]string{sortUsual, "created", "valid_till", "price", "quantity", "outstanding"}, name) {
		return name, down
	}
	return sortUsual, true
}

// seriesColumnsCookie remembers which columns somebody chose, in their browser.
const seriesColumnsCookie = "refill-series-columns"

// seriesTableView is the form as the person left it.
func (s *Server) seriesTableView(c *gin.Context, query seriesQuery) tableView {
	v := newTableView(c, sectionSeries, seriesColumnsCookie, seriesColumns())
	v.Size = field{Name: "size", Label: "Rows on a page"}
	for _, size := range seriesSizes() {
		text := money.Group(strconv.Itoa(size))
		v.Size.Options = append(v.Size.Options, option{strconv.Itoa(size), text, size == query.Size})
	}
	v.Sort = field{Name: "sort", Label: "Sort by", Options: []option{
		{Value: "-number", Text: "Newest first"},
		{Value: "number", Text: "Oldest first"},
		{Value: "valid_till", Text: "First to expire"},
		{Value: "-valid_till", Text: "Last to expire"},
		{Value: "-created", Text: "Created last"},
		{Value: "created", Text: "Created first"},
		{Value: "-price", Text: "Highest price"},
		{Value: "price", Text: "Lowest price"},
		{Value: "-quantity", Text: "Most cards"},
		{Value: "quantity", Text: "Fewest cards"},
		{Value: "-outstanding", Text: "Most outstanding"},
		{Value: "outstanding", Text: "Least outstanding"},
	}}
	sign := ""
	if query.Down {
		sign = "-"
	}
	v.Sort.choose(sign + query.Sort)
	for _, h := range []hidden{{"q", query.Search}, {"status", query.Status}, {"partner", c.Query("partner")}} {
		if h.Value != "" {
			v.Keep = append(v.Keep, h)
		}
	}
	return v
}

// seriesHeads are the heads of the columns that are shown; a second press turns the
// order round.
func seriesHeads(v tableView, query seriesQuery) []columnHead {
	heads := []columnHead{sortHead(query, tableColumn{"series", "Series", sortUsual, false, true})}
	for _, column := range seriesColumns() {
		if v.Show[column.Name] {
			heads = append(heads, sortHead(query, column))
		}
	}
	return heads
}

func sortHead(query seriesQuery, column tableColumn) columnHead {
	h := columnHead{Name: column.Name, Text: column.Text, Num: column.Num}
	if column.Sort == "" {
		return h
	}
	down := column.Sort != "valid_till" // what people look for first: the greatest, but the earliest day
	if query.Sort == column.Sort {
		h.Aria = "ascending"
		if query.Down {
			h.Aria = "descending"
		}
		down = !query.Down
	}
	h.URL = query.url(func(q *seriesQuery) { q.Sort, q.Down, q.Page = column.Sort, down, 1 })
	return h
}

// withFormat is the address of the whole table as a file: as it is filtered and
// sorted, all pages.
func withFormat(query seriesQuery, format string) string {
	at := query.url(func(q *seriesQuery) { q.Page, q.Size = 1, seriesSizes()[0] })
	if strings.Contains(at, "?") {
		return at + "&format=" + format
	}
	return at + "?format=" + format
}

// sendSeriesTable answers with the table as a file.
func (s *Server) sendSeriesTable(c *gin.Context, query seriesQuery, format export.TableFormat) error {
	columns := []export.Column{
		{Name: "Series"},
		{Name: "Prefix"},
		{Name: "State"},
		{Name: "Price", Kind: export.ColumnMoney},
		{Name: "Currency"},
		{Name: "Partners"},
		{Name: "Valid till", Kind: export.ColumnDate},
		{Name: "Created", Kind: export.ColumnTime},
		{Name: "Created by"},
		{Name: "Quantity", Kind: export.ColumnNumber},
		{Name: "Unused", Kind: export.ColumnNumber},
		{Name: "Used", Kind: export.ColumnNumber},
		{Name: "Disabled", Kind: export.ColumnNumber},
		{Name: "Void", Kind: export.ColumnNumber},
		{Name: "Outstanding", Kind: export.ColumnMoney},
		{Name: "Last export"},
		{Name: "Exported", Kind: export.ColumnTime},
	}
	params, local := query.params(s.person(c)), s.local
	return s.sendTable(c, "refill-series", format, columns, func(ctx context.Context, tx pgx.Tx, row func(cells ...any) error) error {
		for params.Size, params.Skip = 1000, 0; ; params.Skip += params.Size {
			rows, err := db.New().SeriesList(ctx, tx, params)
			if err != nil {
				return err
			}
			for _, r := range rows {
				if err := row(seriesCells(r, local)...); err != nil {
					return err
				}
			}
			if len(rows) < int(params.Size) {
				return nil
			}
		}
	})
}

// seriesCells is a row of the file; local moves a time into the house's zone.
func seriesCells(row db.SeriesListRow, local func(time.Time) time.Time) []any {
	v, series := viewSeries(listed(row)), row.Series
	var exported any
	if row.ExportedFormat != "" {
		exported = local(row.ExportedAt)
	}
	return []any{
		series.Number, series.Prefix, v.State.Word,
		money.Amount{Minor: series.Price, Currency: series.Currency},
		series.Currency,
		v.Partners, series.ValidTill, local(series.CreatedAt), row.CreatedByName,
		series.Quantity, v.Unused, row.Used, row.Disabled, row.Void,
		money.Amount{Minor: card.Outstanding(listed(row)), Currency: series.Currency},
		formatName(row.ExportedFormat), exported,
	}
}

// listed is a row of the list as the page of its series knows it.
func listed(row db.SeriesListRow) db.SeriesShowRow {
	return db.SeriesShowRow{
		Series: row.Series, CreatedByName: row.CreatedByName, PartnerNames: row.PartnerNames,
		Used: row.Used, Disabled: row.Disabled, Void: row.Void,
		Expired: row.Expired, ExpiresAt: row.ExpiresAt, AskedAt: row.AskedAt,
	}
}
