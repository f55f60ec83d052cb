package card

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
	"refill/internal/staff"
)

// Four-eyes approval. Activating a series, exporting its codes and deleting cards need a second
// person above the value limit of the settings. Each of these acts passes through one function:
//
//   - every activation (by staff, after generation, after an import) through
//     approvedActivation;
//   - every export (requested, retried, started by a worker) through holdExport and
//     checkExport of package cardfile;
//   - enabling disabled cards of an active series through checkEnable;
//   - every deletion of cards through checkVoid.
//
// An activation or export is measured by the whole series, so that splitting it does not
// avoid the limit. What the same person did without a second person within the last 24 hours
// is added (package approval).
//
// Lock order: series, approval request, export, cards, the lock of a person (approval.Alone),
// counts of the series.

// Errors of acts that need a second person.
var (
	ErrApprovalNeeded   = fault.New(fault.Conflict, "approval_needed", "This takes a second person by now. Ask for a new file: it waits until another person approves it.")
	errPriceSummed      = fault.Field("price", "edit_price_second_day", "At this price, and with what you have activated, exported, imported or been shown in the past 24 hours, the cards would be worth more than one person may bring into use. Choose a lower price, or let another person raise it.")
	ErrPriceNeedsSecond = fault.Field("price", "edit_price_second", "At this price the cards would be worth more together than one person may bring into use, and they are active already, or their codes were exported, imported or shown. Choose a lower price, or order a new series.")
)

// Worth returns the face value, in minor units, and the number of the cards of a series that
// are neither used nor void. Disabled cards count.
func (s *Service) Worth(ctx context.Context, tx pgx.Tx, series db.Series) (value, cards int64, err error) {
	cards, err = s.remaining(ctx, tx, series)
	return cards * series.Price, cards, err
}

// requestApproval inserts a request for a second person about a series, in the transaction
// that found the limit exceeded.
func (s *Service) requestApproval(ctx context.Context, tx pgx.Tx, actor audit.Actor, series db.Series, r approval.Request) error {
	r.SeriesID, r.Version, r.Price, r.Currency = series.ID, series.Version, series.Price, series.Currency
	_, err := approval.Ask(ctx, tx, actor, r)
	return err
}

// approvedActivation reports whether a series may be activated now without a second person,
// and counts the activation within the limit of by. Above the limit it inserts a request in
// the name of by and returns false. It inserts none where by is the system, and where the
// program activates a series that another person has edited since it was ordered: no person
// has asked for that activation, so a person has to activate the series. It also returns false
// where the program activates for a person who has lost the permission to activate.
func (s *Service) approvedActivation(ctx context.Context, tx pgx.Tx, actor audit.Actor, series db.Series, by audit.Accountable) (bool, error) {
	if may, err := stillMayActivate(ctx, tx, actor, by); err != nil || !may {
		return false, err
	}
	if approved, err := s.approvedImport(ctx, tx, series); err != nil || approved {
		return approved, err
	}
	value, cards, err := s.Worth(ctx, tx, series)
	if err != nil {
		return false, err
	}
	o, err := approval.IntoUse(ctx, approval.Taking(tx), approval.UseSeriesActive, approval.Act{By: by, SeriesID: series.ID, Value: value, Currency: series.Currency})
	if err != nil || !o.Over() {
		return err == nil, err
	}
	if by.IsSystem() {
		return false, nil
	}
	if actor.IsSystem() {
		edited, err := s.q.SeriesEditedByOther(ctx, tx, db.SeriesEditedByOtherParams{SeriesID: series.ID, StaffID: by.Staff()})
		if err != nil {
			return false, fmt.Errorf("look for edits of a series: %w", err)
		}
		if edited {
			return false, nil
		}
	}
	return false, s.requestApproval(ctx, tx, actor, series, approval.Request{Kind: db.ApprovalKindActivate, By: by, Value: value, Cards: cards, Before: o.Others})
}

