package card

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/staff"
)

// ErrImportWaits says that an import was not begun: it was asked for.
var ErrImportWaits = fault.New(fault.Conflict, "import_waits", "These cards are worth more together than one person may bring in within 24 hours. Nothing is imported yet: it waits until another person approves it.")

// worth is what the cards of an import are worth together, in minor units.
func (r ImportReport) worth() int64 {
	var sum int64
	for _, g := range r.Groups {
		sum += g.Worth()
	}
	return sum
}

// holdImport asks for a second person where an import is worth more than one person may
// bring in, and says whether it did; else it counts for the person. It does so whether
// the cards are to be active at once or not: whoever imports codes knows them, and may
// have made them up.
func (s *Service) holdImport(ctx context.Context, tx pgx.Tx, actor audit.Actor, imp db.CardImport, plan ImportPlan, report ImportReport) (bool, error) {
	if imp.State != db.ImportStateChecked {
		return false, ErrImportState
	}
	value := report.worth()
	o, err := approval.Alone(ctx, tx, approval.Act{Kind: db.ApprovalKindImport, By: actor.StaffID, Value: value})
	if err != nil || !o.Over() {
		return false, err
	}
	if actor.StaffID == 0 {
		return false, ErrApprovalNeeded // the program itself can ask no one
	}
	_, err = approval.Ask(ctx, tx, actor, approval.Request{
		Kind: db.ApprovalKindImport, By: actor.StaffID, ImportID: imp.ID, PartnerIDs: plan.Partners, Value: value, Currency: plan.Currency,
		Cards: int64(report.Good), Before: o.Others, Facts: approval.ImportFacts{File: imp.FileName, Active: plan.Activate, Run: imp.Run},
	})
	return true, err
}

// importKind begins an import that was asked for, if no other dry run was made since, in
// the name of the person who asked.
func (s *Service) importKind() approval.Kind {
	return approval.Kind{
		Name: db.ApprovalKindImport, Cards: true, Needs: needs(staff.SeriesImport),
		Hold: func(ctx context.Context, tx pgx.Tx, _ audit.Actor, a db.Approval) error {
			if _, err := s.q.ImportGetForUpdate(ctx, tx, deref(a.ImportID)); err != nil {
				return fmt.Errorf("lock an import: %w", err)
			}
			return nil
		},
		Same: func(ctx context.Context, tx pgx.Tx, a db.Approval) (bool, error) {
			facts, err := approval.Facts[approval.ImportFacts](a)
			if err != nil {
				return false, err
			}
			imp, err := s.q.ImportGetForUpdate(ctx, tx, deref(a.ImportID))
			if err != nil {
				return false, fmt.Errorf("read an import: %w", err)
			}
			if imp.State != db.ImportStateChecked || imp.Run != facts.Run {
				return false, nil
			}
			plan, report, err := readImport(imp)
			return plan.Activate == facts.Active && report.worth() == a.Value && int64(report.Good) == a.Cards, err
		},
		Approve: func(ctx context.Context, tx pgx.Tx, _ audit.Actor, a db.Approval) error {
			asker := audit.Actor{StaffID: a.RequestedBy, Scope: audit.Everything()}
			return s.beginImport(ctx, tx, asker, deref(a.ImportID), a.ID)
		},
	}
}

// approvedImport reports whether a second person approved that the cards of the import
// which made a series are active at once.
func (s *Service) approvedImport(ctx context.Context, tx pgx.Tx, series db.Series) (bool, error) {
	if series.ImportID == nil || series.MadeAt != nil {
		return false, nil
	}
	approved, err := s.q.ApprovalOfImport(ctx, tx, *series.ImportID)
	if err != nil {
		return false, fmt.Errorf("look for the approval of an import: %w", err)
	}
	return approved, nil
}
