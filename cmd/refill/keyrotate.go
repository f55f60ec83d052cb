package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"text/tabwriter"
	"time"

	"refill/internal/audit"
	"refill/internal/cardcode"
	"refill/internal/codestore"
	"refill/internal/db"
)

// openOwner opens the services as the owner of the tables. Only the owner may announce
// keys.
func openOwner(ctx context.Context, c config) (*parts, error) {
	if err := announceKeys(ctx, c); err != nil {
		return nil, err
	}
	c.DatabaseURL, c.DirectURL = c.OwnerURL, c.OwnerURL
	return openPartsAs(ctx, c, db.Options{Name: "keys", StatementTimeout: workTimeout, AsOwner: true})
}

// addKey adds a key to the key file and announces it. Running processes load it within
// seconds. It refuses while cards are still being moved to a key of the same kind.
func (p *parts) addKey(ctx context.Context, what string, newest int16, write func(w io.Writer) error) error {
	if newest == math.MaxInt16 {
		return errors.New("ids of keys end at 32767")
	}
	rotations, err := db.New().KeyRotationList(ctx, p.pool)
	if err != nil {
		return err
	}
	for _, r := range rotations {
		if r.What == what && r.FinishedAt == nil {
			return fmt.Errorf("the pass over all cards under %s key %d has not finished yet (see: refill keys status)", r.What, r.KeyID)
		}
	}
	err = rewriteKeys(p.config.KeyFile, func(text []byte) ([]byte, error) {
		text, err := cardcode.SplitKeys(text)
		if err != nil {
			return nil, err
		}
		out := bytes.NewBuffer(append(bytes.TrimRight(text, "\n"), '\n'))
		err = write(out)
		return out.Bytes(), err
	})
	if err != nil {
		return err
	}
	if err := announceKeys(ctx, p.config); err != nil {
		return err
	}
	_, err = p.reloadKeys(ctx)
	return err
}

// rotateKeys adds a sealing key to the key file and enqueues the job that seals every card
// under it, while the portal runs.
func rotateKeys(ctx context.Context, c config) error {
	p, err := openOwner(ctx, c)
	if err != nil {
		return err
	}
	defer p.close()
	old := p.keys.Current()
	if err := p.addKey(ctx, "seal", old, func(w io.Writer) error { return cardcode.WriteSealKey(w, old+1) }); err != nil {
		return err
	}
	if _, err := p.cards.Codes.StartRotation(ctx, audit.System()); err != nil {
		return err
	}
	return printAnswer("Key %d stands in %s. Back the file up now, and copy it to every machine that serves or works; running processes take it over within seconds.\n"+
		"A worker seals the cards under it: refill keys status tells how far it is. When it has finished, refill keys retire %d gives the old key up.\n",
		old+1, c.KeyFile, old)
}

// reindexKeys adds an index key to the key file and enqueues the job that indexes every
// card with a readable code under it.
func reindexKeys(ctx context.Context, c config) error {
	p, err := openOwner(ctx, c)
	if err != nil {
		return err
	}
	defer p.close()
	old := p.keys.CurrentIndex()
	if err := p.addKey(ctx, "index", old, func(w io.Writer) error { return cardcode.WriteIndexKey(w, old+1) }); err != nil {
		return err
	}
	if _, err := p.cards.Codes.StartReindexing(ctx, audit.System()); err != nil {
		return err
	}
	return printAnswer("Index key %d stands in %s. Back the file up now, and copy it to every machine that serves or works; running processes take it over within seconds.\n"+
		"A worker indexes the cards under it whose codes open: refill keys status tells how far it is. Index key %d stays in the file: deleted cards and cards that were printed once are found by it.\n",
		old+1, c.KeyFile, old)
}

// retireKey takes a sealing key out of use that seals nothing any more. A key file of an
// older version has one key for sealing and indexing; the index key gets a line of its own
// first.
func retireKey(ctx context.Context, c config, which string) error {
	id, err := strconv.ParseInt(which, 10, 16)
	if err != nil {
		return errors.New("say which key: refill keys retire ID [-file FILE]")
	}
	p, err := openOwner(ctx, c)
	if err != nil {
		return err
	}
	defer p.close()
	// Without the key the audit blocks sealed under it can't be verified any more, so this
	// is the last verification.
	if err := verifyTrail(ctx, p.pool, p.keys, os.Stdout); err != nil {
		return err
	}
	if err := rewriteKeys(c.KeyFile, cardcode.SplitKeys); err != nil {
		return err
	}
	if _, err := p.reloadKeys(ctx); err != nil {
		return err
	}
	if err := p.cards.Codes.RetireKey(ctx, audit.System(), int16(id)); err != nil {
		return err
	}
	err = rewriteKeys(c.KeyFile, func(text []byte) ([]byte, error) { return cardcode.WithoutSealKey(text, int16(id)) }) //nolint:gosec // parsed as 16 bits
	if err != nil {
		return err
	}
	return printAnswer("Key %d is out of use and out of %s. Keep its backup as long as you keep backups of the database from before. Index keys stay.\n", id, c.KeyFile)
}

