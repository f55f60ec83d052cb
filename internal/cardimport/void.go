package cardimport

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/tableflow"
)

// Remainder counts the cards of an import.
type Remainder struct {
	Cards int64 // neither used nor void
	Used  int64
	Value int64 // of Cards, in minor units
}

// Worth returns the cards and the value that Void would void.
func (s *Service) Worth(ctx context.Context, id int64) (Remainder, error) {
	return s.importWorth(ctx, s.db, id)
}

func (s *Service) importWorth(ctx context.Context, dbtx db.DBTX, id int64) (Remainder, error) {
	row, err := s.q.ImportWorth(ctx, dbtx, &id)
	if err != nil {
		return Remainder{}, fmt.Errorf("add up an import: %w", err)
	}
	return Remainder{row.Cards, row.Used, row.Value}, nil
}

// Void voids every series of an import in one transaction. From then on no card of the
// import can be redeemed, its value is posted as breakage, and jobs erase the codes. Used
// cards stay used. A failed import is voided too and never resumes. Its codes remain known
// and can't be imported again. Void returns ErrState for an import in any other state, and
// ErrImportForeign where the actor does not see all its series.
func (s *Service) Void(ctx context.Context, actor audit.Actor, id int64, reason string) error {
	if _, err := s.Import(ctx, actor, id); err != nil {
		return err
	}
	if err := audit.CheckReason(reason); err != nil {
		return err
	}
	return s.cards.InTx(ctx, func(tx pgx.Tx) error {
		imp, err := s.q.ImportGetForUpdate(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("lock an import: %w", err)
		}
		series, err := s.q.ImportListSeries(ctx, tx, &id)
		if err != nil {
			return fmt.Errorf("list the series of an import: %w", err)
		}
		stopped := imp.State == db.ImportStateFailed
		if imp.VoidedAt != nil || len(series) == 0 || imp.State != db.ImportStateDone && !stopped {
			return ErrState
		}
		worth, err := s.importWorth(ctx, tx, id)
		if err != nil {
			return err
		}
		for _, one := range series {
			if err := s.voidImported(ctx, tx, actor, one.ID, strings.TrimSpace(reason)); err != nil {
				return err
			}
		}
		if err := s.q.ImportVoid(ctx, tx, db.ImportVoidParams{ID: id, VoidedBy: actor.Staff()}); err != nil {
			return fmt.Errorf("mark an import as voided: %w", err)
		}
		return act.Record(ctx, tx, actor, tableflow.Voided{
			Import: s.imports().About(id), Cards: worth.Cards, Used: worth.Used, Value: worth.Value, Reason: strings.TrimSpace(reason),
		})
	})
}

// voidImported voids one series of an import, and does nothing where the series is void.
func (s *Service) voidImported(ctx context.Context, tx pgx.Tx, actor audit.Actor, seriesID int64, reason string) error {
	series, err := s.cards.Hold(ctx, tx, actor, seriesID, append(card.Voidable(), db.SeriesStateVoid, db.SeriesStateFailed))
	if errors.Is(err, card.ErrNoSeries) {
		return ErrImportForeign
	}
	if err != nil || series.State == db.SeriesStateVoid {
		return err
	}
	voided, err := s.cards.VoidTx(ctx, tx, actor, series, reason)
	if err != nil {
		return err
	}
	return act.Record(ctx, tx, actor, voided)
}
