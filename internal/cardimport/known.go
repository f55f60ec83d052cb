package cardimport

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/guess"
	"refill/internal/tableflow"
)

// Each code of a file asks whether a card with this code exists, so an import could be used
// to guess codes. Therefore a code that exists counts as a successful guess, unless the
// file proves an earlier import of the same card. Codes that don't exist are the purpose of
// an import and cost nothing.

const (
	// mostProbes is the number of existing cards with value that one file may name without
	// proof of an earlier import.
	mostProbes = 5
	// importHard is the number of such cards, over all files, that bars a person from
	// importing.
	importHard = 10
)

// ErrImportProbes stops a file that names more existing cards than chance explains. It
// tells neither which rows nor how many.
var ErrImportProbes = fault.New(fault.Invalid, "import_probes", "This file was stopped: some of its codes belong to cards that are here already, and nothing in it shows that these were imported from it. "+
	"An import must not be a way to try codes, so this is on the dashboard now. If you imported these cards before, upload the very file they came from, keep the column with their serials, or take their rows out.")

// ErrImportBarred is returned to a person whose files named too many existing cards.
var ErrImportBarred = fault.New(fault.Limited, "import_barred", "Files that you uploaded held too many codes of cards that are here already. You can import again from {from}.")

// codeStatus tells whether the code of a row exists in the database.
type codeStatus uint8

const (
	statusUnknown     codeStatus = iota
	statusKnown                  // the code exists, and the report may name the row
	statusKnownHidden            // the code exists, and the report only counts the row
)

// reason returns the reason for which a row with this status makes no card.
func (a codeStatus) reason() string {
	if a == statusKnownHidden {
		return reasonKnownHidden
	}
	return reasonKnown
}

// probes counts, within one run, the existing cards that a file names.
type probes struct {
	imp       db.CardImport
	scope     audit.Scope // the scope of the uploader, within which the report names rows
	hits      map[card.Ref]bool
	serials   map[uint64]struct{} // of the rows read so far
	seed      maphash.Seed
	confirmed bool // this is the import itself: hits that the dry run charged don't stop it
}

// newProbes reads the scope of the uploader.
func (s *Service) newProbes(ctx context.Context, imp db.CardImport) (*probes, error) {
	who, err := s.q.ImportStaff(ctx, s.db, imp.CreatedBy)
	if err != nil {
		return nil, fmt.Errorf("read who imports: %w", err)
	}
	return &probes{
		imp: imp, scope: audit.Scope{AllPartners: who.AllPartners, PartnerIDs: who.PartnerIds},
		hits: map[card.Ref]bool{}, serials: map[uint64]struct{}{}, seed: maphash.MakeSeed(),
	}, nil
}

// by returns the id of the person who is charged: the one who started the dry run.
func (p *probes) by() int64 {
	if p.imp.PlannedBy != nil {
		return *p.imp.PlannedBy
	}
	return p.imp.CreatedBy
}

// firstSerial records the serial of a row and reports whether no earlier row has it. Only
// the first row with a serial can prove an earlier import of its card.
func (p *probes) firstSerial(serial string) bool {
	if serial == "" {
		return false
	}
	h := maphash.String(p.seed, serial)
	_, twice := p.serials[h]
	p.serials[h] = struct{}{}
	return !twice
}

// unchargedError lists the cards that this run has not charged yet.
type unchargedError struct{ refs []card.Ref }

// Error implements error.
func (h *unchargedError) Error() string {
	return fmt.Sprintf("card: a file names %d cards", len(h.refs))
}

// lookUpCodes returns the status of the code of each card. Where existing cards must be
// charged first, it returns unchargedError and no status.
func (s *Service) lookUpCodes(ctx context.Context, dbtx db.DBTX, p *probes, ours []cardcode.Format, cards []importedCard) ([]codeStatus, error) {
	known, err := s.knownCodes(ctx, dbtx, p, ours, cards)
	if err != nil {
		return nil, err
	}
	told := make([]codeStatus, len(cards))
	var fresh []card.Ref
	for i, found := range known {
		told[i] = statusKnown
		for _, c := range found {
			if !c.Within {
				told[i] = statusKnownHidden
			}
			if c.Within && (c.SameFile || cards[i].firstSerial && c.OldSerial == cards[i].serial || !c.Live) {
				continue
			}
			ref := card.Ref{SeriesID: c.SeriesID, Serial: c.Serial}
			if !p.hits[ref] {
				fresh = append(fresh, ref)
			} else if len(p.hits) > mostProbes {
				told[i] = statusKnownHidden
			}
		}
	}
	if len(fresh) > 0 {
		return nil, &unchargedError{fresh}
	}
	return told, nil
}

