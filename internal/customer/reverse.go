package customer

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/billing"
	"refill/internal/db"
	"refill/internal/ledger"
	"refill/internal/money"
)

// Reverse reverses a manual payment. If the reversal is a credit above the limit of the
// actor, it requests approval instead and returns ErrPaymentWaits. The payment itself is
// unchanged.
// Package card reverses redemptions, because they void the card.
func Reverse(ctx context.Context, beginner db.Beginner, actor audit.Actor, r billing.Reversal) (billing.Paid, error) {
	if r.Key == uuid.Nil {
		return billing.Paid{}, billing.ErrNoKey
	}
	if err := audit.CheckReason(r.Reason); err != nil {
		return billing.Paid{}, err
	}
	row, err := find(ctx, beginner, actor, r.CustomerID)
	if err != nil {
		return billing.Paid{}, err
	}
	original, done, err := r.Original(ctx, beginner)
	if err != nil || done.ID != 0 {
		return done, err
	}
	if original.Type == db.PaymentTypeRefillCard {
		return billing.Paid{}, fmt.Errorf("payment %d came by a card: package card reverses it", original.ID)
	}
	if err := checkHere(row); err != nil {
		return billing.Paid{}, err
	}
	facts := PaymentFacts{
		Type: db.PaymentTypeReversal, Amount: -original.Amount, Currency: original.Currency, Comment: strings.TrimSpace(r.Reason), Reverses: original.ID,
	}
	if err := asked(ctx, beginner, r.CustomerID, r.Key, facts); err != nil {
		return billing.Paid{}, err
	}
	paid, err := billing.Reverse(ctx, beginner, actor, r, original, func(tx pgx.Tx) (billing.Undo, error) {
		if err := checkCredit(ctx, tx, actor, money.Amount{Minor: -original.Amount, Currency: original.Currency}); err != nil {
			return billing.Undo{}, err
		}
		return undo(ctx, tx, original)
	})
	if two, ok := errors.AsType[twoError](err); ok {
		// An earlier request may have reversed it already. Then no approval is needed.
		if _, done, err := r.Original(ctx, beginner); err != nil || done.ID != 0 {
			return done, err
		}
		return billing.Paid{}, askCredit(ctx, beginner, actor, r.CustomerID, r.Key, facts, two.before)
	}
	return paid, err
}

// undo returns the entries on the provider's accounts that reverse a manual payment: the
// opposite of what it posted.
func undo(ctx context.Context, tx pgx.Tx, original db.PaymentGetRow) (billing.Undo, error) {
	others, err := db.New().LedgerOther(ctx, tx, original.TxID)
	if err != nil {
		return billing.Undo{}, fmt.Errorf("read a movement: %w", err)
	}
	var u billing.Undo
	for _, e := range others {
		u.House = append(u.House, ledger.Entry{AccountID: e.AccountID, Amount: -e.Amount})
	}
	return u, nil
}
