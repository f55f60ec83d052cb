package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
)

// rotateKeys adds a key to the key file and has a worker seal every card under
// it, while the portal runs.
func rotateKeys(ctx context.Context, c config) error {
	p, err := openParts(ctx, c, "keys", workTimeout)
	if err != nil {
		return err
	}
	defer p.pool.Close()
	rotations, err := db.New().KeyRotationList(ctx, p.pool)
	if err != nil {
		return err
	}
	for _, r := range rotations {
		if r.FinishedAt == nil {
			return fmt.Errorf("the rotation to key %d has not finished yet (see: refill keys status)", r.KeyID)
		}
	}
	old := p.keys.Current()
	err = rewriteKeys(c.KeyFile, func(text []byte) ([]byte, error) {
		out := bytes.NewBuffer(append(bytes.TrimRight(text, "\n"), '\n'))
		err := card.WriteNewKey(out, old+1)
		return out.Bytes(), err
	})
	if err != nil {
		return err
	}
	if _, err := p.reloadKeys(ctx); err != nil {
		return err
	}
	if _, err := p.cards.StartRotation(ctx, audit.System()); err != nil {
		return err
	}
	return say("Key %d stands in %s. Back the file up now, and copy it to every machine that serves or works; running processes take it over within seconds.\n"+
		"A worker seals the cards under it: refill keys status tells how far it is. When it has finished, refill keys retire %d gives the old key up.\n",
		old+1, c.KeyFile, old)
}

// retireKey gives up a key under which no card is sealed any more.
func retireKey(ctx context.Context, c config, which string) error {
	id, err := strconv.ParseInt(which, 10, 16)
	if err != nil {
		return errors.New("say which key: refill keys retire ID [-file FILE]")
	}
	p, err := openParts(ctx, c, "keys", workTimeout)
	if err != nil {
		return err
	}
	defer p.pool.Close()
	// With the key goes what the blocks under it could be verified by: look once more.
	if err := verifyTrail(ctx, p.pool, p.keys, os.Stdout); err != nil {
		return err
	}
	if err := p.cards.RetireKey(ctx, audit.System(), int16(id)); err != nil {
		return err
	}
	err = rewriteKeys(c.KeyFile, func(text []byte) ([]byte, error) {
		var out bytes.Buffer
		for line := range bytes.Lines(text) {
			if first, _, _ := strings.Cut(strings.TrimSpace(string(line)), " "); first != which {
				out.Write(line)
			}
		}
		return out.Bytes(), nil
	})
	if err != nil {
		return err
	}
	return say("Key %d is out of use and out of %s. Keep its backup as long as you keep backups of the database from before.\n", id, c.KeyFile)
}

// keyStatus says how the keys are used.
func keyStatus(ctx context.Context, c config, out io.Writer) error {
	p, err := openParts(ctx, c, "keys", workTimeout)
	if err != nil {
		return err
	}
	defer p.pool.Close()
	q := db.New()
	uses, err := q.KeyUse(ctx, p.pool)
	if err != nil {
		return err
	}
	rotations, err := q.KeyRotationList(ctx, p.pool)
	if err != nil {
		return err
	}
	return listKeys(out, uses, rotations, p.keys.Current())
}

// listKeys lists the keys, what needs each, which is what keeps it from being
// retired, and how far a rotation is.
func listKeys(out io.Writer, uses []db.KeyUseRow, rotations []db.KeyRotation, current int16) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "KEY\tSINCE\tCARDS\tPRINTED ONCE\tFILES\tPASSWORDS\tSECOND FACTORS\tSTATE")
	for _, use := range uses {
		state := "in use"
		switch {
		case use.RetiredAt != nil:
			state = "retired " + use.RetiredAt.Format(time.DateOnly)
		case use.KeyID == current:
			state = "new cards are sealed under it"
		}
		for _, r := range rotations {
			if r.KeyID == use.KeyID && r.FinishedAt == nil {
				state = fmt.Sprintf("cards are being sealed under it, %d so far", r.Done)
			}
		}
		fmt.Fprintf(table, "%d\t%s\t%d\t%d\t%d\t%d\t%d\t%s\n", use.KeyID, use.CreatedAt.Format(time.DateOnly),
			use.Cards, use.PrintedOnce, use.Files, use.Passwords, use.Secrets, state)
	}
	return table.Flush()
}

// rewriteKeys changes the key file so that, whatever happens, the old one or the
// new one is there, whole.
func rewriteKeys(path string, edit func(text []byte) ([]byte, error)) error {
	old, err := os.ReadFile(path) //nolint:gosec // the operator names it
	if err != nil {
		return fmt.Errorf("read the key file: %w", err)
	}
	text, err := edit(old)
	if err != nil {
		return err
	}
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
	return nil
}

// reloadKeys takes over what the key file holds now, announcing new keys in the
// database first.
func (p *parts) reloadKeys(ctx context.Context) (bool, error) {
	keys, err := readKeys(p.config.KeyFile)
	if err != nil {
		return false, err
	}
	if err := card.CheckKeys(ctx, p.pool, keys); err != nil {
		return false, err
	}
	return p.keys.Adopt(keys)
}

// watchEvery is how often the key file is looked at.
const watchEvery = 2 * time.Second

// watchKeys takes over changes of the key file until ctx ends, so that keys
// rotate without a restart. A file that can't be used is told in the log and
// changes nothing.
func (p *parts) watchKeys(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	seen, _ := os.Stat(p.config.KeyFile)
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
		if err == nil {
			seen = now
		}
	}
}
