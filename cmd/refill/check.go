package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"refill/internal/audit"
	"refill/internal/cardcode"
	"refill/internal/check"
	"refill/internal/codestore"
	"refill/internal/db"
)

// runCheck is `refill check`.
func runCheck(ctx context.Context, c config, args []string) error {
	if err := flag.NewFlagSet("check", flag.ExitOnError).Parse(args); err != nil {
		return err
	}
	pool, keys, err := openForCheck(ctx, c, "check")
	if err != nil {
		return err
	}
	defer pool.Close()
	if _, err := audit.Seal(ctx, pool, keys, time.Now()); err != nil {
		return err
	}
	broken, err := check.Run(ctx, pool, keys)
	if err != nil {
		return err
	}
	warnings, err := check.Warnings(ctx, pool)
	if err != nil {
		return err
	}
	//nolint:forbidigo // what follows is the command's answer
	for _, w := range warnings {
		fmt.Println("WARNING: " + w)
	}
	//nolint:forbidigo // as above
	for _, b := range broken {
		fmt.Printf("BROKEN %d: %s\n", b.Number, b.Rule)
		for _, row := range b.Examples {
			fmt.Println("  " + row)
		}
		if more := b.Found - int64(len(b.Examples)); more > 0 {
			fmt.Printf("  … and %d more\n", more)
		}
	}
	if len(broken) > 0 {
		return fmt.Errorf("%d invariants are broken", len(broken))
	}
	fmt.Println("All invariants hold.") //nolint:forbidigo // the command's answer
	return nil
}

// openForCheck opens the database and the keys for a command with long queries. name is the
// application name in pg_stat_activity.
func openForCheck(ctx context.Context, c config, name string) (*pgxpool.Pool, *cardcode.Keyring, error) {
	if c.direct() == "" {
		return nil, nil, errNoDatabase
	}
	keys, err := readKeys(c.KeyFile)
	if err != nil {
		return nil, nil, err
	}
	pool, err := openDirect(ctx, c.direct(), db.Options{Name: name, StatementTimeout: 10 * time.Minute})
	if err != nil {
		return nil, nil, err
	}
	if err := codestore.CheckKeys(ctx, pool, keys); err != nil { // also limits keys to those announced in the database
		pool.Close()
		return nil, nil, err
	}
	return pool, keys, nil
}
