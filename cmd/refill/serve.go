package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"refill/internal/notify"
	"refill/internal/web"
	"refill/internal/web/admin"
)

const (
	// serveTimeout bounds each statement of a web process.
	serveTimeout = 5 * time.Second
	// stopTimeout is the time that running requests have to finish after the process was
	// asked to stop.
	stopTimeout = 15 * time.Second
)

// runServe is `refill serve`.
func runServe(ctx context.Context, c config, args []string) error {
	if err := flag.NewFlagSet("serve", flag.ExitOnError).Parse(args); err != nil {
		return err
	}
	p, err := openParts(ctx, c, "serve", serveTimeout)
	if err != nil {
		return err
	}
	defer p.close()
	if err := p.warnOfLogin(ctx); err != nil {
		return err
	}
	listener, err := listen(ctx, c.Addr)
	if err != nil {
		return err
	}
	return p.serve(ctx, listener)
}

// listen opens the port. Where another process uses it, the error says so.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("the address %s is in use by another program; stop that, or choose another with -addr or REFILL_ADDR", addr)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return listener, nil
}

// serve answers requests until ctx ends, and then waits for running requests, at most
// stopTimeout.
func (p *parts) serve(ctx context.Context, listener net.Listener) error {
	if p.config.schemeUnclear(ctx) {
		p.log.WarnContext(ctx, "REFILL_PUBLIC_URL is not set: links and QR codes name HTTP, and cookies are for HTTPS alone only where the connection, or a trusted proxy by X-Forwarded-Proto, says so",
			slog.String("public_url", p.config.PublicURL))
	}
	hub := notify.NewHub(p.log)
	listening := make(chan error, 1)
	go func() { listening <- hub.Run(ctx, p.config.direct()) }()

	meter := newMeter()
	p.cards.Meter = meter
	pages, err := web.New(web.Deps{ //nolint:contextcheck // times on pages are shown outside any request
		Pool: p.pool, Log: p.log, Settings: p.settings, Cards: p.cards, Now: time.Now, Fonts: p.fonts,
		Admin: admin.Deps{
			Hub: hub, Exports: p.exports, Imports: p.imports, Customers: p.customers, Checks: p.checks, Files: p.files, Jobs: p.jobs, Mail: p.mailing, Webhooks: p.webhooks,
		},
		PublicURL: p.config.PublicURL, Secure: p.config.secure(), TrustedProxies: p.config.TrustedProxies,
		Ready: p.ready, Observe: meter.observe, Metrics: metrics(p.pool, p.settings, p.log, meter), MetricsToken: string(p.config.MetricsToken),
	})
	if err != nil {
		return err
	}
	meter.streams.Store(new(pages.Streams))
	if err := pages.Start(ctx); err != nil {
		return err
	}
	go p.mailing.NewWatch().Run(ctx)
	server := &http.Server{
		Handler:           pages.Handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      time.Hour, // a large download over a slow connection
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(p.log.Handler(), slog.LevelDebug),
	}
	server.RegisterOnShutdown(pages.CloseStreams)
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		p.tellManager(ctx, daemon.SdNotifyStopping)
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		stopped <- server.Shutdown(stopping)
	}()
	p.log.InfoContext(ctx, "serving", slog.String("address", listener.Addr().String()))
	p.tellManager(ctx, daemon.SdNotifyReady)
	if p.config.TLSCert != "" {
		err = server.ServeTLS(listener, p.config.TLSCert, p.config.TLSKey)
	} else {
		err = server.Serve(listener)
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return errors.Join(<-stopped, <-listening)
}
