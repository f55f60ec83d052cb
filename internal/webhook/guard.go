package webhook

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Resolver finds the addresses of a name. *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// guard decides which addresses may be called. It judges the address that is connected to,
// after the name was resolved, so that a name that resolves to another address later gains
// nothing.
type guard struct {
	open []netip.Prefix // networks of the house that the operator has opened
}

// closed are the networks that are not the public Internet, or that lead into others.
var closed = []netip.Prefix{ //nolint:gochecknoglobals // a table
	netip.MustParsePrefix("0.0.0.0/8"),       // this network
	netip.MustParsePrefix("10.0.0.0/8"),      // private
	netip.MustParsePrefix("100.64.0.0/10"),   // carrier-grade NAT
	netip.MustParsePrefix("127.0.0.0/8"),     // loopback
	netip.MustParsePrefix("169.254.0.0/16"),  // link-local, metadata of clouds
	netip.MustParsePrefix("172.16.0.0/12"),   // private
	netip.MustParsePrefix("192.0.0.0/24"),    // protocol assignments
	netip.MustParsePrefix("192.0.2.0/24"),    // documentation
	netip.MustParsePrefix("192.88.99.0/24"),  // 6to4 relays
	netip.MustParsePrefix("192.168.0.0/16"),  // private
	netip.MustParsePrefix("198.18.0.0/15"),   // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"), // documentation
	netip.MustParsePrefix("203.0.113.0/24"),  // documentation
	netip.MustParsePrefix("224.0.0.0/4"),     // multicast
	netip.MustParsePrefix("240.0.0.0/4"),     // reserved, broadcast
	netip.MustParsePrefix("::/96"),           // unspecified, loopback, IPv4-compatible
	netip.MustParsePrefix("64:ff9b::/96"),    // NAT64
	netip.MustParsePrefix("64:ff9b:1::/48"),  // NAT64 of one's own
	netip.MustParsePrefix("100::/64"),        // discard
	netip.MustParsePrefix("2001::/23"),       // protocol assignments, Teredo
	netip.MustParsePrefix("2001:db8::/32"),   // documentation
	netip.MustParsePrefix("2002::/16"),       // 6to4
	netip.MustParsePrefix("3fff::/20"),       // documentation
	netip.MustParsePrefix("5f00::/16"),       // segment routing
	netip.MustParsePrefix("fc00::/7"),        // unique local
	netip.MustParsePrefix("fe80::/10"),       // link-local
	netip.MustParsePrefix("fec0::/10"),       // site-local, former
	netip.MustParsePrefix("ff00::/8"),        // multicast
}

// opened reports whether an address is in a network that the operator has opened. An
// IPv4-mapped address counts as the IPv4 address that it leads to.
func (g guard) opened(address netip.Addr) bool {
	address = address.Unmap().WithZone("")
	return slices.ContainsFunc(g.open, func(p netip.Prefix) bool { return p.Contains(address) })
}

// allows reports whether an address may be called.
func (g guard) allows(address netip.Addr) bool {
	if g.opened(address) {
		return true
	}
	plain := address.Unmap()
	return plain.IsValid() && plain.Zone() == "" && !slices.ContainsFunc(closed, func(p netip.Prefix) bool { return p.Contains(plain) })
}

// Errors of connections that the guard refuses.
var (
	errForbidden = errors.New("webhook: the address lies in a closed network")
	errPlain     = errors.New("webhook: plain HTTP outside the opened networks")
)

// control is the Control of a net.Dialer for a scheme: it sees the address between its
// resolution and the connection.
func (g guard) control(scheme string) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		switch {
		case err != nil || !g.allows(to.Addr()):
			return errForbidden
		case scheme != "https" && !g.opened(to.Addr()):
			return errPlain
		}
		return nil
	}
}

// lookupTime bounds the resolution of a name while an endpoint is saved.
const lookupTime = 5 * time.Second

// checkURL refuses an address that could not be called now, so that a person hears of it when
// they save it. What is called later is judged when it is called.
func (s *Service) checkURL(ctx context.Context, text string) error {
	u, err := url.Parse(text)
	if err != nil || len([]rune(text)) > 500 || u.Opaque != "" || u.User != nil || u.Fragment != "" || strings.Contains(text, "#") || u.Hostname() == "" ||
		(u.Scheme != "https" && u.Scheme != "http") || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errURL
	}
	if port := u.Port(); strings.HasSuffix(u.Host, ":") || port == "0" {
		return errURL
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	addresses, err := s.client.lookup(ctx, u.Hostname())
	if err != nil || len(addresses) == 0 {
		return errNotFound.Because(err)
	}
	for _, address := range addresses {
		switch {
		case !s.client.guard.allows(address):
			return errInside
		case u.Scheme != "https" && !s.client.guard.opened(address):
			return errHTTPS
		}
	}
	return nil
}

// lookup finds the addresses of a host: those of a name, or the one that it is.
func (s *sender) lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	if address, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{address}, nil
	}
	return s.resolver.LookupNetIP(ctx, "ip", host)
}

// dial connects to a host for a scheme. It resolves the name itself, so that tests can bring
// a resolver; each address is judged by the dialer's Control.
func (s *sender) dial(scheme string) func(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: sendTime, Control: s.guard.control(scheme)}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		addresses, err := s.lookup(ctx, host)
		if err != nil {
			return nil, err
		}
		failed := errForbidden
		for _, one := range addresses {
			conn, err := dialer.DialContext(ctx, network, net.JoinHostPort(one.String(), port))
			if err == nil {
				return conn, nil
			}
			if failed == nil || errors.Is(failed, errForbidden) || !errors.Is(err, errForbidden) {
				failed = err
			}
		}
		return nil, failed
	}
}
