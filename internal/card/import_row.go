package card

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

	"refill/internal/db"
	"refill/internal/importfile"
	"refill/internal/tableflow"
	"refill/internal/tableimport"
)

// Reasons of our own why a row makes no card, as they are stored. Those of the reading
// of the table stand behind their column: "price.bad_amount".
const (
	reasonCode      = "bad_code"
	reasonPrice     = "high_price"
	reasonNothing   = "nothing_left"
	reasonNoDate    = "no_date"
	reasonDate      = "far_date"
	reasonNotYet    = "not_expired"
	reasonDuplicate = "duplicate"
	reasonKnown     = "known"
	// reasonKnownHidden is of codes whose rows are not told.
	reasonKnownHidden = "known_hidden"
)

// ReasonWords says to people why a row makes no card.
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

// ColumnWords names a column within a sentence.
func ColumnWords(column string) string {
	return strings.ReplaceAll(cmp.Or(map[string]string{ColumnRemaining: "what is left"}[column], column), "_", " ")
}

// Outliers are the reasons whose rows become cards where a person ticks them.
func Outliers() []string {
	return []string{ColumnCode + "." + string(tableimport.ReasonShape), ColumnCode + "." + string(tableimport.ReasonWord), ColumnCode + "." + string(tableimport.ReasonMasked)}
}

// OutlierShapes lists the shapes of codes that differ from the rest of a file and that
// several rows have.
func OutlierShapes(look ImportLook, plan ImportPlan) (shapes []tableimport.Shape) {
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

// importedCard is a row that makes a card.
type importedCard struct {
	code      Code
	short     Code // of a file that has full and short codes; else the zero Code
	serial    string
	price     int64
	validTill time.Time
	state     db.CardState
	inactive  bool // it was not active where it comes from
	remark    string

	row         int32
	firstSerial bool // no row before has its serial
}

// left is why the row makes no card after all.
func (c importedCard) left(reason string) tableflow.Left {
	return tableflow.Left{Row: c.row, Who: c.serial, Reason: reason, Value: tableimport.Mask(strings.TrimPrefix(c.code.symbols, importedMark))}
}

// group is which series the card goes to.
func (c importedCard) group() groupKey { return groupKey{c.price, c.inactive} }

// importRows reads the rows of a file under a plan. The same file and plan give the
// same rows: the import finds what the dry run found.
type importRows struct {
	table *tableimport.Reader
	plan  ImportPlan
	today time.Time
	at    map[string]int // column to its place in a record
	begun bool
}

// openRows begins to read a file.
func openRows(file io.ReaderAt, size int64, plan ImportPlan, today time.Time) (*importRows, error) {
	rows, err := importfile.OpenTable(file, size, importfile.Options{Sheet: plan.Sheet})
	if err != nil {
		return nil, err
	}
	return newRows(rows, plan, today), nil
}

func newRows(rows importfile.Rows, plan ImportPlan, today time.Time) *importRows {
	schema := importSchema(plan.Currency)
	r := &importRows{table: tableimport.NewReader(rows, schema, plan.Table), plan: plan, today: today, at: map[string]int{}}
	for i, f := range schema.Fields {
		r.at[f.Name] = i
	}
	return r
}

// next reads a row: a card, or why it makes none. io.EOF ends the rows. The row of the
// headings is neither where it is the first.
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
		if denies(reason) && c.code.symbols != "" {
			return &c, left, nil
		}
		return nil, left, nil
	}
	return &c, nil, nil
}

// skip passes over rows that were imported before.
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

// card reads a record; a reason says why it makes no card, with the value that failed.
func (r *importRows) card(record tableimport.Record) (c importedCard, reason, shown string) {
	value := func(column string) tableimport.Value {
		if at := r.at[column]; at < len(record.Values) {
			return record.Values[at]
		}
		return tableimport.Value{}
	}
	code := value(ColumnCode)
	if record.Data {
		c.serial = cutText(value(ColumnSerial).Text, 64)
	}
	if left := record.Left; left != nil {
		reason = string(left.Reason)
		if left.Field != "" {
			reason = left.Field + "." + reason
		}
		if denies(reason) && code.State == tableimport.Good {
			c.code, _ = parseForeign(code.Text)
		}
		if holds(c.serial, code.Text) || holds(c.serial, value(ColumnShortCode).Text) {
			c.serial = ""
		}
		return c, reason, left.Shown
	}
	masked := tableimport.Mask(code.Text)
	var ok bool
	if c.code, ok = parseForeign(code.Text); !ok {
		if holds(c.serial, code.Text) {
			c.serial = ""
		}
		return c, reasonCode, masked
	}
	if short, ok := shortCode(c.code, value(ColumnShortCode).Text); ok {
		c.short = short
	}
	if tells(c.serial, c.code) || c.short.symbols != "" && tells(c.serial, c.short) {
		c.serial = "" // the same column twice under two names: never keep a code in clear
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

// takePrice reads what a card is worth: what is left of it, where the file says so.
func (c *importedCard) takePrice(p ImportPlan, price, left tableimport.Value) (reason, shown string) {
	if left.State == tableimport.Empty { // nothing written may be nothing left, or a card that was never used
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
	case c.price < 1 || c.price > maxPrice:
		return reasonPrice, tableimport.Show(tableimport.Amount, of.Text)
	}
	return "", ""
}

// takeDate reads how long a card is valid.
func (c *importedCard) takeDate(p ImportPlan, till tableimport.Value) (reason, shown string) {
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

// takeStatus says what becomes of a card by what its status means. A card that was used
// is used whatever its status says, which may be about the series or have stayed behind.
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

// tells reports whether a text holds a code, however it is written.
func tells(text string, code Code) bool { return holds(text, code.indexed()) }

// holds reports whether a text has the letters and digits of a secret, in any case and
// with any signs between.
func holds(text, secret string) bool {
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

// cutText shortens a text to so many characters.
func cutText(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}
