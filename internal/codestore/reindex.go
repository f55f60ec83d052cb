package codestore

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/jobqueue"
)

// ReindexCardsArgs are the arguments of the job that indexes all cards under a new index key.
type ReindexCardsArgs struct {
	KeyID int16 `json:"key_id"`
}

// Kind names the job.
func (ReindexCardsArgs) Kind() string { return "reindex_cards" }

// InsertOpts puts the job in the maintenance queue.
func (ReindexCardsArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: jobqueue.Maintenance, MaxAttempts: jobqueue.MaxAttempts}
}

// StartReindexing queues the job that indexes cards under the newest announced index key, and
// returns the id of that key. It answers a leaked index key: with that key and a copy of the
// database, codes can be guessed offline. The old key stays in use for cards with erased codes.
// A second start of the same key changes nothing. Its errors are those of CheckKeys.
func (s *Store) StartReindexing(ctx context.Context, actor audit.Actor) (keyID int16, err error) {
	keyID = s.keys.CurrentIndex()
	return keyID, s.startRotation(ctx, actor, rotateIndex, keyID, ReindexCardsArgs{KeyID: keyID}, ReindexStarted{Key: keyID})
}

// Reindex indexes the remaining cards of older index keys under the key keyID. Cards with
// erased codes stay under their key. It returns jobqueue.ErrYield after jobqueue.RunFor if
// cards are left, and ErrKeyNotHere if this process lacks the key. Like Reseal it may be
// killed at any point.
func (s *Store) Reindex(ctx context.Context, keyID int16, now func() time.Time, complete jobqueue.Completer) error {
	if !s.keys.HasIndex(keyID) {
		return ErrKeyNotHere
	}
	return s.rotate(ctx, rotation{
		what: rotateIndex, keyID: keyID,
		change: func(ctx context.Context, tx pgx.Tx, page []db.KeyRotationPageRow) (int64, error) {
			return s.reindexCards(ctx, tx, keyID, page)
		},
		left: func(ctx context.Context, tx pgx.Tx) (bool, error) { return s.q.KeyRotationIndexLeft(ctx, tx, keyID) },
	}, now, complete)
}

// reindexCards opens the codes of a page of cards and indexes them and their further readings
// under the new key. It returns the number of cards.
func (s *Store) reindexCards(ctx context.Context, tx pgx.Tx, keyID int16, page []db.KeyRotationPageRow) (int64, error) {
	index, err := s.keys.Indexer(keyID)
	if err != nil {
		return 0, err
	}
	ends, err := s.keys.Ender(keyID)
	if err != nil {
		return 0, err
	}
	p := db.KeyRotationIndexParams{KeyID: keyID}
	var opened []openedCard
	for _, row := range page {
		if row.IndexKeyID == keyID || len(row.CodeSealed) == 0 { // indexed already, or erased
			continue
		}
		code, err := s.Open(row.SeriesID, row.KeyID, row.Serial, row.CodeSealed)
		if err != nil {
			return 0, err
		}
		p.SeriesIds, p.Serials = append(p.SeriesIds, row.SeriesID), append(p.Serials, row.Serial)
		p.CodeIndexes = append(p.CodeIndexes, index.Append(nil, code))
		opened = append(opened, openedCard{row.SeriesID, row.Serial, code})
		p.LastFours = append(p.LastFours, ends.Hash(code.LastFour()))
	}
	if len(p.Serials) == 0 {
		return 0, nil
	}
	if err := s.q.KeyRotationIndex(ctx, tx, p); err != nil {
		return 0, fmt.Errorf("index cards again: %w", err)
	}
	if err := s.reindexReadings(ctx, tx, keyID, opened, page); err != nil {
		return 0, err
	}
	return int64(len(p.Serials)), nil
}
