package webhook

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/fault"
)

func TestGuard(t *testing.T) {
	t.Parallel()
	g := guard{}
	for _, text := range []string{
		"0.0.0.0", "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255",
		"224.0.0.1", "239.1.1.1", "255.255.255.255", "240.0.0.1", "192.0.0.1", "198.18.0.1", "192.0.2.1",
		"::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::7f00:1", "64:ff9b::7f00:1", "64:ff9b::8.8.8.8", "64:ff9b:1::1", "fc00::1", "fd12::1",
		"fe80::1", "fe80::1%eth0", "2001:4860::8888%eth0", "fec0::1", "ff02::1", "2002:7f00:1::", "2001::1", "2001:db8::1",
	} {
		require.False(t, g.allows(netip.MustParseAddr(text)), text)
	}
	require.False(t, g.allows(netip.Addr{}))
	for _, text := range []string{"8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "::ffff:8.8.8.8", "2001:4860:4860::8888", "2a00:1450::1"} {
		require.True(t, g.allows(netip.MustParseAddr(text)), text)
		require.False(t, g.opened(netip.MustParseAddr(text)), text)
	}
	open := guard{[]netip.Prefix{netip.MustParsePrefix("10.20.0.0/16"), netip.MustParsePrefix("fd00:1::/32")}}
	for text, want := range map[string]bool{"10.20.3.4": true, "::ffff:10.20.3.4": true, "10.21.3.4": false, "fd00:1::5": true, "fd00:2::5": false, "127.0.0.1": false} {
		require.Equal(t, want, open.allows(netip.MustParseAddr(text)), text)
	}
}

// Addresses that could not be called are refused in words when they are saved.
func TestURL(t *testing.T) {
	t.Parallel()
	public := netip.MustParseAddr("93.184.216.34")
	inside := netip.MustParseAddr("169.254.169.254")
	s := New(Config{Networks: loopback(), Resolver: &names{lists: [][]netip.Addr{{public}}}})
	for text, want := range map[string]*fault.Error{
		"https://billing.example.net/refill?x=1":                  nil,
		"http://127.0.0.1:9/":                                     nil,
		"http://billing.example.net/":                             errHTTPS,
		"http://169.254.169.254/":                                 errInside,
		"https://169.254.169.254/":                                errInside,
		"http://[::ffff:169.254.169.254]/":                        errInside,
		"https://[::1]/":                                          errInside,
		"https://[64:ff9b::7f00:1]/":                              errInside,
		"https://user:pass@billing.example.net/":                  errURL,
		"https://billing.example.net/#x":                          errURL,
		"https:///x":                                              errURL,
		"https://":                                                errURL,
		"ftp://billing.example.net/":                              errURL,
		"javascript:alert(1)":                                     errURL,
		"billing.example.net":                                     errURL,
		"https://billing.example.net:/":                           errURL,
		"https://billing.example.net/a b":                         errURL,
		"https://billing.example.net/" + strings.Repeat("a", 500): errURL,
	} {
		err := s.checkURL(t.Context(), text)
		if want == nil {
			require.NoError(t, err, text)
			continue
		}
		require.ErrorIs(t, err, want, text)
	}
	s = New(Config{Resolver: &names{lists: [][]netip.Addr{{public, inside}}}})
	require.ErrorIs(t, s.checkURL(t.Context(), "https://two.example.net/"), errInside, "one of the addresses of a name is inside")
	s = New(Config{Resolver: &names{lists: [][]netip.Addr{{}}}})
	require.ErrorIs(t, s.checkURL(t.Context(), "https://none.example.net/"), errNotFound)
	s = New(Config{Networks: loopback()})
	require.NoError(t, s.checkURL(t.Context(), "http://[::ffff:127.0.0.1]:9/x"), "the operator has opened it")
	s = New(Config{})
	require.ErrorIs(t, s.checkURL(t.Context(), "http://[::ffff:127.0.0.1]/"), errInside)
}

