package card

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/fault"
)

// A file of cards is a question about every code in it: which of them exist? So a code
// that is known counts as a guess that hit, unless the file shows that its owner has had
// the card before. Misses are what an import is made of and cost nothing.

const (
	// mostProbes is how many cards that hold value one file may name without a sign of
	// having imported them before.
	mostProbes = 5
	// importHard is how many such cards bar a person from importing, over all files.
	importHard = 10
)

// ErrImportProbes stops a file that names more cards than chance explains. It says
// neither which rows nor how many.
var ErrImportProbes = fault.New(fault.Invalid, "import_probes", "This file was stopped: some of its codes belong to cards that are here already, and nothing in it shows that these were imported from it. "+
	"An import must not be a way to try codes, so this is on the dashboard now. If you imported these cards before, upload the very file they came from, keep the column with their serials, or take their rows out.")

// acquaintance says whether the code of a row is known.
type acquaintance uint8

const (
	unknownCode  acquaintance = iota
	knownToldRow              // the person may hear which row it is
	knownHidden               // it is counted, no more
)

// reason is why a row of a known code makes no card.
func (a acquaintance) reason() string {
	if a == knownHidden {
		return reasonKnownHidden
	}
	return reasonKnown
}

// probes watches what a file finds known, within one run.
type probes struct {
	imp     db.CardImport
	scope   audit.Scope // within which rows are told: that of who uploaded the file
	hits    map[Ref]bool
	serials map[uint64]struct{} // that stood in the file so far
	seed    maphash.Seed
	settled bool // hits charged by an earlier run don't stop this one: the import itself
}

// newProbes reads whose file it is.
func (s *Service) newProbes(ctx context.Context, imp db.CardImport) (*probes, error) {
	who, err := s.q.ImportStaff(ctx, s.db, imp.CreatedBy)
	if err != nil {
		return nil, fmt.Errorf("read who imports: %w", err)
	}
	return &probes{
		imp: imp, scope: audit.Scope{AllPartners: who.AllPartners, PartnerIDs: who.PartnerIds},
		hits: map[Ref]bool{}, serials: map[uint64]struct{}{}, seed: maphash.MakeSeed(),
	}, nil
}

// by is who is charged: who asked for the dry run.
func (p *probes) by() int64 {
	if p.imp.PlannedBy != nil {
		return *p.imp.PlannedBy
	}
	return p.imp.CreatedBy
}

// firstSerial notes the serial of a row and reports whether it is its first in the
// file: only such a one tells that the file is about this card.
func (p *probes) firstSerial(serial string) bool {
	if serial == "" {
		return false
	}
	h := maphash.String(p.seed, serial)
	_, twice := p.serials[h]
	p.serials[h] = struct{}{}
	return !twice
}

// hitsError are cards that were not charged in this run yet.
type hitsError struct{ refs []Ref }

// Error implements error.
func (h *hitsError) Error() string { return fmt.Sprintf("card: a file names %d cards", len(h.refs)) }

// acquainted tells which codes are known and how much of that may be said. Where cards
// are named that are to be charged first it returns hitsError and says nothing.
func (s *Service) acquainted(ctx context.Context, dbtx db.DBTX, p *probes, ours []Format, cards []importedCard) ([]acquaintance, error) {
	known, err := s.knownCodes(ctx, dbtx, p, ours, cards)
	if err != nil {
		return nil, err
	}
	told := make([]acquaintance, len(cards))
	var fresh []Ref
	for i, found := range known {
		told[i] = knownToldRow
		for _, c := range found {
			if !c.Within {
				told[i] = knownHidden
			}
			if c.Within && (c.SameFile || cards[i].firstSerial && c.OldSerial == cards[i].serial || !c.Live) {
				continue
			}
			ref := Ref{c.SeriesID, c.Serial}
			if !p.hits[ref] {
				fresh = append(fresh, ref)
			} else if len(p.hits) > mostProbes {
				told[i] = knownHidden
			}
		}
	}
	if len(fresh) > 0 {
		return nil, &hitsError{fresh}
	}
	return told, nil
}

