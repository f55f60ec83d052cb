// Package tableimport owns what a foreign table means: which row has the headings,
// which column is which field, and which value a cell has. It takes rows of text from
// package importfile and a schema of fields, and gives typed values. It knows nothing of
// cards or customers, keeps nothing, and needs no database.
//
// A table is read in three steps. Survey reads the whole file once and says what it
// found. A Plan says how the file is read: the survey proposes one, and a person may
// change it. A Reader applies the plan row by row; the same file and the same plan give
// the same records each time.
package tableimport

import "time"

// Kind is what the values of a field are.
type Kind uint8

// The kinds of a field.
const (
	Text      Kind = iota
	Code           // a secret that is compared in shape with the others of its column
	Amount         // money, more than zero
	Remaining      // money that is left, zero or more
	Signed         // money of either sign
	Date           // a day, perhaps with a time
	Status         // one of a few words, each with a meaning
	Currency       // an ISO 4217 code or a sign of a currency
	Event          // when, or by whom, something was done; nothing written: it was not
)

// isMoney reports whether the values of the kind are amounts.
func (k Kind) isMoney() bool { return k == Amount || k == Remaining || k == Signed }

// Field is something that the caller wants to know of each row.
type Field struct {
	Name     string
	Kind     Kind
	Required bool      // a row without it is left out
	Headings Headings  // by which its column is recognised; empty: never
	Meanings []Meaning // of a field of kind Status or Event
	AskEmpty bool      // of a status: what nothing written means is asked
}

// Meaning is what words in a column of kind Status may stand for.
type Meaning struct {
	Name  string   // the caller's
	Words []string // that are taken for it; see StatusWords and EventDate
}

// Schema is what the caller wants of a table. Currency is the ISO 4217 code that amounts
// are in.
type Schema struct {
	Fields   []Field
	Currency string
}

// DateOrder is the order in which day, month and year are written. Empty: no value of
// the column depends on it.
type DateOrder string

// The orders of a date, and Open where a person must choose one.
const (
	DayMonthYear DateOrder = "dmy"
	MonthDayYear DateOrder = "mdy"
	YearMonthDay DateOrder = "ymd" // of years with two digits; four digits tell
	OrderOpen    DateOrder = "open"
)

// Decimal is the decimal sign of a column. Empty: no value of the column depends on it.
type Decimal string

// The decimal signs; Each takes every value in the one way in which it can be read, and
// refuses a value that has two; DecimalOpen where a person must choose.
const (
	Point       Decimal = "."
	Comma       Decimal = ","
	Each        Decimal = "each"
	DecimalOpen Decimal = "open"
)

// Plan is how the rows of a file are read. It needs nothing else and is stored as JSON.
type Plan struct {
	Heading  int32                        `json:"heading"`  // number of the row of headings; 0: none
	First    int32                        `json:"first"`    // number of the first row of data
	Names    []string                     `json:"names"`    // the headings
	Comment  string                       `json:"comment"`  // what begins a row that is a comment; empty: nothing
	Columns  map[string]int               `json:"columns"`  // field to column, from 0
	Orders   map[string]DateOrder         `json:"orders"`   // by field of kind Date
	Decimals map[string]Decimal           `json:"decimals"` // by field of a kind of money
	Meanings map[string]map[string]string `json:"meanings"` // by field of kind Status or Event: the key of a word to the name of a meaning; empty name: such rows are left out
	Shapes   map[string]ShapePlan         `json:"shapes"`   // by field of kind Code
	Rows     []int32                      `json:"rows"`     // rows whose code is taken although its shape is an outlier
	Masked   []int                        `json:"masked"`   // columns that may hold codes: no value of them is shown whole
}

// ShapePlan says which codes are taken.
type ShapePlan struct {
	Regular  []string          `json:"regular"`  // keys of shapes; a shape that a person accepts is added
	Skeleton string            `json:"skeleton"` // the pattern that codes are compared with; empty: none
	Reasons  map[string]Reason `json:"reasons"`  // of shapes that are outliers for another reason than ReasonShape
	Tails    bool              `json:"tails"`    // numbers of 16 and more digits end in zeros: their last digits are lost
}

// Record is a row with its values. Values is only good until the next record is read.
type Record struct {
	Row    int32
	Data   bool     // false: no row of the table, such as a comment, a heading or a total
	Left   *LeftOut // not nil: the row is not to be taken
	Values []Value  // by field of the schema
}

// State says what came of a cell.
type State uint8

// The states of a value. Absent: the file has no such column.
const (
	Absent State = iota
	Empty
	Good
	Bad
)

// Value is what a cell says.
type Value struct {
	State    State
	Text     string        // cleaned, for its kind
	Reason   Reason        // of a bad value
	Minor    int64         // of money, in minor units
	Currency string        // that the cell names itself; empty: none
	Day      time.Time     // of a date: midnight UTC of the day as it is written
	Clock    time.Duration // of a date: the time behind it
	None     bool          // of a date: the cell says that there is none (0000-00-00, never)
	Meaning  string        // of a status or an event
}

// LeftOut says why a row is not taken. Shown is the value that failed, for display: cut,
// and with a code masked.
type LeftOut struct {
	Row    int32
	Field  string // empty: the row as a whole
	Reason Reason
	Shown  string
	Lines  int32 // of ReasonSwallowed: how many lines of the file the row takes up
}
