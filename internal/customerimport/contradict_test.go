package customerimport_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/customerimport"
	"refill/internal/fault"
)

// Two rows of one customer that contradict each other stop the dry run, because importing
// the first would ignore the second.
func TestContradictingRowsStopAnImport(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rows  string
		count fault.Number
		first fault.Numbers
	}{
		"balance, by external id": {"1,ann,Ann,North,50.00\n2,ben,Ben,North,1.00\n1,ann2,Ann,North,0.00", 1, fault.Numbers{4}},
		"balance, by username":    {"1,ann,Ann,North,50.00\n2,ben,Ben,North,1.00\n3,ANN,Ann,North,0.00", 1, fault.Numbers{4}},
		"no balance":              {"1,ann,Ann,North,50.00\n2,ben,Ben,North,1.00\n1,ann,Ann,North,", 1, fault.Numbers{4}},
		"name":                    {"1,ann,Ann,North,50.00\n2,ben,Ben,North,1.00\n1,ann,Zoe,North,50.00", 1, fault.Numbers{4}},
		"partner":                 {"1,ann,Ann,North,50.00\n2,ben,Ben,North,1.00\n1,ann,Ann,South,50.00", 1, fault.Numbers{4}},
		"unknown partner":         {"1,ann,Ann,Nowhere,50.00\n1,ann,Ann,South,1.00\n2,ben,Ben,North,1.00", 1, fault.Numbers{3}},
		"too high":                {"1,ann,Ann,North,50.00\n1,ann,Ann,North,9999999999999.00\n2,ben,Ben,North,1.00", 1, fault.Numbers{3}},
		"several":                 {"1,ann,Ann,North,1.00\n1,ann,Ann,North,2.00\n2,ben,Ben,North,1.00\n2,ben,Benn,North,1.00", 2, fault.Numbers{3, 5}},
		"many":                    {"1,ann,Ann,North,1.00\n" + strings.Repeat("1,ann,Ann,North,2.00\n", 9), 9, fault.Numbers{3, 4, 5, 6, 7}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			id := b.upload(b.admin, "twice.csv", "id,username,name,partner,balance\n"+c.rows+"\n")
			require.NoError(t, b.in.PlanImport(t.Context(), b.admin, id, b.form(id)))
			err := b.in.Check(t.Context(), id, b.open, noJob)
			require.ErrorIs(t, err, customerimport.ErrContradicts)
			require.False(t, fault.IsInternal(err))
			require.Equal(t, []fault.Arg{{Name: "count", Value: c.count}, {Name: "rows", Value: c.first}}, fault.All(err)[0].Args)
			require.ErrorIs(t, b.in.Confirm(t.Context(), b.admin, id, 1), customerimport.ErrState)
		})
	}
	// Two rows with the same values do not contradict each other.
	b := setup(t)
	id := b.upload(b.admin, "equal.csv", "id,username,name,partner,balance\n1,ann,Ann  Lee,North,5\n1,ANN,ann lee,north,5.00\n")
	require.Equal(t, int32(1), b.check(b.admin, id).Good)
	require.Equal(t, []string{"3 twice_external_id"}, b.left(id))
}
