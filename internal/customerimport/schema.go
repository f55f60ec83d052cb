// Package customerimport imports customers out of files of other systems: the plan, the dry
// run, the approval of opening balances, and the import in chunks. It never changes a
// customer that exists, and knows nothing of cards.
package customerimport

import (
	"cmp"
	"strings"

	"refill/internal/tableflow"
	"refill/internal/tableimport"
)

// The columns that a file of customers may have.
const (
	ColumnName       = "name"
	ColumnUsername   = "username"
	ColumnExternalID = "external_id"
	ColumnPartner    = "partner"
	ColumnEmail      = "email"
	ColumnPhone      = "phone"
	ColumnBalance    = "balance"
	ColumnCurrency   = "currency"
	ColumnStatus     = "status"
)

// Columns lists the columns in the order of the form. A row that fails in several columns
// is left out for the first.
func Columns() []string {
	return []string{ColumnName, ColumnUsername, ColumnExternalID, ColumnPartner, ColumnEmail, ColumnPhone, ColumnBalance, ColumnCurrency, ColumnStatus}
}

// The meanings of a word in the column of the status.
const (
	MeansActive   = "active"
	MeansDisabled = "disabled"
	MeansLeaveOut = tableflow.LeaveOut
)

// Meanings lists the meanings in the order of the form.
func Meanings() []string { return []string{MeansActive, MeansDisabled, MeansLeaveOut} }

// schema returns the columns that an import of customers reads from a table.
func schema(currency string) tableimport.Schema {
	disabled := append(append([]string{}, tableimport.StatusWords(tableimport.WordsDisabled)...), tableimport.StatusWords(tableimport.WordsInactive)...)
	return tableimport.Schema{Currency: currency, Fields: []tableimport.Field{
		{Name: ColumnName, Kind: tableimport.Text, Required: true, Headings: tableimport.HeadName},
		{Name: ColumnUsername, Kind: tableimport.Text, Headings: tableimport.HeadUsername},
		{Name: ColumnExternalID, Kind: tableimport.Text, Headings: tableimport.HeadExternalID},
		{Name: ColumnPartner, Kind: tableimport.Text, Headings: tableimport.HeadPartner},
		{Name: ColumnEmail, Kind: tableimport.Text, Headings: tableimport.HeadEmail},
		{Name: ColumnPhone, Kind: tableimport.Text, Headings: tableimport.HeadPhone},
		{Name: ColumnBalance, Kind: tableimport.Signed, Headings: tableimport.HeadBalance},
		{Name: ColumnCurrency, Kind: tableimport.Currency, Headings: tableimport.HeadCurrency},
		{Name: ColumnStatus, Kind: tableimport.Status, Headings: tableimport.HeadStatus, Meanings: []tableimport.Meaning{
			{Name: MeansActive, Words: append([]string{"new"}, tableimport.StatusWords(tableimport.WordsActive)...)},
			{Name: MeansDisabled, Words: disabled},
		}},
	}}
}

// Reasons of this package why a row creates no customer, as they are stored. Those of
// package tableimport follow the name of their column: "balance.bad_amount".
const (
	reasonName            = "long_name"
	reasonUsername        = "bad_username"
	reasonNoKey           = "no_key"
	reasonExternalID      = "long_external_id"
	reasonNoPartner       = "no_partner"
	reasonPartner         = "unknown_partner"
	reasonEmail           = "bad_email"
	reasonBalance         = "high_balance"
	reasonOutside         = "balance_outside"
	reasonTwiceUsername   = "twice_username"
	reasonTwiceExternalID = "twice_external_id"
	reasonKnownUsername   = "known_username"
	reasonKnownExternalID = "known_external_id"
	reasonBeyond          = "beyond_dry_run"
	reasonKnownHidden     = "known_hidden"
)

// ReasonWords returns a reason as text for staff.
func ReasonWords(reason string) string {
	switch reason {
	case reasonName:
		return "name is longer than 120 characters"
	case reasonUsername:
		return "username has other characters than letters a–z, digits and . _ - @, or more than 64"
	case reasonNoKey:
		return "has neither a username nor an external id: a second import could not tell that the customer is here already"
	case reasonExternalID:
		return "external id is longer than 64 characters"
	case reasonNoPartner:
		return "has no partner; choose one for customers without it, or correct the file"
	case reasonPartner:
		return "partner is none that you can choose: compare the name, or create the partner first"
	case reasonEmail:
		return "e-mail is not an address like name@example.com"
	case reasonBalance:
		return "opening balance is more than one payment may be"
	case reasonOutside:
		return "has an opening balance, but its partner keeps balances in another system"
	case reasonTwiceUsername:
		return "username stands in the file before"
	case reasonTwiceExternalID:
		return "external id stands in the file before"
	case reasonKnownUsername:
		return "known already: a customer has this username"
	case reasonKnownExternalID:
		return "known already: a customer has this external id"
	case reasonKnownHidden:
		return "username or external id is taken at another partner; which rows these are is not told"
	case reasonBeyond:
		return "was left out by the dry run, and would make a customer now: import the file once more"
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
	return strings.ReplaceAll(cmp.Or(map[string]string{ColumnEmail: "e-mail", ColumnBalance: "opening balance"}[column], column), "_", " ")
}
