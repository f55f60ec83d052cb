package card

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/customer"
	"refill/internal/db"
	"refill/internal/ledger"
)

// Reverse takes a redemption back: the value leaves the customer's balance for
// breakage and the card is void, since its code has been seen. Whoever is owed a
// card gets another one. The balance may become negative. Locks are taken in the
// order of Redeem: series, card, account, inserts.
func (s *Service) Reverse(ctx context.Context, actor audit.Actor, r customer.Reversal) (customer.Paid, error) {
	if err := customer.CheckReason(r.Reason); err != nil {
		return customer.Paid{}, err
	}
	_, err := s.q.CustomerGet(ctx, s.db, db.CustomerGetParams{
		ID: r.CustomerID, AllPartners: actor.Scope.AllPartners, PartnerIds: actor.Scope.PartnerIDs,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return customer.Paid{}, ErrCustomer
	}
	if err != nil {
		return customer.Paid{}, fmt.Errorf("read a customer: %w", err)
	}
	original, err := customer.Reversible(ctx, s.db, r.CustomerID, r.PaymentID)
	if errors.Is(err, customer.ErrReversed) {
		return customer.ReplayReversal(ctx, s.db, r, original)
	}
	if err != nil {
		return customer.Paid{}, err
	}
	if original.SeriesID == nil || original.Serial == nil || original.Type != db.PaymentTypeRefillCard {
		return customer.Paid{}, fmt.Errorf("payment %d did not come by a card", original.ID)
	}
	var paid customer.Paid
	for range maxTries {
		if paid, err = s.reverseOnce(ctx, actor, r, original); !db.Retryable(err) {
			break
		}
	}
	if errors.Is(err, customer.ErrReversed) { // somebody was first: perhaps this very form
		return customer.ReplayReversal(ctx, s.db, r, original)
	}
	return paid, err
}

// reverseOnce is the transaction of Reverse.
func (s *Service) reverseOnce(ctx context.Context, actor audit.Actor, r customer.Reversal, original db.PaymentGetRow) (customer.Paid, error) {
	tx, err := s.db.Begin(ctx)
	if err != nil {
		return customer.Paid{}, fmt.Errorf("begin a reversal: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))

	seriesID, serial := *original.SeriesID, *original.Serial
	if err := s.q.SeriesShare(ctx, tx, int32(seriesID)); err != nil { //nolint:gosec // a lock's name; a wrapped id only waits for a stranger
		return customer.Paid{}, fmt.Errorf("share the lock of a series: %w", err)
	}
	_, err = s.q.CardUnuse(ctx, tx, db.CardUnuseParams{SeriesID: seriesID, Serial: serial, CustomerID: &r.CustomerID})
	if errors.Is(err, pgx.ErrNoRows) {
		return customer.Paid{}, customer.ErrReversed
	}
	if err != nil {
		return customer.Paid{}, fmt.Errorf("void a used card: %w", err)
	}
	breakage, err := ledger.System(ctx, tx, db.AccountKindBreakage, original.Currency)
	if err != nil {
		return customer.Paid{}, err
	}
	paid, err := customer.PostReversal(ctx, tx, actor, r, original, []ledger.Entry{{AccountID: breakage, Amount: original.Amount}})
	if name := db.Constraint(err); name == "ledger_tx_reverses_key" || name == "ledger_tx_idempotency_key" {
		return customer.Paid{}, customer.ErrReversed
	}
	if err != nil {
		return customer.Paid{}, err
	}
	// The shard that counted the card as used, so that none goes below zero.
	err = s.q.TallyAdd(ctx, tx, db.TallyAddParams{SeriesID: seriesID, Shard: int16(r.CustomerID % tallyShards), Used: -1, Void: 1})
	if err != nil {
		return customer.Paid{}, fmt.Errorf("count a void card: %w", err)
	}
	return paid, customer.Commit(ctx, tx)
}
