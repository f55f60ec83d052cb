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

// Above a value that settings name, activating a series and exporting its codes
// take a second person. Every way to do either leads through the functions here:
// activating (by hand, when generated, when imported) through approvedActivation,
// the making of a file (asked for, tried again, started by a worker) through
// holdExport and mayExport. What is measured is always the whole series, so that it
// can't be had in parts, with what the same person did by themselves within a day
// (package approval). Cards that were disabled in an active series come back into use through
// mayEnable.
//
// Locks, in this order: series, request, export, cards, person (alone), counts.

// Refusals where one person is not enough.
var (
	ErrApprovalNeeded   = fault.New(fault.Conflict, "approval_needed", "This takes a second person by now. Ask for a new file: it waits until somebody else approves it.")
	ErrPriceNeedsSecond = fault.Field("price", "edit_price_second", "At this price the cards would be worth more together than one person may bring into use, and they are active already, or their codes were exported, imported or shown. Choose a lower price, or order a new series.")
)

// worth is what the cards of a series that are neither used nor void are worth
// together, disabled ones included.
func (s *Service) worth(ctx context.Context, tx pgx.Tx, series db.Series) (value, cards int64, err error) {
	cards, err = s.remaining(ctx, tx, series)
	return cards * series.Price, cards, err
}

// ask enters a request about a series, in the transaction in which it turned out to be
// needed.
func (s *Service) ask(ctx context.Context, tx pgx.Tx, actor audit.Actor, series db.Series, r approval.Request) error {
	r.SeriesID, r.Version, r.Price, r.Currency = series.ID, series.Version, series.Price, series.Currency
	_, err := approval.Ask(ctx, tx, actor, r)
	return err
}

// approvedActivation reports whether a series may be activated by one person, and
// counts it for them. If not it enters the request of whoever asked; nil: nobody did,
// so somebody has to. So it is where the program activates by itself what one person
// ordered and another has edited since, or who may not activate any more: nobody asked
// for that.
func (s *Service) approvedActivation(ctx context.Context, tx pgx.Tx, actor audit.Actor, series db.Series, by *int64) (bool, error) {
	if may, err := stillMayActivate(ctx, tx, actor, by); err != nil || !may {
		return false, err
	}
	if approved, err := s.approvedImport(ctx, tx, series); err != nil || approved {
		return approved, err
	}
	value, cards, err := s.worth(ctx, tx, series)
	if err != nil {
		return false, err
	}
	o, err := approval.IntoUse(ctx, approval.Taking(tx), approval.UseSeriesActive, approval.Act{By: deref(by), SeriesID: series.ID, Value: value})
	if err != nil || !o.Over() {
		return err == nil, err
	}
	if by == nil {
		return false, nil
	}
	if actor.StaffID == 0 {
		edited, err := s.q.SeriesEditedByOther(ctx, tx, db.SeriesEditedByOtherParams{SeriesID: series.ID, StaffID: *by})
		if err != nil {
			return false, fmt.Errorf("look for edits of a series: %w", err)
		}
		if edited {
			return false, nil
		}
	}
	return false, s.ask(ctx, tx, actor, series, approval.Request{Kind: db.ApprovalKindActivate, By: *by, Value: value, Cards: cards, Before: o.Others})
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
	o, err := approval.Alone(ctx, tx, approval.Act{Kind: db.ApprovalKindExport, By: actor.StaffID, SeriesID: seriesID, ExportID: &exportID, Value: value})
	if err != nil || !o.Over() {
		return false, err
	}
	if err := s.q.ExportHold(ctx, tx, exportID); err != nil {
		return true, fmt.Errorf("hold an export: %w", err)
	}
	return true, s.ask(ctx, tx, actor, series, approval.Request{
		Kind: db.ApprovalKindExport, By: actor.StaffID, ExportID: exportID, Value: value, Cards: cards, Before: o.Others,
	})
}

// mayExport refuses to make a file that takes a second person and was not approved,
// or was when it held less: its price may have been raised since it was asked for. An
// approval is used up after a day, and when the series is edited or the person who asked
// loses the right: a file that failed is then asked about as a new one is.
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
	approved, err := s.q.ApprovalOfExport(ctx, tx, db.ApprovalOfExportParams{ExportID: &e.ID, Permissions: staff.Stored(staff.SeriesExport)})
	if err != nil {
		return fmt.Errorf("look for the approval of an export: %w", err)
	}
	if approved > 0 && value <= approved {
		return nil
	}
	o, err := approval.Alone(ctx, tx, approval.Act{Kind: db.ApprovalKindExport, By: by, SeriesID: series.ID, ExportID: &e.ID, Value: value})
	if err == nil && o.Over() {
		return ErrApprovalNeeded
	}
	return err
}

// mayReprice refuses a higher price that would lift cards which are in use, or whose
// codes are known, above what one person may bring into use. Of a series
// that is still being made its end decides.
func (s *Service) mayReprice(ctx context.Context, dbtx db.DBTX, series db.Series, p EditPlan, by int64, weigh approval.Scale) error {
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
		acts = append(acts, approval.Act{Kind: kind, By: by, SeriesID: series.ID, Value: p.Left * p.Price.Minor})
	}
	if files == 0 || series.ImportID != nil {
		act, err := s.dearer(ctx, dbtx, series, p, by)
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
			return o.Refusal(ErrPriceNeedsSecond, "At this price, and with what you have activated, exported, imported or been shown in the past 24 hours, the cards would be worth more than one person may bring into use. Choose a lower price, or let somebody else raise it.")
		}
	}
	return nil
}

