package admin

import (
	"fmt"
	"strings"

	"refill/internal/act"
	"refill/internal/card"
	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/tableflow"
	"refill/internal/trail"
	"refill/internal/web/kit"
)

// narrator renders rows of the audit trail for display.
type narrator struct{ acts act.Registry }

func newNarrator() narrator { return narrator{trail.Acts()} }

// read decodes a row. A row with details that cannot be read is decoded as far as possible.
func (n narrator) read(action string, detail []byte) act.Act {
	a, err := n.acts.Decode(act.Row{Action: action, Detail: detail})
	_ = err // the trail never changes, so the row cannot be corrected
	return a
}

// describe returns the display text of a row.
func (n narrator) describe(action string, detail []byte) string {
	a := n.read(action, detail)
	for _, describe := range []func(act.Act) string{describeSeries, describeCard, describeChange, describeExport, describeImport} {
		if words := describe(a); words != "" {
			return words
		}
	}
	if words, ok := acts()[action]; ok {
		return words
	}
	_, verb, found := strings.Cut(action, ".")
	if !found || verb == "" {
		return action
	}
	return sentence(strings.ReplaceAll(verb, "_", " "))
}

func sentence(words string) string { return strings.ToUpper(words[:1]) + words[1:] }

// describeSeries returns the text of an act on a series, or an empty string for another
// act.
func describeSeries(a act.Act) string {
	switch a := a.(type) {
	case card.SeriesOrdered:
		return "Ordered " + cardCount(int64(a.Quantity))
	case card.SeriesGenerated:
		return "Generated " + cardCount(int64(a.Cards))
	case card.SeriesEdited:
		return describeEdit(a.Changes)
	case card.SeriesVoided:
		if a.Reason == "" {
			return fmt.Sprintf(lang.M("Deleted, with %s unused"), cardCount(a.Cards))
		}
		return fmt.Sprintf(lang.M("Deleted, with %s unused: %s"), cardCount(a.Cards), a.Reason)
	case card.SeriesErased:
		return lang.M("Codes erased")
	case card.SeriesShredding:
		return lang.M("Shredding of the codes begun")
	case card.SeriesShredded:
		return lang.M("Codes shredded, the cards stay good")
	case card.SeriesLapsed:
		return lang.M("Expired; what was left went to breakage")
	}
	return ""
}

// describeCard is like describeSeries, for acts on a card.
func describeCard(a act.Act) string {
	switch a := a.(type) {
	case card.Edited:
		return describeEdit(a.Changes)
	case card.Revealed:
		return lang.M("Code revealed: ") + a.Reason
	case card.Voided:
		return lang.M("Deleted")
	case card.Replaced:
		return fmt.Sprintf(lang.M("Replaced by the card of series %s: %s"), a.By, a.Reason)
	case card.Redeemed:
		return lang.M("Redeemed")
	}
	return ""
}

// describeEdit returns the text of an edit, with each value before and after.
func describeEdit(changes []card.Change) string {
	if len(changes) == 0 {
		return lang.M("Edited")
	}
	words := make([]string, len(changes))
	for i, c := range changes {
		words[i] = fmt.Sprintf("%s %s → %s", c.What, c.From, c.To)
	}
	return "Edited: " + strings.Join(words, "; ")
}

// describeChange is like describeSeries, for acts on many cards.
func describeChange(a act.Act) string {
	switch a := a.(type) {
	case card.ChangeOrdered:
		return fmt.Sprintf(lang.M("%s %s asked for"), operationVerb(a.Operation), cardCount(a.Cards))
	case card.Changed:
		return fmt.Sprintf("%s %s done", operationVerb(a.Operation), cardCount(int64(a.Cards)))
	case card.ChangeCancelled:
		return operationVerb(a.Operation) + lang.M(" cards cancelled")
	case card.ChangeFailed:
		return operationVerb(a.Operation) + lang.M(" cards failed")
	case card.ChangeRetried:
		return operationVerb(a.Operation) + lang.M(" cards retried")
	}
	return ""
}

