package card

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
)

// The columns that a file of cards may have.
const (
	ColumnCode      = "code"
	ColumnSerial    = "serial"
	ColumnPrice     = "price"
	ColumnCurrency  = "currency"
	ColumnValidTill = "valid_till"
	ColumnStatus    = "status"
	ColumnShort     = "short_code" // beside the full code, where a file has both
)

// ImportColumns lists them in the order of the form.
func ImportColumns() []string {
	return []string{ColumnCode, ColumnSerial, ColumnPrice, ColumnCurrency, ColumnValidTill, ColumnStatus, ColumnShort}
}

// columnNames are the headings by which a column is recognised, in lower case
// without spaces and marks.
var columnNames = map[string][]string{ //nolint:gochecknoglobals // a table
	ColumnCode:      {"code", "fullcode", "cardcode", "voucher", "vouchercode", "pin", "pincode", "secret", "refillcode", "card"},
	ColumnSerial:    {"serial", "id", "serialnumber", "serialno", "number", "no", "nr", "cardid", "cardnumber"},
	ColumnPrice:     {"price", "amount", "value", "sum", "facevalue", "nominal", "denomination"},
	ColumnCurrency:  {"currency", "cur"},
	ColumnValidTill: {"validtill", "validuntil", "expires", "expiry", "expirydate", "expirationdate", "validto", "expiration", "valid"},
	ColumnStatus:    {"status", "state"},
	ColumnShort:     {"shortcode"},
}

// GuessColumn tells which column a heading names; empty: none that we know.
func GuessColumn(heading string) string {
	plain := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
	for _, column := range ImportColumns() {
		if slices.Contains(columnNames[column], plain) {
			return column
		}
	}
	return ""
}

// ImportForm is a plan as it was typed. Columns holds places counted from 1 as text;
// empty: the file has no such column.
type ImportForm struct {
	Prefix, Price, ValidTill string
	Partners                 []string
	Activate, Headings       bool
	Columns                  map[string]string
	Dates, Decimal           string
}

// ImportPlan is how the rows of a file become cards.
type ImportPlan struct {
	Prefix    string         `json:"prefix"`
	Partners  []int64        `json:"partners"` // empty: any
	TimeZone  string         `json:"time_zone"`
	Currency  string         `json:"currency"`
	Price     int64          `json:"price"`      // of cards whose row has none; 0: there are none such
	ValidTill string         `json:"valid_till"` // likewise
	Activate  bool           `json:"activate"`
	Headings  bool           `json:"headings"` // the first row names the columns
	Columns   map[string]int `json:"columns"`  // from 0
	Dates     string         `json:"dates"`    // iso, dmy, mdy
	Decimal   string         `json:"decimal"`  // . or ,
}

// CheckImportForm reads a plan and holds it against every rule.
func (s *Service) CheckImportForm(ctx context.Context, actor audit.Actor, f ImportForm) (ImportPlan, error) {
	settings, err := s.settings.Get(ctx)
	if err != nil {
		return ImportPlan{}, err
	}
	p := ImportPlan{
		Prefix: strings.TrimSpace(f.Prefix), Currency: settings.Currency, Activate: f.Activate, Headings: f.Headings,
		Columns: map[string]int{}, Dates: f.Dates, Decimal: f.Decimal,
	}
	var faults fault.List
	add := func(field, code, message string) { faults = append(faults, fault.Field(field, code, message)) }
	if !prefixForm.MatchString(p.Prefix) {
		add("prefix", "order_prefix", "Prefix may have up to 20 letters A–Z and digits, without spaces.")
	}
	taken := map[int]bool{}
	for _, column := range ImportColumns() {
		n, err := strconv.Atoi(f.Columns[column])
		if f.Columns[column] == "" || err != nil || n < 1 {
			continue
		}
		if taken[n] {
			add(column, "import_column_twice", "This column is chosen twice. Choose another, or none.")
		}
		taken[n], p.Columns[column] = true, n-1
	}
	if _, ok := p.Columns[ColumnCode]; !ok {
		add(ColumnCode, "import_no_code", "Choose the column that holds the codes.")
	}
	if !slices.Contains([]string{"iso", "dmy", "mdy"}, p.Dates) {
		p.Dates = "iso"
	}
	if p.Decimal != "," {
		p.Decimal = "."
	}
	_, hasPrice := p.Columns[ColumnPrice]
	if f.Price != "" || !hasPrice {
		p.Price, err = money.Parse(f.Price, settings.Currency)
		if err != nil || p.Price < 1 || p.Price > maxPrice {
			add("default_price", "import_price", "Enter the value of one card, such as "+money.Amount{Minor: 1000, Currency: settings.Currency}.Decimal()+".")
		}
	}
	_, hasDate := p.Columns[ColumnValidTill]
	if f.ValidTill != "" || !hasDate {
		if _, err := time.Parse(time.DateOnly, f.ValidTill); err != nil {
			add("default_valid_till", "import_valid_till", "Enter the last day on which the cards can be redeemed.")
		}
		p.ValidTill = f.ValidTill
	}
	o := Order{TimeZone: settings.TimeZone}
	if err := s.checkPartners(ctx, actor, f.Partners, &o); err != nil {
		if fault.IsInternal(err) {
			return ImportPlan{}, err
		}
		faults = append(faults, fault.All(err)...)
	}
	p.Partners, p.TimeZone = o.PartnerIDs, o.TimeZone
	return p, faults.Err()
}