// keyStatus lists the keys and their use.
func keyStatus(ctx context.Context, c config, out io.Writer) error {
	c.DatabaseURL = secret(c.direct())
	p, err := openParts(ctx, c, "keys", workTimeout)
	if err != nil {
		return err
	}
	defer p.close()
	q := db.New()
	uses, err := q.KeyUse(ctx, p.pool)
	if err != nil {
		return err
	}
	indexes, err := q.IndexKeyUse(ctx, p.pool)
	if err != nil {
		return err
	}
	rotations, err := q.KeyRotationList(ctx, p.pool)
	if err != nil {
		return err
	}
	if err := listKeys(out, uses, rotations, p.keys.Current()); err != nil {
		return err
	}
	fmt.Fprintln(out)
	return listIndexKeys(out, indexes, rotations, p.keys.CurrentIndex())
}

// listKeys lists the sealing keys, the number of values sealed under each, and the progress
// of a rotation. A key with sealed values can't be retired.
func listKeys(out io.Writer, uses []db.KeyUseRow, rotations []db.KeyRotation, current int16) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SEALING KEY\tSINCE\tCARDS\tFILES\tPASSWORDS\tSECOND FACTORS\tWEBHOOKS\tPAIRS\tSTATE")
	for _, use := range uses {
		state := "in use"
		switch {
		case use.RetiredAt != nil:
			state = "retired " + use.RetiredAt.Format(time.DateOnly)
		case use.KeyID == current:
			state = "new cards are sealed under it"
		}
		for _, r := range rotations {
			if r.What == "seal" && r.KeyID == use.KeyID && r.FinishedAt == nil {
				state = fmt.Sprintf("cards are being sealed under it, %d so far", r.Done)
			}
		}
		fmt.Fprintf(table, "%d\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\n", use.KeyID, use.CreatedAt.Format(time.DateOnly),
			use.Cards, use.Files, use.Passwords, use.Secrets, use.Webhooks, use.Pairs, state)
	}
	return table.Flush()
}

// listIndexKeys lists the index keys, the number of cards indexed under each, and the
// progress of a reindexing.
func listIndexKeys(out io.Writer, uses []db.IndexKeyUseRow, rotations []db.KeyRotation, current int16) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "INDEX KEY\tSINCE\tCARDS\tCODES ERASED\tSTATE")
	for _, use := range uses {
		state := "kept: its cards are found by it"
		if use.KeyID == current {
			state = "new cards are found by it"
		}
		for _, r := range rotations {
			if r.What == "index" && r.KeyID == use.KeyID && r.FinishedAt == nil {
				state = fmt.Sprintf("cards are being indexed under it, %d so far", r.Done)
			}
		}
		fmt.Fprintf(table, "%d\t%s\t%d\t%d\t%s\n", use.KeyID, use.CreatedAt.Format(time.DateOnly), use.Cards, use.Cards-use.Opening, state)
	}
	return table.Flush()
}

// rewriteKeys replaces the key file atomically. After a failure the file is either the
// complete old one or the complete new one.
func rewriteKeys(path string, edit func(text []byte) ([]byte, error)) error {
	old, err := os.ReadFile(path) //nolint:gosec // the operator names it
	if err != nil {
		return fmt.Errorf("read the key file: %w", err)
	}
	text, err := edit(old)
	if err != nil {
		return err
	}
	return replaceFile(path, text, syncFolder)
}

// replaceFile replaces the content of a file through a temporary file beside it. settle
// syncs the folder after the rename.
func replaceFile(path string, text []byte, settle func(path string) error) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // for its owner only
	if err != nil {
		return fmt.Errorf("write beside the key file: %w", err)
	}
	defer os.Remove(temp.Name()) //nolint:errcheck // gone already when all went well
	_, err = temp.Write(text)
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err != nil {
		return fmt.Errorf("write beside the key file: %w", err)
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return fmt.Errorf("replace the key file: %w", err)
	}
	return settle(path)
}

// reloadKeys loads the key file, and reports whether the keys changed. A key that is not
// announced in the database is withheld.
func (p *parts) reloadKeys(ctx context.Context) (bool, error) {
	keys, err := readKeys(p.config.KeyFile)
	if err != nil {
		return false, err
	}
	if err := codestore.CheckKeys(ctx, p.pool, keys); err != nil {
		return false, err
	}
	return p.keys.Adopt(keys)
}

// watchEvery is the interval at which the key file is checked for changes.
const watchEvery = 2 * time.Second

// watchKeys loads changes of the key file until ctx ends, so that keys rotate without a
// restart. An invalid file is logged and changes nothing.
func (p *parts) watchKeys(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var seen fs.FileInfo
	if !p.keys.HeldBack() {
		seen, _ = os.Stat(p.config.KeyFile)
	}
	warned := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now, err := os.Stat(p.config.KeyFile)
		if err == nil && seen != nil && os.SameFile(seen, now) && seen.ModTime().Equal(now.ModTime()) && seen.Size() == now.Size() {
			continue
		}
		changed := false
		if err == nil {
			changed, err = p.reloadKeys(ctx)
		}
		switch {
		case err != nil:
			p.log.ErrorContext(ctx, "the key file has changed and can't be used; the old keys stay", slog.Any("error", err))
		case changed:
			p.log.InfoContext(ctx, "new keys are in use", slog.Int("current", int(p.keys.Current())))
		}
		if held := err == nil && p.keys.HeldBack(); held {
			if !warned {
				p.log.WarnContext(ctx, "the key file has a key that is not announced, so nothing is sealed or indexed under it; announce it with: refill keys announce")
			}
			warned, seen = true, nil // the next check reads the file again: the key may be announced by then
		} else if err == nil {
			warned, seen = false, now
		}
	}
}
