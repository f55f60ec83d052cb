package codestore

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"refill/internal/cardcode"
	"refill/internal/db"
)

// A canary row announces a key to all processes and tells a wrong key file from the right
// one. It holds a known text that is sealed under a sealing key, or its MAC under an index
// key. Only the owner of the tables may write canary rows.

// ErrNotAnnounced says that a database has canary rows of none of the keys of a key file.
var ErrNotAnnounced = errors.New("the keys of the key file are not announced in this database; run: refill migrate, with REFILL_KEY_FILE set, as the user who owns the tables")

// announced holds the ids of the keys that have canary rows.
type announced struct {
	seals   map[int16]bool
	indexes map[int16]bool // false: the row of an earlier version, which has no MAC yet
}

// CheckKeys returns an error if the keyring does not belong to this database: each canary row
// must match a key of the keyring. It limits the keyring to the announced keys, so that nothing
// is sealed or indexed under a key without a canary row. If no key is announced, it returns
// ErrNotAnnounced. It writes nothing to the database.
func CheckKeys(ctx context.Context, dbtx db.DBTX, k *cardcode.Keyring) error {
	set := k.Load()
	known, err := checkCanaries(ctx, dbtx, set)
	if err != nil {
		return err
	}
	var seal, index int16
	for _, id := range set.SealIDs() {
		if known.seals[id] {
			seal = id
		}
	}
	for _, id := range set.IndexIDs() {
		// In earlier versions the row of the sealing key announced the index key too.
		if _, there := known.indexes[id]; there || (set.IsCombined(id) && known.seals[id]) {
			index = id
		}
	}
	if seal == 0 || index == 0 {
		return ErrNotAnnounced
	}
	set.Limit(seal, index)
	return nil
}

// checkCanaries checks the canary rows against the keys of a key file.
func checkCanaries(ctx context.Context, dbtx db.DBTX, set cardcode.KeySnapshot) (announced, error) {
	q := db.New()
	known := announced{map[int16]bool{}, map[int16]bool{}}
	rows, err := q.KeyCanaryList(ctx, dbtx)
	if err != nil {
		return known, fmt.Errorf("read the canaries of the sealing keys: %w", err)
	}
	for _, row := range rows {
		if !slices.Contains(set.SealIDs(), row.KeyID) {
			return known, fmt.Errorf("this database has codes sealed under key %d, which the key file lacks; point REFILL_KEY_FILE at the right file, or put the key back from its backup", row.KeyID)
		}
		opens, err := set.OpensCanary(row.KeyID, row.Sealed)
		if err != nil {
			return known, err
		}
		if !opens {
			return known, fmt.Errorf("key %d of the key file is not the key that this database's codes are sealed under; point REFILL_KEY_FILE at the right file", row.KeyID)
		}
		known.seals[row.KeyID] = true
	}
	indexes, err := q.IndexCanaryList(ctx, dbtx)
	if err != nil {
		return known, fmt.Errorf("read the canaries of the index keys: %w", err)
	}
	for _, row := range indexes {
		if !slices.Contains(set.IndexIDs(), row.KeyID) {
			return known, fmt.Errorf("this database has codes that are found by index key %d, which the key file lacks; point REFILL_KEY_FILE at the right file, or put the line back from its backup", row.KeyID)
		}
		mac, err := set.IndexCanary(row.KeyID)
		if err != nil {
			return known, err
		}
		if len(row.Mac) > 0 && !hmac.Equal(mac, row.Mac) {
			return known, fmt.Errorf("index key %d of the key file is not the key that this database's codes are found by; point REFILL_KEY_FILE at the right file", row.KeyID)
		}
		known.indexes[row.KeyID] = len(row.Mac) > 0
	}
	return known, nil
}

// AnnounceKeys writes canary rows for the new keys of a key file, so that processes use them.
// The connection must be that of the owner of the tables. AnnounceKeys waits for transactions
// that are writing cards under older keys. Its errors are those of CheckKeys.
func AnnounceKeys(ctx context.Context, owner db.Beginner, k *cardcode.Keyring) error {
	err := pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error { return announce(ctx, tx, k) })
	if err != nil {
		return err
	}
	return CheckKeys(ctx, owner, k)
}

func announce(ctx context.Context, tx pgx.Tx, k *cardcode.Keyring) error {
	q := db.New()
	if err := q.KeyCanaryLock(ctx, tx); err != nil {
		return fmt.Errorf("lock the canaries: %w", err)
	}
	set := k.Load()
	known, err := checkCanaries(ctx, tx, set)
	if err != nil {
		return err
	}
	for _, id := range set.SealIDs() {
		if known.seals[id] {
			continue
		}
		sealed, err := set.SealCanary(id)
		if err != nil {
			return err
		}
		if err := q.KeyCanaryCreate(ctx, tx, db.KeyCanaryCreateParams{KeyID: id, Sealed: sealed}); err != nil {
			return fmt.Errorf("announce key %d: %w", id, err)
		}
	}
	for _, id := range set.IndexIDs() {
		if known.indexes[id] {
			continue
		}
		mac, err := set.IndexCanary(id)
		if err != nil {
			return err
		}
		if err := q.IndexCanaryPut(ctx, tx, db.IndexCanaryPutParams{KeyID: id, Mac: mac}); err != nil {
			return fmt.Errorf("announce index key %d: %w", id, err)
		}
	}
	return nil
}
