package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// What proxies say about a request is believed by one rule: the peer of the
// connection must be a trusted proxy, and of all headers only X-Forwarded-For (who
// asks) and X-Forwarded-Proto (how) count. X-Real-IP, Forwarded and the like are what
// a client wrote, for all that is known: a proxy that adds one passes on the others.

// parseProxies reads the addresses and networks of trusted proxies.
func parseProxies(texts []string) ([]netip.Prefix, error) {
	var proxies []netip.Prefix
	for _, text := range texts {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			one, addrErr := netip.ParseAddr(text)
			if addrErr != nil {
				return nil, fmt.Errorf("%q is neither an address nor a network of a trusted proxy", text)
			}
			one = one.Unmap().WithZone("")
			prefix = netip.PrefixFrom(one, one.BitLen())
		}
		if a := prefix.Addr(); a.Is4In6() && prefix.Bits() >= 96 {
			prefix = netip.PrefixFrom(a.Unmap(), prefix.Bits()-96)
		}
		proxies = append(proxies, prefix.Masked())
	}
	return proxies, nil
}

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
func (s *Server) trusted(a netip.Addr) bool {
	for _, p := range s.proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// clientAddress returns who asks: the peer, or the rightmost address of
// X-Forwarded-For that is no trusted proxy. An entry that is no address ends the
// search, and the proxy that passed it on counts: it can't say who is behind it.
func (s *Server) clientAddress(r *http.Request) netip.Addr {
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

// overTLS reports whether the browser came by HTTPS: by the configuration, by the
// connection, or by the word of a trusted proxy.
func (s *Server) overTLS(r *http.Request) bool {
	if s.Secure || r.TLS != nil {
		return true
	}
	peer, ok := hop(r.RemoteAddr)
	return ok && s.trusted(peer) && forwardedProto(r) == "https"
}

// forwardedProto is what the nearest proxy says of how the browser came.
func forwardedProto(r *http.Request) string {
	said := strings.Split(strings.Join(r.Header.Values("X-Forwarded-Proto"), ","), ",")
	return strings.ToLower(strings.TrimSpace(said[len(said)-1]))
}

// tellUnclear warns, once, of the first request that shows that browsers come by
// HTTPS while the configuration does not say so: links and QR codes then name HTTP,
// and, where the proxy is not trusted, cookies would travel in clear.
func (s *Server) tellUnclear(c *gin.Context) {
	if s.Secure || (c.Request.TLS == nil && forwardedProto(c.Request) != "https") {
		return
	}
	s.unclear.Do(func() {
		s.Log.LogAttrs(c.Request.Context(), slog.LevelWarn,
			"browsers seem to come by HTTPS, but REFILL_PUBLIC_URL does not begin with https://; set it, and name the proxy in REFILL_TRUSTED_PROXIES",
			slog.Bool("cookies_are_secure", s.overTLS(c.Request)))
	})
}
