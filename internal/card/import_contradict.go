package card

import (
	"slices"

	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/tableflow"
	"refill/internal/tableimport"
)

// A list of events names a card each time that something became of it: sold, then used.
// Which of its rows holds can't be told from the file, and a wrong guess makes money of a
// used card. So a file stops whose rows say different things of one code.

// ErrImportContradicts stops a file that says different things of one code.
var ErrImportContradicts = fault.New(fault.Invalid, "import_contradicts", "This file names codes more than once, and what it says of them differs.")

// denies reports whether a row is left out because it says that its card is worth
// nothing. Such a row contradicts one that makes a card of the same code.
func denies(reason string) bool {
	return slices.Contains([]string{
		reasonNothing, reasonNotYet, ColumnStatus + "." + string(tableimport.ReasonStatus), ColumnRemaining + "." + string(tableimport.ReasonNegative),
	}, reason)
}

// says is what a row says that its card is worth; 0: nothing. Rows that say the same have
// the same number.
func (c importedCard) says() uint32 {
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

// contradicted is nil where no row says something else of its code than a row before.
func contradicted(c tableflow.Contradictions) error {
	say := c.Say()
	if say == "" {
		return nil
	}
	return ErrImportContradicts.Saying(say + " something else of a code than a row before: another price, last day or status, or that nothing is left. " +
		"Which of them holds can’t be told. The file may be a list of what happened to cards. Keep one row of each card, and upload the file again.")
}
