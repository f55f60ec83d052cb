package cardimport

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/staff"
)

// ErrImportWaits reports that an import has not begun. It waits for four-eyes approval.
var ErrImportWaits = fault.New(fault.Conflict, "import_waits", "These cards are worth more together than one person may bring in within 24 hours. Nothing is imported yet: it waits until another person approves it.")

// worth returns the value of the cards of an import, in minor units. Void cards have none.
func (r Report) worth() int64 {
	var sum int64
	for _, g := range r.Groups {
		sum += g.Worth()
	}
	return sum
}

// askForApproval requests four-eyes approval where the value of an import is above the
// limit of the actor, and reports whether it did. Below the limit the value counts towards
// the limit of the actor. Cards that come in inactive count too: a person who imports codes
// knows them, and may have invented them.
func (s *Service) askForApproval(ctx context.Context, tx pgx.Tx, actor audit.Actor, imp db.CardImport, plan Plan, report Report) (bool, error) {
	if imp.State != db.ImportStateChecked {
		return false, ErrState
	}
	value := report.worth()
	o, err := approval.Alone(ctx, tx, approval.Act{Kind: db.ApprovalKindImport, By: actor.Accountable(), Value: value})
	if err != nil || !o.Over() {
		return false, err
	}
	if actor.IsSystem() {
		return false, card.ErrApprovalNeeded // the program itself can't ask for approval
	}
	_, err = approval.Ask(ctx, tx, actor, approval.Request{
		Kind: db.ApprovalKindImport, By: actor.Accountable(), ImportID: imp.ID, PartnerIDs: plan.Partners, Value: value, Currency: plan.Currency,
		Cards: int64(report.Good), Before: o.Others, Facts: approval.ImportFacts{File: imp.FileName, Active: plan.Activate, Run: imp.Run},
	})
	return true, err
}

// approvalKind is the kind of request for an import. Approval starts the import in the name
// of the requester, unless the plan has had another dry run since the request.
func (s *Service) approvalKind() approval.Kind {
	return approval.Kind{
		Name: db.ApprovalKindImport, Cards: true, Needs: card.Needs(staff.SeriesImport),
		Hold: func(ctx context.Context, tx pgx.Tx, _ audit.Actor, a db.Approval) error {
			if _, err := s.q.ImportGetForUpdate(ctx, tx, db.Deref(a.ImportID)); err != nil {
				return fmt.Errorf("lock an import: %w", err)
			}
			return nil
		},
		Same: func(ctx context.Context, tx pgx.Tx, a db.Approval) (bool, error) {
			facts, err := approval.Facts[approval.ImportFacts](a)
			if err != nil {
				return false, err
			}
			imp, err := s.q.ImportGetForUpdate(ctx, tx, db.Deref(a.ImportID))
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
			asker := approval.Asker(a)
			return s.beginImport(ctx, tx, asker, db.Deref(a.ImportID), a.ID)
		},
	}
}

// checkImportFor returns card.ErrPartners where the plan has a partner outside the scope of
// the actor. The partners of the actor may have changed since the plan was made. A plan
// without partners is for any partner, and takes an actor of all partners.
func checkImportFor(actor audit.Actor, plan Plan) error {
	unseen := func(id int64) bool { return !actor.Scope.Holds(id) }
	if len(plan.Partners) == 0 && !actor.Scope.AllPartners || slices.ContainsFunc(plan.Partners, unseen) {
		return card.ErrPartners
	}
	return nil
}
