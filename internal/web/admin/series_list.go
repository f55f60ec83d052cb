package admin

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/money"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// seriesListPage is the list of series.
type seriesListPage struct {
	kit.Page
	Rows     []seriesRow
	Query    seriesQuery
	Words    []kit.FilterWord
	Saved    savedViews
	Partner  kit.Field // limits the list to one partner; without options if there is only one
	View     kit.TableView
	Head     []columnHead
	Pager    tablePager
	Empty    kit.Empty
	Live     bool   // a row shows work in progress
	Self     string // the address of this list, with its query
	CSV      string // address of the table as a file
	XLSX     string
	CanMake  bool
	Filtered bool
}

// seriesRow is a series in the list, with its actions.
type seriesRow struct {
	seriesView
	Show     map[string]bool // whether each column is shown
	Exported exportedView
	Menu     []menuLink
}

// exportedView is the last file of a series.
type exportedView struct {
	Format, Ready string // formats; empty: none
	At            time.Time
	URL           string // of the ready file, for people who may download it
}

// menuLink is an entry of a row's menu.
type menuLink struct {
	Text, URL string
	Danger    bool
}

// SeriesList handles GET /admin/finance/refill-cards/series: the page, the table as a file
// or, after a choice of columns, a redirect to the page.
func (s *Server) SeriesList(c *gin.Context) error {
	query := readSeriesQuery(c)
	if c.Query("view") != "" {
		s.KeepColumns(c, seriesColumnsCookie, seriesColumns())
		return s.Redirect(c, query.url(nil))
	}
	if format, ok := kit.TableFormat(c); ok {
		return s.sendSeriesTable(c, query, format)
	}
	p, err := s.newSeriesListPage(c, query)
	if err != nil {
		return err
	}
	return s.Part(c, http.StatusOK, "admin/series_list", "series-rows", p)
}

// seriesQuery is the query of the list: its filter, order and page.
type seriesQuery struct {
	Search, Status string
	Partner        int64
	Sort           string
	Down           bool
	Size, Page     int
}

// SeriesSizes returns the page sizes to choose from, the default first.
func SeriesSizes() []int { return []int{25, 50, 100, 200} }

func readSeriesQuery(c *gin.Context) seriesQuery {
	q := seriesQuery{Search: kit.Truncate(strings.TrimSpace(c.Query("q")), 40), Status: c.Query("status"), Size: SeriesSizes()[0], Page: 1}
	if id, ok := idParam(c, "partner"); ok {
		q.Partner = id
	}
	q.Sort, q.Down = seriesSort(c.Query("sort"))
	for _, size := range SeriesSizes() {
		if c.Query("size") == strconv.Itoa(size) {
			q.Size = size
		}
	}
	const mostPages = 1_000_000
	if n, err := strconv.Atoi(c.Query("page")); err == nil && n > 1 && n < mostPages {
		q.Page = n
	}
	return q
}

// url returns the address of the list with a changed query. It leaves out defaults. A
// change of anything but the page goes back to the first page.
func (q seriesQuery) url(change func(q *seriesQuery)) string {
	if change != nil {
		before := q.Page
		change(&q)
		if q.Page == before {
			q.Page = 1
		}
	}
	sort, partner, size, number := "", "", "", ""
	if q.Sort != sortUsual || !q.Down {
		sort = q.Sort
		if q.Down {
			sort = "-" + sort
		}
	}
	if q.Partner != 0 {
		partner = strconv.FormatInt(q.Partner, 10)
	}
	if q.Size != SeriesSizes()[0] {
		size = strconv.Itoa(q.Size)
	}
	if q.Page > 1 {
		number = strconv.Itoa(q.Page)
	}
	return kit.ListURL(SectionSeries, "q", q.Search, "status", q.Status, "partner", partner, "sort", sort, "size", size, "page", number)
}

// params returns the query as parameters of the database query.
func (q seriesQuery) params(person staff.Person) db.SeriesListParams {
	return db.SeriesListParams{
		Search: q.Search, Status: q.Status, PartnerID: q.Partner, Sort: q.Sort, Down: q.Down,
		AllPartners: person.Scope.AllPartners, PartnerIds: person.Scope.PartnerIDs,
		Size: int32(q.Size), Skip: int32((q.Page - 1) * q.Size), //nolint:gosec // both are bounded where they are read
	}
}

