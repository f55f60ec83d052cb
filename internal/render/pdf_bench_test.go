package render_test

import (
	"crypto/rand"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/render"
)

// BenchmarkPDF measures drawing and compression; the output is discarded.
func BenchmarkPDF(b *testing.B) { benchmarkPDF(b, sampleMeta()) }

// BenchmarkPDFWithPassword also encrypts.
func BenchmarkPDFWithPassword(b *testing.B) {
	meta := sampleMeta()
	meta.Locked, meta.Password, meta.Random = true, "correct horse", rand.Reader
	benchmarkPDF(b, meta)
}

func benchmarkPDF(b *testing.B, meta render.Meta) {
	b.Helper()
	var count countingWriter
	w, err := render.NewPDF(&count, meta)
	require.NoError(b, err)
	cards := make([]render.Card, 1000)
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

// usage returns the resource usage of the process.
func usage(tb testing.TB) (u syscall.Rusage) {
	tb.Helper()
	require.NoError(tb, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return u
}

// cpuSeconds returns user and system time, which does not depend on other processes of the
// machine.
func cpuSeconds(u *syscall.Rusage) float64 {
	return (time.Duration(u.Utime.Nano()) + time.Duration(u.Stime.Nano())).Seconds()
}
