package codestore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/jobqueue"
)

// ResealCardsArgs are the arguments of the job that seals all cards under a new sealing key.
type ResealCardsArgs struct {
	KeyID int16 `json:"key_id"`
}

// Kind names the job.
func (ResealCardsArgs) Kind() string { return "reseal_cards" }

// InsertOpts puts the job in the maintenance queue.
func (ResealCardsArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: jobqueue.Maintenance, MaxAttempts: jobqueue.MaxAttempts}
}

// Errors about keys.
var (
	// ErrKeysBehind says that this process lacks an announced key. The request can be repeated.
	ErrKeysBehind = fault.New(fault.Unsettled, "keys_behind", "The portal is taking over new keys. Try again in a minute: the card keeps its value.")

	// ErrKeyNotHere says that the key file of this process lacks the key of a rotation.
	ErrKeyNotHere = errors.New("the key file of this worker lacks the new key; copy it here")

	// errKeyRetired says that a key was retired while a transaction was sealing under it.
	errKeyRetired = errors.New("the key that a file or cards were sealed under was retired meanwhile")

	// ErrOldIndexKey says that new cards are indexed under a key that is no longer the newest.
	ErrOldIndexKey = errors.New("a newer index key was announced meanwhile")
)

// KeysBehind returns ErrKeysBehind if codes may be sealed or indexed under a key that this
// process lacks. A code that such a process does not find may exist, so it must not answer that
// there is no card. The attempt stays charged; otherwise guesses would be free.
func (s *Store) KeysBehind(ctx context.Context) error {
	newest, err := s.q.KeyNewest(ctx, s.db)
	if err != nil {
		return fmt.Errorf("ask for the newest key: %w", err)
	}
	return s.CheckNewest(newest)
}

// CheckNewest is KeysBehind with newest keys that the caller has read.
func (s *Store) CheckNewest(newest db.KeyNewestRow) error {
	if (newest.Seal != 0 && !s.keys.Has(newest.Seal)) || (newest.Index != 0 && !s.keys.HasIndex(newest.Index)) { // 0: nothing was announced yet
		return ErrKeysBehind
	}
	return nil
}

// HoldKey prevents that a sealing key is retired before the caller's transaction ends. Call it
// before writing anything that is sealed under the key. It returns an error if the key is
// retired already.
func (s *Store) HoldKey(ctx context.Context, tx pgx.Tx, keyID int16) error {
	retired, err := s.q.KeyShare(ctx, tx, keyID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // a key that is not announced can't be retired
	}
	if err != nil {
		return fmt.Errorf("hold a key: %w", err)
	}
	if retired {
		return errKeyRetired
	}
	return nil
}

// CheckIndexKey returns ErrOldIndexKey if indexKeyID is not the newest announced index key.
// Call it after HoldKey: AnnounceKeys then waits for the caller's transaction.
func (s *Store) CheckIndexKey(ctx context.Context, tx pgx.Tx, indexKeyID int16) error {
	newest, err := s.q.IndexKeyNewest(ctx, tx)
	if err != nil {
		return fmt.Errorf("ask for the newest index key: %w", err)
	}
	if indexKeyID < newest {
		return ErrOldIndexKey
	}
	return nil
}

// The kinds of rotations: what they change of each card.
const (
	rotateSeal  = "seal"
	rotateIndex = "index"
)

// StartRotation queues the job that seals every card under the newest announced sealing key,
// and returns the id of that key. A second start of the same key changes nothing. Its errors
// are those of CheckKeys.
func (s *Store) StartRotation(ctx context.Context, actor audit.Actor) (keyID int16, err error) {
	keyID = s.keys.Current()
	return keyID, s.startRotation(ctx, actor, rotateSeal, keyID, ResealCardsArgs{KeyID: keyID}, RotationStarted{Key: keyID})
}

func (s *Store) startRotation(ctx context.Context, actor audit.Actor, what string, keyID int16, args river.JobArgs, started act.Act) error {
	if err := CheckKeys(ctx, s.db, s.keys); err != nil {
		return err
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		n, err := s.q.KeyRotationStart(ctx, tx, db.KeyRotationStartParams{What: what, KeyID: keyID})
		if err != nil || n == 0 {
			return err
		}
		job, err := s.jobs.InsertTx(ctx, tx, args, nil)
		if err != nil {
			return fmt.Errorf("queue a rotation of keys: %w", err)
		}
		if err := s.q.KeyRotationSetJob(ctx, tx, db.KeyRotationSetJobParams{What: what, KeyID: keyID, JobID: &job.Job.ID}); err != nil {
			return fmt.Errorf("note the job of a rotation: %w", err)
		}
		return act.Record(ctx, tx, actor, started)
	})
}

// rotatePage is the number of cards that one transaction seals or indexes. A redemption of one
// of these cards waits for the transaction.
const rotatePage = 2000

// rotation is a pass over all cards under a new key. change processes a page and returns the
// number of changed cards. left reports whether cards of older keys are left.
type rotation struct {
	what   string
	keyID  int16
	change func(ctx context.Context, tx pgx.Tx, page []db.KeyRotationPageRow) (changed int64, err error)
	left   func(ctx context.Context, tx pgx.Tx) (bool, error)
}

