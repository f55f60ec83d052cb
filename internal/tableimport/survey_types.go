package tableimport

// SurveyOptions change how a file is surveyed.
type SurveyOptions struct {
	Plan *Plan // not nil: its headings and columns are used, and nothing is guessed
}

// Survey describes a whole file. It may be displayed and stored: everything that may be a
// code is masked.
type Survey struct {
	Rows      int64          `json:"rows"` // of data
	Layout    Layout         `json:"layout"`
	Columns   []Column       `json:"columns"`
	Guess     map[string]int `json:"guess"` // field to column
	LeftOut   []Count        `json:"left_out"`
	Swallowed []LeftOut      `json:"swallowed"` // the first ones
	Preview   []PreviewRow   `json:"preview"`
}

// Layout is the position of a table in its file.
type Layout struct {
	Heading int32    `json:"heading"` // number of the row of headings; 0: none
	First   int32    `json:"first"`   // number of the first row of data; 0: none
	Names   []string `json:"names"`
	Comment string   `json:"comment"` // the mark at the beginning of a comment; empty: there are no comments
}

// Count is the number of rows that are left out for a reason, with the numbers of the
// first.
type Count struct {
	Reason Reason  `json:"reason"`
	N      int64   `json:"n"`
	Rows   []int32 `json:"rows"`
}

// PreviewRow is a row of the beginning of a file, with possible codes masked. Reason says
// why it does not belong to the table; empty: it does.
type PreviewRow struct {
	Row    int32    `json:"row"`
	Reason Reason   `json:"reason"`
	Cells  []string `json:"cells"`
}

// Column describes a column.
type Column struct {
	Heading    string         `json:"heading"`
	Currency   string         `json:"currency"` // named in the heading; empty: none
	Filled     int64          `json:"filled"`
	Empty      int64          `json:"empty"` // placeholders included
	Errors     int64          `json:"errors"`
	Scientific int64          `json:"scientific"`
	Denials    int64          `json:"denials,omitempty"` // words such as no and unused
	Distinct   int            `json:"distinct"`          // up to MaxWords; then MaxWords+1
	MayBeCode  bool           `json:"may_be_code"`
	Secret     bool           `json:"secret,omitempty"` // its values are always masked, however often they repeat
	Words      []Word         `json:"words"`            // of a column of few words
	Dates      DateEvidence   `json:"dates"`
	Amounts    AmountEvidence `json:"amounts"`
	Shapes     []Shape        `json:"shapes"`
	Skeleton   string         `json:"skeleton"`
	Tails      bool           `json:"tails"`
}

// Word is a value that a column repeats, with the number of its rows.
type Word struct {
	Key   string `json:"key"` // see WordKey
	Shown string `json:"shown"`
	N     int64  `json:"n"`
}

// DateEvidence summarises the values of a column, read as dates.
type DateEvidence struct {
	Order DateOrder `json:"order"` // proven, open, or empty where no value depends on it
	Good  int64     `json:"good"`
	None  int64     `json:"none"`
	Bad   int64     `json:"bad"`
}

// AmountEvidence summarises the values of a column, read as amounts.
type AmountEvidence struct {
	Decimal  Decimal `json:"decimal"` // proven, open, each, or empty where no value depends on it
	Good     int64   `json:"good"`
	Bad      int64   `json:"bad"`
	Currency string  `json:"currency"` // named in values, where it is not the currency of the schema
}

// Shape is a group of codes of a column with the same length and classes of symbols.
type Shape struct {
	Key     string  `json:"key"`
	Words   string  `json:"words"` // "10 symbols: letters and digits"
	N       int64   `json:"n"`
	Regular bool    `json:"regular"`
	Reason  Reason  `json:"reason"` // why it is an outlier
	Rows    []int32 `json:"rows"`   // the first ones
	Sample  string  `json:"sample"` // masked
}

// Ask is a question that a file leaves open.
type Ask string

// The questions.
const (
	AskColumn  Ask = "column"
	AskOrder   Ask = "order"
	AskDecimal Ask = "decimal"
	AskMeaning Ask = "meaning"
)

// Question is a question that a person must answer before a file is read.
type Question struct {
	Field string `json:"field"`
	Ask   Ask    `json:"ask"`
	Words []Word `json:"words"` // of AskMeaning
}
