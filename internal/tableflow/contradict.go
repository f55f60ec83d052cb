package tableflow

import (
	"fmt"
	"strings"
)

// Contradictions are the rows of a file that say something else than a row before of the
// same card or customer. Which of them holds can't be told from the file.
type Contradictions struct {
	n    int
	rows []int32 // the first
}

// mostNamed is how many rows a sentence names.
const mostNamed = 5

// Add notes a row.
func (c *Contradictions) Add(row int32) {
	if c.n++; len(c.rows) < mostNamed {
		c.rows = append(c.rows, row)
	}
}

// Say begins a sentence about the rows: “Rows 3 and 5 say”. It is empty where there are
// none.
func (c *Contradictions) Say() string {
	if c.n == 0 {
		return ""
	}
	rows := make([]string, len(c.rows))
	for i, row := range c.rows {
		rows[i] = fmt.Sprint(row)
	}
	switch {
	case c.n > len(rows):
		return fmt.Sprintf("%d rows, the first of them %s, say", c.n, strings.Join(rows, ", "))
	case len(rows) > 1:
		return "Rows " + strings.Join(rows[:len(rows)-1], ", ") + " and " + rows[len(rows)-1] + " say"
	}
	return "Row " + rows[0] + " says"
}
