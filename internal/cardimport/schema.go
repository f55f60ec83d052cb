package cardimport

import (
	"refill/internal/tableflow"
	"refill/internal/tableimport"
)

// The columns that a file of cards may have.
const (
	ColumnCode      = "code"
	ColumnShortCode = "short_code"
	ColumnSerial    = "serial"
	ColumnPrice     = "price"
	ColumnRemaining = "remaining"
	ColumnCurrency  = "currency"
	ColumnValidTill = "valid_till"
	ColumnStatus    = "status"
	ColumnUsedAt    = "used_at"
	ColumnUsedBy    = "used_by"
)

// ImportColumns lists the columns in the order of the form. A row that fails in several
// columns is left out for the first.
func ImportColumns() []string {
	return []string{ColumnCode, ColumnShortCode, ColumnSerial, ColumnPrice, ColumnRemaining, ColumnCurrency, ColumnValidTill, ColumnStatus, ColumnUsedAt, ColumnUsedBy}
}

// The meanings of a word in the column of the status.
const (
	MeansActive   = "active"
	MeansInactive = "inactive" // without value until it is activated
	MeansDisabled = "disabled"
	MeansExpired  = "expired"
	MeansUsed     = "used"
	MeansVoid     = "void"
	MeansUnused   = "unused" // of a column of use: the status column gives the state of the card
	MeansLeaveOut = tableflow.LeaveOut
)

// ImportMeanings lists the meanings of a column in the order of the form.
func ImportMeanings(column string) []string {
	if column == ColumnUsedAt || column == ColumnUsedBy {
		return []string{MeansUsed, MeansUnused, MeansLeaveOut}
	}
	return []string{MeansActive, MeansInactive, MeansDisabled, MeansExpired, MeansUsed, MeansVoid, MeansLeaveOut}
}

// importSchema returns the columns that an import of cards reads from a table.
func importSchema(currency string) tableimport.Schema {
	words := map[string]string{
		MeansActive: tableimport.WordsActive, MeansInactive: tableimport.WordsInactive, MeansDisabled: tableimport.WordsDisabled,
		MeansExpired: tableimport.WordsExpired, MeansUsed: tableimport.WordsUsed, MeansVoid: tableimport.WordsVoid,
	}
	var meanings []tableimport.Meaning
	for _, name := range ImportMeanings(ColumnStatus) {
		if key, ok := words[name]; ok {
			meanings = append(meanings, tableimport.Meaning{Name: name, Words: tableimport.StatusWords(key)})
		}
	}
	events := []tableimport.Meaning{
		{Name: MeansUsed, Words: []string{tableimport.EventDate, tableimport.EventText}},
		{Name: MeansUnused, Words: []string{tableimport.EventNo}},
	}
	return tableimport.Schema{Currency: currency, Fields: []tableimport.Field{
		{Name: ColumnCode, Kind: tableimport.Code, Required: true, Headings: tableimport.HeadCode},
		{Name: ColumnShortCode, Kind: tableimport.Text, Headings: tableimport.HeadShortCode},
		{Name: ColumnSerial, Kind: tableimport.Text, Headings: tableimport.HeadSerial},
		{Name: ColumnPrice, Kind: tableimport.Amount, Headings: tableimport.HeadPrice},
		{Name: ColumnRemaining, Kind: tableimport.Remaining, Headings: tableimport.HeadRemaining},
		{Name: ColumnCurrency, Kind: tableimport.Currency, Headings: tableimport.HeadCurrency},
		{Name: ColumnValidTill, Kind: tableimport.Date, Headings: tableimport.HeadValidTill},
		{Name: ColumnStatus, Kind: tableimport.Status, Headings: tableimport.HeadStatus, Meanings: meanings, AskEmpty: true},
		{Name: ColumnUsedAt, Kind: tableimport.Event, Headings: tableimport.HeadUsedAt, Meanings: events},
		{Name: ColumnUsedBy, Kind: tableimport.Event, Headings: tableimport.HeadUsedBy, Meanings: events},
	}}
}
