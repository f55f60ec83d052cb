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
)

// Three acts give one person the value of cards without a new export: redeeming a card for a
// customer without its code, downloading a file that another person requested, and raising
// the price of cards whose codes are known. Each counts within the limit of its person.

// ErrRedeemNeedsSecond refuses to redeem a card where one person is not enough.
var ErrRedeemNeedsSecond = fault.New(fault.Conflict, "redeem_second", "With the codes that you have exported or been shown, and the cards that you have redeemed without their codes, in the past 24 hours, this card is more than one person may. Type its code on the page of the customer, or let another person redeem it.")

// redeemAct returns the redemption of a card without its code as an act to be measured. value
// is that of the card.
func redeemAct(ref Ref, value money.Amount, by audit.Accountable) approval.Act {
	return approval.Act{Kind: db.ApprovalKindExport, By: by, SeriesID: ref.SeriesID, Serial: ref.Serial, Value: value.Minor, Currency: value.Currency}
}

// RedeemTakesSecond reports whether redeeming a card without its code is above the limit of
// a member of staff, so that checkRedeemWithoutCode would refuse it. It records nothing.
func (s *Service) RedeemTakesSecond(ctx context.Context, series db.Series, serial int32, by int64) (bool, error) {
	o, err := approval.Weigh(ctx, s.db, redeemAct(Ref{SeriesID: series.ID, Serial: serial}, money.Amount{Minor: series.Price, Currency: series.Currency}, audit.ForStaff(by)))
	return o.Over(), err
}

// EnableTakesSecond returns the refusal that enabling a card of an active series would
// return, or nil. It records nothing. err is an internal error.
func (s *Service) EnableTakesSecond(ctx context.Context, series db.Series, serial int32, by int64) (refusal, err error) {
	err = s.InTx(ctx, func(tx pgx.Tx) error {
		return s.checkEnable(ctx, tx, series, serial, 1, audit.ForStaff(by), approval.Looking(tx))
	})
	if fault.IsInternal(err) {
		return nil, err
	}
	return err, nil
}

// checkRedeemWithoutCode counts a card that staff redeem without its code like a code that
// was shown to them. It returns ErrRedeemNeedsSecond above the limit. Lock order: card,
// person, account.
func checkRedeemWithoutCode(ctx context.Context, tx pgx.Tx, actor audit.Actor, ref Ref, value money.Amount) error {
	o, err := approval.Alone(ctx, tx, redeemAct(ref, value, actor.Accountable()))
	if err == nil && o.Over() {
		return ErrRedeemNeedsSecond
	}
	return err
}

// repriceAct returns the rise in value, at a higher price, of the cards of a series whose
// codes are known without an export, as an act of the kind that made them known. All codes of
// an imported series are known to its importer; of other series, the codes that were shown.
// The value of the act is 0 where no code is known.
func (s *Service) repriceAct(ctx context.Context, dbtx db.DBTX, series db.Series, p EditPlan, by audit.Accountable) (approval.Act, error) {
	act := approval.Act{Kind: db.ApprovalKindImport, By: by, Currency: series.Currency}
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
