package card

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"refill/internal/audit"
	"refill/internal/db"
)

// ReindexCardsArgs asks for every card whose code opens to be indexed under a new index
// key.
type ReindexCardsArgs struct {
	KeyID int16 `json:"key_id"`
}

// Kind names the job.
func (ReindexCardsArgs) Kind() string { return "reindex_cards" }

// InsertOpts puts the job where it holds up neither series nor files.
func (ReindexCardsArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueMaintenance, MaxAttempts: maxAttempts}
}

// StartReindexing queues the job that indexes cards under the keyring's newest index key,
// which is announced. It is for an index key that others may have: who has it and a copy
// of the database can try codes at their own desk. The old key stays for the cards whose
// codes are erased. Started twice it goes on where it is.
func (s *Service) StartReindexing(ctx context.Context, actor audit.Actor) (keyID int16, err error) {
	keyID = s.keys.CurrentIndex()
	return keyID, s.startRotation(ctx, actor, rotateIndex, keyID, ReindexCardsArgs{KeyID: keyID}, "keys.reindex_started")
}

// Reindex indexes the cards that are left under older index keys, as far as their codes
// open, and returns ErrYield where others should have their turn. It may be killed
// anywhere, as Reseal.
func (s *Service) Reindex(ctx context.Context, keyID int16, now func() time.Time, complete Completer) error {
	if !s.keys.HasIndex(keyID) {
		return ErrKeyNotHere
	}
	return s.rotate(ctx, rotation{
		what: rotateIndex, keyID: keyID, ended: "keys.reindex_finished",
		change: func(ctx context.Context, tx pgx.Tx, page []db.KeyRotationPageRow) (int64, error) {
			return s.reindexCards(ctx, tx, keyID, page)
		},
		left: func(ctx context.Context, tx pgx.Tx) (bool, error) { return s.q.KeyRotationIndexLeft(ctx, tx, keyID) },
	}, now, complete)
}

// reindexCards opens the cards of a page and indexes them, and their further readings,
// under the new key.
func (s *Service) reindexCards(ctx context.Context, tx pgx.Tx, keyID int16, page []db.KeyRotationPageRow) (int64, error) {
	index, err := s.keys.indexer(keyID)
	if err != nil {
		return 0, err
	}
	ends, err := s.keys.ender(keyID)
	if err != nil {
		return 0, err
	}
	p := db.KeyRotationIndexParams{KeyID: keyID}
	var opened []openedCard
	for _, row := range page {
		if row.IndexKeyID == keyID || len(row.CodeSealed) == 0 { // indexed already, or erased
			continue
		}
		code, err := s.open(row.SeriesID, row.KeyID, row.Serial, row.CodeSealed)
		if err != nil {
			return 0, err
		}
		p.SeriesIds, p.Serials = append(p.SeriesIds, row.SeriesID), append(p.Serials, row.Serial)
		p.CodeIndexes = append(p.CodeIndexes, index.append(nil, code))
		opened = append(opened, openedCard{row.SeriesID, row.Serial, code})
		p.LastFours = append(p.LastFours, ends.hash(code.lastFour()))
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
