package card

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// Changes to cards of an active series that bring some of them into use. Above the limit of
// one person such a change is refused, and the way is the same for all: lock the series,
// change the cards, and activate the series. The activation measures every card, and no card
// is redeemable before it.

// Errors of changes that bring more value into use than one person may.
var (
	ErrEnableNeedsSecond = fault.New(fault.Conflict, "enable_second", "The disabled cards of this series are worth more together than one person may bring into use. Lock the series, enable them, and ask for its activation: another person approves that.")
	ErrExtendNeedsSecond = fault.Field("valid_till", "extend_second", "Expired cards would be valid again, and this series is worth more than one person may bring into use. Lock the series, give the cards their date, and ask for its activation: another person approves that.")
	ErrWidenNeedsSecond  = fault.Field("partner", "widen_second", "More customers could redeem these cards, and this series is worth more than one person may bring into use. Lock the series, change the partner, and ask for its activation: another person approves that.")
	errUseSummed         = fault.New(fault.Conflict, "use_second_day", "With what you have brought into use in the past 24 hours, this is more than one person may. Let another person do it, or lock the series, change the cards, and ask for its activation.")
)

// checkEnable refuses to enable cards of an active series above the limit of one person. One
// card (serial) counts with its face value, once a day. Several cards (serial 0) are refused
// where all disabled cards of the series are above the limit, so that splitting them does not
// avoid it. Then the n cards count with their face value, each time: other cards may have been
// disabled since. The error is ErrEnableNeedsSecond, or errUseSummed with the acts of the last
// 24 hours.
func (s *Service) checkEnable(ctx context.Context, tx pgx.Tx, series db.Series, serial int32, n int64, by audit.Accountable, weigh approval.Scale) error {
	if series.State != db.SeriesStateActive {
		return nil
	}
	act := approval.Act{By: by, SeriesID: series.ID, Serial: serial, Value: series.Price, Currency: series.Currency}
	if serial == 0 {
		t, err := s.q.TallySum(ctx, tx, series.ID)
		if err != nil {
			return fmt.Errorf("count the disabled cards of a series: %w", err)
		}
		act = approval.Act{By: by, Value: t.Disabled * series.Price, Currency: series.Currency}
		o, err := approval.IntoUse(ctx, approval.Looking(tx), approval.UseCardEnabled, act)
		if err != nil {
			return err
		}
		if o.Over() {
			return o.Refusal(ErrEnableNeedsSecond, errUseSummed)
		}
		act.Value = n * series.Price
	}
	o, err := approval.IntoUse(ctx, weigh, approval.UseCardEnabled, act)
	if err == nil && o.Over() {
		return o.Refusal(ErrEnableNeedsSecond, errUseSummed)
	}
	return err
}

// checkIntoUse refuses a later last day (ErrExtendNeedsSecond) or another partner
// (ErrWidenNeedsSecond) of cards of an active series above the limit of one person. With the
// acts of the last 24 hours the error is errUseSummed. One card (serial) counts with its face
// value; several cards (serial 0) count as the whole series.
func (s *Service) checkIntoUse(ctx context.Context, tx pgx.Tx, series db.Series, use approval.Use, serial int32, by audit.Accountable, weigh approval.Scale) error {
	if series.State != db.SeriesStateActive {
		return nil
	}
	value := series.Price
	if serial == 0 {
		var err error
		if value, _, err = s.Worth(ctx, tx, series); err != nil {
			return err
		}
	}
	o, err := approval.IntoUse(ctx, weigh, use, approval.Act{By: by, SeriesID: series.ID, Serial: serial, Value: value, Currency: series.Currency})
	if err != nil || !o.Over() {
		return err
	}
	refused := ErrExtendNeedsSecond
	if use == approval.UsePartners {
		refused = ErrWidenNeedsSecond
	}
	return o.Refusal(refused, errUseSummed)
}

// checkCardIntoUse checks a new last day and partner of one card against the limit of one
// person.
func (s *Service) checkCardIntoUse(ctx context.Context, tx pgx.Tx, series db.Series, row db.CardGetForUpdateRow, serial int32, till *time.Time, partnerID *int64, by audit.Accountable) error {
	if row.State != db.CardStateActive {
		return nil // enabling the card is measured
	}
	today, err := s.q.SeriesToday(ctx, tx, series.TimeZone)
	if err != nil {
		return fmt.Errorf("read the date: %w", err)
	}
	expired := func(own *time.Time) bool {
		if own == nil {
			own = &series.ValidTill
		}
		return own.Before(today)
	}
	if expired(row.ValidTill) && !expired(till) {
		if err := s.checkIntoUse(ctx, tx, series, approval.UseDate, serial, by, approval.Taking(tx)); err != nil {
			return err
		}
	}
	widens, err := s.q.CardWidens(ctx, tx, db.CardWidensParams{SeriesID: series.ID, Before: row.PartnerID, After: partnerID})
	if err != nil {
		return fmt.Errorf("ask whom a card is for: %w", err)
	}
	if !widens || expired(till) {
		return nil
	}
	return s.checkIntoUse(ctx, tx, series, approval.UsePartners, serial, by, approval.Taking(tx))
}

// checkOperation checks an operation that changes n cards against the limit of one person.
// weigh is approval.Looking for a dry run and approval.Taking for a change. revives says that
// some of the cards are expired and become valid; widens says that more customers can redeem
// some of them.
func (s *Service) checkOperation(ctx context.Context, tx pgx.Tx, series db.Series, operation db.CardOperation, n int64, revives, widens bool, by audit.Accountable, weigh approval.Scale) error {
	switch {
	case operation == db.CardOperationVoid:
		return checkVoid(ctx, series, n, by, weigh)
	case operation == db.CardOperationEnable:
		return s.checkEnable(ctx, tx, series, 0, n, by, weigh)
	case operation == db.CardOperationExtend && revives:
		return s.checkIntoUse(ctx, tx, series, approval.UseDate, 0, by, weigh)
	case operation == db.CardOperationPartner && widens:
		return s.checkIntoUse(ctx, tx, series, approval.UsePartners, 0, by, weigh)
	}
	return nil
}

// lockSeriesRow locks the row of a series, which precedes the rows of its cards in the lock
// order.
func (s *Service) lockSeriesRow(ctx context.Context, tx pgx.Tx, seriesID int64) error {
	if _, err := s.q.SeriesGetForUpdate(ctx, tx, seriesID); err != nil {
		return fmt.Errorf("lock a series: %w", err)
	}
	return nil
}

// bumpVersion increases the version of a series whose cards get another last day or partner.
// Requests that wait for a second person then no longer match the series.
func (s *Service) bumpVersion(ctx context.Context, tx pgx.Tx, seriesID int64) error {
	if err := s.q.SeriesTouch(ctx, tx, seriesID); err != nil {
		return fmt.Errorf("note a change of cards: %w", err)
	}
	return nil
}
