package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"

	"refill/internal/card"
)

// runKeys is `refill keys init`.
func runKeys(_ context.Context, c config, args []string) error {
	if len(args) == 0 || args[0] != "init" {
		return errors.New("usage: refill keys init [-file FILE]")
	}
	flags := flag.NewFlagSet("keys init", flag.ExitOnError)
	path := flags.String("file", c.KeyFile, "where the key file goes; default REFILL_KEY_FILE")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if *path == "" {
		return errors.New("say where the key file goes: refill keys init -file FILE")
	}
	if err := initKeys(*path); err != nil {
		return err
	}
	fmt.Printf("Wrote %s. Back it up apart from the database: without it no card can be redeemed or exported, and with it and the database anybody can.\n", *path) //nolint:forbidigo // the command's answer
	return nil
}

// initKeys writes a new key file; one that is there already is never touched.
func initKeys(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator names it
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already; codes are sealed under its keys, so it stays as it is", path)
	}
	if err != nil {
		return fmt.Errorf("make the key file: %w", err)
	}
	err = card.WriteNewKey(file, 1)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// readKeys reads the key file.
func readKeys(path string) (*card.Keyring, error) {
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
	return card.ReadKeyring(file)
}
