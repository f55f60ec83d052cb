package web

import (
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// tableColumn is one column of a table that people may choose. What a row is
// called is always there; the others can be left out.
type tableColumn struct {
	Name, Text string
	Sort       string // what a press on its head sorts by; empty: nothing
	Num        bool
	Usual      bool // shown to whoever has chosen nothing
}

// tableView is the form of what a table shows, as the person left it.
type tableView struct {
	Action     string          // the address of the table
	Show       map[string]bool // by column
	Columns    []choice
	Sort, Size field
	Keep       []hidden // the filters, which stay
}

// newTableView reads the choice of columns that a cookie keeps.
func newTableView(c *gin.Context, action, cookie string, columns []tableColumn) tableView {
	v := tableView{Action: action, Show: map[string]bool{}}
	kept, err := c.Request.Cookie(cookie)
	for _, column := range columns {
		v.Show[column.Name] = column.Usual
		if err == nil {
			v.Show[column.Name] = slices.Contains(strings.Split(kept.Value, "."), column.Name)
		}
		v.Columns = append(v.Columns, choice{Name: column.Name, Label: column.Text, Checked: v.Show[column.Name]})
	}
	return v
}

// keepColumns remembers the columns that the form asks for.
func (s *Server) keepColumns(c *gin.Context, cookie string, columns []tableColumn) {
	chosen := []string{}
	asked := c.QueryArray("column")
	for _, column := range columns {
		if slices.Contains(asked, column.Name) {
			chosen = append(chosen, column.Name)
		}
	}
	const year = 365 * 24 * 60 * 60
	s.setCookie(c, cookie, "."+strings.Join(chosen, "."), year)
}
