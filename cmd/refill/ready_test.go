package main

import (
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/stretchr/testify/require"
)

// The probe tells ready from not ready, from another program and from nothing at all, over
// HTTP and over HTTPS.
func TestReadyProbe(t *testing.T) {
	t.Parallel()
	status := http.StatusOK
	pages := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte("what it says\n"))
	})
	for _, secure := range []bool{false, true} {
		server := httptest.NewUnstartedServer(pages)
		start := server.Start
		if secure {
			start = server.StartTLS
		}
		start()
		addr := server.Listener.Addr().String()
		c := config{Addr: addr}
		if secure {
			c.TLSCert = "certificate"
		}
		status = http.StatusOK
		require.NoError(t, runReady(t.Context(), c, nil))
		_, port, err := net.SplitHostPort(addr)
		require.NoError(t, err)
		require.NoError(t, runReady(t.Context(), c, []string{"-addr", ":" + port}))
		status = http.StatusServiceUnavailable
		require.ErrorContains(t, runReady(t.Context(), c, nil), "answers 503: what it says")
		server.Close()
		require.ErrorContains(t, runReady(t.Context(), c, nil), "is refill serve running")
	}
	require.ErrorContains(t, runReady(t.Context(), config{Addr: "8080"}, nil), "host:port")
}

func TestProbeAddress(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		":8080": "127.0.0.1:8080", "0.0.0.0:80": "127.0.0.1:80", "[::]:8080": "[::1]:8080",
		"192.0.2.1:8080": "192.0.2.1:8080", "[2001:db8::1]:443": "[2001:db8::1]:443", "refill.example.net:80": "refill.example.net:80",
	} {
		got, err := probeAddress(addr)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// A process under systemd says on the socket of its manager that it is ready.
func TestManagerIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	require.NoError(t, err)
	defer socket.Close() //nolint:errcheck // the test is over
	t.Setenv("NOTIFY_SOCKET", path)
	(&parts{log: slog.Default()}).tellManager(t.Context(), daemon.SdNotifyReady)
	require.NoError(t, socket.SetReadDeadline(time.Now().Add(5*time.Second)))
	text := make([]byte, 100)
	n, err := socket.Read(text)
	require.NoError(t, err)
	require.Equal(t, "READY=1", string(text[:n]))
}
