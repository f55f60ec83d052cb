package card

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/db"
)

// A canary row announces a key to all processes, and tells a wrong key file from the
// right one: a known text sealed under each sealing key, and its MAC under each index key.
// Only the tables' owner may write one.
const (
	canaryText   = "REFILL-CANARY"
	canarySerial = 0 // with canarySeries, no card's
	canarySeries = 0
)

// ErrNotAnnounced says that a database has heard of none of the keys of a key file.
var ErrNotAnnounced = errors.New("the keys of the key file are not announced in this database; run: refill migrate, with REFILL_KEY_FILE set, as the user who owns the tables")

// mac is the canary of an index key.
func (k indexKey) canary() ([]byte, error) {
	key, err := k.derive("index canary")
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(canaryText))
	return mac.Sum(nil), nil
}

// announced is which keys have canary rows, each with the row that must be written.
type announced struct {
	seals   map[int16]bool
	indexes map[int16]bool // false: the row is from before there were index keys, and holds no MAC
}

// CheckKeys refuses a keyring that is not this database's: every canary row must be of
// one of its keys. A key of the file that has no row yet is held back: nothing is sealed
// or indexed under it. It writes nothing.
func CheckKeys(ctx context.Context, dbtx db.DBTX, k *Keyring) error {
	set := k.keys.Load()
	known, err := k.checkCanaries(ctx, dbtx, set)
	if err != nil {
		return err
	}
	var seal, index int16
	for _, id := range ids(set.seals) {
		if known.seals[id] {
			seal = id
		}
	}
	for _, id := range ids(set.indexes) {
		// Before there were index keys, the row of the sealing key stood for both.
		if _, there := known.indexes[id]; there || (set.combined[id] && known.seals[id]) {
			index = id
		}
	}
	if seal == 0 || index == 0 {
		return ErrNotAnnounced
	}
	k.limit(set, seal, index)
	return nil
}

// checkCanaries holds the canary rows against the keys of a set.
func (k *Keyring) checkCanaries(ctx context.Context, dbtx db.DBTX, set *keySet) (announced, error) {
	q := db.New()
	known := announced{map[int16]bool{}, map[int16]bool{}}
	rows, err := q.KeyCanaryList(ctx, dbtx)
	if err != nil {
		return known, fmt.Errorf("read the canaries of the sealing keys: %w", err)
	}
	for _, row := range rows {
		if _, there := set.seals[row.KeyID]; !there {
			return known, fmt.Errorf("this database has codes sealed under key %d, which the key file lacks; point REFILL_KEY_FILE at the right file, or put the key back from its backup", row.KeyID)
		}
		s, err := k.sealer(row.KeyID, canarySeries)
		if err != nil {
			return known, err
		}
		if code, err := s.open(row.Sealed, canarySerial); err != nil || code.symbols != canaryText {
			return known, fmt.Errorf("key %d of the key file is not the key that this database's codes are sealed under; point REFILL_KEY_FILE at the right file", row.KeyID)
		}
		known.seals[row.KeyID] = true
	}
	indexes, err := q.IndexCanaryList(ctx, dbtx)
	if err != nil {
		return known, fmt.Errorf("read the canaries of the index keys: %w", err)
	}
	for _, row := range indexes {
		key, there := set.indexes[row.KeyID]
		if !there {
			return known, fmt.Errorf("this database has codes that are found by index key %d, which the key file lacks; point REFILL_KEY_FILE at the right file, or put the line back from its backup", row.KeyID)
		}
		mac, err := key.canary()
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

// AnnounceKeys enters the keys of a key file that the database has not heard of, so that
// processes use them. Only a connection as the tables' owner may. Cards that are being
// made under older keys are entered first: it waits for them.
func AnnounceKeys(ctx context.Context, owner db.Beginner, k *Keyring) error {
	err := pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error { return k.announce(ctx, tx) })
	if err != nil {
		return err
	}
	return CheckKeys(ctx, owner, k)
}

func (k *Keyring) announce(ctx context.Context, tx pgx.Tx) error {
	q := db.New()
	if err := q.KeyCanaryLock(ctx, tx); err != nil {
		return fmt.Errorf("lock the canaries: %w", err)
	}
	set := k.keys.Load()
	known, err := k.checkCanaries(ctx, tx, set)
	if err != nil {
		return err
	}
	for _, id := range ids(set.seals) {
		if known.seals[id] {
			continue
		}
		s, err := k.sealer(id, canarySeries)
		if err != nil {
			return err
		}
		sealed := s.append(nil, Code{canaryText}, canarySerial, &drawer{})
		if err := q.KeyCanaryCreate(ctx, tx, db.KeyCanaryCreateParams{KeyID: id, Sealed: sealed}); err != nil {
			return fmt.Errorf("announce key %d: %w", id, err)
		}
	}
	for _, id := range ids(set.indexes) {
		if known.indexes[id] {
			continue
		}
		mac, err := set.indexes[id].canary()
		if err != nil {
			return err
		}
		if err := q.IndexCanaryPut(ctx, tx, db.IndexCanaryPutParams{KeyID: id, Mac: mac}); err != nil {
			return fmt.Errorf("announce index key %d: %w", id, err)
		}
	}
	return nil
}
