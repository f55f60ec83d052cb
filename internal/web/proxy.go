package web

import (
	"fmt"
	"log/slog"
	"net/netip"
	"strings"

	"github.com/gin-gonic/gin"

	"refill/internal/web/kit"
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

// warnInsecure warns, once, of the first request that shows that browsers come by
// HTTPS while the configuration does not say so: links and QR codes then name HTTP,
// and, where the proxy is not trusted, cookies would travel in clear.
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