// checkReprice returns ErrPriceNeedsSecond, or errPriceSummed with the acts of the last 24
// hours, where a higher price puts cards above the limit of one person: cards of an active or
// locked series, and cards whose codes were exported, imported or shown. A series that is
// still being generated is measured when its generation ends.
func (s *Service) checkReprice(ctx context.Context, dbtx db.DBTX, series db.Series, p EditPlan, by audit.Accountable, weigh approval.Scale) error {
	if p.Price.Minor <= series.Price {
		return nil
	}
	var kinds []db.ApprovalKind
	if series.State == db.SeriesStateActive || series.State == db.SeriesStateLocked {
		kinds = append(kinds, db.ApprovalKindActivate)
	}
	files, err := s.q.ExportCountSeries(ctx, dbtx, series.ID)
	if err != nil {
		return fmt.Errorf("count the exports of a series: %w", err)
	}
	if files > 0 {
		kinds = append(kinds, db.ApprovalKindExport)
	}
	acts := make([]approval.Act, 0, len(kinds)+1)
	for _, kind := range kinds {
		acts = append(acts, approval.Act{Kind: kind, By: by, SeriesID: series.ID, Value: p.Left * p.Price.Minor, Currency: series.Currency})
	}
	if files == 0 || series.ImportID != nil {
		act, err := s.repriceAct(ctx, dbtx, series, p, by)
		if err != nil {
			return err
		}
		if act.Value > 0 {
			acts = append(acts, act)
		}
	}
	for _, act := range acts {
		o, err := weigh(ctx, act)
		if err != nil {
			return err
		}
		if o.Over() {
			return o.Refusal(ErrPriceNeedsSecond, errPriceSummed)
		}
	}
	return nil
}

// approvals returns the kinds of requests about cards.
func (s *Service) approvals() []approval.Kind {
	return []approval.Kind{
		{
			Name: db.ApprovalKindActivate, Cards: true, Needs: Needs(staff.SeriesActivate), Hold: s.holdSubject,
			Same: func(ctx context.Context, tx pgx.Tx, a db.Approval) (bool, error) {
				series, value, cards, err := s.readSubject(ctx, tx, a)
				ready := series.State == db.SeriesStateReady || series.State == db.SeriesStateLocked
				return ready && series.Version == a.Version && series.Price == a.Price && cards == a.Cards && value <= a.Value, err
			},
			Approve: func(ctx context.Context, tx pgx.Tx, actor audit.Actor, a db.Approval) error {
				series, err := s.q.SeriesGet(ctx, tx, db.Deref(a.SeriesID))
				if err != nil {
					return fmt.Errorf("read a series: %w", err)
				}
				return s.activate(ctx, tx, actor, series)
			},
		},
		s.revealKind(),
		s.renewalKind(),
		s.deletionKind(),
	}
}

// holdSubject locks the series of a request, in any state.
func (s *Service) holdSubject(ctx context.Context, tx pgx.Tx, actor audit.Actor, a db.Approval) error {
	_, err := s.Hold(ctx, tx, actor, db.Deref(a.SeriesID), db.AllSeriesStateValues())
	return err
}

// readSubject returns the present series of a request, with the value in minor units and the
// number of its remaining cards (Worth).
func (s *Service) readSubject(ctx context.Context, tx pgx.Tx, a db.Approval) (series db.Series, value, cards int64, err error) {
	if series, err = s.q.SeriesGet(ctx, tx, db.Deref(a.SeriesID)); err != nil {
		return series, 0, 0, fmt.Errorf("read a series: %w", err)
	}
	value, cards, err = s.Worth(ctx, tx, series)
	return series, value, cards, err
}

// Approvals returns the desk that decides requests of all kinds, including those of other
// packages.
func (s *Service) Approvals() *approval.Desk { return s.desk }

// Approve approves a request and performs it; see approval.Desk.
func (s *Service) Approve(ctx context.Context, actor audit.Actor, id int64, reason string) error {
	return s.desk.Approve(ctx, actor, id, reason)
}

// Refuse refuses a request; see approval.Desk.
func (s *Service) Refuse(ctx context.Context, actor audit.Actor, id int64, reason string) error {
	return s.desk.Refuse(ctx, actor, id, reason)
}

// ExpireApprovals ends requests that were not decided within a day. Periodic.
func (s *Service) ExpireApprovals(ctx context.Context) error { return s.desk.Expire(ctx) }

// Solo measures an act of a member of staff against the limit of one person, for display. It
// records nothing. seriesID is 0 for cards without a series yet.
func (s *Service) Solo(ctx context.Context, staffID int64, kind db.ApprovalKind, seriesID int64, value money.Amount) (approval.Solo, error) {
	return approval.Weigh(ctx, s.db, approval.Act{Kind: kind, By: audit.ForStaff(staffID), SeriesID: seriesID, Value: value.Minor, Currency: value.Currency})
}

// approvedImport reports whether a second person approved the import that creates a series,
// with cards that are active at once. It is false once all cards of the series are there.
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
