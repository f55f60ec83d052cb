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
	"refill/internal/fault"
	"refill/internal/money"
)

// Above a value that settings name, activating a series and exporting its codes
// take a second person. Every way to do either leads through the functions here:
// activating (by hand, when generated, when imported) through approvedActivation,
// the making of a file (asked for, tried again, started by a worker) through
// holdExport and mayExport. What is measured is always the whole series, so that it
// can't be had in parts, with what the same person did by themselves within a day
// (solo.go). Cards that were disabled in an active series come back into use through
// mayEnable.
//
// Locks, in this order: series, request, export, cards, person (alone), counts.

// Refusals around approvals.
var (
	ErrNoApproval        = fault.New(fault.NotFound, "approval_unknown", "There is no such request.")
	ErrApprovalDone      = fault.New(fault.Conflict, "approval_done", "Somebody has decided this meanwhile.")
	ErrApprovalExpired   = fault.New(fault.Conflict, "approval_expired", "This request has expired. Whoever needs it asks again.")
	ErrApprovalOwn       = fault.New(fault.Conflict, "approval_own", "You asked for this yourself: somebody else has to decide.")
	ErrApprovalShared    = fault.New(fault.Conflict, "approval_shared", "One of you two has set the other’s password, so this may be the same person twice. Its owner has to change it first, on the page of their account.")
	ErrApprovalGone      = fault.New(fault.Conflict, "approval_gone", "Whoever asked for this is disabled by now. Refuse it.")
	ErrApprovalOutdated  = fault.New(fault.Conflict, "approval_outdated", "The series has changed since this was asked for, so nothing was done. Whoever needs it asks again.")
	ErrApprovalNeeded    = fault.New(fault.Conflict, "approval_needed", "This takes a second person by now. Ask for a new file: it waits until somebody else approves it.")
	ErrEnableNeedsSecond = fault.New(fault.Conflict, "enable_second", "The disabled cards of this series are worth more together than one person may bring into use. Lock the series, enable them, and ask for its activation: somebody else approves that.")
	ErrPriceNeedsSecond  = fault.Field("price", "edit_price_second", "At this price the cards would be worth more together than one person may bring into use, and they are active or exported already. Choose a lower price, or order a new series.")
)

// worth is what the cards of a series that are neither used nor void are worth
// together, disabled ones included.
func (s *Service) worth(ctx context.Context, tx pgx.Tx, series db.Series) (value, cards int64, err error) {
	cards, err = s.remaining(ctx, tx, series)
	return cards * series.Price, cards, err
}

// request is what somebody asks another to approve.
type request struct {
	kind     db.ApprovalKind
	series   db.Series
	exportID *int64
	by       int64
	before   int64 // what they did by themselves that day
}