// acquaint is acquainted outside of a transaction, which charges what is to be charged.
func (s *Service) acquaint(ctx context.Context, p *probes, ours []Format, cards []importedCard) ([]acquaintance, error) {
	for {
		told, err := s.acquainted(ctx, s.db, p, ours, cards)
		var hits *hitsError
		if !errors.As(err, &hits) {
			return told, err
		}
		if err := s.chargeHits(ctx, p, hits.refs); err != nil {
			return nil, err
		}
	}
}

// chargeHits charges cards that a file names to who asked for its run, each card once,
// and stops the run where they are more than a few. What is charged stays charged
// whatever becomes of the run.
func (s *Service) chargeHits(ctx context.Context, p *probes, refs []Ref) error {
	add := db.ImportHitAddParams{StaffID: p.by(), ImportID: p.imp.ID}
	for _, ref := range refs {
		p.hits[ref] = true
		add.SeriesIds, add.Serials = append(add.SeriesIds, ref.SeriesID), append(add.Serials, ref.Serial)
	}
	fresh, err := s.q.ImportHitAdd(ctx, s.db, add)
	if err != nil {
		return fmt.Errorf("note what a file names: %w", err)
	}
	odds, err := s.ImportOdds(ctx, ImportReport{})
	if err != nil {
		return err
	}
	barred := false
	if fresh > 0 {
		barred, err = s.q.GuessChargeHits(ctx, s.db, db.GuessChargeHitsParams{
			Scope: importScope(p.by()), N: min(fresh, mostProbes+1), HardLimit: importHard, HardPause: odds.Limits.HardPause,
		})
		if err != nil {
			return fmt.Errorf("charge what a file names: %w", err)
		}
	}
	over := len(p.hits) > mostProbes
	if p.settled { // what an earlier run was stopped for is passed over
		over = fresh > 0 && over
	}
	if !over && !barred {
		return nil
	}
	return errors.Join(ErrImportProbes, s.alarmImport(ctx, p))
}

// alarmImport raises the alarm about a file, at most once an hour.
func (s *Service) alarmImport(ctx context.Context, p *probes) error {
	return s.inTx(ctx, func(tx pgx.Tx) error {
		return s.imports().Alarm(ctx, tx, audit.Actor{StaffID: p.by(), Scope: audit.Everything()}, p.imp)
	})
}

// importScope names the count of what somebody's files named. No good card takes it
// back.
func importScope(staffID int64) string { return fmt.Sprintf("import:staff:%d", staffID) }

// mayImport refuses whose files named too many cards.
func (s *Service) mayImport(ctx context.Context, staffID int64) error {
	till, err := s.barredUntil(ctx, importScope(staffID))
	if err != nil || till.IsZero() {
		return err
	}
	return ErrBarred.Saying("Files that you uploaded held too many codes of cards that are here already. You can import again " + until(till.In(time.UTC), true) + ".")
}

// ImportBarredUntil says until when whoever asked for the dry run of an import may not
// import; the zero time where they may.
func (s *Service) ImportBarredUntil(ctx context.Context, imp db.CardImport) (time.Time, error) {
	if imp.PlannedBy == nil {
		return time.Time{}, nil
	}
	return s.barredUntil(ctx, importScope(*imp.PlannedBy))
}

// ClearImportBar lets whoever asked for the dry run of an import do so again, for a
// reason that the audit keeps. A bar of one's own is lifted by another person: mayLift.
func (s *Service) ClearImportBar(ctx context.Context, actor audit.Actor, id int64, reason string) error {
	imp, err := s.Import(ctx, actor, id)
	if err != nil {
		return err
	}
	by := imp.CardImport.PlannedBy
	if by == nil {
		return ErrImportState
	}
	if err := customer.CheckReason(reason); err != nil {
		return err
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		if err := mayLift(ctx, tx, actor, *by); err != nil {
			return err
		}
		if _, err := s.q.GuessClear(ctx, tx, importScope(*by)); err != nil {
			return fmt.Errorf("lift a bar: %w", err)
		}
		return s.imports().Audit(ctx, tx, actor, "import.bar_lifted", id, map[string]any{"staff": *by, "reason": strings.TrimSpace(reason)})
	})
}
