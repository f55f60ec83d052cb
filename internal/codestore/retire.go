package codestore

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
)

// RetireKey takes a sealing key out of use. The caller removes it from the key file afterwards.
// It returns an error if anything is sealed under the key, if the key is the newest one, or if
// the key file has no separate, announced line for the index key with the same id, which stays
// in use.
func (s *Store) RetireKey(ctx context.Context, actor audit.Actor, keyID int16) error {
	if keyID == s.keys.Current() {
		return fmt.Errorf("key %d is the one that new cards are sealed under; make another first with: refill keys rotate", keyID)
	}
	if s.keys.IndexIsCombined(keyID) {
		return fmt.Errorf("cards are found by an index key that only the line of key %d holds; refill keys retire writes it as a line of its own first", keyID)
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		missing, err := s.q.IndexCanaryMissing(ctx, tx, keyID)
		if err != nil {
			return fmt.Errorf("look for the canary of an index key: %w", err)
		}
		if missing {
			return fmt.Errorf("index key %d is not announced, so a process without it would not miss it; run: refill migrate, with REFILL_KEY_FILE set", keyID)
		}
		if err := s.q.KeyLock(ctx, tx, keyID); err != nil {
			return fmt.Errorf("lock a key: %w", err)
		}
		uses, err := s.q.KeyUse(ctx, tx)
		if err != nil {
			return fmt.Errorf("count the cards of each key: %w", err)
		}
		for _, use := range uses {
			if use.KeyID == keyID && use.Cards > 0 {
				return fmt.Errorf("%d cards are still sealed under key %d; wait until the rotation has finished (refill keys status)", use.Cards, keyID)
			}
			if use.KeyID == keyID && use.Secrets > 0 {
				return fmt.Errorf("the second factors of %d members of staff are still sealed under key %d; a worker seals them again within a minute, then try again", use.Secrets, keyID)
			}
			if use.KeyID == keyID && use.Passwords > 0 {
				return fmt.Errorf("the passwords of %d files that are being made are still sealed under key %d; a worker seals them again within a minute, then try again", use.Passwords, keyID)
			}
			if use.KeyID == keyID && use.Webhooks > 0 {
				return fmt.Errorf("the secrets of %d webhook endpoints are still sealed under key %d; a worker seals them again within a minute, then try again", use.Webhooks, keyID)
			}
			if use.KeyID == keyID && use.Pairs > 0 {
				return fmt.Errorf("the secrets of %d pairs of API clients are still sealed under key %d; a worker seals them again within a minute, then try again", use.Pairs, keyID)
			}
			if use.KeyID == keyID && use.Files > 0 {
				return fmt.Errorf("%d kept files are still sealed under key %d; they go when they expire, or when their import has ended; then try again", use.Files, keyID)
			}
		}
		now, err := s.q.DatabaseNow(ctx, tx)
		if err != nil {
			return fmt.Errorf("ask for the time: %w", err)
		}
		if err := audit.Anchor(ctx, tx, s.keys, now); err != nil {
			return err
		}
		n, err := s.q.KeyRetire(ctx, tx, keyID)
		if err != nil {
			return fmt.Errorf("retire a key: %w", err)
		}
		if n == 0 {
			return fmt.Errorf("there is no key %d in use", keyID)
		}
		return act.Record(ctx, tx, actor, KeyRetired{Key: keyID})
	})
}
