package web

import (
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/staff"
)

// seriesPerPage is how many series the list shows at once.
const seriesPerPage = 25

// seriesListPage is the page that staff live on.
type seriesListPage struct {
	page
	Rows    []seriesRow
	Search  string
	Status  string
	Words   []filterWord
	Pager   pager
	Empty   empty
	Live    bool   // a row is moving
	Self    string // the address of this very list
	CanMake bool
}

// seriesRow is a series in the list, and what can be done with it.
type seriesRow struct {
	seriesView
	Menu []menuLink
}

// menuLink is an entry of a row's menu.
type menuLink struct {
	Text, URL string
	Danger    bool
}

// filterWord is one word above a table that narrows it.
type filterWord struct {
	Text, URL string
	Current   bool
}

// adminSeriesList handles GET /admin/finance/refill-cards/series.
func (s *Server) adminSeriesList(c *gin.Context) error {
	p, err := s.newSeriesListPage(c)
	if err != nil {
		return err
	}
	return s.part(c, http.StatusOK, "admin/series_list", "series-rows", p)
}

func (s *Server) newSeriesListPage(c *gin.Context) (*seriesListPage, error) {
	p := &seriesListPage{
		page: s.page(c, "Series", sectionSeries), Search: cut(strings.TrimSpace(c.Query("q")), 40), Status: c.Query("status"),
	}
	p.CanMake = p.Person.Can(staff.SeriesGenerate)
	for _, w := range []filterWord{
		{Text: "All"},
		{Text: "Active", URL: "active"},
		{Text: "In progress", URL: "working"},
		{Text: "Not activated", URL: "ready"},
		{Text: "Locked", URL: "locked"},
		{Text: "Expired", URL: "expired"},
		{Text: "Void", URL: "void"},
		{Text: "Cancelled", URL: "cancelled"},
		{Text: "Failed", URL: "failed"},
	} {
		w.Current = w.URL == p.Status
		w.URL = listURL(sectionSeries, "q", p.Search, "status", w.URL)
		p.Words = append(p.Words, w)
	}
	rows, err := s.readSeries(c, p)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		v := viewSeries(row)
		p.Rows = append(p.Rows, seriesRow{v, seriesMenu(p.Person, row)})
		p.Live = p.Live || v.Working
	}
	p.Self = c.Request.URL.RequestURI()
	p.Empty = p.whenEmpty()
	return p, nil
}

// readSeries reads one page of the list, newest first, and says where the pages
// on both sides begin.
func (s *Server) readSeries(c *gin.Context, p *seriesListPage) ([]db.SeriesShowRow, error) {
	ctx, q, scope := c.Request.Context(), db.New(), p.Person.Scope
	var rows []db.SeriesShowRow
	var newer, older bool
	if after, ok := idParam(c, "after"); ok {
		list, err := q.SeriesListBack(ctx, s.Pool, db.SeriesListBackParams{
			AfterID: after, Search: p.Search, Status: p.Status, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, Size: seriesPerPage + 1,
		})
		if err != nil {
			return nil, err
		}
		for _, row := range list[:min(len(list), seriesPerPage)] {
			rows = append(rows, db.SeriesShowRow(row))
		}
		slices.Reverse(rows)
		newer, older = len(list) > seriesPerPage, true
	} else {
		before, ok := idParam(c, "before")
		if !ok {
			before = math.MaxInt64
		}
		list, err := q.SeriesList(ctx, s.Pool, db.SeriesListParams{
			BeforeID: before, Search: p.Search, Status: p.Status, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, Size: seriesPerPage + 1,
		})
		if err != nil {
			return nil, err
		}
		for _, row := range list[:min(len(list), seriesPerPage)] {
			rows = append(rows, db.SeriesShowRow(row))
		}
		newer, older = ok, len(list) > seriesPerPage
	}
	side := func(name string, row db.SeriesShowRow) string {
		return listURL(sectionSeries, "q", p.Search, "status", p.Status, name, strconv.FormatInt(row.Series.ID, 10))
	}
	if newer && len(rows) > 0 {
		p.Pager.Newer = side("after", rows[0])
	}
	if older && len(rows) > 0 {
		p.Pager.Older = side("before", rows[len(rows)-1])
	}
	return rows, nil
}

// idParam reads the id of a row from the address; one that is none is left out.
func idParam(c *gin.Context, name string) (int64, bool) {
	id, err := strconv.ParseInt(c.Query(name), 10, 64)
	return id, err == nil && id > 0
}

// seriesMenu lists what a person may do with a series. What changes it leads to
// the question on its page, which says what exactly will follow.
func seriesMenu(person staff.Person, row db.SeriesShowRow) []menuLink {
	v := viewSeries(row)
	menu := []menuLink{{Text: "View", URL: v.URL}}
	if person.Can(staff.SeriesExport) && v.Exportable {
		menu = append(menu, menuLink{Text: "Export", URL: v.URL + "#series-exports"})
	}
	if person.Can(staff.SeriesActivate) {
		for _, action := range seriesActions(row) {
			menu = append(menu, menuLink{Text: action.Opener + "…", URL: v.URL + "#" + action.ID, Danger: action.Danger})
		}
	}
	return menu
}

// whenEmpty says what a list without rows means.
func (p *seriesListPage) whenEmpty() empty {
	if p.Search != "" || p.Status != "" {
		return empty{Icon: "search", Title: "No series matches", Text: "Nothing here fits what you look for.", Action: "Show all series", URL: sectionSeries}
	}
	e := empty{Icon: "cards", Title: "No series yet", Text: "A series is a batch of refill cards ordered together: same value, same partners, same last day."}
	if p.CanMake {
		e.Action, e.URL = "Generate cards", sectionGenerate
	}
	return e
}

// listURL builds an address from names and values, leaving out what is empty.
func listURL(path string, pairs ...string) string {
	query := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			query.Set(pairs[i], pairs[i+1])
		}
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// findSeries reads the series of the address, if it is the person's to see.
func (s *Server) findSeries(c *gin.Context) (db.SeriesShowRow, error) {
	number := c.Param("number")
	if len(number) > 20 {
		return db.SeriesShowRow{}, card.ErrNoSeries
	}
	return s.Cards.SeriesByNumber(c.Request.Context(), s.actor(c), number)
}