// Reasons why a row makes no card, as they are stored.
const (
	reasonNoCode    = "no_code"
	reasonCode      = "bad_code"
	reasonPrice     = "bad_price"
	reasonCurrency  = "bad_currency"
	reasonDate      = "bad_date"
	reasonStatus    = "bad_status"
	reasonNotYet    = "not_expired"
	reasonDuplicate = "duplicate"
	reasonKnown     = "known"
)

// ReasonWords says to people why a row makes no card.
func ReasonWords(reason string) string {
	switch reason {
	case reasonNoCode:
		return "has no code"
	case reasonCode:
		return "code is not 6 to 64 printable characters"
	case reasonPrice:
		return "price is not an amount"
	case reasonCurrency:
		return "currency is another one"
	case reasonDate:
		return "valid till is not a date"
	case reasonStatus:
		return "status is not known"
	case reasonNotYet:
		return "says expired, but its date has not passed"
	case reasonDuplicate:
		return "code stands in the file before"
	case reasonKnown:
		return "code is known here already"
	}
	return reason
}

// importedCard is a row that makes a card.
type importedCard struct {
	code      Code
	short     Code // of a file that has full and short codes; else the zero Code
	serial    string
	price     int64
	validTill time.Time
	state     db.CardState
	remark    string
}

// card reads a row; a reason says why it makes no card.
func (p ImportPlan) card(cells []string, today time.Time) (importedCard, string) {
	cell := func(column string) string {
		if at, ok := p.Columns[column]; ok && at < len(cells) {
			return cells[at]
		}
		return ""
	}
	c := importedCard{serial: cutText(cell(ColumnSerial), 64), price: p.Price, state: db.CardStateActive}
	var ok bool
	if cell(ColumnCode) == "" {
		return c, reasonNoCode
	}
	if c.code, ok = parseForeign(cell(ColumnCode)); !ok {
		return c, reasonCode
	}
	if short, ok := shortCode(c.code, cell(ColumnShort)); ok {
		c.short = short
	}
	if tells(cell(ColumnSerial), c.code) || (c.short.symbols != "" && tells(cell(ColumnSerial), c.short)) {
		c.serial = "" // the same column twice under two names: never keep a code in clear
	}
	if text := cell(ColumnPrice); text != "" || p.Price == 0 {
		if c.price, ok = p.readPrice(text); !ok {
			return c, reasonPrice
		}
	}
	if currency := cell(ColumnCurrency); currency != "" && !strings.EqualFold(currency, p.Currency) {
		return c, reasonCurrency
	}
	text := cell(ColumnValidTill)
	if text == "" {
		text = p.ValidTill
		c.validTill, ok = readDate(text, "iso")
	} else {
		c.validTill, ok = readDate(text, p.Dates)
	}
	if !ok {
		return c, reasonDate
	}
	return p.status(c, cell(ColumnStatus), today)
}

