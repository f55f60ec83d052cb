package admin

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryActHasWords requires a display text for every action that the program records.
func TestEveryActHasWords(t *testing.T) {
	t.Parallel()
	words := newNarrator()
	for _, action := range words.acts.Actions() {
		text := words.describe(action, []byte(`{"format": "csv"}`))
		require.Regexp(t, `^\S.*[a-z]`, text, action)
		// A single word is its own text, as in "job.cancelled". Two words need a text in
		// acts.go.
		_, verb, _ := strings.Cut(action, ".")
		_, chosen := acts()[action]
		require.False(t, !chosen && strings.Contains(verb, "_") && strings.EqualFold(text, strings.ReplaceAll(verb, "_", " ")), "%s: give it words in acts.go", action)
	}
}

// TestWordsOfActs pins the display texts, so that old entries keep theirs.
func TestWordsOfActs(t *testing.T) {
	t.Parallel()
	words := newNarrator()
	for _, one := range []struct{ action, detail, text string }{
		{"series.ordered", `{"quantity": 1200, "price": "25.00"}`, "Ordered 1,200 cards"},
		{"series.generated", `{"cards": 1}`, "Generated 1 card"},
		{"series.edited", `{"changes": [{"what": "price", "from": "10", "to": "12"}], "cards": 90}`, "Edited: price 10 → 12"},
		{"series.edited", `{"changes": null}`, "Edited"},
		{"series.voided", `{"cards": 7}`, "Deleted, with 7 cards unused"},
		{"series.lapsed", `{}`, "Expired; what was left went to breakage"},
		{"series.locked", `{}`, "Locked"},
		{"card.edited", `{"changes": [{"what": "remark", "from": "none", "to": "torn"}]}`, "Edited: remark none → torn"},
		{"card.revealed", `{"reason": "torn"}`, "Code revealed: torn"},
		{"card.voided", `{}`, "Deleted"},
		{"card.redeemed", `{}`, "Redeemed"},
		{"card.refused", `{"reason": "card_used"}`, "Code refused"},
		{"cards.change_ordered", `{"operation": "extend", "cards": 3}`, "Setting valid till of 3 cards asked for"},
		{"cards.changed", `{"operation": "partner", "cards": 3}`, "Setting the partner of 3 cards done"},
		{"cards.change_cancelled", `{"operation": "void"}`, "Voiding cards cancelled"},
		{"cards.change_failed", `{"operation": "enable", "first": 1}`, "Activating cards failed"},
		{"cards.change_retried", `{"operation": "disable"}`, "Disabling cards retried"},
		{"export.requested", `{"format": "csv", "reason": "for the shop"}`, "CSV asked for: for the shop"},
		{"export.requested", `{"format": "pdf"}`, "PDF asked for"},
		{"export.finished", `{"format": "csv", "rows": 2}`, "CSV written, 2 cards"},
		{"export.retried", `{"format": "csv"}`, "CSV tried again"},
		{"export.expired", `{"export": 4}`, "Expired"},
		{"import.uploaded", `{"import": 8, "size": 10}`, "File of cards uploaded"},
		{"import.uploaded", `{"import": 8, "of": "customers"}`, "File of customers uploaded"},
		{"import.checked", `{"import": 8, "cards": 1}`, "File checked: 1 card to import"},
		{"import.checked", `{"import": 8, "of": "customers", "customers": 2}`, "File checked: 2 customers to import"},
		{"import.confirmed", `{"import": 8, "of": "customers", "customers": 1}`, "Import of 1 customer confirmed"},
		{"import.finished", `{"import": 8}`, "Finished"},
		{"import.finished", `{"import": 8, "of": "customers", "customers": 2}`, "Import of 2 customers finished"},
		{"import.probed", `{"import": 8, "of": "customers"}`, "A file that names many customers of other partners was stopped"},
		{"import.voided", `{"cards": 2, "reason": "wrong file"}`, "Import voided, with 2 cards unused: wrong file"},
		{"queue.paused", `{"queue": "cards"}`, "Paused"},
		{"thing.done_twice", `{"n": 1}`, "Done twice"},
		{"thing", `{}`, "thing"},
		{"series.ordered", `{"quantity": "many"}`, "Ordered 0 cards"},
	} {
		require.Equal(t, one.text, words.describe(one.action, []byte(one.detail)), "%s %s", one.action, one.detail)
	}
}
