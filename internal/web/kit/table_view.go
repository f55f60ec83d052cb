package kit

import (
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// TableColumn is one column of a table that people may choose. What a row is
// called is always there; the others can be left out.
type TableColumn struct {
	Name, Text string
	Sort       string // what a press on its head sorts by; empty: nothing
	Num        bool
	Usual      bool // shown unless columns were chosen
}

// TableView is the form for the columns, sorting and page size of a table.
type TableView struct {
	Action     string          // the address of the table
	Show       map[string]bool // by column
	Columns    []Choice
	Chosen     bool // by the person; else the usual columns
	Sort, Size Field
	Keep       []Hidden // the filters, which stay
}

// NewTableView reads the choice of columns that a cookie keeps.
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

// KeepColumns remembers the columns that the form asks for.
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

// ListURL builds an address from names and values, leaving out what is empty.
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
