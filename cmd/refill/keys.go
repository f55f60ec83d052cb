package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"refill/internal/cardcode"
	"refill/internal/codestore"
	"refill/internal/db"
)

// runKeys is `refill keys`.
func runKeys(ctx context.Context, c config, args []string) error {
	usage := errors.New("usage: refill keys init | rotate | retire ID | reindex | announce | status [-file FILE]")
	if len(args) == 0 {
		return usage
	}
	flags := flag.NewFlagSet("keys "+args[0], flag.ExitOnError)
	flags.StringVar(&c.KeyFile, "file", c.KeyFile, "the key file; default REFILL_KEY_FILE")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if c.KeyFile == "" {
		return errors.New("say where the key file is: refill keys " + args[0] + " -file FILE")
	}
	switch args[0] {
	case "init":
		if err := initKeys(c.KeyFile); err != nil {
			return err
		}
		if err := announceNew(ctx, c); err != nil {
			return err
		}
		return printAnswer("Wrote %s. Back it up apart from the database: without it no card can be redeemed or exported, and with it and the database anybody can.\n", c.KeyFile)
	case "rotate":
		return rotateKeys(ctx, c)
	case "reindex":
		return reindexKeys(ctx, c)
	case "announce":
		if err := announceKeys(ctx, c); err != nil {
			return err
		}
		return printAnswer("The keys of %s are announced.\n", c.KeyFile)
	case "status":
		return keyStatus(ctx, c, os.Stdout)
	case "retire":
		return retireKey(ctx, c, flags.Arg(0))
	}
	return usage
}

// printAnswer prints the answer of a command to standard output.
func printAnswer(format string, values ...any) error {
	_, err := fmt.Fprintf(os.Stdout, format, values...)
	return err
}

// initKeys writes a new key file. It never overwrites an existing one.
func initKeys(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator names it
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already; codes are sealed under its keys, so it stays as it is", path)
	}
	if err != nil {
		return fmt.Errorf("make the key file: %w", err)
	}
	err = cardcode.WriteNewKey(file, 1)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write the key file: %w", err)
	}
	return syncFolder(path)
}

// syncFolder syncs the folder of a new or renamed file, so that its name survives a power
// failure.
func syncFolder(path string) error {
	dir, err := os.Open(filepath.Dir(path))
	if err == nil {
		err = errors.Join(dir.Sync(), dir.Close())
	}
	if err != nil {
		return fmt.Errorf("sync the folder of the key file: %w", err)
	}
	return nil
}

// announceKeys records the keys of the key file in the database, as the owner of the
// tables.
func announceKeys(ctx context.Context, c config) error {
	if c.OwnerURL == "" {
		return errNoDatabase
	}
	keys, err := readKeys(c.KeyFile)
	if err != nil {
		return err
	}
	pool, err := openDirect(ctx, string(c.OwnerURL), db.Options{Name: "keys", AsOwner: true})
	if err != nil {
		return err
	}
	defer pool.Close()
	return codestore.AnnounceKeys(ctx, pool, keys)
}

// announceNew announces the keys of a new file if the database is migrated. Otherwise
// `refill migrate` announces them.
func announceNew(ctx context.Context, c config) error {
	if c.OwnerURL == "" {
		return nil
	}
	pool, err := db.Open(ctx, string(c.OwnerURL), db.Options{Name: "keys", AsOwner: true})
	if err != nil {
		return nil // there is no database yet
	}
	defer pool.Close()
	if migrated, err := db.Migrated(ctx, pool); err != nil || len(migrated.Missing) > 0 {
		return nil // as above
	}
	return announceKeys(ctx, c)
}

// readKeys reads the key file.
func readKeys(path string) (*cardcode.Keyring, error) {
	if path == "" {
		return nil, errors.New("REFILL_KEY_FILE is not set; it names the file with the keys of the codes (make one with: refill keys init)")
	}
	file, err := os.Open(path) //nolint:gosec // the operator names it
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the key file %s is not there; put it back from its backup, or, for a new installation, make one with: refill keys init", path)
	}
	if err != nil {
		return nil, fmt.Errorf("open the key file: %w", err)
	}
	defer file.Close() //nolint:errcheck // only read
	return cardcode.ReadKeyring(file)
}
