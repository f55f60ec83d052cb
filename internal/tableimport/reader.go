package tableimport

import (
	"slices"
	"strings"

	"refill/internal/importfile"
)

// Reader reads the records of a file under a plan.
type Reader struct {
	rows    importfile.Rows
	schema  Schema
	plan    Plan
	layout  layout
	columns []int // by field; -1: none
	code    int   // the column of the first field of kind Code; -1: none
	shapes  []map[string]bool
	record  Record
	dates   map[string]dateReading
	amounts map[string]amountReading
	keyed   map[shapeKey]string // shape keys in their stored form
	ticked  map[int32]bool
	// by field: the currency named in the heading
	currencies []string
	words      []map[string]string // by field of kind Status: the known meaning of each word
}

// NewReader returns a reader of rows, which must be those of the file from its beginning.
func NewReader(rows importfile.Rows, schema Schema, plan Plan) *Reader {
	r := &Reader{
		rows: rows, schema: schema, plan: plan, code: -1, columns: make([]int, len(schema.Fields)), shapes: make([]map[string]bool, len(schema.Fields)),
		dates: map[string]dateReading{}, amounts: map[string]amountReading{}, keyed: map[shapeKey]string{},
		ticked: make(map[int32]bool, len(plan.Rows)), words: make([]map[string]string, len(schema.Fields)), currencies: make([]string, len(schema.Fields)),
	}
	for _, row := range plan.Rows {
		r.ticked[row] = true
	}
	r.layout.take(plan)
	r.layout.usual = r.layout.named
	for i, f := range schema.Fields {
		at, ok := plan.Columns[f.Name]
		if !ok || at < 0 {
			at = -1
		}
		r.columns[i] = at
		if f.Kind.isMoney() && at >= 0 && at < len(plan.Names) {
			r.currencies[i] = headingCurrency(plan.Names[at], schema.Currency)
		}
		if f.Kind == Status {
			r.words[i] = f.words()
		}
		if f.Kind != Code {
			continue
		}
		if r.code < 0 {
			r.code = at
		}
		if shapes, ok := plan.Shapes[f.Name]; ok {
			r.shapes[i] = map[string]bool{}
			for _, key := range shapes.Regular {
				r.shapes[i][key] = true
			}
		}
	}
	r.record.Values = make([]Value, len(schema.Fields))
	return r
}

// Next returns the next row that is not blank. io.EOF ends the rows. Any other error is an
// error of the file.
func (r *Reader) Next() (Record, error) {
	row, err := r.rows.Next()
	if err != nil {
		return Record{}, err
	}
	rec := &r.record
	rec.Row, rec.Data, rec.Left = row.Number, true, nil
	if reason := r.layout.reason(row, r.code); reason != "" {
		rec.Data = false
		rec.Left = &LeftOut{Row: row.Number, Reason: reason, Shown: r.shownRow(row.Cells, reason)}
		return *rec, nil
	}
	if row.Hidden { // its values are still read, because the report sums the rows that are left out
		rec.Left = &LeftOut{Row: row.Number, Reason: ReasonHidden}
	}
	if row.Swallowed {
		rec.Left = &LeftOut{Row: row.Number, Reason: ReasonSwallowed, Lines: row.Lines}
		return *rec, nil
	}
	for i, f := range r.schema.Fields {
		v := &rec.Values[i]
		*v = Value{}
		at := r.columns[i]
		cell, kind := "", importfile.CellText
		if at >= 0 {
			v.State = Empty
			if at < len(row.Cells) {
				cell = row.Cells[at]
			}
			if at < len(row.Kinds) {
				kind = row.Kinds[at]
			}
		}
		if cell != "" {
			*v = r.value(i, f, cell, kind, row.Number)
		}
		if f.Kind == Status && v.State == Empty {
			*v = r.noStatus(f)
		}
		if f.Required && v.State != Good && v.State != Bad {
			r.require(rec, f, cell, row)
		}
		if v.State == Bad && rec.Left == nil {
			rec.Left = &LeftOut{Row: row.Number, Field: f.Name, Reason: v.Reason, Shown: r.shown(f.Kind, at, cell)}
		}
	}
	return *rec, nil
}

// require leaves a row out that lacks a required value. A row with the word for a total in
// another column counts as a total.
func (r *Reader) require(rec *Record, f Field, cell string, row importfile.Row) {
	for _, other := range row.Cells {
		if mayNameTotal(other) && totalOf(other) == isTotal {
			rec.Data = false
			rec.Left = &LeftOut{Row: row.Number, Reason: ReasonTotal, Shown: r.shownRow(row.Cells, ReasonTotal)}
			return
		}
	}
	if rec.Left != nil {
		return
	}
	rec.Left = &LeftOut{Row: row.Number, Field: f.Name, Reason: ReasonMissing, Shown: cut(cell)}
	if cell != "" {
		rec.Left.Reason = ReasonPlaceholder
	}
}

