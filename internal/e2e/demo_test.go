package e2e_test

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The demo keeps its data after a clean stop and after kill -9. It prints a clear message if
// its port or its folder is in use.
func TestDemoStartsAgain(t *testing.T) {
	t.Parallel()
	dir, addr := filepath.Join(t.TempDir(), "data"), freeAddr(t)
	first := startDemo(t, addr, dir)
	require.Contains(t, first.output(), "customer1")

	taken, err := exec.Command(binary, "demo", "-addr", addr, "-data", t.TempDir()).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(taken), "is in use by another program")
	taken, err = exec.Command(binary, "demo", "-addr", freeAddr(t), "-data", dir).CombinedOutput()
	require.Error(t, err)
	require.NotContains(t, string(taken), "panic")

	first.kill(t)
	second := startDemo(t, addr, dir)
	require.NotContains(t, second.output(), "sample data", "it was there already")
	requireReady(t, second)
	second.stop(t)

	third := startDemo(t, addr, dir)
	requireReady(t, third)
}

// The first start of a demo, with sample data, prints nothing that needs no action: no warning
// and no error. The sample data cancel a job on purpose.
func TestFirstStartIsQuiet(t *testing.T) {
	t.Parallel()
	sharedDemo(t)
	require.Contains(t, sample.said, "Making sample data")
	for line := range strings.Lines(sample.said) {
		if strings.Contains(line, "the server can lose acknowledged redemptions in a crash") {
			continue // the server of the tests is fast instead of safe, and the demo is right to say so
		}
		require.NotRegexp(t, `level=(WARN|ERROR)`, line)
	}
}

func requireReady(t *testing.T, d *demo) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.URL+"/readyz", http.NoBody)
	require.NoError(t, err)
	answer, err := http.DefaultTransport.RoundTrip(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode)
}
