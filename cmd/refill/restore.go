package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"refill/internal/audit"
	"refill/internal/backup"
)

// runRestore is `refill restore`.
func runRestore(ctx context.Context, c config, args []string) error {
	flags := commandFlags("restore", restoreHelp)
	jobs := flags.Int("jobs", 2, "tables and indexes that are restored at once, each over a connection of its own")
	noCheck := flags.Bool("no-check", false, "do not run refill check at the end, for which REFILL_KEY_FILE has to name the key file")
	move := flags.Bool("move", false, "nothing was done in the old database after the backup, as in a move to another server: the feed of events goes on with its numbers, and queued messages and webhooks are sent")
	folder, err := oneArgument(flags, args)
	if err != nil {
		return err
	}
	if _, err := c.ownerLog(); err != nil {
		return err
	}
	if !*noCheck {
		if _, err := readKeys(c.KeyFile); err != nil { // now, not after minutes
			return fmt.Errorf("the check at the end needs the keys: %w; or leave it out with -no-check", err)
		}
	}
	target := backup.Target{URL: string(c.OwnerURL), Programs: c.PGBin, Jobs: *jobs, Progress: os.Stderr, Move: *move}
	m, err := target.Restore(ctx, folder)
	if err != nil {
		return err
	}
	if !*noCheck {
		fmt.Fprintln(os.Stderr, "Checking the books …")
		if err := checkRestored(ctx, c, m); err != nil {
			return fmt.Errorf("the backup is restored, and its contents are those of the manifest; but: %w", err)
		}
	}
	return tellRestore(os.Stdout, m, *noCheck, *move)
}

// checkRestored runs the checks on a restored database: keys, audit trail, invariants. The
// database is the one that was restored into, also where DATABASE_URL names another.
func checkRestored(ctx context.Context, c config, m backup.Manifest) error {
	c.DatabaseURL = c.OwnerURL
	pool, keys, err := openForCheck(ctx, c, "restore")
	if err != nil {
		return fmt.Errorf("the key file %s is not that of the backup, or misses a key; name the right one in REFILL_KEY_FILE and run refill check: %w", c.KeyFile, err)
	}
	defer pool.Close()
	if m.AuditHead != "" {
		head, err := audit.ParseHead(m.AuditHead)
		if err != nil {
			return err
		}
		if err := verifyTrail(ctx, pool, keys, os.Stdout, head); err != nil {
			return err
		}
	}
	return runCheck(ctx, c, nil)
}

// tellRestore prints what to do next.
func tellRestore(w io.Writer, m backup.Manifest, unchecked, move bool) error {
	_, err := fmt.Fprintf(w, "Restored the backup of %s: %d cards, %d series, %d entries of the ledger, as in its manifest.\n\nNext:\n",
		m.At.Format(time.RFC3339), m.Figures.Rows["card"], m.Figures.Rows["series"], m.Figures.Rows["ledger_entry"])
	if unchecked {
		_, checkErr := fmt.Fprintln(w, "  - Put the key file in its place, and run: refill check")
		err = errors.Join(err, checkErr)
	}
	if m.AuditHead != "" {
		_, headErr := fmt.Fprintf(w, "  - Hold the head that you kept outside against the trail: refill audit verify -since HEAD\n    The backup has %s\n", m.AuditHead)
		err = errors.Join(err, headErr)
	}
	if move {
		_, moveErr := fmt.Fprintln(w, "  - Stop what still runs on the old database, and start refill serve and refill work on this one.")
		return errors.Join(err, moveErr)
	}
	_, nextErr := fmt.Fprint(w, `  - A drill ends here: start neither refill serve nor refill work on this database, and drop it.
  - What was done after the backup is not in it: redemptions, new series and their codes, disabled
    accounts, withdrawn API keys, erased customers. docs/guide/operations.md lists what to repeat.
  - Readers of the feed of events are told to compare their books. No webhook and no message of
    before is sent again.
  - Jobs that were running are taken up by the next refill work. Exported files that are gone
    from the store have to be exported again.
`)
	return errors.Join(err, nextErr)
}