// A name that resolves to a public address when it is saved and to this machine when it is
// called gains nothing: no connection reaches the listener.
func TestRebinding(t *testing.T) {
	t.Parallel()
	l := listen(t)
	_, port, err := net.SplitHostPort(l.Listener.Addr().String())
	require.NoError(t, err)
	public, here := netip.MustParseAddr("93.184.216.34"), netip.MustParseAddr("127.0.0.1")
	resolver := &names{lists: [][]netip.Addr{{public}, {here}, {here}}}
	s := New(Config{Resolver: resolver})
	url := "https://rebinds.example.net:" + port + "/"
	require.NoError(t, s.checkURL(t.Context(), url))
	require.Equal(t, failInside, s.client.send(t.Context(), message{url: url, at: time.Now()}).failure)
	mapped := New(Config{Resolver: &names{lists: [][]netip.Addr{{netip.MustParseAddr("::ffff:127.0.0.1")}}}})
	require.Equal(t, failInside, mapped.client.send(t.Context(), message{url: url, at: time.Now()}).failure)
	require.Equal(t, failInside, mapped.client.send(t.Context(), message{url: "http://rebinds.example.net:" + port, at: time.Now()}).failure)
	require.Empty(t, l.take())
	opened := New(Config{Networks: loopback(), Resolver: &names{lists: [][]netip.Addr{{here}}}})
	require.Empty(t, opened.client.send(t.Context(), message{url: "http://inside.example.net:" + port, at: time.Now()}).failure)
	require.Len(t, l.take(), 1)
}

// What a receiver can answer, and what counts as taken.
func TestAnswers(t *testing.T) {
	t.Parallel()
	l := listen(t)
	s := New(Config{Networks: loopback()})
	send := func(do func(w http.ResponseWriter, r *http.Request)) outcome {
		l.answers(do)
		return s.client.send(t.Context(), message{url: l.URL + "/hook?token=1", id: "1", at: time.Now(), body: []byte(`{}`)})
	}
	other := listen(t)
	o := send(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) })
	require.Equal(t, outcome{status: 302, failure: failRedirect}, outcome{status: o.status, failure: o.failure})
	require.Empty(t, other.take(), "redirects are not followed")

	o = send(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("busy\x00\x1b[31m\n" + strings.Repeat("ä", 5000)))
	})
	require.Equal(t, failStatus, o.failure)
	require.Equal(t, 7*time.Second, o.retryAfter)
	require.Equal(t, "busy[31m "+strings.Repeat("ä", 191), o.answer)
	require.Len(t, []rune(o.answer), 200)

	o = send(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("thank you")) })
	require.Equal(t, outcome{status: 200, answer: "thank you"}, o)

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	hold := make(chan struct{})
	l.answers(func(http.ResponseWriter, *http.Request) { <-hold })
	require.Equal(t, failTime, s.client.send(ctx, message{url: l.URL, at: time.Now()}).failure)
	close(hold)
	l.Close()
	require.Equal(t, failConnect, s.client.send(t.Context(), message{url: l.URL, at: time.Now()}).failure)
	require.Equal(t, failTLS, s.client.send(t.Context(), message{url: strings.Replace(other.URL, "http:", "https:", 1), at: time.Now()}).failure)
	require.Zero(t, retryAfter("soon", time.Now()))
	require.Equal(t, 24*time.Hour, retryAfter("99999999", time.Now()))
	require.NotEmpty(t, FailureWords(o.failure+failTLS))
}

// The proxy of the environment is not used: it would make the guard judge the proxy's address.
func TestNoProxy(t *testing.T) {
	l, proxy := listen(t), listen(t)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	s := New(Config{Networks: loopback()})
	require.Empty(t, s.client.send(t.Context(), message{url: l.URL, at: time.Now()}).failure)
	require.Empty(t, proxy.take())
	transports, ok := s.client.http.Transport.(schemes)
	require.True(t, ok)
	for _, transport := range transports {
		require.Nil(t, transport.Proxy)
	}
}
