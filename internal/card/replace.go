package card

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/setting"
)

// Errors of Replace.
var (
	ErrReplaceState  = fault.New(fault.Conflict, "card_replace_state", "Only a card that can be redeemed is replaced. Its series must be active and not expired, and the card enabled.")
	ErrReplaceMoment = fault.New(fault.Conflict, "card_replace_twice", "This card is replaced already.")
)

// Replace replaces a lost or damaged card. In one transaction it makes the card void and
// orders a series of one card of the same price, prefix, partners and last day, which a worker
// generates and activates. Both refer to each other, and the reason is kept in the audit
// trail. The new card comes into use under the rules of every activation: above the limit of
// one person it waits for another one.
//
// The same idempotency key returns the series of the first call. A card that can't be redeemed
// now is ErrReplaceState, a used card ErrCardUsed, a void one ErrCardVoid or, where it was
// replaced, ErrReplaceMoment.
func (s *Service) Replace(ctx context.Context, actor audit.Actor, ref Ref, reason string, key uuid.UUID) (Ordered, error) {
	reason = strings.TrimSpace(reason)
	if err := audit.CheckReason(reason); err != nil {
		return Ordered{}, err
	}
	if done, err := s.replacementOf(ctx, s.db, actor, ref, key); err != nil || done.ID != 0 {
		return done, err
	}
	var ordered Ordered
	err := s.InTx(ctx, func(tx pgx.Tx) error {
		within := s.Within(tx)
		o, err := within.replacementOrder(ctx, actor, ref, key)
		if err != nil {
			return err
		}
		// The value of the old card goes to the new one, so its end is no deletion.
		if err := within.setCardState(ctx, actor, ref, db.CardStateVoid, unmeasured); err != nil {
			return err
		}
		if ordered, err = within.Enter(ctx, tx, actor, o); err != nil {
			return err
		}
		if err := s.q.SeriesSetReplaces(ctx, tx, db.SeriesSetReplacesParams{ID: ordered.ID, SeriesID: &ref.SeriesID, Serial: &ref.Serial}); err != nil {
			return fmt.Errorf("link a replacement: %w", err)
		}
		return act.Record(ctx, tx, actor, Replaced{Subject: act.OfCard(ref.SeriesID, ref.Serial), By: ordered.Number, Reason: reason})
	})
	if db.Constraint(err) == "series_order_key_key" { // a concurrent request with the same key was first
		return s.replacementOf(ctx, s.db, actor, ref, key)
	}
	if errors.Is(err, ErrCardVoid) {
		if _, replaced, findErr := db.Found(s.q.SeriesReplacing(ctx, s.db, db.SeriesReplacingParams{SeriesID: &ref.SeriesID, Serial: &ref.Serial})); findErr != nil || replaced {
			return Ordered{}, errors.Join(findErr, ErrReplaceMoment)
		}
	}
	return ordered, err
}

// replacementOf returns the series that an earlier call with the key ordered for the card; the
// zero value where there is none. A key of another order is ErrOrderKeyUsed.
func (s *Service) replacementOf(ctx context.Context, dbtx db.DBTX, actor audit.Actor, ref Ref, key uuid.UUID) (Ordered, error) {
	row, found, err := db.Found(s.q.SeriesGetByOrderKey(ctx, dbtx, key))
	if err != nil {
		return Ordered{}, fmt.Errorf("look for a replacement: %w", err)
	}
	if !found {
		return Ordered{}, nil
	}
	if db.Deref(row.CreatedBy) != actor.Responsible() || db.Deref(row.ReplacesSeriesID) != ref.SeriesID || db.Deref(row.ReplacesSerial) != ref.Serial {
		return Ordered{}, ErrOrderKeyUsed
	}
	return Ordered{row.ID, row.Number}, nil
}

// replacementOrder returns the order of the card that replaces another one. It locks the old
// card for the transaction that the service is bound to.
func (s *Service) replacementOrder(ctx context.Context, actor audit.Actor, ref Ref, key uuid.UUID) (Order, error) {
	var o Order
	err := s.changeCard(ctx, actor, ref, false, func(tx pgx.Tx, series db.Series, row db.CardGetForUpdateRow) (act.Act, error) {
		settings, err := setting.Read(ctx, tx)
		if err != nil {
			return nil, err
		}
		o = Order{
			Quantity: 1, Prefix: series.Prefix, TimeZone: series.TimeZone, Activate: true, Lock: series.PartnerLock, Key: key,
			Format: cardcode.Format{Alphabet: cardcode.Alphabet(series.CodeAlphabet), Length: int(series.CodeLength)},
		}
		o.Price.Minor, o.Price.Currency = series.Price, series.Currency
		if series.ImportID != nil { // its codes have the form of another system
			o.Format = settings.CodeFormat()
		}
		if err := s.replacementPartners(ctx, tx, actor, series, row, &o); err != nil {
			return nil, err
		}
		till := series.ValidTill
		if row.ValidTill != nil {
			till = *row.ValidTill
		}
		if series.State != db.SeriesStateActive || row.State != db.CardStateActive {
			return nil, ErrReplaceState
		}
		if err := s.checkValidTill(ctx, till, &o); err != nil {
			if fault.IsInternal(err) {
				return nil, err
			}
			return nil, ErrReplaceState.Because(err)
		}
		if err := CheckActivate(ctx, tx, actor.Accountable(), true); err != nil {
			return nil, err
		}
		return nil, errUnchanged
	})
	return o, err
}

// replacementPartners sets the partners of a replacement: the partner of the old card,
// otherwise the partners of its series.
func (s *Service) replacementPartners(ctx context.Context, tx pgx.Tx, actor audit.Actor, series db.Series, row db.CardGetForUpdateRow, o *Order) error {
	zone := o.TimeZone
	chosen := Partners{Any: series.AnyPartner}
	var err error
	switch {
	case row.PartnerID != nil:
		chosen = Partners{IDs: []int64{*row.PartnerID}}
	case !series.AnyPartner:
		if chosen.IDs, err = s.q.SeriesPartnerList(ctx, tx, series.ID); err != nil {
			return fmt.Errorf("list the partners of a series: %w", err)
		}
	}
	err = s.CheckPartners(ctx, actor, chosen, o, chosen.IDs...)
	o.TimeZone = zone // the last day ends when that of the old card does
	return err
}
