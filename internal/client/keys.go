package client

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/staff"
)

// KeyForm is a key that a person asks for.
type KeyForm struct {
	Overlap time.Duration // that keys which work go on working: one of Overlaps
	Proof   staff.Proof   // of the person, for a client that gives out codes of cards
	// Newest is the id of the newest key that the person has seen; 0: there was none. A key
	// that was made since is ErrKeyChanged, so that a form which is sent twice makes one key.
	// Nil: it does not matter.
	Newest *int64
}

// MakeKey makes a key and returns it, once: only its hash is kept. At most two keys of a
// client work at once. The key of a client that gives out codes of cards takes the password of
// the actor (ErrPassword), and, where the settings name a value above which a second person
// approves, a second person (ErrKeyWaits): the actor then asks again once that person has
// approved, within a day, and gets the key with the overlap that was approved. beginner must
// be the pool.
func MakeKey(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64, f KeyForm) (string, error) {
	if !slices.Contains(Overlaps(), f.Overlap) {
		return "", ErrOverlap
	}
	proved, err := prove(ctx, beginner, actor, f.Proof)
	if err != nil {
		return "", err
	}
	text, hash, hint := newKey()
	waits := false
	err = change(ctx, beginner, actor, id, func(tx pgx.Tx, was db.ClientGetForUpdateRow) error {
		if err := checkKeyMaker(ctx, tx, actor, was); err != nil {
			return err
		}
		overlap, approved, err := takeApproved(ctx, tx, actor, was, f.Overlap)
		if err != nil {
			return err
		}
		q := db.New()
		keys, err := q.ClientKeyCount(ctx, tx, id)
		switch {
		case err != nil:
			return fmt.Errorf("count the keys of an API client: %w", err)
		case f.Newest != nil && *f.Newest != keys.Newest:
			return ErrKeyChanged
		case keys.Live > 1 && overlap > 0:
			return ErrTwoKeys
		}
		if isCash(was.Permissions) {
			facts := GrantFacts{Client: id, Name: was.Name, Version: was.Version, Key: true, OverlapHours: int(overlap.Hours()), Rights: rightsOf(was)}
			if waits, err = holdUnless(ctx, tx, actor, proved, approved, facts, was); err != nil || waits {
				return err
			}
		}
		maker := actor.Person()
		if maker == 0 {
			maker = was.OwnerID
		}
		key, err := q.ClientKeyCreate(ctx, tx, db.ClientKeyCreateParams{ClientID: id, Hint: hint, Hash: hash, CreatedBy: maker})
		if err != nil {
			return fmt.Errorf("keep a key: %w", err)
		}
		if err := q.ClientKeyExpire(ctx, tx, db.ClientKeyExpireParams{ClientID: id, Keep: key.ID, Pairs: false, Overlap: overlap}); err != nil {
			return fmt.Errorf("end the keys before: %w", err)
		}
		return act.Record(ctx, tx, actor, KeyMade{ClientID: id, Name: was.Name, KeyID: key.ID, Hint: hint, OverlapHours: int(overlap.Hours())})
	})
	switch {
	case err != nil:
		return "", err
	case waits:
		return "", ErrKeyWaits
	}
	return text, nil
}

// checkKeyMaker refuses to make a key of a disabled client, and to a person who may not act for
// the owner of the client.
func checkKeyMaker(ctx context.Context, tx pgx.Tx, actor audit.Actor, was db.ClientGetForUpdateRow) error {
	if was.DisabledAt != nil {
		return ErrOffClient
	}
	by, err := staff.Powers(ctx, tx, actor)
	if err != nil {
		return err
	}
	_, may, err := ownedBy(ctx, tx, actor, by, was.OwnerID)
	if err == nil && !may {
		return ErrKeyOwner
	}
	return err
}

// RevokeKey ends a key at once.
func RevokeKey(ctx context.Context, beginner db.Beginner, actor audit.Actor, id, keyID int64) error {
	return change(ctx, beginner, actor, id, func(tx pgx.Tx, was db.ClientGetForUpdateRow) error {
		n, err := db.New().ClientKeyRevoke(ctx, tx, db.ClientKeyRevokeParams{ID: keyID, ClientID: id})
		if err != nil {
			return fmt.Errorf("revoke a key: %w", err)
		}
		if n == 0 {
			return ErrKeyGone
		}
		return act.Record(ctx, tx, actor, KeyRevoked{ClientID: id, Name: was.Name, KeyID: keyID})
	})
}

// RevokeExposed ends a key that came in an address, because addresses are kept in the logs
// of proxies. A text that is no key does nothing.
func RevokeExposed(ctx context.Context, beginner db.Beginner, from audit.Actor, text string) error {
	if !wellFormed(text) {
		return nil
	}
	return pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		row, found, err := db.Found(db.New().ClientKeyRevokeByHash(ctx, tx, hashOf(text)))
		if err != nil || !found {
			return err
		}
		return act.Record(ctx, tx, from, KeyExposed{ClientID: row.ClientID, KeyID: row.ID})
	})
}
