package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestChoose(t *testing.T) {
	t.Parallel()
	names := func(only string) (parts, figures []string) {
		chosen, err := choose(only)
		require.NoError(t, err)
		for _, p := range chosen {
			parts = append(parts, p.name)
			figures = append(figures, p.figures...)
		}
		return parts, figures
	}
	all, _ := names("")
	require.Equal(t, []string{"generate", "csv", "pdf", "formats", "restore", "redeem", "api", "events", "feed", "peers"}, all)
	some, figures := names("rss_pdf,redeem")
	require.Equal(t, []string{"pdf", "redeem"}, some)
	require.Equal(t, []string{"rss_pdf", "redeem_vs_pgbench", "redeem_per_s", "pgbench_per_s"}, figures)
	_, err := choose("rss_pfd")
	require.ErrorContains(t, err, `"rss_pfd"`)
}

func TestFigures(t *testing.T) {
	t.Parallel()
	f := figures{}
	for _, v := range []float64{3, 1, 2} {
		f.add("odd", v, "s")
	}
	f.add("even", 1, "MiB")
	f.add("even", 2, "MiB")
	var out bytes.Buffer
	f.print(&out, "odd")
	f.print(&out, "even")
	require.Equal(t, "odd 2 s\neven 1.5 MiB\n", out.String())
}

// steadyRate leaves out the warm-up, even if it took longer than the rest.
func TestSteadyRate(t *testing.T) {
	t.Parallel()
	start := time.Unix(1000, 0)
	var finished []time.Time
	for n := range 20 {
		finished = append(finished, start.Add(time.Duration(n)*time.Second)) // warm-up
	}
	warm := finished[19]
	for n := range 60 {
		finished = append(finished, warm.Add(time.Duration(n+1)*time.Second/10))
	}
	rate, err := steadyRate(finished)
	require.NoError(t, err)
	require.InDelta(t, 10, rate, 0.001)
	_, err = steadyRate(finished[:1])
	require.ErrorContains(t, err, "-redemptions")
}

func TestReadPgbenchLog(t *testing.T) {
	t.Parallel()
	prefix := filepath.Join(t.TempDir(), "log")
	require.NoError(t, os.WriteFile(prefix+".1", []byte("0 1 2500 0 1700000000 250000\n1 1 900 1 1700000001 0\n"), 0o600))
	require.NoError(t, os.WriteFile(prefix+".1.1", []byte("2 1 900 0 1700000002 1\n"), 0o600))
	list, err := readPgbenchLog(prefix)
	require.NoError(t, err)
	require.Equal(t, []time.Time{time.Unix(1700000000, 250_000_000), time.Unix(1700000001, 0), time.Unix(1700000002, 1000)}, ends(list))
	require.Equal(t, transaction{script: 1, took: 900 * time.Microsecond, finished: time.Unix(1700000001, 0)}, list[1])
	require.NoFileExists(t, prefix+".1")
}
