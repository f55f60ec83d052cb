package kit

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// hop reads an address as proxies write one: bare, with a port, in brackets, with a
// zone, IPv4 within IPv6.
func hop(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")); err == nil {
		return a.Unmap().WithZone(""), true
	}
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return withPort.Addr().Unmap().WithZone(""), true
	}
	return netip.Addr{}, false
}

// trusted reports whether an address is that of a trusted proxy.
func (s *Kit) trusted(a netip.Addr) bool {
	for _, p := range s.Proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// ClientAddress returns who asks: the peer, or the rightmost address of
// X-Forwarded-For that is no trusted proxy. An entry that is no address ends the
// search, and the proxy that passed it on counts: it can't say who is behind it.
func (s *Kit) ClientAddress(r *http.Request) netip.Addr {
	client, ok := hop(r.RemoteAddr)
	if !ok || !s.trusted(client) {
		return client
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, text := range slices.Backward(hops) {
		before, ok := hop(text)
		if !ok {
			return client
		}
		client = before
		if !s.trusted(client) {
			return client
		}
	}
	return client
}

// OverTLS reports whether the browser came by HTTPS: by the configuration, by the
// connection, or by the word of a trusted proxy.
func (s *Kit) OverTLS(r *http.Request) bool {
	if s.Secure || r.TLS != nil {
		return true
	}
	peer, ok := hop(r.RemoteAddr)
	return ok && s.trusted(peer) && ForwardedProto(r) == "https"
}

// ForwardedProto is what the nearest proxy says of how the browser came.
func ForwardedProto(r *http.Request) string {
	said := strings.Split(strings.Join(r.Header.Values("X-Forwarded-Proto"), ","), ",")
	return strings.ToLower(strings.TrimSpace(said[len(said)-1]))
}