// value reads a cell that is not empty.
func (r *Reader) value(i int, f Field, cell string, kind importfile.CellKind, row int32) Value {
	switch {
	case isPlaceholder(cell):
		return Value{State: Empty, Text: cell}
	case kind == importfile.CellError || isSheetError(cell):
		return Value{State: Bad, Text: cell, Reason: ReasonSheetError}
	}
	switch f.Kind {
	case Code:
		return r.codeValue(i, cell, row)
	case Amount, Remaining, Signed:
		reading, ok := r.amounts[cell]
		exact := kind == importfile.CellNumber
		if !ok || exact {
			reading = readAmount(cell, r.schema.Currency, exact)
			if len(r.amounts) < maxCached && !exact {
				r.amounts[cell] = reading
			}
		}
		v := moneyValue(f.Kind, cell, reading, r.plan.Decimals[f.Name])
		if other := r.currencies[i]; v.State == Good && v.Currency == "" && other != "" && other != r.schema.Currency {
			v.State, v.Reason, v.Currency = Bad, ReasonCurrency, other
		}
		return v
	case Date:
		return dateValue(cell, r.date(cell), r.plan.Orders[f.Name])
	case Status:
		return r.status(i, f, cell)
	case Event:
		return r.event(f, cell)
	case Currency:
		named, ok := currencyNamed(cell, r.schema.Currency)
		v := Value{State: Good, Text: cell, Currency: named}
		if !ok || named != r.schema.Currency {
			v.State, v.Reason = Bad, ReasonCurrency
		}
		return v
	case Text:
		if isScientific(cell) {
			return Value{State: Bad, Text: cell, Reason: ReasonScientific}
		}
	}
	return Value{State: Good, Text: cell}
}

// date reads a date, and caches the first readings.
func (r *Reader) date(cell string) dateReading {
	reading, ok := r.dates[cell]
	if !ok {
		reading = readDate(cell)
		if len(r.dates) < maxCached {
			r.dates[cell] = reading
		}
	}
	return reading
}

// codeValue checks a code against the shapes of the plan.
func (r *Reader) codeValue(i int, cell string, row int32) Value {
	text := codeText(cell)
	v := Value{State: Bad, Text: text}
	shapes := r.plan.Shapes[r.schema.Fields[i].Name]
	ticked := r.ticked[row]
	switch {
	case text == "":
		return Value{State: Empty}
	case isScientific(text):
		v.Reason = ReasonScientific
		return v
	case isPlaceholder(text):
		return Value{State: Empty, Text: text}
	case !ticked && mayNameTotal(text) && isWord(text):
		v.Reason = ReasonWord
		return v
	case isWrittenNumber(text):
		v.Reason = ReasonNumber
		return v
	case !ticked && isMasked(text):
		v.Reason = ReasonMasked
		return v
	case !ticked && shapes.Tails && len(text) >= 16 && isDigits(text) && strings.Trim(text[15:], "0") == "":
		v.Reason = ReasonLostDigits
		return v
	}
	if r.shapes[i] != nil && !ticked {
		key, _ := shapeOf(text, shapes.Skeleton)
		name, ok := r.keyed[key]
		if !ok {
			name = key.String()
			if len(r.keyed) < maxShapes {
				r.keyed[key] = name
			}
		}
		if !r.shapes[i][name] {
			v.Reason = ReasonShape
			if lost, ok := shapes.Reasons[name]; ok {
				v.Reason = lost
			}
			return v
		}
	}
	v.State = Good
	return v
}

// status returns the value of a word under the plan.
func (r *Reader) status(i int, f Field, cell string) Value {
	key := WordKey(cell)
	v := Value{State: Bad, Text: cell, Reason: ReasonStatus}
	name, chosen := r.plan.Meanings[f.Name][key]
	if !chosen {
		name = r.words[i][key]
	}
	if name == "" && !chosen && hidesWord(cell, slices.Contains(r.plan.Masked, r.columns[i])) {
		name, chosen = r.plan.Meanings[f.Name][HiddenWord]
	}
	if name != "" {
		v.State, v.Reason, v.Meaning = Good, "", name
		return v
	}
	if !chosen && (isDigits(key) || isYesNo(key)) {
		v.Reason = ReasonOpenStatus
	}
	return v
}

// noStatus returns the value of an empty status under the plan. A plan of an older version
// has no answer for it.
func (r *Reader) noStatus(f Field) Value {
	switch name, chosen := r.plan.Meanings[f.Name][NoWord]; {
	case !chosen:
		return Value{State: Empty}
	case name == "":
		return Value{State: Bad, Reason: ReasonStatus}
	default:
		return Value{State: Good, Meaning: name}
	}
}

// shown returns a value that failed, for display.
func (r *Reader) shown(kind Kind, column int, cell string) string {
	if slices.Contains(r.plan.Masked, column) {
		kind = Code
	}
	return Show(kind, cell)
}

// shownRow returns the first text of a row that does not belong to the table, for display.
func (r *Reader) shownRow(cells []string, reason Reason) string {
	for i, cell := range cells {
		switch {
		case cell == "":
		case reason == ReasonHeading || reason == ReasonTotal:
			return r.shown(Text, i, cell)
		default: // a comment or a title
			return Show(Text, cell)
		}
	}
	return ""
}
