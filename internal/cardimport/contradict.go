package cardimport

import (
	"slices"

	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/tableflow"
	"refill/internal/tableimport"
)

// A list of events has several rows for one card, such as "sold" and "used". The file does
// not tell which row is valid, and a wrong choice turns a used card into money. Therefore
// an import stops where two rows say different things about one code.

// ErrImportContradicts stops a file in which two rows say different things about one code.
var ErrImportContradicts = fault.New(fault.Invalid, "import_contradicts", "{count, plural, one {Row {rows} says} other {# rows, such as {rows}, say}} something else of a code than a row before: another price, last day or status, or that nothing is left. "+
	"Which of them holds can’t be told. The file may be a list of what happened to cards. Keep one row of each card, and upload the file again.")

// saysWorthless reports whether a row is left out because it says that its card has no
// value. Such a row contradicts a row that makes a card of the same code.
func saysWorthless(reason string) bool {
	return slices.Contains([]string{
		reasonNothing, reasonNotYet, ColumnStatus + "." + string(tableimport.ReasonStatus), ColumnRemaining + "." + string(tableimport.ReasonNegative),
	}, reason)
}

// claimHash returns a hash of price, last day and status of the card, or 0 for a void card.
// Rows that say the same have the same hash.
func (c importedCard) claimHash() uint32 {
	if c.state == db.CardStateVoid {
		return 0
	}
	h := uint64(c.price)*0x9e3779b97f4a7c15 ^ uint64(c.validTill.Unix())*0xc2b2ae3d27d4eb4f //nolint:gosec // bits to be mixed
	if c.state == db.CardStateDisabled {
		h ^= 0x165667b19e3779f9
	}
	if c.inactive {
		h ^= 0x27d4eb2f165667c5
	}
	return uint32((h^h>>29)*0xbf58476d1ce4e5b9>>33) | 1
}

// contradictionError returns ErrImportContradicts where rows contradict an earlier row, or
// nil.
func contradictionError(c tableflow.Contradictions) error {
	if c.Count() == 0 {
		return nil
	}
	return ErrImportContradicts.With("count", fault.Number(c.Count())).With("rows", fault.Numbers(c.First()))
}
