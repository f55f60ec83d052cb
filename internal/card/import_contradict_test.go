package card_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/cardimport"
	"refill/internal/fault"
)

// A list of events names a card each time that something became of it. Which of its rows
// holds can't be told, and the first would make money of a used card.
func TestContradictingRowsStopAnImport(t *testing.T) {
	t.Parallel()
	b := setup(t)
	later := time.Now().AddDate(2, 0, 0).Format(time.DateOnly)
	for name, rows := range map[string][]string{
		"used further down":         {"AAAA-aaaa-0001;10;10;active;", "AAAA-aaaa-0002;10;10;active;", "AAAA-aaaa-0001;10;10;used;"},
		"used further up":           {"AAAA-aaaa-0001;10;10;used;", "AAAA-aaaa-0002;10;10;active;", "AAAAaaaa0001;10;10;active;"},
		"another price":             {"AAAA-aaaa-0001;10;10;active;", "AAAA-aaaa-0002;10;10;active;", "AAAA-aaaa-0001;1000;1000;active;"},
		"another day":               {"AAAA-aaaa-0001;10;10;active;", "AAAA-aaaa-0002;10;10;active;", "AAAA-aaaa-0001;10;10;active;" + later},
		"disabled":                  {"AAAA-aaaa-0001;10;10;active;", "AAAA-aaaa-0002;10;10;active;", "AAAA-aaaa-0001;10;10;disabled;"},
		"nothing left afterwards":   {"AAAA-aaaa-0001;10;10;active;", "AAAA-aaaa-0002;10;10;active;", "AAAA-aaaa-0001;10;0;active;"},
		"nothing left before":       {"AAAA-aaaa-0001;10;0;active;", "AAAA-aaaa-0002;10;10;active;", "AAAA-aaaa-0001;10;10;active;"},
		"a status that is left out": {"AAAA-aaaa-0001;10;10;active;", "AAAA-aaaa-0002;10;10;active;", "AAAA-aaaa-0001;10;10;returned by hand;"},
		"less than nothing":         {"AAAA-aaaa-0001;10;10;active;", "AAAA-aaaa-0002;10;10;active;", "AAAA-aaaa-0001;10;-1;active;"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := b.upload(t, "code;price;remaining;status;till\n"+strings.Join(rows, "\n")+"\n")
			f := ticked(planned("code", "price", "remaining", "status", "valid_till"), 3)
			f.Meanings = map[string]string{"returned by hand": cardimport.MeansLeaveOut}
			require.NoError(t, b.importer().Plan(t.Context(), b.admin, i.id, f))
			err := b.importer().Check(t.Context(), i.id, i.open, noJob)
			require.ErrorIs(t, err, cardimport.ErrImportContradicts)
			require.False(t, fault.IsInternal(err))
			require.ErrorContains(t, err, "import_contradicts")
		})
	}
}

// The same said twice, and cards that are worth nothing either way, are no contradiction.
func TestRepeatedRowsAreNoContradiction(t *testing.T) {
	t.Parallel()
	b := setup(t)
	i := b.upload(t, "code;price;status\nAAAA-aaaa-0001;10;active\nAAAA-aaaa-0001;10.00;Active\nAAAA-aaaa-0002;10;used\nAAAA-aaaa-0002;5;void\nAAAA-aaaa-0003;10;active\n")
	i.check(t, planned("code", "price", "status"))
	require.Equal(t, []string{"3  duplicate", "5  duplicate"}, i.problems(t))
}
