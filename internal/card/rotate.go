package card

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// ResealCardsArgs asks for every card to be sealed under a new sealing key.
type ResealCardsArgs struct {
	KeyID int16 `json:"key_id"`
}

// Kind names the job.
func (ResealCardsArgs) Kind() string { return "reseal_cards" }

// InsertOpts puts the job where it holds up neither series nor files.
func (ResealCardsArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueMaintenance, MaxAttempts: maxAttempts}
}

// What a rotation can be refused with.
var (
	ErrKeysBehind = fault.New(fault.Unsettled, "keys_behind", "The portal is taking over new keys. Try again in a minute: the card keeps its value.")

	// ErrKeyNotHere says that this process has not taken the new key over yet.
	ErrKeyNotHere = errors.New("the key file of this worker lacks the new key; copy it here")

	// errKeyRetired says that a file was being sealed while its key was given up.
	errKeyRetired = errors.New("the key that a file or cards were sealed under was retired meanwhile")

	// errOldIndexKey says that cards were indexed under a key that is no longer the newest.
	errOldIndexKey = errors.New("a newer index key was announced meanwhile")
)

// keysBehind reports that codes may be sealed or indexed under a key which this process
// has not heard of yet: what it does not find may be there all the same, so it must
// not say no. It must not say it for nothing either: what was charged stays charged.
func (s *Service) keysBehind(ctx context.Context) error {
	newest, err := s.q.KeyNewest(ctx, s.db)
	if err != nil {
		return fmt.Errorf("ask for the newest key: %w", err)
	}
	if (newest.Seal != 0 && !s.keys.Has(newest.Seal)) || (newest.Index != 0 && !s.keys.HasIndex(newest.Index)) { // 0: nothing was announced yet
		return ErrKeysBehind
	}
	return nil
}

// holdKey keeps the key that a file or cards are sealed under from being retired
// before the caller's transaction has entered them.
func (s *Service) holdKey(ctx context.Context, tx pgx.Tx, keyID int16) error {
	retired, err := s.q.KeyShare(ctx, tx, keyID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // not announced: so it can't be retired either
	}
	if err != nil {
		return fmt.Errorf("hold a key: %w", err)
	}
	if retired {
		return errKeyRetired
	}
	return nil
}

// checkIndexKey refuses new cards that are not indexed under the newest index key. Call it
// after holdKey: a key that is announced later waits for the caller's transaction.
func (s *Service) checkIndexKey(ctx context.Context, tx pgx.Tx, indexKeyID int16) error {
	newest, err := s.q.IndexKeyNewest(ctx, tx)
	if err != nil {
		return fmt.Errorf("ask for the newest index key: %w", err)
	}
	if indexKeyID < newest {
		return errOldIndexKey
	}
	return nil
}

// What a rotation changes of every card.
const (
	rotateSeal  = "seal"
	rotateIndex = "index"
)

// StartRotation queues the job that seals every card under the keyring's newest key,
// which is announced. Started twice it goes on where it is.
func (s *Service) StartRotation(ctx context.Context, actor audit.Actor) (keyID int16, err error) {
	keyID = s.keys.Current()
	return keyID, s.startRotation(ctx, actor, rotateSeal, keyID, ResealCardsArgs{KeyID: keyID}, "keys.rotation_started")
}

func (s *Service) startRotation(ctx context.Context, actor audit.Actor, what string, keyID int16, args river.JobArgs, action string) error {
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
		return audit.Record(ctx, tx, actor, audit.Entry{Action: action, Detail: map[string]any{"key": keyID}})
	})
}

// rotatePage is how many cards are sealed or indexed in one transaction: a redemption of
// one of them waits that long.
const rotatePage = 2000

// rotation is a pass over all cards under a new key.
type rotation struct {
	what   string
	keyID  int16
	ended  string // audit action
	change func(ctx context.Context, tx pgx.Tx, page []db.KeyRotationPageRow) (changed int64, err error)
	left   func(ctx context.Context, tx pgx.Tx) (bool, error)
}

// Reseal seals the cards that are left under older keys and returns ErrYield where
// others should have their turn. Killed anywhere, the next run goes on at the last
// page that stands; a card is always whole under one key or the other. The index of a
// card stays as it is.
func (s *Service) Reseal(ctx context.Context, keyID int16, now func() time.Time, complete Completer) error {
	if !s.keys.Has(keyID) {
		return ErrKeyNotHere
	}
	return s.rotate(ctx, rotation{
		what: rotateSeal, keyID: keyID, ended: "keys.rotation_finished",
		change: func(ctx context.Context, tx pgx.Tx, page []db.KeyRotationPageRow) (int64, error) {
			return s.resealCards(ctx, tx, keyID, page)
		},
		left: func(ctx context.Context, tx pgx.Tx) (bool, error) { return s.q.KeyRotationSealLeft(ctx, tx, keyID) },
	}, now, complete)
}

// rotate goes through the cards a page a transaction.
func (s *Service) rotate(ctx context.Context, r rotation, now func() time.Time, complete Completer) error {
	for start := now(); ; {
		done, err := s.rotatePage(ctx, r, complete)
		if err != nil || done {
			return err
		}
		if now().Sub(start) >= runFor {
			return ErrYield
		}
	}
}

// rotatePage changes one page of cards. At the end of the table it starts again
// where a card of an older key came in behind it, and otherwise finishes.
func (s *Service) rotatePage(ctx context.Context, r rotation, complete Completer) (done bool, err error) {
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
		detail := map[string]any{"key": r.keyID, "cards": at.Done}
		if r.what == rotateIndex {
			short, err := s.q.ReadingOldShort(ctx, tx, r.keyID)
			if err != nil {
				return fmt.Errorf("count short codes under older keys: %w", err)
			}
			if short > 0 {
				detail["short_codes_left"] = short
			}
		}
		if err := audit.Record(ctx, tx, audit.System(), audit.Entry{Action: r.ended, Detail: detail}); err != nil {
			return err
		}
		return complete(ctx, tx)
	})
	return done, err
}

// resealCards opens the cards of a page and seals them under the new key.
func (s *Service) resealCards(ctx context.Context, tx pgx.Tx, keyID int16, page []db.KeyRotationPageRow) (int64, error) {
	p := db.KeyRotationSealParams{KeyID: keyID}
	draw := &drawer{}
	for _, row := range page {
		if row.KeyID == keyID || len(row.CodeSealed) == 0 { // sealed already, or erased
			continue
		}
		code, err := s.open(row.SeriesID, row.KeyID, row.Serial, row.CodeSealed)
		if err != nil {
			return 0, err
		}
		is, err := s.keys.sealer(keyID, row.SeriesID)
		if err != nil {
			return 0, err
		}
		p.SeriesIds, p.Serials = append(p.SeriesIds, row.SeriesID), append(p.Serials, row.Serial)
		p.CodesSealed = append(p.CodesSealed, is.append(nil, code, row.Serial, draw))
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
