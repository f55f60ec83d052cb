package main

import (
	"context"
	"errors"
	"flag"
	"io/fs"
	"log/slog"
	"os"

	"refill/internal/db"
)

// errNoDatabase is returned by every command but demo where no database is named.
var errNoDatabase = errors.New("DATABASE_URL is not set; it names the Postgres to use (see: refill help config)")

// ownerLog returns the log of a command that works as the owner of the tables, and makes it
// that of the program. It fails where no database is named.
func (c config) ownerLog() (*slog.Logger, error) {
	if c.OwnerURL == "" {
		return nil, errNoDatabase
	}
	log, err := c.logger()
	if err == nil {
		slog.SetDefault(log)
	}
	return log, err
}

// runMigrate is `refill migrate`.
func runMigrate(ctx context.Context, c config, args []string) error {
	if err := flag.NewFlagSet("migrate", flag.ExitOnError).Parse(args); err != nil {
		return err
	}
	log, err := c.ownerLog()
	if err != nil {
		return err
	}
	if err := db.Migrate(ctx, string(c.OwnerURL), c.logins()...); err != nil {
		return explainPooled(err)
	}
	log.InfoContext(ctx, "the database is up to date")
	if _, err := os.Stat(c.KeyFile); c.KeyFile == "" || errors.Is(err, fs.ErrNotExist) {
		log.WarnContext(ctx, "no key is announced, since REFILL_KEY_FILE names no file; make one with refill keys init, or announce its keys with refill keys announce")
		return nil
	}
	return announceKeys(ctx, c)
}