// lookUpAndCharge calls lookUpCodes outside a transaction, and charges cards until none is
// uncharged.
func (s *Service) lookUpAndCharge(ctx context.Context, p *probes, ours []cardcode.Format, cards []importedCard) ([]codeStatus, error) {
	for {
		told, err := s.lookUpCodes(ctx, s.db, p, ours, cards)
		var hits *unchargedError
		if !errors.As(err, &hits) {
			return told, err
		}
		if err := s.chargeHits(ctx, p, hits.refs); err != nil {
			return nil, err
		}
	}
}

// chargeHits charges existing cards that a file names to the person who started its run,
// each card once. It returns ErrImportProbes where the run names more than mostProbes. A
// charge remains whatever the result of the run.
func (s *Service) chargeHits(ctx context.Context, p *probes, refs []card.Ref) error {
	add := db.ImportHitAddParams{StaffID: p.by(), ImportID: p.imp.ID}
	for _, ref := range refs {
		p.hits[ref] = true
		add.SeriesIds, add.Serials = append(add.SeriesIds, ref.SeriesID), append(add.Serials, ref.Serial)
	}
	fresh, err := s.q.ImportHitAdd(ctx, s.db, add)
	if err != nil {
		return fmt.Errorf("note what a file names: %w", err)
	}
	odds, err := s.Odds(ctx, Report{})
	if err != nil {
		return err
	}
	barred := false
	if fresh > 0 {
		barred, err = s.q.GuessChargeHits(ctx, s.db, db.GuessChargeHitsParams{
			Scope: guess.ImportScope(p.by()), N: min(fresh, mostProbes+1), HardLimit: importHard, HardPause: odds.Limits.HardPause,
		})
		if err != nil {
			return fmt.Errorf("charge what a file names: %w", err)
		}
	}
	over := len(p.hits) > mostProbes
	if p.confirmed { // hits that the dry run charged don't count
		over = fresh > 0 && over
	}
	if !over && !barred {
		return nil
	}
	return errors.Join(ErrImportProbes, s.alarmImport(ctx, p))
}

// alarmImport raises an alarm about a file, at most once an hour.
func (s *Service) alarmImport(ctx context.Context, p *probes) error {
	return s.cards.InTx(ctx, func(tx pgx.Tx) error {
		return s.imports().Alarm(ctx, tx, audit.ByStaff(p.by(), audit.Everything()), p.imp)
	})
}

// checkImportBar returns ErrImportBarred while the person is barred from importing.
func (s *Service) checkImportBar(ctx context.Context, staffID int64) error {
	till, err := s.cards.Guesses.ScopesBarredUntil(ctx, guess.ImportScope(staffID))
	if err != nil || till.IsZero() {
		return err
	}
	return ErrImportBarred.With("from", fault.ZonedTime(till.In(time.UTC)))
}

// BarredUntil returns the time until which the person who started the dry run is barred
// from importing, or the zero time.
func (s *Service) BarredUntil(ctx context.Context, imp db.CardImport) (time.Time, error) {
	if imp.PlannedBy == nil {
		return time.Time{}, nil
	}
	return s.cards.Guesses.ScopesBarredUntil(ctx, guess.ImportScope(*imp.PlannedBy))
}

// ClearBar lifts the bar on imports of the person who started the dry run. The audit trail
// keeps the reason. guess.CheckLift holds the rule for a person who lifts their own bar.
func (s *Service) ClearBar(ctx context.Context, actor audit.Actor, id int64, reason string) error {
	imp, err := s.Import(ctx, actor, id)
	if err != nil {
		return err
	}
	by := imp.CardImport.PlannedBy
	if by == nil {
		return ErrState
	}
	if err := audit.CheckReason(reason); err != nil {
		return err
	}
	return s.cards.InTx(ctx, func(tx pgx.Tx) error {
		if err := guess.CheckLift(ctx, tx, actor, *by); err != nil {
			return err
		}
		if _, err := s.q.GuessClear(ctx, tx, guess.ImportScope(*by)); err != nil {
			return fmt.Errorf("lift a bar: %w", err)
		}
		return act.Record(ctx, tx, actor, tableflow.BarLifted{Import: s.imports().About(id), Staff: *by, Reason: strings.TrimSpace(reason)})
	})
}
