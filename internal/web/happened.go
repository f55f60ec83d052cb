package web

import (
	"encoding/json"
	"fmt"
	"strings"

	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/money"
)

// happened says an entry of the audit trail in words.
func happened(action string, detail []byte) string {
	var d struct {
		Quantity int64  `json:"quantity"`
		Cards    int64  `json:"cards"`
		Rows     int64  `json:"rows"`
		Format   string `json:"format"`
		Changes  []card.Change
		Done     string `json:"operation"`
		Reason   string `json:"reason"`
		Of       string `json:"of"` // of an import: what the rows of its file are
		People   int64  `json:"customers"`
	}
	_ = json.Unmarshal(detail, &d) // an entry without details is said without
	count := func(n int64) string {
		if n == 1 {
			return "1 card"
		}
		return money.Group(fmt.Sprint(n)) + " cards"
	}
	format := formatName(d.Format)
	people := countOf(d.People, "customer", "customers")
	if d.Of == string(db.ImportKindCustomers) {
		switch action {
		case "import.uploaded":
			return "File of customers uploaded"
		case "import.checked":
			return "File checked: " + people + " to import"
		case "import.confirmed":
			return "Import of " + people + " confirmed"
		case "import.finished":
			return "Import of " + people + " finished"
		case "import.probed":
			return "A file that names many customers of other partners was stopped"
		}
	}
	switch action {
	case "series.edited", "card.edited":
		return edited(d.Changes)
	case "series.voided":
		return "Deleted, with " + count(d.Cards) + " unused"
	case "series.erased":
		return "Codes erased"
	case "series.shredding":
		return "Shredding of the codes begun"
	case "series.shredded":
		return "Codes shredded, the cards stay good"
	case "export.sent_whole":
		return format + " fetched to its end"
	case "export.arrived":
		return format + " has arrived"
	case "export.discarded":
		return format + " discarded"
	case "series.ordered":
		return "Ordered " + count(d.Quantity)
	case "series.generated":
		return "Generated " + count(d.Cards)
	case "export.requested":
		if d.Reason != "" {
			return format + " asked for: " + d.Reason
		}
		return format + " asked for"
	case "export.finished":
		return fmt.Sprintf("%s written, %s", format, count(d.Rows))
	case "export.downloaded":
		return format + " downloaded"
	case "export.cancelled":
		return format + " cancelled"
	case "export.failed":
		return format + " failed"
	case "export.retried":
		return format + " tried again"
	case "import.uploaded":
		return "File of cards uploaded"
	case "import.checked":
		return "File checked: " + count(d.Cards) + " to import"
	case "import.confirmed":
		return "Import of " + count(d.Cards) + " confirmed"
	case "import.probed":
		return "A file that names cards which exist here was stopped"
	case "import.bar_lifted":
		return "Bar on importing lifted: " + d.Reason
	case "import.voided":
		return "Import voided, with " + count(d.Cards) + " unused: " + d.Reason
	case "series.lapsed":
		return "Expired; what was left went to breakage"
	case "cards.change_ordered":
		return fmt.Sprintf("%s %s asked for", operationVerb(d.Done), count(d.Cards))
	case "cards.changed":
		return fmt.Sprintf("%s %s done", operationVerb(d.Done), count(d.Cards))
	case "cards.change_cancelled", "cards.change_failed", "cards.change_retried":
		return operationVerb(d.Done) + " cards " + strings.TrimPrefix(action, "cards.change_")
	case "card.voided":
		return "Deleted"
	case "card.revealed":
		return "Code revealed: " + d.Reason
	case "card.redeemed":
		return "Redeemed"
	}
	if words, ok := acts()[action]; ok {
		return words
	}
	_, verb, found := strings.Cut(action, ".")
	if !found || verb == "" {
		return action
	}
	verb = strings.ReplaceAll(verb, "_", " ")
	return strings.ToUpper(verb[:1]) + verb[1:]
}

// edited says what an edit changed, before and after.
func edited(changes []card.Change) string {
	if len(changes) == 0 {
		return "Edited"
	}
	words := make([]string, len(changes))
	for i, c := range changes {
		words[i] = fmt.Sprintf("%s %s → %s", c.What, c.From, c.To)
	}
	return "Edited: " + strings.Join(words, "; ")
}

// operationVerb names an operation on many cards.
func operationVerb(operation string) string {
	switch operation {
	case "enable":
		return "Activating"
	case "disable":
		return "Disabling"
	case "void":
		return "Voiding"
	case "extend":
		return "Setting valid till of"
	}
	return "Setting the partner of"
}

// exportFormat is the format that an entry about an export names.
func exportFormat(detail []byte) string {
	var d struct {
		Format string `json:"format"`
	}
	_ = json.Unmarshal(detail, &d) // an entry without one is said without
	return formatName(d.Format)
}
