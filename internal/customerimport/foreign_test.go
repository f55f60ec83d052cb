package customerimport_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// A row with a balance in another currency is left out, and its balance is in no sum of
// the report. A number as the partner of a row is not taken for the id of a partner here,
// because it may be the id in another system.
func TestForeignBalancesAndPartners(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.upload(b.admin, "euros.csv", "username,name,balance,currency,partner\nann,Ann,10.00,EUR,North\nbob,Bob,20.00,USD,North\ncy,Cy,30.00 EUR,USD,North\n"+
		fmt.Sprintf("di,Di,5.00,USD,%d\ned,Ed,7.00,EUR,%d\n", b.north.ID, b.south.ID))
	report := b.check(b.admin, id)
	require.Equal(t, []string{"2 currency.wrong_currency", "4 balance.wrong_currency", "5 unknown_partner", "6 currency.wrong_currency"}, b.left(id))
	require.Equal(t, []int64{500, 0, 3}, []int64{report.LeftCredits, report.LeftDebts, report.LeftUnread})
	require.EqualValues(t, 1, report.Good)
}
