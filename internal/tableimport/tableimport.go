// Package tableimport gives the cells of a foreign table a meaning: which row has the
// headings, which column is which field, and which value a cell has. It takes rows of text
// from package importfile and a schema of fields, and returns typed values. It knows
// nothing of cards or customers, stores nothing, and needs no database.
//
// A table is read in three steps. Survey reads the whole file once and describes it. A Plan
// says how the file is read: the survey proposes one, and a person may change it. A Reader
// applies the plan to each row. The same file and the same plan always give the same
// records.
package tableimport

import "time"

// Kind is the type of the values of a field.
type Kind uint8

// The kinds of a field.
const (
	Text      Kind = iota
	Code           // a secret; its shape is compared with the other values of its column
	Amount         // money, more than zero
	Remaining      // remaining money, zero or more
	Signed         // money of either sign
	Date           // a day, perhaps with a time
	Status         // one of a few words, each with a meaning
	Currency       // an ISO 4217 code or a currency sign
	Event          // the time or the person of an event; an empty cell means that the event did not happen
)

// isMoney reports whether the values of the kind are amounts.
func (k Kind) isMoney() bool { return k == Amount || k == Remaining || k == Signed }

// Field is a value that the caller reads from each row.
type Field struct {
	Name     string
	Kind     Kind
	Required bool      // a row without it is left out
	Headings Headings  // the headings of its column; empty: the column is never recognised
	Meanings []Meaning // of a field of kind Status or Event
	AskEmpty bool      // of a status: a person chooses the meaning of empty cells
}

// Meaning is a possible meaning of words in a column of kind Status.
type Meaning struct {
	Name  string   // defined by the caller
	Words []string // the words with this meaning; see StatusWords and EventDate
}

// Schema lists the fields that the caller reads. Currency is the ISO 4217 code of the
// amounts.
type Schema struct {
	Fields   []Field
	Currency string
}

// DateOrder is the order of day, month and year. Empty: every value of the column reads the
// same in each order.
type DateOrder string

// The orders of a date, and Open where a person must choose one.
const (
	DayMonthYear DateOrder = "dmy"
	MonthDayYear DateOrder = "mdy"
	YearMonthDay DateOrder = "ymd" // of years with two digits; a year of four digits needs no order
	OrderOpen    DateOrder = "open"
)

// Decimal is the decimal sign of a column. Empty: every value of the column reads the same
// with each sign.
type Decimal string

// The decimal signs. Each accepts a value with exactly one reading, and rejects a value
// with two. DecimalOpen means that a person must choose.
const (
	Point       Decimal = "."
	Comma       Decimal = ","
	Each        Decimal = "each"
	DecimalOpen Decimal = "open"
)

// Plan says how the rows of a file are read. It is complete by itself and is stored as
// JSON.
type Plan struct {
	Heading  int32                        `json:"heading"`  // number of the row of headings; 0: none
	First    int32                        `json:"first"`    // number of the first row of data
	Names    []string                     `json:"names"`    // the headings
	Comment  string                       `json:"comment"`  // the mark at the beginning of a comment; empty: there are no comments
	Columns  map[string]int               `json:"columns"`  // index of the column of each field, from 0
	Orders   map[string]DateOrder         `json:"orders"`   // by field of kind Date
	Decimals map[string]Decimal           `json:"decimals"` // by field of a kind of money
	Meanings map[string]map[string]string `json:"meanings"` // by field of kind Status or Event: the meaning of each word key; an empty meaning leaves its rows out
	Shapes   map[string]ShapePlan         `json:"shapes"`   // by field of kind Code
	Rows     []int32                      `json:"rows"`     // rows whose code is accepted although its shape is an outlier
	Masked   []int                        `json:"masked"`   // columns that may hold codes; their values are masked for display
}

// ShapePlan says which codes are accepted.
type ShapePlan struct {
	Regular  []string          `json:"regular"`  // keys of shapes; a shape that a person accepts is added
	Skeleton string            `json:"skeleton"` // the pattern that codes are compared with; empty: none
	Reasons  map[string]Reason `json:"reasons"`  // by the key of an outlier: its reason, unless that is ReasonShape
	Tails    bool              `json:"tails"`    // numbers of 16 and more digits end in zeros: a spreadsheet has lost the last digits
}

// Record is a row with its values. Values are valid only until the next record is read.
type Record struct {
	Row    int32
	Data   bool     // false: not a row of the table, but a comment, a heading or a total
	Left   *LeftOut // not nil: the row is left out
	Values []Value  // by field of the schema
}

// State is the result of reading a cell.
type State uint8

// The states of a value. Absent: the file has no such column.
const (
	Absent State = iota
	Empty
	Good
	Bad
)

// Value is the value of a cell.
type Value struct {
	State    State
	Text     string        // cleaned, for its kind
	Reason   Reason        // of a bad value
	Minor    int64         // of money, in minor units
	Currency string        // named in the cell; empty: none
	Day      time.Time     // of a date: midnight UTC of the day as it is written
	Clock    time.Duration // of a date: the time of day
	None     bool          // of a date: the cell says that there is none (0000-00-00, never)
	Meaning  string        // of a status or an event
}

// LeftOut is a row that is left out. Shown is the value that failed, for display:
// truncated, and masked where it may be a code.
type LeftOut struct {
	Row    int32
	Field  string // empty: the row as a whole
	Reason Reason
	Shown  string
	Lines  int32 // of ReasonSwallowed: the number of lines of the row in the file
}
