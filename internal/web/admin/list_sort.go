package admin

import (
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/web/kit"
)

// listColumn is a column of a short list, whose rows are all on the page.
type listColumn[T any] struct {
	Name, Text string
	Num        bool
	Compare    func(a, b T) int // nil: the list is not sorted by the column
}

// sortList sorts the rows by the column in the query parameter sort, and returns the heads
// of the columns. A "-" before the name means descending order. Numbers are descending
// first.
func sortList[T any](c *gin.Context, self string, rows []T, columns ...listColumn[T]) []columnHead {
	wanted := c.Query("sort")
	heads := make([]columnHead, len(columns))
	for i, column := range columns {
		h := &heads[i]
		*h = columnHead{Name: column.Name, Text: column.Text, Num: column.Num}
		if column.Compare == nil {
			continue
		}
		down := column.Num
		if strings.TrimPrefix(wanted, "-") == column.Name {
			sorted := strings.HasPrefix(wanted, "-")
			slices.SortStableFunc(rows, func(a, b T) int {
				if sorted {
					return column.Compare(b, a)
				}
				return column.Compare(a, b)
			})
			h.Aria, down = "ascending", !sorted
			if sorted {
				h.Aria = "descending"
			}
		}
		to := column.Name
		if down {
			to = "-" + to
		}
		h.URL = kit.ListURL(self, "sort", to)
	}
	return heads
}

// compareTexts compares two texts without regard to case.
func compareTexts(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }
