package codestore

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Most of a code is kept out of addresses, and so is a code with a wrong symbol. Names, card
// names and serials are not.
func TestResembles(t *testing.T) {
	t.Parallel()
	letters := []Likeness{{From: 16, Digits: true, Letters: true}}
	digits := []Likeness{{From: 12, Digits: true}}
	imported := append([]Likeness{{From: 6, To: 8, Digits: true, Imported: true}}, letters...)
	for _, row := range []struct {
		text  string
		forms []Likeness
		want  bool
	}{
		{"ABCD-EFGH-2345", letters, true},
		{"ABCD-EFGH-234", letters, false},
		{"Quick-ABCD-EFGH-2345-OOOO", letters, true},
		{"abcdefghjkmn", letters, true},
		{"https://cards.example/r#ABCD2345EFGH", letters, true},
		{"Анна Петрова Иванова", letters, false},
		{"ABCD EFGH JKMN PQRS", letters, true},
		{"Katharina Stern-Müller", letters, false},
		{"anna.petrov2026@example.net", letters, false},
		{"202611 / 50,943", letters, false},
		{"202611-0001143", letters, false},
		{"+49 (30) 1234-5678", letters, false},
		{"2345-6789-2345-6789", letters, true},
		{"1234-5678-9", digits, true},
		{"1234-5678", digits, false},
		{"202611-1900", digits, false},
		{"202611-190012", digits, true},
		{"Quick 1234 5678 9012", digits, true},
		{"202611", imported, true},
		{"1234", imported, false},
		{"12345", imported, true},
		{"Petrov", imported, false},
		{"", imported, false},
	} {
		require.Equal(t, row.want, Resembles(row.text, row.forms), "%q", row.text)
	}
	require.Equal(t, "g16-0dl", letters[0].String())
	require.Equal(t, "i6-8d", imported[0].String())
}
