package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"

	"refill/internal/audit"
	"refill/internal/client"
	"refill/internal/db"
	"refill/internal/devdb"
	"refill/internal/seed"
	"refill/internal/setting"
)

// runDemo is `refill demo`: web and worker in one process, on a private Postgres unless
// DATABASE_URL names a server, with sample data if the database is empty.
func runDemo(ctx context.Context, c config, args []string) error {
	flags := flag.NewFlagSet("demo", flag.ExitOnError)
	addr := flags.String("addr", c.Addr, "address and port to listen on")
	dir := flags.String("data", defaultData(), "folder for the database, the keys and the files; kept between runs")
	exposed := flags.Bool("expose-known-passwords", false, "listen also where others can reach the demo, although everybody knows its passwords")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if c.PublicURL == "http://"+c.Addr {
		c.PublicURL = "http://" + *addr
	}
	c.Addr = *addr
	if err := c.checkExposed(ctx, *exposed); err != nil {
		return err
	}
	if os.Getenv("REFILL_LOG_LEVEL") == "" {
		c.LogLevel = "warn" // keeps the address the last line on the screen
	}
	data, err := filepath.Abs(*dir)
	if err != nil {
		return fmt.Errorf("find the folder %s: %w", *dir, err)
	}
	// The port is opened first, so that a second instance fails at once.
	listener, err := listen(ctx, c.Addr)
	if err != nil {
		return err
	}
	defer listener.Close() //nolint:errcheck // the server has closed it, or it was never used
	// Other users may enter the folder: Postgres runs as another user where the demo is
	// started as root.
	if err := os.MkdirAll(data, 0o711); err != nil { //nolint:gosec // keys and files in it have their own permissions
		return fmt.Errorf("make the folder for the demo: %w", err)
	}
	c.KeyFile, c.FilesDir = filepath.Join(data, "keys"), filepath.Join(data, "files")
	if _, err := os.Stat(c.KeyFile); errors.Is(err, fs.ErrNotExist) {
		if err := initKeys(c.KeyFile); err != nil {
			return err
		}
	}
	if c.DatabaseURL == "" {
		stop, err := startPostgres(ctx, &c, data)
		if err != nil {
			return err
		}
		defer stop()
	}
	return demo(ctx, c, listener)
}

// checkExposed returns an error where other machines can reach the demo, unless allowed.
// The passwords of the demo are public.
func (c config) checkExposed(ctx context.Context, asked bool) error {
	if asked {
		return nil
	}
	public, err := url.Parse(c.PublicURL)
	if err != nil {
		return fmt.Errorf("REFILL_PUBLIC_URL does not parse: %w", err)
	}
	for _, host := range []string{hostOf(c.Addr), public.Hostname()} {
		if !isLoopback(ctx, host) {
			return fmt.Errorf("the demo's passwords are known to everybody, and %q can be reached by others: listen on 127.0.0.1, or add -expose-known-passwords on a network where that does no harm", host)
		}
	}
	return nil
}

func hostOf(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return addr // listen returns the error
	}
	return host
}

// isLoopback reports whether only this machine can reach a host. An empty host means every
// address of the machine. All addresses of a name must be loopback addresses.
func isLoopback(ctx context.Context, host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().IsLoopback()
	}
	if host == "" {
		return false
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	return err == nil && len(found) > 0 && !slices.ContainsFunc(found, func(ip netip.Addr) bool { return !ip.Unmap().IsLoopback() })
}

// defaultData returns the folder of the demo: below XDG_DATA_HOME, or ~/.local/share.
func defaultData() string {
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "refill")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "refill-data"
	}
	return filepath.Join(home, ".local", "share", "refill")
}

// startPostgres starts the private server and sets its addresses in the configuration.
func startPostgres(ctx context.Context, c *config, data string) (stop func(), err error) {
	fmt.Println("Starting a private Postgres …") //nolint:forbidigo // tells the person who waits
	server, err := devdb.Start(ctx, devdb.Options{Dir: filepath.Join(data, "postgres"), Binaries: c.PGBin})
	if err != nil {
		return nil, err
	}
	c.DatabaseURL = secret(server.URL(devdb.Database))
	c.DirectURL, c.OwnerURL = c.DatabaseURL, c.DatabaseURL
	return func() {
		if err := server.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "refill: stop Postgres:", err)
		}
	}, nil
}

// demo runs web and worker until ctx ends.
func demo(ctx context.Context, c config, listener net.Listener) error {
	if err := db.Migrate(ctx, string(c.OwnerURL)); err != nil {
		return err
	}
	if err := announceKeys(ctx, c); err != nil {
		return err
	}
	p, err := openParts(ctx, c, "demo", workTimeout)
	if err != nil {
		return err
	}
	defer p.close()

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.work(ctx) })
	group.Go(func() error {
		if err := p.confirm(ctx, c.PublicURL); err != nil {
			return err
		}
		empty, err := seed.Needed(ctx, p.pool)
		if err != nil {
			return err
		}
		if empty {
			fmt.Println("Making sample data …") //nolint:forbidigo // tells the person who waits
			seeder := &seed.Seeder{Pool: p.pool, OwnerURL: string(c.OwnerURL), Cards: p.cards, Log: p.log}
			if err := seeder.Run(ctx); err != nil {
				return fmt.Errorf("make sample data: %w", err)
			}
			if err := p.checks.AskDue(ctx); err != nil { // a check that ran before saw incomplete data
				return err
			}
		}
		p.log.InfoContext(ctx, "ready", slog.String("address", c.PublicURL))
		key, err := seed.ClientKey(ctx, p.pool, filepath.Join(filepath.Dir(c.KeyFile), "api-key"))
		if err != nil {
			return err
		}
		pair, err := seed.ClientPair(ctx, p.pool, p.cards.Codes, filepath.Join(filepath.Dir(c.KeyFile), "splynx-key"))
		if err != nil {
			return err
		}
		printSignIns(c.PublicURL, key, pair)
		return p.serve(ctx, listener)
	})
	return group.Wait()
}

// printSignIns prints the address, the sign-ins, and the key and the pair of the API client.
func printSignIns(url, key string, pair client.Pair) {
	//nolint:forbidigo // the command's answer
	fmt.Printf(`
Refill is running at %[1]s

  Staff      %[1]s/admin     admin, cashier, operator
  Customers  %[1]s/portal    customer1, customer2 (North), customer3 (South)
  Password   %[2]s
  API key    %[3]s
  Splynx     %[1]s/api/2.0/    key %[4]s
             secret %[5]s

Ctrl-C stops it; what you did is kept.
`, url, seed.Password, key, pair.Key, pair.Secret)
}

// confirm confirms the currency and the printed address. In a new installation staff confirm
// them before the first series and the first printed file.
func (p *parts) confirm(ctx context.Context, address string) error {
	return p.settings.Change(ctx, audit.System(), func(v *setting.Settings) {
		v.CurrencyConfirmed, v.ConfirmedAddress = true, address
	})
}
