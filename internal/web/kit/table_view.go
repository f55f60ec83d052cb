package kit

import (
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// TableColumn is a column of a table that a person can show or hide. The column that names
// a row is always shown and is not one of them.
type TableColumn struct {
	Name, Text string
	Sort       string // sort key for a click on its header; empty: not sortable
	Num        bool
	Usual      bool // shown by default
}

// TableView is the form that chooses the columns, the sorting and the page size of a table.
type TableView struct {
	Action     string          // the URL of the table
	Show       map[string]bool // by name of the column
	Columns    []Choice
	Chosen     bool // by the person; false: the default columns
	Sort, Size Field
	Keep       []Hidden // the current filters, sent along
}

// NewTableView returns the form of a table, with the columns that the cookie names.
func NewTableView(c *gin.Context, action, cookie string, columns []TableColumn) TableView {
	v := TableView{Action: action, Show: map[string]bool{}}
	kept, err := c.Request.Cookie(cookie)
	v.Chosen = err == nil
	for _, column := range columns {
		v.Show[column.Name] = column.Usual
		if err == nil {
			v.Show[column.Name] = slices.Contains(strings.Split(kept.Value, "."), column.Name)
		}
		v.Columns = append(v.Columns, Choice{Name: column.Name, Label: column.Text, Checked: v.Show[column.Name]})
	}
	return v
}

// KeepColumns stores the columns of the submitted form in a cookie.
func (s *Kit) KeepColumns(c *gin.Context, cookie string, columns []TableColumn) {
	chosen := []string{}
	asked := c.QueryArray("column")
	for _, column := range columns {
		if slices.Contains(asked, column.Name) {
			chosen = append(chosen, column.Name)
		}
	}
	const year = 365 * 24 * 60 * 60
	s.SetCookie(c, cookie, "."+strings.Join(chosen, "."), year)
}

// FilterWord is a link above a table that filters its rows.
type FilterWord struct {
	Text, URL string
	Current   bool
}

// ListURL returns a URL with a query of names and values. It leaves out empty values.
func ListURL(path string, pairs ...string) string {
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