// approvals are the kinds of requests about cards.
func (s *Service) approvals() []approval.Kind {
	return []approval.Kind{
		{
			Name: db.ApprovalKindActivate, Cards: true, Needs: needs(staff.SeriesActivate), Hold: s.holdAsked,
			Same: func(ctx context.Context, tx pgx.Tx, a db.Approval) (bool, error) {
				series, value, cards, err := s.measured(ctx, tx, a)
				ready := series.State == db.SeriesStateReady || series.State == db.SeriesStateLocked
				return ready && series.Version == a.Version && series.Price == a.Price && cards == a.Cards && value <= a.Value, err
			},
			Approve: func(ctx context.Context, tx pgx.Tx, actor audit.Actor, a db.Approval) error {
				series, err := s.q.SeriesGet(ctx, tx, deref(a.SeriesID))
				if err != nil {
					return fmt.Errorf("read a series: %w", err)
				}
				return s.activate(ctx, tx, actor, series)
			},
		},
		{
			Name: db.ApprovalKindExport, Cards: true, Needs: needs(staff.SeriesExport), Hold: s.holdAsked,
			// Of an active series cards are redeemed meanwhile: fewer of them at the same
			// price are no reason to ask for its file again, nor is a change of state.
			Same: func(ctx context.Context, tx pgx.Tx, a db.Approval) (bool, error) {
				series, value, _, err := s.measured(ctx, tx, a)
				made := series.State == db.SeriesStateReady || series.State == db.SeriesStateActive || series.State == db.SeriesStateLocked
				return made && series.EditedVersion <= a.Version && series.Price == a.Price && value <= a.Value, err
			},
			Approve:  s.releaseExport,
			Drop:     s.dropExport,
			Announce: s.announceExport,
		},
		s.revealKind(),
		s.renewalKind(),
		s.importKind(),
	}
}

// holdAsked holds the series that a request is about.
func (s *Service) holdAsked(ctx context.Context, tx pgx.Tx, actor audit.Actor, a db.Approval) error {
	_, err := s.hold(ctx, tx, actor, deref(a.SeriesID), db.AllSeriesStateValues())
	return err
}

// measured is the series of a request as it is now, with what is left of it.
func (s *Service) measured(ctx context.Context, tx pgx.Tx, a db.Approval) (series db.Series, value, cards int64, err error) {
	if series, err = s.q.SeriesGet(ctx, tx, deref(a.SeriesID)); err != nil {
		return series, 0, 0, fmt.Errorf("read a series: %w", err)
	}
	value, cards, err = s.worth(ctx, tx, series)
	return series, value, cards, err
}

// releaseExport lets a file be made that was approved.
func (s *Service) releaseExport(ctx context.Context, tx pgx.Tx, _ audit.Actor, a db.Approval) error {
	n, err := s.q.ExportRelease(ctx, tx, *a.ExportID)
	if err != nil {
		return fmt.Errorf("release an export: %w", err)
	}
	if n == 0 {
		return ErrExportState
	}
	return s.enqueueExport(ctx, tx, *a.ExportID)
}

// dropExport cancels the file of a request that came to nothing.
func (s *Service) dropExport(ctx context.Context, tx pgx.Tx, a db.Approval) error {
	if _, err := s.q.ExportCancel(ctx, tx, *a.ExportID); err != nil {
		return fmt.Errorf("cancel an export: %w", err)
	}
	return nil
}

func (s *Service) announceExport(ctx context.Context, tx pgx.Tx, a db.Approval) error {
	return s.notifyExport(ctx, tx, *a.ExportID, deref(a.SeriesID), a.RequestedBy)
}

// Approvals is where requests are decided, those of other packages too.
func (s *Service) Approvals() *approval.Desk { return s.desk }

// Approve does what another person asked for; see approval.Desk.
func (s *Service) Approve(ctx context.Context, actor audit.Actor, id int64, reason string) error {
	return s.desk.Approve(ctx, actor, id, reason)
}

// Refuse says no to what another person asked for; see approval.Desk.
func (s *Service) Refuse(ctx context.Context, actor audit.Actor, id int64, reason string) error {
	return s.desk.Refuse(ctx, actor, id, reason)
}

// ExpireApprovals ends the requests that were not decided within a day. Periodic.
func (s *Service) ExpireApprovals(ctx context.Context) error { return s.desk.Expire(ctx) }

// Solo tells a page what the domain would decide; nothing is done. Of cards that have
// no series yet seriesID is 0.
func (s *Service) Solo(ctx context.Context, staffID int64, kind db.ApprovalKind, seriesID, value int64) (approval.Solo, error) {
	return approval.Weigh(ctx, s.db, approval.Act{Kind: kind, By: staffID, SeriesID: seriesID, Value: value})
}
