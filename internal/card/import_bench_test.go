package card_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/jobqueue"
)

// BenchmarkImport measures the dry run and the import of a file of 300,000 cards.
func BenchmarkImport(b *testing.B) {
	const rows = 300_000
	var text strings.Builder
	text.WriteString("serial,code,price,valid_till,status\n")
	for i := range rows {
		sum := sha256.Sum256(fmt.Append(nil, i))
		fmt.Fprintf(&text, "%d,%X,10.00,2099-12-31,Active\n", i+1, sum[:6])
	}
	for b.Loop() {
		s := setup(b)
		i := s.upload(b, text.String())
		require.NoError(b, s.importer().Plan(b.Context(), s.admin, i.id, planned("serial", "code", "price", "valid_till", "status")))
		started := time.Now()
		require.NoError(b, s.importer().Check(b.Context(), i.id, i.open, noJob))
		checked := time.Now()
		require.NoError(b, s.confirm(b.Context(), s.admin, i.id))
		for {
			err := s.importer().Run(b.Context(), i.id, i.open, time.Now, noJob)
			if err == nil {
				break
			}
			require.ErrorIs(b, err, jobqueue.ErrYield)
		}
		b.ReportMetric(rows/checked.Sub(started).Seconds(), "checked/s")
		b.ReportMetric(rows/time.Since(checked).Seconds(), "imported/s")
	}
}
