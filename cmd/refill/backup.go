package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"refill/internal/audit"
	"refill/internal/backup"
	"refill/internal/codestore"
	"refill/internal/db"
	"refill/internal/envelope"
)

// backupHelp is printed by `refill backup -h`.
const backupHelp = `usage: refill backup [FLAGS] FOLDER|-

Writes a backup of the database to a new folder, or with - as a tar archive to standard
output. The folder appears under its name when it is complete and on the disk.

It has everything that the database has, at one moment, while redemptions go on. It does
not have the key file (without which no card can be redeemed; with which and the backup
every code can be read: keep the two apart), nor exported files (they expire; export
again). It connects as the owner of the tables, REFILL_OWNER_DATABASE_URL or DATABASE_URL,
and needs pg_dump of the server's version or a later one (PG_BIN names its folder).

`

// restoreHelp is printed by `refill restore -h`.
const restoreHelp = `usage: refill restore [FLAGS] FOLDER

Restores a backup into an empty database, compares it with the backup's manifest, brings
it up to date with this version, and runs refill check. A database that holds anything is
refused. It connects to REFILL_OWNER_DATABASE_URL or DATABASE_URL, and the user of that
address will own the tables.

`

// recipientUse describes the flag -recipient.
const recipientUse = "with -with-keys: an age recipient (age1…), or a file with one or with an OpenPGP public key"

// backupFlags are the flags of `refill backup`.
type backupFlags struct {
	jobs            int
	keys, recipient string
	key             envelope.Key // recipient, read
}

// runBackup is `refill backup`.
func runBackup(ctx context.Context, c config, args []string) error {
	var f backupFlags
	flags := commandFlags("backup", backupHelp)
	flags.IntVar(&f.jobs, "jobs", 2, "tables that are dumped at once, each over a connection of its own")
	flags.StringVar(&f.keys, "with-keys", "", "also write the key file, encrypted to -recipient, to this new `FILE`; keep it apart from the backup")
	flags.StringVar(&f.recipient, "recipient", "", recipientUse)
	target, err := oneArgument(flags, args)
	if err != nil {
		return err
	}
	if c.OwnerURL == "" {
		return errNoDatabase
	}
	if err := f.check(ctx, c, target); err != nil {
		return err
	}
	c.sealTrail(ctx)
	source := backup.Source{URL: string(c.OwnerURL), Programs: c.PGBin, Version: version, Jobs: f.jobs, Progress: os.Stderr}
	var m backup.Manifest
	if target == "-" {
		m, err = source.Stream(ctx, os.Stdout, os.TempDir())
	} else {
		m, err = source.Folder(ctx, target)
	}
	if err != nil {
		return err
	}
	if f.keys != "" {
		if err := writeSealedKeys(c.KeyFile, f.keys, f.key); err != nil {
			return fmt.Errorf("the backup is complete, but the key file is not written: %w", err)
		}
	}
	answer := os.Stdout
	if target == "-" {
		answer = os.Stderr // standard output has the archive
	}
	return tellBackup(answer, m, target, f)
}

// sealTrail seals the audit trail up to now, where this machine has the key file, so that
// the head in the manifest vouches for all of the backup. Without it the head is that of the
// last seal, which workers make every 15 seconds.
func (c config) sealTrail(ctx context.Context) {
	if _, err := os.Stat(c.KeyFile); c.KeyFile == "" || errors.Is(err, fs.ErrNotExist) {
		return
	}
	c.DatabaseURL = c.OwnerURL
	pool, keys, err := openForCheck(ctx, c, "backup")
	if err == nil {
		defer pool.Close()
		_, err = audit.Seal(ctx, pool, keys, time.Now())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "The audit trail is not sealed up to now, so the backup has the head of its last seal:", err)
	}
}

