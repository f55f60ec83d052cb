package card

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// Three acts give one person the value of cards as an export does, without one: to redeem
// a card for a customer without its code, to fetch a file that another person asked for,
// and to raise the price of codes that are known already. All count within the limit of
// the person who does them.

// Refusals where one person is not enough.
var (
	ErrRedeemNeedsSecond = fault.New(fault.Conflict, "redeem_second", "With the codes that you have exported or been shown, and the cards that you have redeemed without their codes, in the past 24 hours, this card is more than one person may. Type its code on the page of the customer, or let another person redeem it.")
	ErrFileNeedsSecond   = fault.New(fault.Conflict, "file_second", "Another person asked for this file, and with the codes that you have exported or been shown in the past 24 hours it holds more than one person may know. They can fetch it themselves; or ask for a file of your own, which waits for a second person.")
)

// unseen is the act of redeeming a card without its code.
func unseen(ref Ref, value, by int64) approval.Act {
	return approval.Act{Kind: db.ApprovalKindExport, By: by, SeriesID: ref.SeriesID, Serial: ref.Serial, Value: value}
}

// RedeemTakesSecond reports whether a card that is redeemed without its code is more than
// a person may take by themselves: what mayRedeemUnseen would refuse.
func (s *Service) RedeemTakesSecond(ctx context.Context, series db.Series, serial int32, by int64) (bool, error) {
	o, err := approval.Weigh(ctx, s.db, unseen(Ref{series.ID, serial}, series.Price, by))
	return o.Over(), err
}

// EnableTakesSecond returns the refusal that enabling a card would meet; nil: none.
func (s *Service) EnableTakesSecond(ctx context.Context, series db.Series, serial int32, by int64) (refusal, err error) {
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		return s.mayEnable(ctx, tx, series, serial, 1, by, approval.Looking(tx))
	})
	if fault.IsInternal(err) {
		return nil, err
	}
	return err, nil
}

// mayRedeemUnseen counts a card that staff redeem without its code as if the code had
// been shown to them. Lock order: account, person.
func mayRedeemUnseen(ctx context.Context, tx pgx.Tx, actor audit.Actor, ref Ref, value int64) error {
	o, err := approval.Alone(ctx, tx, unseen(ref, value, actor.StaffID))
	if err == nil && o.Over() {
		return ErrRedeemNeedsSecond
	}
	return err
}

// mayFetch counts a file for whoever fetches it. For the person who asked it was counted,
// or approved, when it was made. Lock order: person.
func (s *Service) mayFetch(ctx context.Context, tx pgx.Tx, actor audit.Actor, e db.Export) error {
	if actor.StaffID == e.CreatedBy {
		return nil
	}
	series, err := s.q.SeriesGet(ctx, tx, e.SeriesID)
	if err != nil {
		return fmt.Errorf("read a series: %w", err)
	}
	value, _, err := s.worth(ctx, tx, series)
	if err != nil {
		return err
	}
	o, err := approval.Alone(ctx, tx, approval.Act{Kind: db.ApprovalKindExport, By: actor.StaffID, SeriesID: series.ID, Value: value})
	if err == nil && o.Over() {
		return ErrFileNeedsSecond
	}
	return err
}

// dearer is by how much the codes of a series that are known, but not by a file, are
// worth more at a higher price: as the kind of act that made them known. Whoever imported
// a series knows all of it; else those that were shown are known. An act of value 0:
// none is.
func (s *Service) dearer(ctx context.Context, dbtx db.DBTX, series db.Series, p EditPlan, by int64) (approval.Act, error) {
	act := approval.Act{Kind: db.ApprovalKindImport, By: by}
	known := p.Left
	if series.ImportID == nil {
		act.Kind = db.ApprovalKindExport
		var err error
		if known, err = s.q.CardCountRevealed(ctx, dbtx, series.ID); err != nil {
			return act, fmt.Errorf("count the codes that were shown: %w", err)
		}
	}
	act.Value = known * (p.Price.Minor - series.Price)
	return act, nil
}
