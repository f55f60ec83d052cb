package card

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/db"
)

// Remainder is what an import made and what of it still holds value.
type Remainder struct {
	Cards int64 // neither used nor void
	Used  int64
	Value int64 // of Cards, in minor units
}

// ImportWorth says what voiding an import would void.
func (s *Service) ImportWorth(ctx context.Context, id int64) (Remainder, error) {
	return s.importWorth(ctx, s.db, id)
}

func (s *Service) importWorth(ctx context.Context, dbtx db.DBTX, id int64) (Remainder, error) {
	row, err := s.q.ImportWorth(ctx, dbtx, &id)
	if err != nil {
		return Remainder{}, fmt.Errorf("add up an import: %w", err)
	}
	return Remainder{row.Cards, row.Used, row.Value}, nil
}

// VoidImport voids every series of an import in one act, as each could be by itself:
// at once nothing of it can be redeemed, its value goes to breakage, and jobs erase the
// codes. Used cards stay used. An import that stopped on its way is voided too and never
// goes on. Its codes stay known: they can't be imported again.
func (s *Service) VoidImport(ctx context.Context, actor audit.Actor, id int64, reason string) error {
	if _, err := s.Import(ctx, actor, id); err != nil {
		return err
	}
	if err := customer.CheckReason(reason); err != nil {
		return err
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
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
			return ErrImportState
		}
		worth, err := s.importWorth(ctx, tx, id)
		if err != nil {
			return err
		}
		for _, one := range series {
			if err := s.voidImported(ctx, tx, actor, one.ID); err != nil {
				return err
			}
		}
		if err := s.q.ImportVoid(ctx, tx, db.ImportVoidParams{ID: id, VoidedBy: actor.Staff()}); err != nil {
			return fmt.Errorf("mark an import as voided: %w", err)
		}
		return s.imports().Audit(ctx, tx, actor, "import.voided", id, map[string]any{
			"cards": worth.Cards, "used": worth.Used, "value": worth.Value, "reason": strings.TrimSpace(reason),
		})
	})
}

// voidImported voids one series of an import; one that is void already stays so.
func (s *Service) voidImported(ctx context.Context, tx pgx.Tx, actor audit.Actor, seriesID int64) error {
	series, err := s.hold(ctx, tx, actor, seriesID, append(voidable(), db.SeriesStateVoid, db.SeriesStateFailed))
	if errors.Is(err, ErrNoSeries) {
		return ErrImportForeign
	}
	if err != nil || series.State == db.SeriesStateVoid {
		return err
	}
	facts, err := s.void(ctx, tx, actor, series)
	if err != nil {
		return err
	}
	if err := audit.Record(ctx, tx, actor, audit.Entry{Action: "series.voided", SeriesID: seriesID, Detail: facts}); err != nil {
		return err
	}
	return s.notifySeries(ctx, tx, seriesID)
}
