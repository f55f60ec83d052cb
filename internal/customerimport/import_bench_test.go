package customerimport_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/jobqueue"
)

// BenchmarkImport enters 100,000 customers with opening balances, and tells how many
// rows a second the dry run and the import take.
func BenchmarkImport(tb *testing.B) {
	const n = 100_000
	for range tb.N {
		tb.StopTimer()
		b := setup(tb)
		id := b.upload(b.admin, "many.csv", "id,username,name,partner,email,phone,balance\n"+lines(n, func(i int) string {
			return fmt.Sprintf("%d,user%d,Somebody Else %d,South,user%d@example.com,+1 555 %d,%d.%02d", i, i, i, i, i, i%7-3, i%100)
		}))
		tb.StartTimer()
		b.check(b.admin, id)
		checked := tb.Elapsed()
		require.NoError(tb, b.confirm(tb.Context(), b.admin, id))
		err := b.run(id)
		for errors.Is(err, jobqueue.ErrYield) {
			err = b.run(id)
		}
		require.NoError(tb, err)
		tb.ReportMetric(n/checked.Seconds(), "checked/s")
		tb.ReportMetric(n/(tb.Elapsed()-checked).Seconds(), "imported/s")
	}
}
