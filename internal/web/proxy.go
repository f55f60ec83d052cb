package web

import (
	"fmt"
	"log/slog"
	"net/netip"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/web/kit"
)

// A header of a proxy is used only if the peer of the connection is a trusted proxy. Only
// X-Forwarded-For (the client's address) and X-Forwarded-Proto (HTTP or HTTPS) are used.
// X-Real-IP, Forwarded and similar headers are ignored: a proxy that sets one of them
// passes on the others as the client wrote them.

// parseProxies parses the addresses and networks of trusted proxies.
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

// warnInsecure logs a warning, once, for the first request by HTTPS while the configuration
// does not say so. Links and QR codes then contain http URLs. If the proxy is not trusted,
// cookies also lack the Secure attribute.
func (s *Server) warnInsecure(c *gin.Context) {
	if s.Secure || (c.Request.TLS == nil && kit.ForwardedProto(c.Request) != "https") {
		return
	}
	s.unclear.Do(func() {
		s.Log.LogAttrs(c.Request.Context(), slog.LevelWarn,
			"browsers seem to come by HTTPS, but REFILL_PUBLIC_URL does not begin with https://; set it, and name the proxy in REFILL_TRUSTED_PROXIES",
			slog.Bool("cookies_are_secure", s.OverTLS(c.Request)))
	})
}
