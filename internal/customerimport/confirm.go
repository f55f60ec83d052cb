package customerimport

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/staff"
	"refill/internal/tableflow"
)

// Solo returns whether the opening balances of an import need four-eyes approval. It
// changes nothing.
func (s *Service) Solo(ctx context.Context, staffID int64, report Report) (approval.Solo, error) {
	o, err := approval.Weigh(ctx, s.db, approval.Act{Kind: db.ApprovalKindPayment, By: audit.ForStaff(staffID), Value: report.Sum().Credits})
	if err != nil || o.Over() {
		return o, err
	}
	return approval.Weigh(ctx, s.db, approval.Act{Kind: db.ApprovalKindOpeningBalances, By: audit.ForStaff(staffID), Value: report.Value()})
}

// Confirm starts the import of a checked file. Run is the number of the dry run whose
// report the actor saw; a later one returns ErrState. Where the opening balances are above
// the limit of the actor, the import stays checked and waits for four-eyes approval.
func (s *Service) Confirm(ctx context.Context, actor audit.Actor, id int64, run int32) error {
	if _, err := s.Import(ctx, actor, id); err != nil {
		return err
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		imp, err := s.flow.Lock(ctx, tx, id)
		if err != nil {
			return err
		}
		if imp.State != db.ImportStateChecked || imp.Run != run {
			return ErrState
		}
		_, plan, report, err := Read(imp)
		if err != nil {
			return err
		}
		if report.Good == 0 {
			return ErrNothing
		}
		if err := s.checkRights(ctx, tx, actor, report.Value() > 0); err != nil {
			return err
		}
		waits, err := s.askForApproval(ctx, tx, actor, imp, plan, report)
		if err != nil || waits {
			return err
		}
		return s.start(ctx, tx, actor, imp, report, 0)
	})
}

// askForApproval requests four-eyes approval where the opening balances need it, and
// reports whether they do.
func (s *Service) askForApproval(ctx context.Context, tx pgx.Tx, actor audit.Actor, imp db.CardImport, plan Plan, report Report) (bool, error) {
	value := report.Value()
	if value == 0 {
		return false, nil
	}
	sum := report.Sum()
	o, err := s.recordSolo(ctx, tx, actor, value, sum.Credits)
	if err != nil || !o.Over() {
		return false, err
	}
	var of []int64
	for _, p := range report.Partners {
		of = append(of, p.ID)
	}
	asked, err := approval.Ask(ctx, tx, actor, approval.Request{
		Kind: db.ApprovalKindOpeningBalances, By: actor.Accountable(), ImportID: imp.ID, Value: value, Currency: plan.Currency, Before: o.Others, PartnerIDs: of,
		Facts: approval.BalancesFacts{Import: imp.ID, Run: imp.Run, File: imp.FileName, Customers: sum.Customers, Credits: sum.Credits, Debts: sum.Debts},
	})
	if err == nil && asked == 0 {
		err = ErrWaits
	}
	return true, err
}

// recordSolo counts opening balances towards the limit of the actor, unless they need
// four-eyes approval. The credits among them also count towards the payments that the actor
// enters by hand. Otherwise one person could credit the limit twice.
func (s *Service) recordSolo(ctx context.Context, tx pgx.Tx, actor audit.Actor, value, credits int64) (approval.Solo, error) {
	if err := s.q.SoloActLock(ctx, tx, int32(actor.Responsible())); err != nil { //nolint:gosec // names a lock; ids that wrap to the same number only wait for each other
		return approval.Solo{}, fmt.Errorf("lock what one person does: %w", err)
	}
	payment := approval.Act{Kind: db.ApprovalKindPayment, By: actor.Accountable(), Value: credits}
	if credits > 0 {
		if o, err := approval.Weigh(ctx, tx, payment); err != nil || o.Over() {
			return o, err
		}
	}
	o, err := approval.Alone(ctx, tx, approval.Act{Kind: db.ApprovalKindOpeningBalances, By: actor.Accountable(), Value: value})
	if err != nil || o.Over() || credits == 0 {
		return o, err
	}
	_, err = approval.Alone(ctx, tx, payment)
	return o, err
}