func (s *Server) newSeriesListPage(c *gin.Context, query seriesQuery) (*seriesListPage, error) {
	p := &seriesListPage{Page: s.Page(c, lang.M("Series"), SectionSeries), Query: query, Self: c.Request.URL.RequestURI()}
	p.CanMake = p.Person.Can(staff.SeriesGenerate)
	p.Filtered = query.Search != "" || query.Status != "" || query.Partner != 0
	for _, w := range []kit.FilterWord{
		{Text: lang.M("All")},
		{Text: lang.M("Active"), URL: "active"},
		{Text: lang.M("In progress"), URL: "working"},
		{Text: lang.M("Not activated"), URL: "ready"},
		{Text: lang.M("Locked"), URL: "locked"},
		{Text: lang.M("Expired"), URL: "expired"},
		{Text: lang.M("Cancelled"), URL: "cancelled"},
		{Text: lang.M("Failed"), URL: "failed"},
		{Text: lang.M("Deleted"), URL: "void"},
	} {
		w.Current = w.URL == query.Status
		w.URL = query.url(func(q *seriesQuery) { q.Status = w.URL; q.Page = 1 })
		p.Words = append(p.Words, w)
	}
	ctx := c.Request.Context()
	var err error
	if p.Saved, err = s.viewsOf(c); err != nil {
		return nil, err
	}
	rows, err := db.New().SeriesList(ctx, s.Pool, query.params(p.Person))
	if err != nil {
		return nil, err
	}
	if p.Partner, err = s.partnerFilter(ctx, p.Person, query.Partner); err != nil {
		return nil, err
	}
	p.View = s.seriesTableView(c, query)
	p.Head = seriesHeads(p.View, query)
	for _, row := range rows {
		r := seriesRow{seriesView: viewSeries(listed(row)), Show: p.View.Show}
		r.Exported = exportedView{Format: formatName(row.ExportedFormat), At: row.ExportedAt}
		if row.ReadyExportID != 0 && p.Person.Can(staff.SeriesExport) {
			r.Exported.Ready = formatName(row.ReadyFormat)
			r.Exported.URL = "/admin/exports/" + strconv.FormatInt(row.ReadyExportID, 10) + "/download"
		}
		r.Menu = seriesMenu(p.Person, row)
		p.Rows = append(p.Rows, r)
		p.Live = p.Live || r.Working || r.Erasing
	}
	if len(rows) > 0 {
		p.Pager = query.pager(rows[0].Total, len(rows))
	}
	p.CSV, p.XLSX = withFormat(query, "csv"), withFormat(query, "xlsx")
	p.Empty = p.whenEmpty()
	return p, nil
}

// partnerFilter returns the select field for a partner. It has no options for fewer than
// two partners.
func (s *Server) partnerFilter(ctx context.Context, person staff.Person, chosen int64) (kit.Field, error) {
	f := kit.Field{Name: "partner", Label: lang.M("Partner")}
	partners, err := db.New().PartnerList(ctx, s.Pool, db.PartnerListParams{AllPartners: person.Scope.AllPartners, PartnerIds: person.Scope.PartnerIDs})
	if err != nil || len(partners) < 2 {
		return f, err
	}
	f.Options = append(f.Options, kit.Option{Value: "", Text: lang.M("All partners")})
	for _, partner := range partners {
		f.Options = append(f.Options, kit.Option{Value: strconv.FormatInt(partner.ID, 10), Text: partner.Name, Selected: partner.ID == chosen})
	}
	return f, nil
}

// tablePager is the pager of a sorted table, with previous and next instead of newer and
// older.
type tablePager struct{ Previous, Next, Text string }

func (q seriesQuery) pager(total int64, shown int) tablePager {
	first := (q.Page-1)*q.Size + 1
	group := func(n int) string { return money.Group(strconv.Itoa(n)) }
	p := tablePager{Text: group(first) + " to " + group(first+shown-1) + " of " + group(int(total))}
	if q.Page > 1 {
		p.Previous = q.url(func(q *seriesQuery) { q.Page-- })
	}
	if int64(first+shown-1) < total {
		p.Next = q.url(func(q *seriesQuery) { q.Page++ })
	}
	return p
}

// idParam reads the ID of a row from the query. It returns false for other text.
func idParam(c *gin.Context, name string) (int64, bool) {
	id, err := strconv.ParseInt(c.Query(name), 10, 64)
	return id, err == nil && id > 0
}

// seriesMenu lists what a person may do with a series. An action that changes the series
// links to its confirmation dialog on the page of the series.
func seriesMenu(person staff.Person, row db.SeriesListRow) []menuLink {
	v := viewSeries(listed(row))
	menu := []menuLink{{Text: lang.M("View"), URL: v.URL}}
	if person.Can(staff.SeriesEdit) && card.CheckEditable(row.Series) == nil {
		menu = append(menu, menuLink{Text: lang.M("Edit"), URL: v.URL + "/edit"})
	}
	if person.Can(staff.SeriesExport) && v.Exportable {
		menu = append(menu, menuLink{Text: lang.M("Export"), URL: v.URL + "#series-exports"})
		if row.ReadyExportID != 0 {
			menu = append(menu, menuLink{Text: "Download " + formatName(row.ReadyFormat), URL: "/admin/exports/" + strconv.FormatInt(row.ReadyExportID, 10) + "/download"})
		}
	}
	for _, action := range seriesActions(person, listed(row)) {
		menu = append(menu, menuLink{Text: action.Opener + "…", URL: v.URL + "#" + action.ID, Danger: action.Danger})
	}
	return menu
}

// whenEmpty returns what the page shows instead of a list without rows.
func (p *seriesListPage) whenEmpty() kit.Empty {
	if p.Filtered || p.Query.Page > 1 {
		return kit.Empty{Icon: "search", Title: lang.M("No series matches"), Text: lang.M("Nothing here fits what you look for."), Action: lang.M("Show all series"), URL: SectionSeries}
	}
	e := kit.Empty{Icon: "cards", Title: lang.M("No series yet"), Text: lang.M("A series is a batch of refill cards ordered together: same value, same partners, same last day.")}
	if p.CanMake {
		e.Action, e.URL = lang.M("Generate cards"), SectionGenerate
	}
	return e
}

// findSeries reads the series named in the address, if the person may see it.
func (s *Server) findSeries(c *gin.Context) (db.SeriesShowRow, error) {
	number := c.Param("number")
	if len(number) > 20 {
		return db.SeriesShowRow{}, card.ErrNoSeries
	}
	return s.Cards.SeriesByNumber(c.Request.Context(), s.Actor(c), number)
}
