package main

import (
	"context"
	"errors"
	"flag"
	"log/slog"

	"refill/internal/db"
)

// errNoDatabase says what every command but demo needs.
var errNoDatabase = errors.New("DATABASE_URL is not set; it names the Postgres to use (see: refill help config)")

// runMigrate is `refill migrate`.
func runMigrate(ctx context.Context, c config, args []string) error {
	if err := flag.NewFlagSet("migrate", flag.ExitOnError).Parse(args); err != nil {
		return err
	}
	if c.OwnerURL == "" {
		return errNoDatabase
	}
	log, err := c.logger()
	if err != nil {
		return err
	}
	slog.SetDefault(log)
	if err := db.Migrate(ctx, string(c.OwnerURL)); err != nil {
		return err
	}
	log.InfoContext(ctx, "the database is up to date")
	return nil
}
