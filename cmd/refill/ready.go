package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// runReady is `refill ready`: it asks the web process of this machine whether it can serve
// requests. Containers and load balancers without an HTTP client use it as their probe.
func runReady(ctx context.Context, c config, args []string) error {
	flags := flag.NewFlagSet("ready", flag.ExitOnError)
	flags.StringVar(&c.Addr, "addr", c.Addr, "address and port of the web process; default REFILL_ADDR")
	timeout := flags.Duration("timeout", 5*time.Second, "how long to wait for the answer")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	return probe(ctx, c.Addr, c.TLSCert != "")
}

// probe asks the web process that listens on addr whether it can serve requests. It returns
// an error where nothing answers or the answer is no.
func probe(ctx context.Context, addr string, secure bool) error {
	at, err := probeAddress(addr)
	if err != nil {
		return err
	}
	scheme := "http"
	if secure {
		scheme = "https"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+at+"/readyz", http.NoBody)
	if err != nil {
		return fmt.Errorf("the address %q does not hold: %w", addr, err)
	}
	// The certificate names the public host, not the loopback address. The probe sends
	// nothing secret and believes nothing but the status.
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // see above
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("no web process answers on %s; is refill serve running, and does REFILL_ADDR name the same address? %w", at, err)
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(io.LimitReader(answer.Body, 200))
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", at, err)
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %d: %s; its log says why", at, answer.StatusCode, strings.TrimSpace(string(text)))
	}
	return nil
}

// probeAddress returns the address at which this machine reaches a process that listens on
// addr. A process that listens on all addresses is reached by the loopback address.
func probeAddress(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", errors.New("the address must be host:port, such as 127.0.0.1:8080")
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip != nil && ip.To4() == nil {
			host = "::1"
		}
	}
	return net.JoinHostPort(host, port), nil
}

// tellManager tells the service manager that the process is ready (daemon.SdNotifyReady) or
// stopping (daemon.SdNotifyStopping). Without systemd it does nothing. A failure is not an
// error of the process: systemd then ends it after its own timeout.
func (p *parts) tellManager(ctx context.Context, state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		p.log.WarnContext(ctx, "the service manager could not be told", slog.Any("error", err))
	}
}