// check reads the recipient, and checks before the dump what -with-keys will need.
func (f *backupFlags) check(ctx context.Context, c config, target string) error {
	if f.keys == "" && f.recipient == "" {
		return nil
	}
	if f.keys == "" || f.recipient == "" {
		return errors.New("-with-keys and -recipient go together: the key file is written encrypted only, to a public key whose secret half is not on this machine")
	}
	if _, err := os.Lstat(f.keys); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is there already; name a new file for the keys", f.keys)
	}
	folder, err := filepath.Abs(target)
	if err != nil {
		return err
	}
	file, err := filepath.Abs(f.keys)
	if err != nil {
		return err
	}
	if strings.HasPrefix(file, folder+string(filepath.Separator)) {
		return errors.New("-with-keys names a file inside the backup; who has both has every code, so name one elsewhere")
	}
	text := f.recipient
	if !strings.HasPrefix(text, "age1") {
		content, err := os.ReadFile(text) //nolint:gosec // the operator names it
		if err != nil {
			return fmt.Errorf("read the public key of -recipient: %w", err)
		}
		text = string(content)
	}
	if f.key, err = envelope.Read(text, time.Now()); err != nil {
		return fmt.Errorf("-recipient: %w", err)
	}
	return c.checkKeysFit(ctx)
}

// checkKeysFit checks that the key file opens the codes of the database.
func (c config) checkKeysFit(ctx context.Context) error {
	keys, err := readKeys(c.KeyFile)
	if err != nil {
		return err
	}
	pool, err := db.Open(ctx, string(c.OwnerURL), db.Options{Name: "backup", AsOwner: true})
	if err != nil {
		return err
	}
	defer pool.Close()
	return codestore.CheckKeys(ctx, pool, keys)
}

// writeSealedKeys writes an encrypted copy of the key file. It never overwrites a file, and
// a file under this name is complete.
func writeSealedKeys(keyFile, target string, key envelope.Key) (err error) {
	content, err := os.ReadFile(keyFile) //nolint:gosec // the operator names it
	if err != nil {
		return err
	}
	file, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // as above
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, file.Close()); err != nil {
			_ = os.Remove(target) // half a file
		}
	}()
	sealed, err := key.Seal(file, time.Now())
	if err != nil {
		return err
	}
	if _, err := sealed.Write(content); err != nil {
		return err
	}
	return errors.Join(sealed.Close(), file.Sync(), syncFolder(target))
}

// tellBackup prints what was backed up and what was not.
func tellBackup(w io.Writer, m backup.Manifest, target string, f backupFlags) error {
	where := "The backup is " + target
	if target == "-" {
		where = "The archive is complete"
	}
	head := m.AuditHead
	if head == "" {
		head = "none yet"
	}
	keys := "The key file is not in it: keep a copy of it in another place, or no card of this backup can be redeemed."
	if f.keys != "" {
		keys = fmt.Sprintf("The key file is in %s, encrypted to %s. Take it to another place than the backup.", f.keys, f.key.Fingerprint)
	}
	_, err := fmt.Fprintf(w, `%s, of %s.
  %d cards, %d series, %d entries of the ledger; %d files of %.1f MB.
  Head of the audit trail: %s
    Keep this line outside: refill audit verify -since holds a restored trail against it.
  %s
  Exported files are not in it. They expire; export again what is still needed.
`, where, m.At.Format(time.RFC3339), m.Figures.Rows["card"], m.Figures.Rows["series"], m.Figures.Rows["ledger_entry"],
		len(m.Files), float64(m.Bytes())/1e6, head, keys)
	return err
}

// commandFlags returns a set of flags whose help begins with a text.
func commandFlags(name, help string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), help)
		flags.PrintDefaults()
	}
	return flags
}

// oneArgument parses flags before and after the only argument, and returns it.
func oneArgument(flags *flag.FlagSet, args []string) (string, error) {
	if err := flags.Parse(args); err != nil {
		return "", err
	}
	argument := flags.Arg(0)
	if flags.NArg() > 0 {
		if err := flags.Parse(flags.Args()[1:]); err != nil {
			return "", err
		}
	}
	if argument == "" || flags.NArg() > 0 {
		return "", fmt.Errorf("name one folder: refill %s [FLAGS] FOLDER (refill %s -h explains it)", flags.Name(), flags.Name())
	}
	return argument, nil
}