// ask enters a request, in the transaction in which it turned out to be needed.
func (s *Service) ask(ctx context.Context, tx pgx.Tx, actor audit.Actor, r request, value, cards int64) error {
	id, err := s.q.ApprovalCreate(ctx, tx, db.ApprovalCreateParams{
		Kind: r.kind, SeriesID: r.series.ID, ExportID: r.exportID, Value: value, Price: r.series.Price, Cards: cards, Before: r.before, RequestedBy: r.by,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // it is asked for already
	}
	if err != nil {
		return fmt.Errorf("ask for an approval: %w", err)
	}
	facts := map[string]any{"approval": id, "kind": r.kind, "value": money.Amount{Minor: value, Currency: r.series.Currency}.Decimal(), "cards": cards}
	if r.before > 0 {
		facts["before"] = money.Amount{Minor: r.before, Currency: r.series.Currency}.Decimal()
	}
	if err := audit.Record(ctx, tx, actor, audit.Entry{Action: "approval.asked", SeriesID: r.series.ID, Detail: facts}); err != nil {
		return err
	}
	return s.notifyApproval(ctx, tx, id, r.series.ID)
}

func (s *Service) notifyApproval(ctx context.Context, tx pgx.Tx, id, seriesID int64) error {
	if err := s.q.ApprovalNotify(ctx, tx, id); err != nil {
		return fmt.Errorf("announce an approval: %w", err)
	}
	return s.notifySeries(ctx, tx, seriesID)
}

// approvedActivation reports whether a series may be activated by one person, and
// counts it for them. If not it enters the request of whoever asked; nil: nobody did,
// so somebody has to.
func (s *Service) approvedActivation(ctx context.Context, tx pgx.Tx, actor audit.Actor, series db.Series, by *int64) (bool, error) {
	value, cards, err := s.worth(ctx, tx, series)
	if err != nil {
		return false, err
	}
	o, err := s.alone(ctx, tx, act{kind: db.ApprovalKindActivate, by: deref(by), seriesID: series.ID, value: value})
	if err != nil || !o.Over() {
		return err == nil, err
	}
	if by == nil {
		return false, nil
	}
	return false, s.ask(ctx, tx, actor, request{kind: db.ApprovalKindActivate, series: series, by: *by, before: o.Others}, value, cards)
}

// holdExport keeps a new export waiting where it takes a second person, and says
// whether it does. If not it is counted for whoever asks, and again when it is made.
func (s *Service) holdExport(ctx context.Context, tx pgx.Tx, actor audit.Actor, seriesID, exportID int64) (held bool, err error) {
	series, err := s.q.SeriesGet(ctx, tx, seriesID)
	if err != nil {
		return false, fmt.Errorf("read a series: %w", err)
	}
	value, cards, err := s.worth(ctx, tx, series)
	if err != nil {
		return false, err
	}
	o, err := s.alone(ctx, tx, act{kind: db.ApprovalKindExport, by: actor.StaffID, seriesID: seriesID, exportID: &exportID, value: value})
	if err != nil || !o.Over() {
		return false, err
	}
	if err := s.q.ExportHold(ctx, tx, exportID); err != nil {
		return true, fmt.Errorf("hold an export: %w", err)
	}
	return true, s.ask(ctx, tx, actor, request{kind: db.ApprovalKindExport, series: series, exportID: &exportID, by: actor.StaffID, before: o.Others}, value, cards)
}

// mayExport refuses to make a file that takes a second person and was not approved,
// or was when it held less: its price may have been raised since it was asked for.
// What was approved counts for nobody; else it counts for whoever asked, or tries
// again. Lock order: export, person.
func (s *Service) mayExport(ctx context.Context, tx pgx.Tx, e db.Export, by int64) error {
	if err := s.q.ExportLock(ctx, tx, e.ID); err != nil {
		return fmt.Errorf("lock an export: %w", err)
	}
	series, err := s.q.SeriesGet(ctx, tx, e.SeriesID)
	if err != nil {
		return fmt.Errorf("read a series: %w", err)
	}
	value, _, err := s.worth(ctx, tx, series)
	if err != nil {
		return err
	}
	approved, err := s.q.ApprovalOfExport(ctx, tx, &e.ID)
	if err != nil {
		return fmt.Errorf("look for the approval of an export: %w", err)
	}
	if approved > 0 && value <= approved {
		return nil
	}
	o, err := s.alone(ctx, tx, act{kind: db.ApprovalKindExport, by: by, seriesID: series.ID, exportID: &e.ID, value: value})
	if err == nil && o.Over() {
		return ErrApprovalNeeded
	}
	return err
}

// mayReprice refuses a higher price that would lift cards which are in use, or whose
// codes have left the house, above what one person may bring into use. Of a series
// that is still being made its end decides.
func (s *Service) mayReprice(ctx context.Context, dbtx db.DBTX, series db.Series, p EditPlan, by int64, weigh scale) error {
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
	for _, kind := range kinds {
		o, err := weigh(ctx, act{kind: kind, by: by, seriesID: series.ID, value: p.Left * p.Price.Minor})
		if err != nil {
			return err
		}
		if o.Over() {
			return o.refusal(ErrPriceNeedsSecond, "At this price, and with what you have activated or exported in the past 24 hours, the cards would be worth more than one person may bring into use. Choose a lower price, or let somebody else raise it.")
		}
	}
	return nil
}

// mayEnable refuses to enable cards of an active series whose disabled ones together
// are worth more than one person may bring into use: as a locked series takes a second
// person to come back, so do these. Before its activation nothing is redeemed, and
// that counts them.
func (s *Service) mayEnable(ctx context.Context, tx pgx.Tx, series db.Series, by int64, weigh scale) error {
	if series.State != db.SeriesStateActive {
		return nil
	}
	t, err := s.q.TallySum(ctx, tx, series.ID)
	if err != nil {
		return fmt.Errorf("count the disabled cards of a series: %w", err)
	}
	o, err := weigh(ctx, act{kind: db.ApprovalKindActivate, by: by, seriesID: series.ID, value: t.Disabled * series.Price})
	if err == nil && o.Over() {
		return o.refusal(ErrEnableNeedsSecond, "With what you have activated in the past 24 hours, the disabled cards of this series are worth more than one person may bring into use. Let somebody else enable them.")
	}
	return err
}

// Approve does what somebody else asked for, in the transaction of the decision, if
// it is still the same: what is measured now must be what was asked for.
func (s *Service) Approve(ctx context.Context, actor audit.Actor, id int64, reason string) error {
	outdated := false
	err := s.decide(ctx, actor, id, reason, func(tx pgx.Tx, a db.Approval, series db.Series) (db.ApprovalState, error) {
		value, cards, err := s.worth(ctx, tx, series)
		if err != nil {
			return "", err
		}
		if changed(a, series, value, cards) {
			outdated = true
			return db.ApprovalStateOutdated, s.dropExport(ctx, tx, a)
		}
		if a.Kind == db.ApprovalKindActivate {
			return db.ApprovalStateApproved, s.activate(ctx, tx, actor, series)
		}
		n, err := s.q.ExportRelease(ctx, tx, *a.ExportID)
		if err != nil {
			return "", fmt.Errorf("release an export: %w", err)
		}
		if n == 0 {
			return "", ErrExportState
		}
		return db.ApprovalStateApproved, s.enqueueExport(ctx, tx, *a.ExportID)
	})
	if err == nil && outdated {
		return ErrApprovalOutdated
	}
	return err
}

// changed reports whether a series is no longer what it was when something was
// asked for. Of an active series cards are redeemed meanwhile: fewer of them at the
// same price are no reason to ask for its file again.
func changed(a db.Approval, series db.Series, value, cards int64) bool {
	switch {
	case series.Price != a.Price || value > a.Value:
		return true
	case a.Kind == db.ApprovalKindActivate:
		return cards != a.Cards || (series.State != db.SeriesStateReady && series.State != db.SeriesStateLocked)
	}
	return series.State != db.SeriesStateReady && series.State != db.SeriesStateActive && series.State != db.SeriesStateLocked
}

// Refuse says no to what somebody else asked for. Nothing of it happens.
func (s *Service) Refuse(ctx context.Context, actor audit.Actor, id int64, reason string) error {
	return s.decide(ctx, actor, id, reason, func(tx pgx.Tx, a db.Approval, _ db.Series) (db.ApprovalState, error) {
		return db.ApprovalStateRefused, s.dropExport(ctx, tx, a)
	})
}

// dropExport cancels the file of a request that came to nothing.
func (s *Service) dropExport(ctx context.Context, tx pgx.Tx, a db.Approval) error {
	if a.ExportID == nil {
		return nil
	}
	if _, err := s.q.ExportCancel(ctx, tx, *a.ExportID); err != nil {
		return fmt.Errorf("cancel an export: %w", err)
	}
	return nil
}

// decide holds a request and its series while f makes the decision come true.
// Lock order: series, request.
func (s *Service) decide(ctx context.Context, actor audit.Actor, id int64, reason string,
	f func(tx pgx.Tx, a db.Approval, series db.Series) (db.ApprovalState, error),
) error {
	if err := customer.CheckReason(reason); err != nil {
		return err
	}
	seen, err := s.q.ApprovalGet(ctx, s.db, db.ApprovalGetParams{ID: id, AllPartners: actor.Scope.AllPartners, PartnerIds: actor.Scope.PartnerIDs})
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNoApproval
	}
	if err != nil {
		return fmt.Errorf("read a request: %w", err)
	}
	return s.inTx(ctx, func(tx pgx.Tx) error {
		series, err := s.hold(ctx, tx, actor, seen.SeriesID, db.AllSeriesStateValues())
		if err != nil {
			return err
		}
		row, err := s.q.ApprovalGetForUpdate(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("lock a request: %w", err)
		}
		if err := s.mayDecide(ctx, tx, actor, row); err != nil {
			return err
		}
		state, err := f(tx, row.Approval, series)
		if err != nil {
			return err
		}
		if state == db.ApprovalStateApproved && row.AskerGone {
			return ErrApprovalGone
		}
		end := db.ApprovalEndParams{ID: id, State: state, DecidedBy: actor.Staff(), Reason: strings.TrimSpace(reason)}
		return s.end(ctx, tx, actor, row.Approval, series.Currency, end)
	})
}

