package cardfile

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/staff"
)

// A file of codes is worth the value of its series, so it is weighed like an activation:
// always the whole series, together with the person's other acts without approval within a
// day. It is weighed when it is requested (holdExport), when it is retried or made
// (checkExport), and when another person downloads it (checkFetch).

// ErrFileNeedsSecond refuses the download of another person's file above the limit.
var ErrFileNeedsSecond = fault.New(fault.Conflict, "file_second", "Another person asked for this file, and with the codes that you have exported or been shown in the past 24 hours it holds more than one person may know. They can fetch it themselves; or ask for a file of your own, which waits for a second person.")

// holdExport requests approval for a new export where one is needed, and reports whether
// the export waits. Otherwise the export counts for the requester now, and again when it
// is made.
func (s *Service) holdExport(ctx context.Context, tx pgx.Tx, actor audit.Actor, seriesID, exportID int64) (held bool, err error) {
	series, value, cards, err := s.measured(ctx, tx, seriesID)
	if err != nil {
		return false, err
	}
	o, err := approval.Alone(ctx, tx, approval.Act{Kind: db.ApprovalKindExport, By: actor.Accountable(), SeriesID: seriesID, ExportID: &exportID, Value: value, Currency: series.Currency})
	if err != nil || !o.Over() {
		return false, err
	}
	if err := s.q.ExportHold(ctx, tx, exportID); err != nil {
		return true, fmt.Errorf("hold an export: %w", err)
	}
	_, err = approval.Ask(ctx, tx, actor, approval.Request{
		Kind: db.ApprovalKindExport, By: actor.Accountable(), ExportID: exportID, Value: value, Cards: cards, Before: o.Others,
		SeriesID: seriesID, Version: series.Version, Price: series.Price, Currency: series.Currency,
	})
	return true, err
}

// checkExport refuses to make a file that needs approval and has none, or whose series is
// worth more than when it was approved, since its price may have been raised. An approval
// lapses after a day, when the series is edited, and when the requester loses the
// permission; the file is then weighed like a new one. An approved file counts for no
// person. Any other counts for the person who requested or retries it. Lock order: export,
// person.
func (s *Service) checkExport(ctx context.Context, tx pgx.Tx, e db.Export, by audit.Accountable) error {
	if err := s.q.ExportLock(ctx, tx, e.ID); err != nil {
		return fmt.Errorf("lock an export: %w", err)
	}
	series, value, _, err := s.measured(ctx, tx, e.SeriesID)
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
	o, err := approval.Alone(ctx, tx, approval.Act{Kind: db.ApprovalKindExport, By: by, SeriesID: series.ID, ExportID: &e.ID, Value: value, Currency: series.Currency})
	if err == nil && o.Over() {
		return card.ErrApprovalNeeded
	}
	return err
}

// checkFetch counts a file for a person who downloads it and did not request it. For the
// requester it was counted or approved when it was made. Lock order: person.
func (s *Service) checkFetch(ctx context.Context, tx pgx.Tx, actor audit.Actor, e db.Export) error {
	if actor.Responsible() == e.CreatedBy {
		return nil
	}
	series, err := s.q.SeriesGet(ctx, tx, e.SeriesID)
	if err != nil {
		return fmt.Errorf("read a series: %w", err)
	}
	value, _, err := s.cards.Worth(ctx, tx, series)
	if err != nil {
		return err
	}
	o, err := approval.Alone(ctx, tx, approval.Act{Kind: db.ApprovalKindExport, By: actor.Accountable(), SeriesID: series.ID, Value: value, Currency: series.Currency})
	if err == nil && o.Over() {
		return ErrFileNeedsSecond
	}
	return err
}

// exportKind returns the kind of request that approves a file.
func (s *Service) exportKind() approval.Kind {
	return approval.Kind{
		Name: db.ApprovalKindExport, Cards: true, Needs: card.Needs(staff.SeriesExport),
		Hold: func(ctx context.Context, tx pgx.Tx, actor audit.Actor, a db.Approval) error {
			_, err := s.cards.Hold(ctx, tx, actor, db.Deref(a.SeriesID), db.AllSeriesStateValues())
			return err
		},
		// The cards of an active series are redeemed while the request waits. Fewer cards
		// at the same price, or another state, leave the approval valid.
		Same: func(ctx context.Context, tx pgx.Tx, a db.Approval) (bool, error) {
			series, value, _, err := s.measured(ctx, tx, db.Deref(a.SeriesID))
			return exportable(series.State) && series.EditedVersion <= a.Version && series.Price == a.Price && value <= a.Value, err
		},
		Approve: s.release,
		Drop:    s.drop,
		Announce: func(ctx context.Context, tx pgx.Tx, a db.Approval) error {
			return s.announce(ctx, tx, *a.ExportID, db.Deref(a.SeriesID), a.RequestedBy)
		},
	}
}

// release queues an approved file.
func (s *Service) release(ctx context.Context, tx pgx.Tx, _ audit.Actor, a db.Approval) error {
	n, err := s.q.ExportRelease(ctx, tx, *a.ExportID)
	if err != nil {
		return fmt.Errorf("release an export: %w", err)
	}
	if n == 0 {
		return ErrState
	}
	return s.enqueue(ctx, tx, *a.ExportID)
}

// drop cancels the file of a request that was not approved.
func (s *Service) drop(ctx context.Context, tx pgx.Tx, a db.Approval) error {
	if _, err := s.q.ExportCancel(ctx, tx, *a.ExportID); err != nil {
		return fmt.Errorf("cancel an export: %w", err)
	}
	return nil
}

// measured returns a series with the value (minor units) and the number of its redeemable
// cards.
func (s *Service) measured(ctx context.Context, tx pgx.Tx, seriesID int64) (series db.Series, value, cards int64, err error) {
	if series, err = s.q.SeriesGet(ctx, tx, seriesID); err != nil {
		return series, 0, 0, fmt.Errorf("read a series: %w", err)
	}
	value, cards, err = s.cards.Worth(ctx, tx, series)
	return series, value, cards, err
}
