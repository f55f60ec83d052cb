package ledger

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"refill/internal/db"
)

// Pair is one of many movements between an account with a running balance and the
// same account of the house: the entry on the former, under its idempotency key.
type Pair struct {
	Key uuid.UUID
	Entry
}

// PostMany adds a movement for each pair in the caller's transaction, in one statement,
// and returns their ids by key. Of m it reads kind, member of staff and comment.
func PostMany(ctx context.Context, tx db.DBTX, m Movement, house int64, pairs []Pair) (map[uuid.UUID]int64, error) {
	p := db.LedgerPostManyParams{Kind: m.Kind, StaffID: nonZero(m.StaffID), Comment: m.Comment, HouseID: house}
	for _, pair := range pairs {
		p.Keys = append(p.Keys, pair.Key)
		p.AccountIds, p.Amounts = append(p.AccountIds, pair.AccountID), append(p.Amounts, pair.Amount)
		p.Versions, p.Balances = append(p.Versions, pair.Version), append(p.Balances, pair.Balance)
	}
	rows, err := db.New().LedgerPostMany(ctx, tx, p)
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
	return posted, nil
}