// operationVerb names an operation on many cards.
func operationVerb(operation db.CardOperation) string {
	switch operation {
	case db.CardOperationEnable:
		return lang.M("Activating")
	case db.CardOperationDisable:
		return lang.M("Disabling")
	case db.CardOperationVoid:
		return lang.M("Voiding")
	case db.CardOperationExtend:
		return lang.M("Setting valid till of")
	default:
		return lang.M("Setting the partner of")
	}
}

// describeExport is like describeSeries, for acts on a file of codes.
func describeExport(a act.Act) string {
	switch a := a.(type) {
	case cardfile.Requested:
		if a.Reason != "" {
			return exportName(a.Ref) + lang.M(" asked for: ") + a.Reason
		}
		return exportName(a.Ref) + lang.M(" asked for")
	case cardfile.Finished:
		return fmt.Sprintf("%s written, %s", exportName(a.Ref), cardCount(int64(a.Rows)))
	case cardfile.Downloaded:
		return exportName(a.Ref) + " downloaded"
	case cardfile.Cancelled:
		return exportName(a.Ref) + " cancelled"
	case cardfile.Failed:
		return exportName(a.Ref) + " failed"
	case cardfile.Retried:
		return exportName(a.Ref) + lang.M(" tried again")
	case cardfile.SentWhole:
		return exportName(a.Ref) + lang.M(" fetched to its end")
	case cardfile.Arrived:
		return exportName(a.Ref) + lang.M(" has arrived")
	case cardfile.Discarded:
		return exportName(a.Ref) + " discarded"
	}
	return ""
}

func exportName(of cardfile.Ref) string { return formatName(string(of.Format)) }

// describeImport is like describeSeries, for acts on an import.
func describeImport(a act.Act) string {
	switch a := a.(type) {
	case tableflow.Uploaded:
		if a.Of == db.ImportKindCustomers {
			return lang.M("File of customers uploaded")
		}
		return lang.M("File of cards uploaded")
	case tableflow.Checked:
		return lang.M("File checked: ") + imported(a.Import, a.Cards, a.Customers) + lang.M(" to import")
	case tableflow.Confirmed:
		return lang.M("Import of ") + imported(a.Import, a.Cards, a.Customers) + " confirmed"
	case tableflow.Finished:
		if a.Of == db.ImportKindCustomers {
			return lang.M("Import of ") + imported(a.Import, nil, a.Customers) + " finished"
		}
	case tableflow.Probed:
		if a.Of == db.ImportKindCustomers {
			return lang.M("A file that names many customers of other partners was stopped")
		}
		return lang.M("A file that names cards which exist here was stopped")
	case tableflow.BarLifted:
		return lang.M("Bar on importing lifted: ") + a.Reason
	case tableflow.Voided:
		return lang.M("Import voided, with ") + cardCount(a.Cards) + " unused: " + a.Reason
	}
	return ""
}

// imported returns the number of cards or customers of an import, in words.
func imported(of tableflow.Import, cards, customers *int64) string {
	if of.Of == db.ImportKindCustomers {
		return kit.Count(db.Deref(customers), "customer", "customers")
	}
	return cardCount(db.Deref(cards))
}

// ofSeries returns what an act on a series means for one of its cards, or an empty string.
func ofSeries(a act.Act) string {
	switch a := a.(type) {
	case card.SeriesGenerated:
		return lang.M("Made")
	case card.SeriesActivated:
		return lang.M("Series activated")
	case card.SeriesLocked:
		return lang.M("Series locked")
	case card.SeriesVoided:
		return lang.M("Series voided")
	case card.SeriesLapsed:
		return lang.M("Series expired")
	case cardfile.Finished:
		return lang.M("Exported as ") + exportName(a.Ref)
	}
	return ""
}
