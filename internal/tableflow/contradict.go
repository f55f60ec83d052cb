package tableflow

// Contradictions collects the rows of a file that contradict an earlier row of the same card
// or customer. The file does not tell which of the rows is right.
type Contradictions struct {
	n    int
	rows []int64 // the first maxNamed rows
}

// maxNamed is the maximum number of rows that a message names.
const maxNamed = 5

// Add adds a row by its number.
func (c *Contradictions) Add(row int32) {
	if c.n++; len(c.rows) < maxNamed {
		c.rows = append(c.rows, int64(row))
	}
}

// Count returns the number of rows.
func (c *Contradictions) Count() int { return c.n }

// First returns the numbers of the first rows, at most maxNamed.
func (c *Contradictions) First() []int64 { return c.rows }
