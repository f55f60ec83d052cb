package card

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/billing"
	"refill/internal/db"
	"refill/internal/ledger"
)

// Reverse reverses a redemption: the amount moves from the customer's balance to breakage, and
// the card becomes void, because its code is known. A customer who is owed a card gets a new
// one. The balance may become negative. Lock order, as in Redeem: series, card, account,
// inserts.
//
// It returns customer.ErrUnknown for a customer whom the actor does not see, and
// billing.ErrReversed if the redemption is reversed already. A repeated request with the same
// idempotency key and reason returns the first result. After billing.ErrUnsettled the outcome
// is unknown, and the same request tells.
func (s *Service) Reverse(ctx context.Context, actor audit.Actor, r billing.Reversal) (billing.Paid, error) {
	if err := audit.CheckReason(r.Reason); err != nil {
		return billing.Paid{}, err
	}
	if _, err := s.readCustomer(ctx, s.db, actor, r.CustomerID); err != nil {
		return billing.Paid{}, err
	}
	original, done, err := r.Original(ctx, s.db)
	if err != nil || done.ID != 0 {
		return done, err
	}
	if original.SeriesID == nil || original.Serial == nil || original.Type != db.PaymentTypeRefillCard {
		return billing.Paid{}, fmt.Errorf("payment %d did not come by a card", original.ID)
	}
	return billing.Reverse(ctx, s.db, actor, r, original, func(tx pgx.Tx) (billing.Undo, error) {
		return s.voidRedeemed(ctx, tx, r.CustomerID, Ref{SeriesID: *original.SeriesID, Serial: *original.Serial}, original)
	})
}

// voidRedeemed makes a redeemed card void in the transaction that reverses its redemption.
func (s *Service) voidRedeemed(ctx context.Context, tx pgx.Tx, customerID int64, ref Ref, original db.PaymentGetRow) (billing.Undo, error) {
	if err := s.q.SeriesShare(ctx, tx, int32(ref.SeriesID)); err != nil { //nolint:gosec // the key of a lock; an id that wraps around only waits for another series
		return billing.Undo{}, fmt.Errorf("share the lock of a series: %w", err)
	}
	_, err := s.q.CardUnuse(ctx, tx, db.CardUnuseParams{SeriesID: ref.SeriesID, Serial: ref.Serial, CustomerID: &customerID})
	if errors.Is(err, pgx.ErrNoRows) {
		return billing.Undo{}, billing.ErrReversed
	}
	if err != nil {
		return billing.Undo{}, fmt.Errorf("void a used card: %w", err)
	}
	breakage, err := ledger.System(ctx, tx, db.AccountKindBreakage, original.Currency)
	if err != nil {
		return billing.Undo{}, err
	}
	return billing.Undo{
		House: []ledger.Entry{{AccountID: breakage, Amount: original.Amount}},
		Beside: func(dbtx db.DBTX) error { // in the shard of the redemption, so that no shard becomes negative
			return s.q.TallyAdd(ctx, dbtx, db.TallyAddParams{SeriesID: ref.SeriesID, Shard: tallyShard(customerID), Used: -1, Void: 1})
		},
	}, nil
}