// tells reports whether a text holds a code, however it is written.
func tells(text string, code Code) bool {
	plain := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return unicode.ToUpper(r)
			}
			return -1
		}, norm.NFC.String(width.Narrow.String(s)))
	}
	secret := plain(code.indexed())
	return text != "" && strings.Contains(plain(text), secret)
}

// status maps the words of other systems.
func (ImportPlan) status(c importedCard, word string, today time.Time) (importedCard, string) {
	switch strings.ToLower(word) {
	case "", "active", "enabled", "new", "unused", "not used", "inactive", "ready":
	case "disabled", "blocked", "locked", "suspended":
		c.state = db.CardStateDisabled
	case "expired":
		if !c.validTill.Before(today) {
			return c, reasonNotYet
		}
	case "used", "redeemed", "activated":
		c.state, c.remark = db.CardStateVoid, "Used before import"
	case "void", "deleted", "cancelled", "canceled":
		c.state, c.remark = db.CardStateVoid, "Void before import"
	default:
		return c, reasonStatus
	}
	return c, ""
}

// readPrice reads an amount, with or without its currency before or behind it. Between
// its digits stand only what parts thousands and decimals, where it belongs: what a
// spreadsheet wrote as 1E+05 is no 105, and 10,50 where a comma parts thousands no 1050.
func (p ImportPlan) readPrice(text string) (int64, bool) {
	first, last := strings.IndexFunc(text, unicode.IsDigit), strings.LastIndexFunc(text, unicode.IsDigit)
	if first < 0 {
		return 0, false
	}
	_, size := utf8.DecodeRuneInString(text[last:])
	before, behind := strings.TrimSpace(text[:first]), strings.TrimSpace(text[last+size:])
	if strings.ContainsAny(before+behind, "-−()") || strings.HasSuffix(before, ".") || strings.HasSuffix(before, ",") {
		return 0, false
	}
	for _, word := range []string{before, behind} {
		if other := strings.ToUpper(word); money.Known(other) && other != p.Currency {
			return 0, false
		}
	}
	point, group := ".", ','
	if p.Decimal == "," {
		point, group = ",", '.'
	}
	parts := strings.Split(text[first:last+size], point)
	whole := strings.FieldsFunc(parts[0], func(r rune) bool { return r == group || unicode.IsSpace(r) || r == '\'' || r == '’' })
	for i, part := range whole { // 1,000 or, in India, 1,00,000
		if i > 0 && (len(part) < 2 || len(part) > 3 || (i == len(whole)-1 && len(part) < 3)) {
			return 0, false
		}
	}
	text = strings.Join(append([]string{strings.Join(whole, "")}, parts[1:]...), ".")
	if whole, decimals, ok := strings.Cut(text, "."); ok { // 10.0000
		if digits := money.Digits(p.Currency); len(decimals) > digits && strings.Trim(decimals[digits:], "0") == "" {
			text = strings.TrimSuffix(whole+"."+decimals[:digits], ".")
		}
	}
	minor, err := money.Parse(text, p.Currency)
	return minor, err == nil && minor >= 1 && minor <= maxPrice
}

var dateForm = regexp.MustCompile(`^(\d{1,4})[-./ ](\d{1,2})[-./ ](\d{1,4})(?:[ T].*)?$`)

// readDate reads a day; a time behind it is left out. A date that begins with its
// year is read as such, whatever the form says.
func readDate(text, form string) (time.Time, bool) {
	m := dateForm.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return time.Time{}, false
	}
	year, month, day := m[1], m[2], m[3]
	if len(m[1]) != 4 {
		switch form {
		case "dmy":
			day, month, year = m[1], m[2], m[3]
		case "mdy":
			month, day, year = m[1], m[2], m[3]
		default:
			return time.Time{}, false
		}
	}
	date, err := time.Parse("2006-1-2", year+"-"+month+"-"+day)
	return date, err == nil && date.Year() >= 2000 && date.Year() <= 2200
}

// cutText shortens a text to so many characters.
func cutText(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}

// LiveNote says in words what the throttle of imported codes is.
func (l GuessLimits) LiveNote() string {
	days := int(l.HardPause.Hours() / 24)
	unit := "day"
	if days != 1 {
		unit = "days"
	}
	return fmt.Sprintf("%d wrong codes bar a customer for %d %s, and %d an hour bar an address", l.Hard, days, unit, l.PerAddress)
}
