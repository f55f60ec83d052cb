package kit

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// hop parses an IP address in any form that proxies write: bare, with a port, in brackets,
// with a zone, IPv4 within IPv6.
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

// ClientAddress returns the IP address of the client: the peer, or behind a trusted proxy
// the rightmost address of X-Forwarded-For that is not a trusted proxy itself. An entry
// that does not parse ends the search. The result is then the proxy that passed it on,
// because the address behind it is unknown.
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

// OverTLS reports whether the browser uses HTTPS, according to the configuration, the
// connection, or the X-Forwarded-Proto header of a trusted proxy.
func (s *Kit) OverTLS(r *http.Request) bool {
	if s.Secure || r.TLS != nil {
		return true
	}
	peer, ok := hop(r.RemoteAddr)
	return ok && s.trusted(peer) && ForwardedProto(r) == "https"
}

// ForwardedProto returns the last value of X-Forwarded-Proto, which the nearest proxy has
// set. The caller checks whether that proxy is trusted.
func ForwardedProto(r *http.Request) string {
	said := strings.Split(strings.Join(r.Header.Values("X-Forwarded-Proto"), ","), ",")
	return strings.ToLower(strings.TrimSpace(said[len(said)-1]))
}
