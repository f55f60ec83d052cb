package web

import (
	"math"
	"net/http"
	"net/url"
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
	Rows    []seriesView
	Search  string
	Status  string
	Words   []filterWord
	Pager   pager
	Empty   empty
	Live    bool   // a row is moving
	Self    string // the address of this very list
	CanMake bool
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
	before, err := strconv.ParseInt(c.Query("before"), 10, 64)
	if err != nil || before < 1 {
		before = math.MaxInt64
	}
	scope := p.Person.Scope
	rows, err := db.New().SeriesList(c.Request.Context(), s.Pool, db.SeriesListParams{
		BeforeID: before, Search: p.Search, Status: p.Status, AllPartners: scope.AllPartners, PartnerIds: scope.PartnerIDs, Size: seriesPerPage + 1,
	})
	if err != nil {
		return nil, err
	}
	if len(rows) > seriesPerPage {
		rows = rows[:seriesPerPage]
		p.Pager.Older = listURL(sectionSeries, "q", p.Search, "status", p.Status, "before", strconv.FormatInt(rows[len(rows)-1].Series.ID, 10))
	}
	if before != math.MaxInt64 {
		p.Pager.Newer = listURL(sectionSeries, "q", p.Search, "status", p.Status)
	}
	for _, row := range rows {
		v := viewSeries(db.SeriesShowRow(row))
		p.Rows = append(p.Rows, v)
		p.Live = p.Live || v.Working
	}
	p.Self = c.Request.URL.RequestURI()
	p.Empty = p.whenEmpty()
	return p, nil
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
