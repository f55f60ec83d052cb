package tableimport

// SurveyOptions change how a file is surveyed.
type SurveyOptions struct {
	Plan *Plan // not nil: its headings hold, and its columns are not guessed
}

// Survey is what a whole file is found to hold. It is safe to be shown and stored: what
// may be a code is masked in it.
type Survey struct {
	Rows      int64          `json:"rows"` // of data
	Layout    Layout         `json:"layout"`
	Columns   []Column       `json:"columns"`
	Guess     map[string]int `json:"guess"` // field to column
	LeftOut   []Count        `json:"left_out"`
	Swallowed []LeftOut      `json:"swallowed"` // the first of them
	Preview   []PreviewRow   `json:"preview"`
}

// Layout is how a table lies in its file.
type Layout struct {
	Heading int32    `json:"heading"` // number of the row of headings; 0: none
	First   int32    `json:"first"`   // number of the first row of data; 0: none
	Names   []string `json:"names"`
	Comment string   `json:"comment"` // what begins a comment; empty: there are none
}

// Count is how many rows are left out for a reason, and the first of them.
type Count struct {
	Reason Reason  `json:"reason"`
	N      int64   `json:"n"`
	Rows   []int32 `json:"rows"`
}

// PreviewRow is a row of the beginning, with what may be a code masked. Reason says why
// it is no row of the table; empty: it is one.
type PreviewRow struct {
	Row    int32    `json:"row"`
	Reason Reason   `json:"reason"`
	Cells  []string `json:"cells"`
}

// Column is what a column holds.
type Column struct {
	Heading    string         `json:"heading"`
	Currency   string         `json:"currency"` // that the heading names; empty: none
	Filled     int64          `json:"filled"`
	Empty      int64          `json:"empty"` // placeholders included
	Errors     int64          `json:"errors"`
	Scientific int64          `json:"scientific"`
	Denials    int64          `json:"denials,omitempty"` // words such as no and unused
	Distinct   int            `json:"distinct"`          // up to MaxWords; then MaxWords+1
	MayBeCode  bool           `json:"may_be_code"`
	Secret     bool           `json:"secret,omitempty"` // its values are never shown whole, however often they repeat
	Words      []Word         `json:"words"`            // of a column of few words
	Dates      DateEvidence   `json:"dates"`
	Amounts    AmountEvidence `json:"amounts"`
	Shapes     []Shape        `json:"shapes"`
	Skeleton   string         `json:"skeleton"`
	Tails      bool           `json:"tails"`
}

// Word is a value that a column repeats. Meaning is what it is taken for in the schema;
// empty: a person must say.
type Word struct {
	Key   string `json:"key"` // see WordKey
	Shown string `json:"shown"`
	N     int64  `json:"n"`
}

// DateEvidence is what the values of a column say as dates.
type DateEvidence struct {
	Order DateOrder `json:"order"` // proven, open, or empty where nothing depends on it
	Good  int64     `json:"good"`
	None  int64     `json:"none"`
	Bad   int64     `json:"bad"`
}

// AmountEvidence is what the values of a column say as amounts.
type AmountEvidence struct {
	Decimal  Decimal `json:"decimal"` // proven, open, each, or empty where nothing depends on it
	Good     int64   `json:"good"`
	Bad      int64   `json:"bad"`
	Currency string  `json:"currency"` // another than that of the schema, which values name
}

// Shape is what codes of a column have in common.
type Shape struct {
	Key     string  `json:"key"`
	Words   string  `json:"words"` // "10 symbols: letters and digits"
	N       int64   `json:"n"`
	Regular bool    `json:"regular"`
	Reason  Reason  `json:"reason"` // why it is an outlier
	Rows    []int32 `json:"rows"`   // the first of them
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

// Question is something to be asked of a person before a file is read.
type Question struct {
	Field string `json:"field"`
	Ask   Ask    `json:"ask"`
	Words []Word `json:"words"` // of AskMeaning
}
