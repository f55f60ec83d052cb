package ledger

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"refill/internal/db"
)

// Pair is one of many movements between an account with a running balance and one account
// of the provider. It has the entry of the former and the idempotency key; the provider's
// entry is its opposite.
type Pair struct {
	Key uuid.UUID
	Entry
}

// PostMany adds a movement for each pair in the caller's transaction and returns their
// ids by key. Of m it reads kind, member of staff and comment.
func PostMany(ctx context.Context, tx db.DBTX, m Movement, house int64, pairs []Pair) (map[uuid.UUID]int64, error) {
	q := db.New()
	p := db.LedgerTxCreateManyParams{Kind: m.Kind, StaffID: nonZero(m.StaffID), Comment: m.Comment}
	for _, pair := range pairs {
		p.Keys = append(p.Keys, pair.Key)
	}
	rows, err := q.LedgerTxCreateMany(ctx, tx, p)
	if err != nil {
		return nil, fmt.Errorf("post %s: %w", m.Kind, err)
	}
	posted := make(map[uuid.UUID]int64, len(rows))
	for _, row := range rows {
		posted[*row.IdempotencyKey] = row.ID
	}
	if len(posted) != len(pairs) {
		return nil, fmt.Errorf("post %s: %d movements of %d", m.Kind, len(posted), len(pairs))
	}
	e := db.LedgerEntryCreateManyParams{HouseID: house}
	for _, pair := range pairs {
		e.TxIds, e.AccountIds, e.Amounts = append(e.TxIds, posted[pair.Key]), append(e.AccountIds, pair.AccountID), append(e.Amounts, pair.Amount)
		e.Versions, e.Balances = append(e.Versions, pair.Version), append(e.Balances, pair.Balance)
	}
	if err := q.LedgerEntryCreateMany(ctx, tx, e); err != nil {
		return nil, fmt.Errorf("post %s: %w", m.Kind, err)
	}
	return posted, nil
}
