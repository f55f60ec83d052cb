package export_test

import (
	"crypto/rand"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/export"
)

// BenchmarkPDF prints cards to nowhere: drawing and deflating alone.
func BenchmarkPDF(b *testing.B) { benchmarkPDF(b, sampleMeta()) }

// BenchmarkPDFWithPassword does the same and encrypts it.
func BenchmarkPDFWithPassword(b *testing.B) {
	meta := sampleMeta()
	meta.Locked, meta.Password, meta.Random = true, "correct horse", rand.Reader
	benchmarkPDF(b, meta)
}

func benchmarkPDF(b *testing.B, meta export.Meta) {
	b.Helper()
	var count countingWriter
	w, err := export.NewPDF(&count, meta)
	require.NoError(b, err)
	cards := make([]export.Card, 1000)
	for i := range cards {
		cards[i] = sampleCard(int64(i + 1))
	}
	b.ReportAllocs()
	n, before := 0, usage(b)
	for b.Loop() {
		if err := w.Write(cards[n%len(cards)]); err != nil {
			b.Fatal(err)
		}
		n++
	}
	require.NoError(b, w.Close())
	after := usage(b)
	b.ReportMetric(float64(n)/(cpuSeconds(&after)-cpuSeconds(&before)), "cards/cpu-s")
	b.ReportMetric(float64(after.Maxrss)/1024, "MiB-rss") // Linux counts it in KiB
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "cards/s")
	b.ReportMetric(float64(count)/float64(b.N), "bytes/card")
}

// usage is what the process has used so far.
func usage(tb testing.TB) (u syscall.Rusage) {
	tb.Helper()
	require.NoError(tb, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return u
}

// cpuSeconds is user and system time: unlike the clock's, it doesn't depend on
// who else is at work on the machine.
func cpuSeconds(u *syscall.Rusage) float64 {
	return (time.Duration(u.Utime.Nano()) + time.Duration(u.Stime.Nano())).Seconds()
}