// mayDecide keeps people from deciding for themselves: under the account that
// asked, and under another one of theirs as far as that can be told.
func (s *Service) mayDecide(ctx context.Context, tx pgx.Tx, actor audit.Actor, row db.ApprovalGetForUpdateRow) error {
	a := row.Approval
	switch {
	case a.State != db.ApprovalStateWaiting:
		return ErrApprovalDone
	case row.Expired:
		return ErrApprovalExpired
	case actor.StaffID == 0 || actor.StaffID == a.RequestedBy:
		return ErrApprovalOwn
	}
	shared, err := s.q.ApprovalShared(ctx, tx, db.ApprovalSharedParams{One: actor.StaffID, Other: a.RequestedBy})
	if err != nil {
		return fmt.Errorf("ask who knows whose password: %w", err)
	}
	if shared {
		return ErrApprovalShared
	}
	return nil
}

// end closes a request and tells everybody.
func (s *Service) end(ctx context.Context, tx pgx.Tx, actor audit.Actor, a db.Approval, currency string, end db.ApprovalEndParams) error {
	n, err := s.q.ApprovalEnd(ctx, tx, end)
	if err != nil {
		return fmt.Errorf("decide a request: %w", err)
	}
	if n == 0 {
		return ErrApprovalDone
	}
	facts := map[string]any{
		"approval": a.ID, "kind": a.Kind, "value": money.Amount{Minor: a.Value, Currency: currency}.Decimal(), "cards": a.Cards, "requested_by": a.RequestedBy,
	}
	if end.Reason != "" {
		facts["reason"] = end.Reason
	}
	if a.ExportID != nil {
		facts["export"] = *a.ExportID
		if err := s.notifyExport(ctx, tx, *a.ExportID, a.SeriesID, a.RequestedBy); err != nil {
			return err
		}
	}
	if err := audit.Record(ctx, tx, actor, audit.Entry{Action: "approval." + string(end.State), SeriesID: a.SeriesID, Detail: facts}); err != nil {
		return err
	}
	return s.notifyApproval(ctx, tx, a.ID, a.SeriesID)
}

// ExpireApprovals ends the requests that nobody decided within a day. Periodic.
func (s *Service) ExpireApprovals(ctx context.Context) error {
	ids, err := s.q.ApprovalListExpired(ctx, s.db)
	if err != nil {
		return fmt.Errorf("look for expired requests: %w", err)
	}
	for _, id := range ids {
		err := s.inTx(ctx, func(tx pgx.Tx) error {
			row, err := s.q.ApprovalGetForUpdate(ctx, tx, id)
			if err != nil {
				return fmt.Errorf("lock a request: %w", err)
			}
			series, err := s.q.SeriesGet(ctx, tx, row.Approval.SeriesID)
			if err != nil {
				return fmt.Errorf("read a series: %w", err)
			}
			if err := s.dropExport(ctx, tx, row.Approval); err != nil {
				return err
			}
			return s.end(ctx, tx, audit.System(), row.Approval, series.Currency, db.ApprovalEndParams{ID: id, State: db.ApprovalStateExpired})
		})
		if err != nil && !errors.Is(err, ErrApprovalDone) {
			return err
		}
	}
	return nil
}
