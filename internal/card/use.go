package card

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/approval"
	"refill/internal/db"
	"refill/internal/fault"
)

// Changes to cards of an active series that bring some of them into use. Where they are
// worth more than one person may, the way is the same for all: lock the series, change
// the cards, and ask for its activation. Before its activation nothing can be redeemed,
// and that weighs every card.

// Errors of changes that bring more into use than one person may.
var (
	ErrEnableNeedsSecond = fault.New(fault.Conflict, "enable_second", "The disabled cards of this series are worth more together than one person may bring into use. Lock the series, enable them, and ask for its activation: another person approves that.")
	ErrExtendNeedsSecond = fault.Field("valid_till", "extend_second", "Expired cards would be valid again, and this series is worth more than one person may bring into use. Lock the series, give the cards their date, and ask for its activation: another person approves that.")
	ErrWidenNeedsSecond  = fault.Field("partner", "widen_second", "More customers could redeem these cards, and this series is worth more than one person may bring into use. Lock the series, change the partner, and ask for its activation: another person approves that.")
)

const summedUp = "With what you have brought into use in the past 24 hours, this is more than one person may. Let another person do it, or lock the series, change the cards, and ask for its activation."

// mayEnable refuses to enable cards of an active series that are worth more than one
// person may bring into use. One card (serial) counts as itself, once a day. Several
// (serial 0) are refused where all disabled cards of the series are too much, as they
// could be had in parts, and each of the n adds up: other cards may be disabled by then.
func (s *Service) mayEnable(ctx context.Context, tx pgx.Tx, series db.Series, serial int32, n, by int64, weigh approval.Scale) error {
	if series.State != db.SeriesStateActive {
		return nil
	}
	act := approval.Act{By: by, SeriesID: series.ID, Serial: serial, Value: series.Price}
	if serial == 0 {
		t, err := s.q.TallySum(ctx, tx, series.ID)
		if err != nil {
			return fmt.Errorf("count the disabled cards of a series: %w", err)
		}
		act = approval.Act{By: by, Value: t.Disabled * series.Price}
		o, err := approval.IntoUse(ctx, approval.Looking(tx), approval.UseCardEnabled, act)
		if err != nil {
			return err
		}
		if o.Over() {
			return o.Refusal(ErrEnableNeedsSecond, summedUp)
		}
		act.Value = n * series.Price
	}
	o, err := approval.IntoUse(ctx, weigh, approval.UseCardEnabled, act)
	if err == nil && o.Over() {
		return o.Refusal(ErrEnableNeedsSecond, summedUp)
	}
	return err
}

// mayChange refuses another date or partner for cards of an active series where that
// brings more into use than one person may. One card counts as itself; several as the
// whole series. serial 0: several.
func (s *Service) mayChange(ctx context.Context, tx pgx.Tx, series db.Series, use approval.Use, serial int32, by int64, weigh approval.Scale) error {
	if series.State != db.SeriesStateActive {
		return nil
	}
	value := series.Price
	if serial == 0 {
		var err error
		if value, _, err = s.worth(ctx, tx, series); err != nil {
			return err
		}
	}
	o, err := approval.IntoUse(ctx, weigh, use, approval.Act{By: by, SeriesID: series.ID, Serial: serial, Value: value})
	if err != nil || !o.Over() {
		return err
	}
	refused := ErrExtendNeedsSecond
	if use == approval.UsePartners {
		refused = ErrWidenNeedsSecond
	}
	return o.Refusal(refused, summedUp)
}

// mayEditCard holds a new date and partner of one card against the limit.
func (s *Service) mayEditCard(ctx context.Context, tx pgx.Tx, series db.Series, row db.CardGetForUpdateRow, serial int32, till *time.Time, partnerID *int64, by int64) error {
	if row.State != db.CardStateActive {
		return nil // enabling it is weighed
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
		if err := s.mayChange(ctx, tx, series, approval.UseDate, serial, by, approval.Taking(tx)); err != nil {
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
	return s.mayChange(ctx, tx, series, approval.UsePartners, serial, by, approval.Taking(tx))
}

// mayOperate holds an operation on several cards against the limit, as it is looked at
// or worked on; n are changed. revives says that some of the cards are expired and would not be, widens
// that more customers could redeem some.
func (s *Service) mayOperate(ctx context.Context, tx pgx.Tx, series db.Series, operation db.CardOperation, n int64, revives, widens bool, by int64, weigh approval.Scale) error {
	switch {
	case operation == db.CardOperationEnable:
		return s.mayEnable(ctx, tx, series, 0, n, by, weigh)
	case operation == db.CardOperationExtend && revives:
		return s.mayChange(ctx, tx, series, approval.UseDate, 0, by, weigh)
	case operation == db.CardOperationPartner && widens:
		return s.mayChange(ctx, tx, series, approval.UsePartners, 0, by, weigh)
	}
	return nil
}

// beforeTouch takes the row of a series, which comes before those of its cards.
func (s *Service) beforeTouch(ctx context.Context, tx pgx.Tx, seriesID int64) error {
	if _, err := s.q.SeriesGetForUpdate(ctx, tx, seriesID); err != nil {
		return fmt.Errorf("lock a series: %w", err)
	}
	return nil
}

// touch notes that cards of a series get another date or partner: what waits for a
// second person is no longer what was asked for.
func (s *Service) touch(ctx context.Context, tx pgx.Tx, seriesID int64) error {
	if err := s.q.SeriesTouch(ctx, tx, seriesID); err != nil {
		return fmt.Errorf("note a change of cards: %w", err)
	}
	return nil
}