// start enqueues the job of an import in the name of the actor. Approved is the id of the
// approved request; 0: the import needs no approval.
func (s *Service) start(ctx context.Context, tx pgx.Tx, actor audit.Actor, imp db.CardImport, report Report, approved int64) error {
	n, err := s.q.CustomerImportConfirm(ctx, tx, db.CustomerImportConfirmParams{ID: imp.ID, ConfirmedBy: actor.Staff()})
	if err != nil {
		return fmt.Errorf("confirm an import: %w", err)
	}
	if n == 0 {
		return ErrState
	}
	if _, err := s.flow.Enqueue(ctx, tx, imp.ID, RunArgs{ImportID: imp.ID}); err != nil {
		return err
	}
	sum := report.Sum()
	return act.Record(ctx, tx, actor, tableflow.Confirmed{
		Import: s.flow.About(imp.ID), Customers: &sum.Customers, Credits: &sum.Credits, Debts: &sum.Debts,
		File: imp.FileName, SHA256: fmt.Sprintf("%x", imp.SHA256), Approval: approved,
	})
}

// approvalKind is the kind of request for opening balances.
func (s *Service) approvalKind() approval.Kind {
	return approval.Kind{
		Name: db.ApprovalKindOpeningBalances,
		Needs: func(db.Approval) ([]string, error) {
			return staff.Stored(staff.CustomersEdit, staff.PaymentsEnter), nil
		},
		Hold: func(ctx context.Context, tx pgx.Tx, _ audit.Actor, a db.Approval) error {
			_, _, _, err := s.lockRequested(ctx, tx, a)
			return err
		},
		Same: func(ctx context.Context, tx pgx.Tx, a db.Approval) (bool, error) {
			imp, report, run, err := s.lockRequested(ctx, tx, a)
			return err == nil && imp.State == db.ImportStateChecked && imp.Run == run && report.Value() == a.Value, err
		},
		Approve: func(ctx context.Context, tx pgx.Tx, _ audit.Actor, a db.Approval) error {
			imp, report, _, err := s.lockRequested(ctx, tx, a)
			if err != nil {
				return err
			}
			return s.start(ctx, tx, approval.Asker(a), imp, report, a.ID)
		},
		Announce: func(ctx context.Context, tx pgx.Tx, a db.Approval) error { return s.flow.Notify(ctx, tx, *a.ImportID) },
	}
}

// lockRequested locks and reads the import of a request, with its report and the number of
// its requested dry run.
func (s *Service) lockRequested(ctx context.Context, tx pgx.Tx, a db.Approval) (db.CardImport, Report, int32, error) {
	facts, err := approval.Facts[approval.BalancesFacts](a)
	if err != nil {
		return db.CardImport{}, Report{}, 0, err
	}
	imp, err := s.flow.Lock(ctx, tx, *a.ImportID)
	if err != nil {
		return imp, Report{}, 0, err
	}
	_, _, report, err := Read(imp)
	return imp, report, facts.Run, err
}

// Cancel ends an import that has created no customers. An import that has begun stops
// instead: Resume continues it, and the customers that exist stay.
func (s *Service) Cancel(ctx context.Context, actor audit.Actor, id int64) error {
	if _, err := s.Import(ctx, actor, id); err != nil {
		return err
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		imp, err := s.flow.Lock(ctx, tx, id)
		if err != nil {
			return err
		}
		return s.flow.Cancel(ctx, tx, actor, imp, imp.State == db.ImportStateRunning || imp.Made > 0)
	})
}

// Resume continues an import that stopped or failed. Its opening balances were weighed
// against the limit when it was confirmed.
func (s *Service) Resume(ctx context.Context, actor audit.Actor, id int64) error {
	row, err := s.Import(ctx, actor, id)
	if err != nil {
		return err
	}
	_, _, report, err := Read(row.CardImport)
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		if err := s.checkRights(ctx, tx, actor, report.Value() > 0); err != nil {
			return err
		}
		n, err := s.q.CustomerImportResume(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("resume an import: %w", err)
		}
		_, err = s.flow.Resume(ctx, tx, actor, id, n, RunArgs{ImportID: id})
		return err
	})
}

// Fail stops an import after its last attempt; why is text for staff.
func (s *Service) Fail(ctx context.Context, id int64, why string) error {
	return s.inTx(ctx, func(tx pgx.Tx) error {
		return s.flow.Stop(ctx, tx, audit.System(), id, tableflow.Failed{Import: s.flow.About(id)}, why)
	})
}
