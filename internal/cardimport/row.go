package cardimport

import (
	"cmp"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"

	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/importfile"
	"refill/internal/tableflow"
	"refill/internal/tableimport"
)

// Reasons of this package for which a row makes no card, as they are stored. A reason of
// package tableimport follows the name of its column: "price.bad_amount".
const (
	reasonCode      = "bad_code"
	reasonPrice     = "high_price"
	reasonNothing   = "nothing_left"
	reasonNoDate    = "no_date"
	reasonDate      = "far_date"
	reasonNotYet    = "not_expired"
	reasonDuplicate = "duplicate"
	reasonKnown     = "known"
	// reasonKnownHidden is the reason of rows that the report only counts.
	reasonKnownHidden = "known_hidden"
)

// ReasonWords returns a reason as text for staff.
func ReasonWords(reason string) string {
	switch reason {
	case ColumnCode + "." + string(tableimport.ReasonMissing):
		return "has no code"
	case reasonCode:
		return "code is not 6 to 64 printable characters"
	case reasonPrice:
		return "price is more than a card may be worth"
	case reasonNothing:
		return "nothing is left of the card"
	case reasonNoDate:
		return "has no date; enter one for cards without it, or correct the file"
	case reasonDate:
		return "valid till is not a day between 2000 and 2200"
	case reasonNotYet:
		return "says expired, but its date has not passed"
	case reasonDuplicate:
		return "code stands in the file before"
	case reasonKnown:
		return "code is known here already"
	case reasonKnownHidden:
		return "code is known here already; which rows these are is not told"
	case ColumnStatus + "." + string(tableimport.ReasonStatus):
		return "status is one whose rows are left out"
	}
	if field, rest, ok := strings.Cut(reason, "."); ok {
		return ColumnWords(field) + " " + tableimport.Reason(rest).Words()
	}
	return tableimport.Reason(reason).Words()
}

// ColumnWords returns the name of a column for use in a sentence.
func ColumnWords(column string) string {
	return strings.ReplaceAll(cmp.Or(map[string]string{ColumnRemaining: "what is left"}[column], column), "_", " ")
}

// Outliers lists the reasons whose rows make cards where a person accepts them.
func Outliers() []string {
	return []string{ColumnCode + "." + string(tableimport.ReasonShape), ColumnCode + "." + string(tableimport.ReasonWord), ColumnCode + "." + string(tableimport.ReasonMasked)}
}

// OutlierShapes lists the shapes that differ from the rest of the codes of a file, of which
// each has several rows.
func OutlierShapes(look Look, plan Plan) (shapes []tableimport.Shape) {
	at, ok := plan.Table.Columns[ColumnCode]
	if !ok || look.Survey == nil || at >= len(look.Survey.Columns) {
		return nil
	}
	regular := plan.Table.Shapes[ColumnCode].Regular
	for _, shape := range look.Survey.Columns[at].Shapes {
		if !shape.Regular && shape.N > 1 && !slices.Contains(regular, shape.Key) && slices.Contains(Outliers(), ColumnCode+"."+string(shape.Reason)) {
			shapes = append(shapes, shape)
		}
	}
	return shapes
}

// importedCard is the card that a row makes.
type importedCard struct {
	code      cardcode.Code
	short     cardcode.Code // the zero Code, unless the file has full and short codes
	serial    string
	price     int64
	validTill time.Time
	state     db.CardState
	inactive  bool // the other system had not activated it
	remark    string

	row         int32
	firstSerial bool // no earlier row has its serial
}

// left returns the row as one that is left out for a reason.
func (c importedCard) left(reason string) tableflow.Left {
	return tableflow.Left{Row: c.row, Who: c.serial, Reason: reason, Value: tableimport.Mask(c.code.Foreign())}
}

// group returns the key of the group of the card.
func (c importedCard) group() groupKey { return groupKey{c.price, c.inactive} }

// importRows reads the rows of a file under a plan. The same file and plan always give the
// same rows, so the import reads what the dry run read.
type importRows struct {
	table *tableimport.Reader
	plan  Plan
	today time.Time
	at    map[string]int // index of a column in a record
	begun bool
}

// openRows opens a file for reading under a plan.
func openRows(file io.ReaderAt, size int64, plan Plan, today time.Time) (*importRows, error) {
	rows, err := importfile.OpenTable(file, size, importfile.Options{Sheet: plan.Sheet})
	if err != nil {
		return nil, err
	}
	return newRows(rows, plan, today), nil
}

func newRows(rows importfile.Rows, plan Plan, today time.Time) *importRows {
	schema := importSchema(plan.Currency)
	r := &importRows{table: tableimport.NewReader(rows, schema, plan.Table), plan: plan, today: today, at: map[string]int{}}
	for i, f := range schema.Fields {
		r.at[f.Name] = i
	}
	return r
}

// next reads a row and returns its card, or why it makes none. Both are set for a row that
// says that its card has no value. The row of the headings, if it is the first, returns
// neither. io.EOF ends the rows.
func (r *importRows) next() (*importedCard, *tableflow.Left, error) {
	record, err := r.table.Next()
	if err != nil {
		return nil, nil, err
	}
	first := !r.begun
	r.begun = true
	if first && !record.Data && record.Row == r.plan.Table.Heading {
		return nil, nil, nil
	}
	c, reason, value := r.card(record)
	c.row = record.Row
	if reason != "" {
		left := &tableflow.Left{Row: record.Row, Who: c.serial, Reason: reason, Value: value}
		if saysWorthless(reason) && !c.code.IsZero() {
			return &c, left, nil
		}
		return nil, left, nil
	}
	return &c, nil, nil
}

