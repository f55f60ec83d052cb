package customerimport_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/customerimport"
	"refill/internal/fault"
)

// Two rows of one customer that say different things stop the dry run: the first would
// come in, whatever the second says.
func TestContradictingRowsStopAnImport(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ rows, say string }{
		"balance, by external id": {"1,ann,Ann,North,50.00\n2,ben,Ben,North,1.00\n1,ann2,Ann,North,0.00", "Row 4 says"},
		"balance, by username":    {"1,ann,Ann,North,50.00\n2,ben,Ben,North,1.00\n3,ANN,Ann,North,0.00", "Row 4 says"},
		"no balance":              {"1,ann,Ann,North,50.00\n2,ben,Ben,North,1.00\n1,ann,Ann,North,", "Row 4 says"},
		"name":                    {"1,ann,Ann,North,50.00\n2,ben,Ben,North,1.00\n1,ann,Zoe,North,50.00", "Row 4 says"},
		"partner":                 {"1,ann,Ann,North,50.00\n2,ben,Ben,North,1.00\n1,ann,Ann,South,50.00", "Row 4 says"},
		"unknown partner":         {"1,ann,Ann,Nowhere,50.00\n1,ann,Ann,South,1.00\n2,ben,Ben,North,1.00", "Row 3 says"},
		"too high":                {"1,ann,Ann,North,50.00\n1,ann,Ann,North,9999999999999.00\n2,ben,Ben,North,1.00", "Row 3 says"},
		"several":                 {"1,ann,Ann,North,1.00\n1,ann,Ann,North,2.00\n2,ben,Ben,North,1.00\n2,ben,Benn,North,1.00", "Rows 3 and 5 say"},
		"many":                    {"1,ann,Ann,North,1.00\n" + strings.Repeat("1,ann,Ann,North,2.00\n", 9), "9 rows, the first of them 3, 4, 5, 6, 7, say"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			id := b.upload(b.admin, "twice.csv", "id,username,name,partner,balance\n"+c.rows+"\n")
			require.NoError(t, b.in.PlanImport(t.Context(), b.admin, id, b.form(id)))
			err := b.in.Check(t.Context(), id, b.open, noJob)
			require.ErrorIs(t, err, customerimport.ErrContradicts)
			require.False(t, fault.IsInternal(err))
			require.Contains(t, fault.All(err)[0].Message, c.say+" something else of a customer")
			require.ErrorIs(t, b.in.Confirm(t.Context(), b.admin, id, 1), customerimport.ErrState)
		})
	}
	// The same said twice is no contradiction.
	b := setup(t)
	id := b.upload(b.admin, "equal.csv", "id,username,name,partner,balance\n1,ann,Ann  Lee,North,5\n1,ANN,ann lee,north,5.00\n")
	require.Equal(t, int32(1), b.check(b.admin, id).Good)
	require.Equal(t, []string{"3 twice_external_id"}, b.left(id))
}