// Reseal seals the remaining cards of older keys under the key keyID. It returns
// jobqueue.ErrYield after jobqueue.RunFor if cards are left, and ErrKeyNotHere if this process
// lacks the key. It may be killed at any point: the next run continues after the last committed
// page, and each card is always sealed under exactly one key. The index of a card is not
// changed.
func (s *Store) Reseal(ctx context.Context, keyID int16, now func() time.Time, complete jobqueue.Completer) error {
	if !s.keys.Has(keyID) {
		return ErrKeyNotHere
	}
	return s.rotate(ctx, rotation{
		what: rotateSeal, keyID: keyID,
		change: func(ctx context.Context, tx pgx.Tx, page []db.KeyRotationPageRow) (int64, error) {
			return s.resealCards(ctx, tx, keyID, page)
		},
		left: func(ctx context.Context, tx pgx.Tx) (bool, error) { return s.q.KeyRotationSealLeft(ctx, tx, keyID) },
	}, now, complete)
}

// rotate processes the cards, one page a transaction.
func (s *Store) rotate(ctx context.Context, r rotation, now func() time.Time, complete jobqueue.Completer) error {
	for start := now(); ; {
		done, err := s.rotatePage(ctx, r, complete)
		if err != nil || done {
			return err
		}
		if now().Sub(start) >= jobqueue.RunFor {
			return jobqueue.ErrYield
		}
	}
}

// rotatePage processes one page of cards. At the end of the table it restarts from the
// beginning if cards of older keys are left, which were inserted behind the cursor. Otherwise
// it finishes the rotation and its job, and returns true.
func (s *Store) rotatePage(ctx context.Context, r rotation, complete jobqueue.Completer) (done bool, err error) {
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		at, err := s.q.KeyRotationLock(ctx, tx, db.KeyRotationLockParams{What: r.what, KeyID: r.keyID})
		if err != nil {
			return fmt.Errorf("lock a rotation: %w", err)
		}
		page, err := s.q.KeyRotationPage(ctx, tx, db.KeyRotationPageParams{AfterSeries: at.AfterSeries, AfterSerial: at.AfterSerial, Size: rotatePage})
		if err != nil {
			return fmt.Errorf("read cards of older keys: %w", err)
		}
		next := db.KeyRotationAdvanceParams{What: r.what, KeyID: r.keyID}
		if len(page) > 0 {
			last := page[len(page)-1]
			next.AfterSeries, next.AfterSerial = last.SeriesID, last.Serial
			if next.Done, err = r.change(ctx, tx, page); err != nil {
				return err
			}
			return s.q.KeyRotationAdvance(ctx, tx, next)
		}
		left, err := r.left(ctx, tx)
		if err != nil {
			return fmt.Errorf("look for cards of older keys: %w", err)
		}
		if left {
			return s.q.KeyRotationAdvance(ctx, tx, next)
		}
		done = true
		if err := s.q.KeyRotationFinish(ctx, tx, db.KeyRotationFinishParams{What: r.what, KeyID: r.keyID}); err != nil {
			return fmt.Errorf("finish a rotation: %w", err)
		}
		var ended act.Act = RotationFinished{KeyRef{r.keyID}, at.Done}
		if r.what == rotateIndex {
			short, err := s.q.ReadingOldShort(ctx, tx, r.keyID)
			if err != nil {
				return fmt.Errorf("count short codes under older keys: %w", err)
			}
			ended = ReindexFinished{KeyRef{r.keyID}, at.Done, short}
		}
		if err := act.Record(ctx, tx, audit.System(), ended); err != nil {
			return err
		}
		return complete(ctx, tx)
	})
	return done, err
}

// resealCards opens the codes of a page of cards and seals them and their short codes under
// the new key. It returns the number of cards.
func (s *Store) resealCards(ctx context.Context, tx pgx.Tx, keyID int16, page []db.KeyRotationPageRow) (int64, error) {
	p := db.KeyRotationSealParams{KeyID: keyID}
	draw := &cardcode.Drawer{}
	for _, row := range page {
		if row.KeyID == keyID || len(row.CodeSealed) == 0 { // sealed already, or erased
			continue
		}
		code, err := s.Open(row.SeriesID, row.KeyID, row.Serial, row.CodeSealed)
		if err != nil {
			return 0, err
		}
		is, err := s.keys.Sealer(keyID, row.SeriesID)
		if err != nil {
			return 0, err
		}
		p.SeriesIds, p.Serials = append(p.SeriesIds, row.SeriesID), append(p.Serials, row.Serial)
		p.CodesSealed = append(p.CodesSealed, is.Append(nil, code, row.Serial, draw))
	}
	if err := s.resealShorts(ctx, tx, keyID, page); err != nil {
		return 0, err
	}
	if len(p.Serials) == 0 {
		return 0, nil
	}
	if err := s.q.KeyRotationSeal(ctx, tx, p); err != nil {
		return 0, fmt.Errorf("seal cards again: %w", err)
	}
	return int64(len(p.Serials)), nil
}