// skip reads n rows and discards them, which earlier chunks have imported.
func (r *importRows) skip(n int32) error {
	r.begun = n > 0
	for range n {
		if _, err := r.table.Next(); errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		} else if err != nil {
			return err
		}
	}
	return nil
}

// card returns the card of a record; reason says why it makes none, shown is the value that
// failed.
func (r *importRows) card(record tableimport.Record) (c importedCard, reason, shown string) {
	value := func(column string) tableimport.Value {
		if at := r.at[column]; at < len(record.Values) {
			return record.Values[at]
		}
		return tableimport.Value{}
	}
	code := value(ColumnCode)
	if record.Data {
		c.serial = truncate(value(ColumnSerial).Text, 64)
	}
	if left := record.Left; left != nil {
		reason = string(left.Reason)
		if left.Field != "" {
			reason = left.Field + "." + reason
		}
		if saysWorthless(reason) && code.State == tableimport.Good {
			c.code, _ = cardcode.ParseForeign(code.Text)
		}
		if containsSecret(c.serial, code.Text) || containsSecret(c.serial, value(ColumnShortCode).Text) {
			c.serial = ""
		}
		return c, reason, left.Shown
	}
	masked := tableimport.Mask(code.Text)
	var ok bool
	if c.code, ok = cardcode.ParseForeign(code.Text); !ok {
		if containsSecret(c.serial, code.Text) {
			c.serial = ""
		}
		return c, reasonCode, masked
	}
	if short, ok := cardcode.ShortCode(c.code, value(ColumnShortCode).Text); ok {
		c.short = short
	}
	if containsCode(c.serial, c.code) || !c.short.IsZero() && containsCode(c.serial, c.short) {
		c.serial = "" // the serial column holds the code: a code is never stored in clear
	}
	if reason, shown = c.takePrice(r.plan, value(ColumnPrice), value(ColumnRemaining)); reason != "" {
		return c, reason, shown
	}
	if reason, shown = c.takeDate(r.plan, value(ColumnValidTill)); reason != "" {
		return c, reason, shown
	}
	used := value(ColumnUsedAt).Meaning == MeansUsed || value(ColumnUsedBy).Meaning == MeansUsed
	return c, c.takeStatus(value(ColumnStatus).Meaning, used, r.today), ""
}

// takePrice sets the value of the card: the remaining value where the file has it,
// otherwise the price.
func (c *importedCard) takePrice(p Plan, price, left tableimport.Value) (reason, shown string) {
	if left.State == tableimport.Empty { // an empty cell may mean nothing left or never used
		return ColumnRemaining + "." + string(tableimport.ReasonMissing), left.Text
	}
	c.price = p.Price
	of := price
	if left.State == tableimport.Good {
		of = left
	}
	if of.State == tableimport.Good {
		c.price = of.Minor
	}
	switch {
	case of.State == tableimport.Good && of.Minor == 0:
		return reasonNothing, of.Text
	case c.price == 0:
		return ColumnPrice + "." + string(tableimport.ReasonMissing), ""
	case c.price < 1 || c.price > card.MaxPrice:
		return reasonPrice, tableimport.Show(tableimport.Amount, of.Text)
	}
	return "", ""
}

// takeDate sets the last day of the card.
func (c *importedCard) takeDate(p Plan, till tableimport.Value) (reason, shown string) {
	if till.State == tableimport.Good && !till.None {
		c.validTill = till.Day
		if !plausibleDay(till.Day) {
			return reasonDate, tableimport.Show(tableimport.Date, till.Text)
		}
		return "", ""
	}
	day, err := time.Parse(time.DateOnly, p.ValidTill)
	if err != nil {
		return reasonNoDate, tableimport.Show(tableimport.Date, till.Text)
	}
	c.validTill = day
	return "", ""
}

// takeStatus sets the state of the card from the meaning of its status. A used card is used
// whatever its status: the status may describe the series or may be out of date.
func (c *importedCard) takeStatus(meaning string, used bool, today time.Time) (reason string) {
	c.state = db.CardStateActive
	if used && meaning != MeansVoid {
		meaning = MeansUsed
	}
	switch meaning {
	case MeansInactive:
		c.inactive = true
	case MeansDisabled:
		c.state = db.CardStateDisabled
	case MeansExpired:
		if !c.validTill.Before(today) {
			return reasonNotYet
		}
	case MeansUsed:
		c.state, c.remark = db.CardStateVoid, "Used before import"
	case MeansVoid:
		c.state, c.remark = db.CardStateVoid, "Void before import"
	}
	return ""
}

// containsCode reports whether a text contains a code in any spelling.
func containsCode(text string, code cardcode.Code) bool { return containsSecret(text, code.Indexed()) }

// containsSecret reports whether a text contains the letters and digits of a secret, in any
// case and with any signs between them.
func containsSecret(text, secret string) bool {
	plain := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return unicode.ToUpper(r)
			}
			return -1
		}, norm.NFC.String(width.Narrow.String(s)))
	}
	return text != "" && secret != "" && strings.Contains(plain(text), plain(secret))
}

// truncate shortens a text to at most so many characters.
func truncate(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}
