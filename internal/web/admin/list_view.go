package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/lang"
	"refill/internal/staff"
	"refill/internal/web/kit"
)

// SectionViews is the address of the page on which a person saves, renames and deletes the
// views of a list.
const SectionViews = "/admin/views"

// namedList is a list whose filters can be saved.
type namedList struct {
	Name    string // as stored
	Title   string
	Section string   // its menu entry
	Filters []string // query parameters that a view contains
}

// namedLists returns the lists whose filters can be saved.
func namedLists() []namedList {
	return []namedList{
		{"series", lang.M("Series"), SectionSeries, []string{"q", "status", "partner", "sort", "size"}},
		{"customers", lang.M("Customers"), SectionCustomers, []string{"q", "partner", "status", "sort"}},
		{"payments", lang.M("Payments"), SectionCustomers, []string{"from", "till", "type"}},
		{"audit", lang.M("Audit trail"), SectionAudit, []string{"from", "to", "who", "what", "series", "serial", "customer", "partner", "staff", "address"}},
	}
}

var paymentsAddress = regexp.MustCompile(`^/admin/customers/[1-9][0-9]{0,18}/billing/payments$`)

// listAt returns the list with an address. It returns false for any other address. The
// payments of every customer are one list, so a view serves for all of them.
func listAt(address string) (namedList, bool) {
	for _, l := range namedLists() {
		if l.Name == "payments" && paymentsAddress.MatchString(address) || l.Name != "payments" && l.Section == address {
			return l, true
		}
	}
	return namedList{}, false
}

// filtersOf returns the filters of a list in a query, as a query string. Anything else in the
// query is left out, such as the page.
func (l namedList) filtersOf(query url.Values) string {
	kept := url.Values{}
	for _, name := range l.Filters {
		if text := strings.TrimSpace(query.Get(name)); text != "" && len(text) <= 200 {
			kept.Set(name, text)
		}
	}
	return kept.Encode()
}

// savedViews are the links to the saved views of a list, shown above it.
type savedViews struct {
	Views []kit.FilterWord
	Save  string // address of the page that saves the present filters; empty: they are saved, or there are none
	Edit  string // address of the page that renames and deletes views; empty: there are none
}

// viewsOf returns the saved views of the list that is shown.
func (s *Server) viewsOf(c *gin.Context) (savedViews, error) {
	var v savedViews
	at := c.Request.URL.Path
	list, ok := listAt(at)
	if !ok {
		return v, fmt.Errorf("no list is at %s", at)
	}
	now := list.filtersOf(c.Request.URL.Query())
	rows, err := db.New().ListViewList(c.Request.Context(), s.Pool, db.ListViewListParams{StaffID: s.Person(c).ID, List: list.Name})
	if err != nil {
		return v, err
	}
	saved := now == ""
	for _, row := range rows {
		saved = saved || row.Query == now
		v.Views = append(v.Views, kit.FilterWord{Text: row.Name, URL: at + "?" + row.Query, Current: row.Query == now})
	}
	if !saved {
		v.Save = kit.ListURL(SectionViews, "at", at, "query", now)
	}
	if len(rows) > 0 {
		v.Edit = kit.ListURL(SectionViews, "at", at)
	}
	return v, nil
}

// listViewPage is the page of the saved views of one list.
type listViewPage struct {
	kit.Page
	List     string
	At       string // address of the list
	Query    string // filters to be saved; empty: none
	Back     string
	Name     kit.Field
	Rows     []listViewRow
	Mistakes []kit.Mistake
}

// listViewRow is one saved view with the form that renames it.
type listViewRow struct {
	ID   int64
	URL  string // of the list with its filters
	Self string // of its forms
	Text string
	Name kit.Field
}

// newListViewPage reads the saved views of the list at an address. query holds the filters to
// be saved.
func (s *Server) newListViewPage(c *gin.Context, at, query string) (*listViewPage, error) {
	list, ok := listAt(at)
	if !ok {
		return nil, staff.ErrViewUnknown
	}
	p := &listViewPage{Page: s.Page(c, lang.M("Saved views"), list.Section), List: list.Title, At: at, Back: at}
	if values, err := url.ParseQuery(query); err == nil {
		p.Query = list.filtersOf(values)
	}
	if p.Query != "" {
		p.Back += "?" + p.Query
	}
	p.Name = kit.Field{Name: "name", Label: lang.M("Name"), MaxLength: 40, Short: true, Autocomplete: "off", Hint: lang.M("A name that you have already gets these filters. Other people don’t see your views.")}
	rows, err := db.New().ListViewList(c.Request.Context(), s.Pool, db.ListViewListParams{StaffID: p.Person.ID, List: list.Name})
	for _, row := range rows {
		p.Rows = append(p.Rows, listViewRow{
			ID: row.ID, URL: at + "?" + row.Query, Self: fmt.Sprintf("%s/%d", SectionViews, row.ID), Text: row.Name,
			Name: kit.Field{Name: fmt.Sprintf("name-%d", row.ID), Label: fmt.Sprintf(lang.M("New name of %s"), row.Name), Value: row.Name},
		})
	}
	return p, err
}

