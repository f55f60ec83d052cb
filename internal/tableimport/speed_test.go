package tableimport_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/tableimport"
)

// million is a file of a million cards.
func million(n int) []byte {
	var b bytes.Buffer
	b.WriteString("serial,code,price,valid_till,status\n")
	seed := uint64(88172645463325252)
	for i := range n {
		seed ^= seed << 13
		seed ^= seed >> 7
		seed ^= seed << 17
		fmt.Fprintf(&b, "%d,%012X,%d.00,2027-%02d-28,%s\n", i+1, seed>>16, 5*(1+i%3), 1+i%12, []string{"Active", "Used"}[i%2])
	}
	return b.Bytes()
}

func BenchmarkSurvey(b *testing.B) {
	file := million(1_000_000)
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		s := survey(b, file, cards("USD"))
		require.Equal(b, int64(1_000_000), s.Rows)
	}
	b.ReportMetric(1e6*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkReader(b *testing.B) {
	file := million(1_000_000)
	schema := cards("USD")
	plan := survey(b, file, schema).Plan(schema)
	for b.Loop() {
		r := tableimport.NewReader(open(b, file), schema, plan)
		n := 0
		for {
			rec, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if rec.Left == nil {
				n++
			}
		}
		require.Equal(b, 1_000_000, n)
	}
	b.ReportMetric(1e6*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// Memory does not grow with the rows.
func TestSurveyIsFlat(t *testing.T) { //nolint:paralleltest // it measures the memory of the process
	file := million(200_000)
	used := func(file []byte) uint64 {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s := survey(t, file, cards("USD"))
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(s)
		return max(after.HeapAlloc, before.HeapAlloc) - before.HeapAlloc
	}
	require.Less(t, used(file), uint64(4<<20))
}
