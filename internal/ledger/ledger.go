// Package ledger owns the double-entry ledger behind every balance. It only inserts; the
// database refuses updates and deletions. It knows no rules about cards or customers. It
// refuses movements whose entries do not add up to zero.
package ledger

import (
	"context"
	"fmt"

	"refill/internal/db"
)

// Movement is one transaction of the ledger, without its entries.
type Movement struct {
	Kind     db.LedgerKind
	SeriesID int64
	Serial   int32
	StaffID  int64  // the member of staff who acted; 0: the customer did
	Comment  string // read by PostMany only
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

// Move posts an amount, in minor units, from one account without a running balance to
// another. An amount of 0 posts nothing. Balances of customers are moved by package
// billing.
func Move(ctx context.Context, tx db.DBTX, m Movement, from, to, amount int64) error {
	if amount == 0 {
		return nil
	}
	err := db.New().LedgerPost(ctx, tx, db.LedgerPostParams{
		Kind: m.Kind, SeriesID: nonZero(m.SeriesID), Serial: nonZero(m.Serial), StaffID: nonZero(m.StaffID),
		AccountIds: []int64{from, to}, Amounts: []int64{-amount, amount},
	})
	if err != nil {
		return fmt.Errorf("post %s: %w", m.Kind, err)
	}
	return nil
}

// System returns the id of the provider's own account of a kind (outstanding, breakage,
// cash …) in a currency. The account is created at its first use.
func System(ctx context.Context, tx db.DBTX, kind db.AccountKind, currency string) (int64, error) {
	q := db.New()
	id, found, err := db.Found(q.AccountGetSystem(ctx, tx, db.AccountGetSystemParams{Kind: kind, Currency: currency}))
	if err == nil && !found {
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