// ListViews handles GET /admin/views.
func (s *Server) ListViews(c *gin.Context) error {
	p, err := s.newListViewPage(c, c.Query("at"), c.Query("query"))
	if err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, "admin/list_view", p)
}

// errViewCode refuses a view that might hold the code of a card, which no address and no table
// but that of cards may contain.
var errViewCode = fault.Field("name", "view_code", "A view can’t hold what may be the code of a card. Search for it without saving.")

// ListViewSave handles POST /admin/views: it names the present filters.
func (s *Server) ListViewSave(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	p, err := s.newListViewPage(c, form.Get("at"), form.Get("query"))
	if err != nil {
		return err
	}
	err = s.checkViewCode(c, form.Get("name"), p.Query)
	if err == nil {
		list, _ := listAt(p.At)
		err = staff.SaveView(c.Request.Context(), s.Pool, s.Actor(c), list.Name, form.Get("name"), p.Query)
	}
	switch {
	case err == nil:
		s.SetFlash(c, kit.ToneGood, lang.M("The view is saved."))
		return s.Redirect(c, p.Back)
	case fault.KindOf(err) != fault.Invalid:
		return err
	}
	p.Name.Value = kit.Truncate(form.Get("name"), 40)
	p.Mistakes = kit.Explain(err, &p.Name)
	return s.Render(c, http.StatusUnprocessableEntity, "admin/list_view", p)
}

// checkViewCode returns errViewCode if the name or a filter may hold a code.
func (s *Server) checkViewCode(c *gin.Context, name, query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return staff.ErrViewQuery
	}
	texts := []string{name}
	for _, all := range values {
		texts = append(texts, all...)
	}
	for _, text := range texts {
		secret, err := s.mayHoldCode(c, text)
		if err != nil {
			return err
		}
		if secret {
			return errViewCode
		}
	}
	return nil
}

// ListViewRename handles POST /admin/views/:id.
func (s *Server) ListViewRename(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return staff.ErrViewUnknown
	}
	p, err := s.newListViewPage(c, form.Get("at"), "")
	if err != nil {
		return err
	}
	name := form.Get(fmt.Sprintf("name-%d", id))
	if err = s.checkViewCode(c, name, ""); err == nil {
		err = staff.RenameView(c.Request.Context(), s.Pool, s.Actor(c), id, name)
	}
	at := slices.IndexFunc(p.Rows, func(r listViewRow) bool { return r.ID == id })
	switch {
	case err == nil:
		s.SetFlash(c, kit.ToneGood, lang.M("The view is renamed."))
		return s.Redirect(c, kit.ListURL(SectionViews, "at", p.At))
	case fault.KindOf(err) != fault.Invalid, at < 0:
		return err
	}
	field := &p.Rows[at].Name
	field.Value, field.Error = kit.Truncate(name, 40), fault.All(err)[0].Text()
	p.Mistakes = []kit.Mistake{{Field: field.Name, Text: field.Error}}
	return s.Render(c, http.StatusUnprocessableEntity, "admin/list_view", p)
}

// ListViewDelete handles POST /admin/views/:id/delete.
func (s *Server) ListViewDelete(c *gin.Context) error {
	form, err := s.Form(c)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return staff.ErrViewUnknown
	}
	p, err := s.newListViewPage(c, form.Get("at"), "")
	if err != nil {
		return err
	}
	if err := staff.DeleteView(c.Request.Context(), s.Pool, s.Actor(c), id); err != nil {
		return err
	}
	s.SetFlash(c, kit.ToneGood, lang.M("The view is deleted."))
	if len(p.Rows) > 1 {
		return s.Redirect(c, kit.ListURL(SectionViews, "at", p.At))
	}
	return s.Redirect(c, p.At)
}
