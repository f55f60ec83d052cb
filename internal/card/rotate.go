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

// ResealCardsArgs asks for every card to be sealed under a new key.
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
)

// keysBehind reports that codes may be sealed under a key which this process has
// not heard of yet: what it does not find may be there all the same, so it must
// not say no.
func (s *Service) keysBehind(ctx context.Context) error {
	newest, err := s.q.KeyNewest(ctx, s.db)
	if err != nil {
		return fmt.Errorf("ask for the newest key: %w", err)
	}
	if newest != 0 && !s.keys.Has(newest) { // 0: nothing was announced yet
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

// StartRotation announces the keyring's newest key and queues the job that seals
// every card under it. Started twice it goes on where it is.
func (s *Service) StartRotation(ctx context.Context, actor audit.Actor) (keyID int16, err error) {
	if err := CheckKeys(ctx, s.db, s.keys); err != nil {
		return 0, err
	}
	keyID = s.keys.Current()
	return keyID, s.inTx(ctx, func(tx pgx.Tx) error {
		n, err := s.q.KeyRotationStart(ctx, tx, keyID)
		if err != nil || n == 0 {
			return err
		}
		job, err := s.jobs.InsertTx(ctx, tx, ResealCardsArgs{KeyID: keyID}, nil)
		if err != nil {
			return fmt.Errorf("queue the sealing under a new key: %w", err)
		}
		if err := s.q.KeyRotationSetJob(ctx, tx, db.KeyRotationSetJobParams{KeyID: keyID, JobID: &job.Job.ID}); err != nil {
			return fmt.Errorf("note the job of a rotation: %w", err)
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "keys.rotation_started", Detail: map[string]any{"key": keyID}})
	})
}

// resealPage is how many cards are sealed in one transaction: a redemption of one
// of them waits that long.
const resealPage = 2000

// Reseal seals the cards that are left under older keys and returns ErrYield where
// others should have their turn. Killed anywhere, the next run goes on at the last
// page that stands; a card is always whole under one key or the other.
func (s *Service) Reseal(ctx context.Context, keyID int16, now func() time.Time, complete Completer) error {
	if !s.keys.Has(keyID) {
		return ErrKeyNotHere
	}
	for start := now(); ; {
		done, err := s.resealPage(ctx, keyID, complete)
		if err != nil || done {
			return err
		}
		if now().Sub(start) >= runFor {
			return ErrYield
		}
	}
}

// resealPage seals one page of cards. At the end of the table it starts again
// where a card of an older key came in behind it, and otherwise finishes.
func (s *Service) resealPage(ctx context.Context, keyID int16, complete Completer) (done bool, err error) {
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		r, err := s.q.KeyRotationLock(ctx, tx, keyID)
		if err != nil {
			return fmt.Errorf("lock a rotation: %w", err)
		}
		page, err := s.q.KeyRotationPage(ctx, tx, db.KeyRotationPageParams{AfterSeries: r.AfterSeries, AfterSerial: r.AfterSerial, Size: resealPage})
		if err != nil {
			return fmt.Errorf("read cards to be sealed again: %w", err)
		}
		if len(page) > 0 {
			return s.resealCards(ctx, tx, keyID, page)
		}
		left, err := s.q.KeyRotationLeft(ctx, tx, keyID)
		if err != nil {
			return fmt.Errorf("look for cards of older keys: %w", err)
		}
		if left {
			return s.q.KeyRotationAdvance(ctx, tx, db.KeyRotationAdvanceParams{KeyID: keyID})
		}
		done = true
		if err := s.q.KeyRotationFinish(ctx, tx, keyID); err != nil {
			return fmt.Errorf("finish a rotation: %w", err)
		}
		if err := audit.Record(ctx, tx, audit.System(), audit.Entry{Action: "keys.rotation_finished", Detail: map[string]any{"key": keyID, "cards": r.Done}}); err != nil {
			return err
		}
		return complete(ctx, tx)
	})
	return done, err
}

// resealCards opens the cards of a page, seals them under the new key and moves
// the rotation on, in the caller's transaction.
func (s *Service) resealCards(ctx context.Context, tx pgx.Tx, keyID int16, page []db.KeyRotationPageRow) error {
	index, err := s.keys.indexer(keyID)
	if err != nil {
		return err
	}
	p := db.KeyRotationSealParams{KeyID: keyID}
	draw := &drawer{}
	for _, row := range page {
		if row.KeyID == keyID || len(row.CodeSealed) == 0 { // sealed already, or erased
			continue
		}
		was, err := s.keys.sealer(row.KeyID, row.SeriesID)
		if err != nil {
			return err
		}
		code, err := was.open(row.CodeSealed, row.Serial)
		if err != nil {
			return err
		}
		is, err := s.keys.sealer(keyID, row.SeriesID)
		if err != nil {
			return err
		}
		p.SeriesIds, p.Serials = append(p.SeriesIds, row.SeriesID), append(p.Serials, row.Serial)
		p.CodeIndexes = append(p.CodeIndexes, index.append(nil, code))
		p.CodesSealed = append(p.CodesSealed, is.append(nil, code, row.Serial, draw))
	}
	if len(p.Serials) > 0 {
		if err := s.q.KeyRotationSeal(ctx, tx, p); err != nil {
			return fmt.Errorf("seal cards again: %w", err)
		}
	}
	last := page[len(page)-1]
	return s.q.KeyRotationAdvance(ctx, tx, db.KeyRotationAdvanceParams{
		KeyID: keyID, AfterSeries: last.SeriesID, AfterSerial: last.Serial, Done: int64(len(p.Serials)),
	})
}

// RetireKey gives up a key that nothing is sealed under any more; the caller takes
// it out of the key file afterwards.
func (s *Service) RetireKey(ctx context.Context, actor audit.Actor, keyID int16) error {
	if keyID == s.keys.Current() {
		return fmt.Errorf("key %d is the one that new cards are sealed under; make another first with: refill keys rotate", keyID)
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
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
			if use.KeyID == keyID && use.PrintedOnce > 0 {
				return fmt.Errorf("%d cards whose codes were shredded after printing are found under key %d, and can't be moved to another; keep the key until they are used or void", use.PrintedOnce, keyID)
			}
			if use.KeyID == keyID && use.Secrets > 0 {
				return fmt.Errorf("the second factors of %d members of staff are still sealed under key %d; a worker seals them again within a minute, then try again", use.Secrets, keyID)
			}
			if use.KeyID == keyID && use.Passwords > 0 {
				return fmt.Errorf("the passwords of %d files that are being made are still sealed under key %d; a worker seals them again within a minute, then try again", use.Passwords, keyID)
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
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "keys.retired", Detail: map[string]any{"key": keyID}})
	})
}
