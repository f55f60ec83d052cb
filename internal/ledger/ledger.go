// Package ledger owns the double-entry record behind every balance. It only
// adds: the database refuses any change or deletion. It decides nothing about
// cards or customers; it refuses what does not balance.
package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/db"
)

// Movement is one transaction of the ledger.
type Movement struct {
	Kind     db.LedgerKind
	Key      *uuid.UUID // idempotency key: the same one can post once
	SeriesID int64
	Serial   int32
	Reverses int64
	StaffID  int64 // who acted, where it was not the customer
	Comment  string
	Entries  []Entry
}

// Entry is one side of a movement: a signed amount in minor units on an account.
// Version and Balance belong to accounts with a running balance and are 0 for
// the others.
type Entry struct {
	AccountID int64
	Amount    int64
	Version   int64
	Balance   int64
}

// Posted is a movement that stands.
type Posted struct {
	ID int64
	At time.Time
}

// Post adds a movement in the caller's transaction.
func Post(ctx context.Context, tx db.DBTX, m Movement) (Posted, error) {
	params := db.LedgerPostParams{
		Kind: m.Kind, IdempotencyKey: m.Key, Comment: m.Comment,
		SeriesID: nonZero(m.SeriesID), Serial: nonZero(m.Serial), Reverses: nonZero(m.Reverses), StaffID: nonZero(m.StaffID),
	}
	for _, e := range m.Entries {
		params.AccountIds = append(params.AccountIds, e.AccountID)
		params.Amounts = append(params.Amounts, e.Amount)
		params.Versions = append(params.Versions, e.Version)
		params.Balances = append(params.Balances, e.Balance)
	}
	row, err := db.New().LedgerPost(ctx, tx, params)
	if err != nil {
		return Posted{}, fmt.Errorf("post %s: %w", m.Kind, err)
	}
	return Posted(row), nil
}

// Move posts an amount from one account without a running balance to another.
// An amount of 0 posts nothing.
func Move(ctx context.Context, tx db.DBTX, m Movement, from, to, amount int64) error {
	if amount == 0 {
		return nil
	}
	m.Entries = []Entry{{AccountID: from, Amount: -amount}, {AccountID: to, Amount: amount}}
	_, err := Post(ctx, tx, m)
	return err
}

// System returns the account of a kind that belongs to the house, making it at
// its first use.
func System(ctx context.Context, tx db.DBTX, kind db.AccountKind, currency string) (int64, error) {
	q := db.New()
	id, err := q.AccountGetSystem(ctx, tx, db.AccountGetSystemParams{Kind: kind, Currency: currency})
	if errors.Is(err, pgx.ErrNoRows) {
		if err := q.AccountEnsureSystem(ctx, tx, db.AccountEnsureSystemParams{Kind: kind, Currency: currency}); err != nil {
			return 0, fmt.Errorf("open account %s: %w", kind, err)
		}
		id, err = q.AccountGetSystem(ctx, tx, db.AccountGetSystemParams{Kind: kind, Currency: currency})
	}
	if err != nil {
		return 0, fmt.Errorf("find account %s: %w", kind, err)
	}
	return id, nil
}

func nonZero[T int32 | int64](v T) *T {
	if v == 0 {
		return nil
	}
	return &v
}
