package web

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/db"
	"refill/internal/web/kit"
)

// The client's address is that of the peer, or from trusted proxies the rightmost address
// of X-Forwarded-For that is not a trusted proxy. No other header is used, from any peer.
func TestForwardedAddresses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.browser().get("/", "X-Forwarded-For", "203.0.113.9")
	require.NotContains(t, s.Log.String(), "203.0.113.9", "anybody can write that header")
	proxied := newSite(t, func(d *Deps) { d.TrustedProxies = []string{"127.0.0.0/8"} })
	proxied.browser().get("/", "X-Forwarded-For", "203.0.113.9")
	require.Contains(t, proxied.Log.String(), `"address":"203.0.113.9"`)
	proxied.browser().get("/", "X-Real-IP", "203.0.113.66", "Forwarded", "for=203.0.113.66", "True-Client-IP", "203.0.113.66", "CF-Connecting-IP", "203.0.113.66", "X-Client-IP", "203.0.113.66")
	require.NotContains(t, proxied.Log.String(), "203.0.113.66", "a proxy passes on what a client wrote")

	proxies, err := parseProxies([]string{"127.0.0.1", "10.0.0.0/8", "2001:db8:1::/48", "::ffff:192.0.2.1", " fe80::1%eth0 ", ""})
	require.NoError(t, err)
	server := &kit.Kit{Config: kit.Config{Proxies: proxies}}
	for _, row := range []struct {
		peer      string
		forwarded []string
		want      string
	}{
		{"203.0.113.1:1", []string{"198.51.100.7"}, "203.0.113.1"},
		{"[2001:db8:2::1]:1", []string{"198.51.100.7"}, "2001:db8:2::1"},
		{"127.0.0.1:1", nil, "127.0.0.1"},
		{"127.0.0.1:1", []string{""}, "127.0.0.1"},
		{"127.0.0.1:1", []string{"198.51.100.7"}, "198.51.100.7"},
		{"127.0.0.1:1", []string{"6.6.6.6, 198.51.100.7"}, "198.51.100.7"},
		{"127.0.0.1:1", []string{"6.6.6.6", "198.51.100.7"}, "198.51.100.7"},
		{"127.0.0.1:1", []string{"6.6.6.6, 198.51.100.7, 10.1.2.3"}, "198.51.100.7"},
		{"127.0.0.1:1", []string{"198.51.100.7:4711"}, "198.51.100.7"},
		{"127.0.0.1:1", []string{"[2001:db8:2::7]:4711"}, "2001:db8:2::7"},
		{"127.0.0.1:1", []string{"[2001:db8:2::7]"}, "2001:db8:2::7"},
		{"127.0.0.1:1", []string{"2001:db8:2::7"}, "2001:db8:2::7"},
		{"127.0.0.1:1", []string{"fe80::7%eth0"}, "fe80::7"},
		{"127.0.0.1:1", []string{"[fe80::7%eth0]:80"}, "fe80::7"},
		{"127.0.0.1:1", []string{"::ffff:198.51.100.7"}, "198.51.100.7"},
		{"127.0.0.1:1", []string{"[::ffff:198.51.100.7]:80"}, "198.51.100.7"},
		{"[::ffff:127.0.0.1]:1", []string{"198.51.100.7"}, "198.51.100.7"},
		{"[fe80::1%eth1]:1", []string{"198.51.100.7"}, "198.51.100.7"},
		{"192.0.2.1:1", []string{"198.51.100.7, ::ffff:10.0.0.9"}, "198.51.100.7"},
		{"127.0.0.1:1", []string{"10.0.0.1, 10.0.0.2"}, "10.0.0.1"},
		{"127.0.0.1:1", []string{"6.6.6.6, unknown"}, "127.0.0.1"},
		{"127.0.0.1:1", []string{"6.6.6.6, _hidden, 10.0.0.2"}, "10.0.0.2"},
		{"127.0.0.1:1", []string{"6.6.6.6,"}, "127.0.0.1"},
		{"127.0.0.1:1", []string{"<script>"}, "127.0.0.1"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = row.peer
		for _, one := range row.forwarded {
			r.Header.Add("X-Forwarded-For", one)
		}
		for _, other := range []string{"X-Real-IP", "Forwarded", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP", "X-Cluster-Client-IP", "X-Original-Forwarded-For"} {
			r.Header.Set(other, "6.6.6.6")
		}
		require.Equal(t, row.want, server.ClientAddress(r).String(), "%s %q", row.peer, row.forwarded)
	}
	_, err = parseProxies([]string{"proxy.example.net"})
	require.ErrorContains(t, err, "proxy.example.net")
}

// Cookies are Secure if the browser uses HTTPS, whatever the public URL says. The first
// such request is logged, once.
func TestCookiesOfTLSBehindAProxy(t *testing.T) {
	t.Parallel()
	cookie := func(s *site, headers ...string) string {
		name := headers[0]
		s.newStaff(name, db.StaffRoleCashier)
		got := s.browser().do(http.MethodPost, "/admin/login", credentials(name, testPassword).Encode(), append(headers[1:], "Content-Type", formType)...)
		require.Equal(t, http.StatusSeeOther, got.Status)
		return strings.Join(got.Header.Values("Set-Cookie"), "\n")
	}
	const told = "browsers seem to come by HTTPS"
	trusting := newSite(t, func(d *Deps) { d.TrustedProxies = []string{"127.0.0.1"} })
	require.NotContains(t, cookie(trusting, "plain"), "Secure")
	require.NotContains(t, cookie(trusting, "http", "X-Forwarded-Proto", "http"), "Secure")
	require.NotContains(t, trusting.Log.String(), told)
	for line := range strings.SplitSeq(cookie(trusting, "https", "X-Forwarded-Proto", "https"), "\n") {
		require.Regexp(t, `^__Host-refill-staff(-known)?=.*; Secure`, line)
	}
	require.Contains(t, cookie(trusting, "chain", "X-Forwarded-Proto", "http, HTTPS"), "Secure")
	require.NotContains(t, cookie(trusting, "spoofed", "X-Forwarded-Proto", "https, http"), "Secure", "the nearest proxy counts")
	require.Equal(t, 1, strings.Count(trusting.Log.String(), told))
	require.Contains(t, trusting.Log.String(), `"cookies_are_secure":true`)

	open := newSite(t)
	require.NotContains(t, cookie(open, "anybody", "X-Forwarded-Proto", "https"), "Secure", "anybody can write that header")
	require.Contains(t, open.Log.String(), `"cookies_are_secure":false`)

	r := httptest.NewRequest(http.MethodGet, "/", nil)
	require.False(t, open.Server.OverTLS(r))
	r.TLS = &tls.ConnectionState{}
	require.True(t, open.Server.OverTLS(r))
}
