package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The passwords of the demo are public: without an explicit flag it does not start on an
// address that other machines can reach.
func TestDemoIsNotExposed(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		addr, public string
		refused      bool
	}{
		{addr: "127.0.0.1:8080"},
		{addr: "127.8.9.1:0"},
		{addr: "[::1]:8080"},
		{addr: "localhost:8080"},
		{addr: "127.0.0.1:8080", public: "http://127.0.0.1:8080"},
		{addr: "127.0.0.1:8080", public: "http://localhost:8080"},
		{addr: "0.0.0.0:8080", refused: true},
		{addr: ":8080", refused: true},
		{addr: "[::]:8080", refused: true},
		{addr: "192.0.2.1:8080", refused: true},
		{addr: "[::ffff:0.0.0.0]:8080", refused: true},
		{addr: "[2001:db8::1]:8080", refused: true},
		{addr: "127.0.0.1:8080", public: "https://refill.example.invalid", refused: true},
	} {
		c := config{Addr: row.addr, PublicURL: row.public}
		if c.PublicURL == "" {
			c.PublicURL = "http://" + row.addr
		}
		err := c.checkExposed(t.Context(), false)
		if row.refused {
			require.ErrorContains(t, err, "-expose-known-passwords", "%+v", row)
		} else {
			require.NoError(t, err, "%+v", row)
		}
		require.NoError(t, c.checkExposed(t.Context(), true))
	}
	err := runDemo(t.Context(), config{Addr: "127.0.0.1:1", PublicURL: "http://127.0.0.1:1"}, []string{"-addr", "0.0.0.0:1", "-data", filepath.Join(t.TempDir(), "data")})
	require.ErrorContains(t, err, "passwords are known")
}

// A process warns at its start where the configuration does not tell if browsers use HTTPS.
func TestUnclearPublicAddress(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		c    config
		warn bool
	}{
		{config{Addr: "127.0.0.1:8080", PublicURL: "http://127.0.0.1:8080"}, false},
		{config{Addr: "0.0.0.0:8080", PublicURL: "http://0.0.0.0:8080"}, true},
		{config{Addr: "127.0.0.1:8080", PublicURL: "http://127.0.0.1:8080", TrustedProxies: []string{"127.0.0.1"}}, true},
		{config{Addr: "0.0.0.0:8080", PublicURL: "https://refill.example.net"}, false},
		{config{Addr: "0.0.0.0:8080", PublicURL: "http://refill.lan"}, false},
		{config{Addr: "0.0.0.0:8443", PublicURL: "https://0.0.0.0:8443"}, false},
	} {
		require.Equal(t, row.warn, row.c.schemeUnclear(t.Context()), "%+v", row.c)
	}
}
