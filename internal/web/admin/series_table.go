package admin

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
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/render"
	"refill/internal/web/kit"
)

// sortUsual is the default order of the list of series: by number, the newest first.
const sortUsual = "number"

// seriesColumns returns the columns that a person can show or hide.
func seriesColumns() []kit.TableColumn {
	return []kit.TableColumn{
		{Name: "value", Text: lang.M("Face value"), Sort: "", Num: true, Usual: true},
		{Name: "price", Text: lang.M("Price"), Sort: "price", Num: true, Usual: false},
		{Name: "quantity", Text: lang.M("Quantity"), Sort: "quantity", Num: true, Usual: false},
		{Name: "outstanding", Text: lang.M("Outstanding"), Sort: "outstanding", Num: true, Usual: true},
		{Name: "partner", Text: lang.M("Partner"), Sort: "", Num: false, Usual: true},
		{Name: "till", Text: lang.M("Valid till"), Sort: "valid_till", Num: false, Usual: true},
		{Name: "cards", Text: lang.M("Cards"), Sort: "", Num: false, Usual: true},
		{Name: "state", Text: lang.M("State"), Sort: "", Num: false, Usual: true},
		{Name: "ordered", Text: lang.M("Created"), Sort: "created", Num: false, Usual: true},
		{Name: "export", Text: lang.M("Last export"), Sort: "", Num: false, Usual: true},
	}
}

// columnHead is the header of a column.
type columnHead struct {
	Name, Text, URL string
	Aria            string // ascending, descending; empty: not sorted by it
	Num             bool
}

// seriesSort reads the order from the query: the name of a column, with a minus before it
// for descending order.
func seriesSort(text string) (name string, down bool) {
	name, down = strings.CutPrefix(text, "-")
	if slices.Contains([]string{sortUsual, "created", "valid_till", "price", "quantity", "outstanding"}, name) {
		return name, down
	}
	return sortUsual, true
}

// seriesColumnsCookie names the cookie that holds the columns a person chose.
const seriesColumnsCookie = "refill-series-columns"

// seriesTableView returns the form that chooses columns, order and page size.
func (s *Server) seriesTableView(c *gin.Context, query seriesQuery) kit.TableView {
	v := kit.NewTableView(c, SectionSeries, seriesColumnsCookie, seriesColumns())
	v.Size = kit.Field{Name: "size", Label: lang.M("Rows on a page")}
	for _, size := range SeriesSizes() {
		text := money.Group(strconv.Itoa(size))
		v.Size.Options = append(v.Size.Options, kit.Option{Value: strconv.Itoa(size), Text: text, Selected: size == query.Size})
	}
	v.Sort = kit.Field{Name: "sort", Label: lang.M("Sort by"), Options: []kit.Option{
		{Value: "-number", Text: lang.M("Newest first")},
		{Value: "number", Text: lang.M("Oldest first")},
		{Value: "valid_till", Text: lang.M("First to expire")},
		{Value: "-valid_till", Text: lang.M("Last to expire")},
		{Value: "-created", Text: lang.M("Created last")},
		{Value: "created", Text: lang.M("Created first")},
		{Value: "-price", Text: lang.M("Highest price")},
		{Value: "price", Text: lang.M("Lowest price")},
		{Value: "-quantity", Text: lang.M("Most cards")},
		{Value: "quantity", Text: lang.M("Fewest cards")},
		{Value: "-outstanding", Text: lang.M("Most outstanding")},
		{Value: "outstanding", Text: lang.M("Least outstanding")},
	}}
	sign := ""
	if query.Down {
		sign = "-"
	}
	v.Sort.Choose(sign + query.Sort)
	for _, h := range []kit.Hidden{{Name: "q", Value: query.Search}, {Name: "status", Value: query.Status}, {Name: "partner", Value: c.Query("partner")}} {
		if h.Value != "" {
			v.Keep = append(v.Keep, h)
		}
	}
	return v
}

// seriesHeads returns the headers of the shown columns. A second click on a header reverses
// the order.
func seriesHeads(v kit.TableView, query seriesQuery) []columnHead {
	heads := []columnHead{sortHead(query, kit.TableColumn{Name: "series", Text: lang.M("Series"), Sort: sortUsual, Num: false, Usual: true})}
	for _, column := range seriesColumns() {
		if v.Show[column.Name] && column.Name != "state" { // the state is shown beside the number
			heads = append(heads, sortHead(query, column))
		}
	}
	return heads
}

func sortHead(query seriesQuery, column kit.TableColumn) columnHead {
	h := columnHead{Name: column.Name, Text: column.Text, Num: column.Num}
	if column.Sort == "" {
		return h
	}
	down := column.Sort != "valid_till" // the more useful order first: greatest value, but earliest date
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

// withFormat returns the address of the table as a file: all pages, with the same filter
// and order.
func withFormat(query seriesQuery, format string) string {
	at := query.url(func(q *seriesQuery) { q.Page, q.Size = 1, SeriesSizes()[0] })
	if strings.Contains(at, "?") {
		return at + "&format=" + format
	}
	return at + "?format=" + format
}

// sendSeriesTable responds with the table as a file.
func (s *Server) sendSeriesTable(c *gin.Context, query seriesQuery, format render.TableFormat) error {
	columns := []render.Column{
		{Name: lang.M("Series")},
		{Name: lang.M("Prefix")},
		{Name: lang.M("State")},
		{Name: lang.M("Price"), Kind: render.ColumnMoney},
		{Name: lang.M("Currency")},
		{Name: lang.M("Partners")},
		{Name: lang.M("Valid till"), Kind: render.ColumnDate},
		{Name: lang.M("Created"), Kind: render.ColumnTime},
		{Name: lang.M("Created by")},
		{Name: lang.M("Quantity"), Kind: render.ColumnNumber},
		{Name: lang.M("Unused"), Kind: render.ColumnNumber},
		{Name: lang.M("Used"), Kind: render.ColumnNumber},
		{Name: lang.M("Disabled"), Kind: render.ColumnNumber},
		{Name: lang.M("Void"), Kind: render.ColumnNumber},
		{Name: lang.M("Outstanding"), Kind: render.ColumnMoney},
		{Name: lang.M("Last export")},
		{Name: lang.M("Exported"), Kind: render.ColumnTime},
	}
	params, local := query.params(s.Person(c)), s.Local
	return s.SendTable(c, "refill-series", format, columns, func(ctx context.Context, tx pgx.Tx, row func(cells ...any) error) error {
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

// seriesCells returns a row of the file. local converts a time to the zone of the
// installation.
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
		v.Partners, series.ValidTill, local(series.CreatedAt), v.CreatedBy,
		series.Quantity, v.Unused, row.Used, row.Disabled, row.Void,
		money.Amount{Minor: card.Outstanding(listed(row)), Currency: series.Currency},
		formatName(row.ExportedFormat), exported,
	}
}

// listed converts a row of the list to the type of the series page.
func listed(row db.SeriesListRow) db.SeriesShowRow {
	return db.SeriesShowRow{
		Series: row.Series, CreatedByName: row.CreatedByName, ClientName: row.ClientName, PartnerNames: row.PartnerNames,
		Used: row.Used, Disabled: row.Disabled, Void: row.Void,
		Expired: row.Expired, ExpiresAt: row.ExpiresAt, AskedAt: row.AskedAt, ReplacesNumber: row.ReplacesNumber,
	}
}
