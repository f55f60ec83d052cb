package card

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"refill/internal/db"
)

// replay answers a key that has done its work already. A key that did other work
// than is asked now is refused. What was typed is only held against the card of that
// work, not looked up: nobody has been charged for it yet.
func (s *Service) replay(ctx context.Context, r Redemption, at whereabouts) (Receipt, error) {
	done, err := s.q.LedgerGetByKey(ctx, s.db, &r.Key)
	if errors.Is(err, pgx.ErrNoRows) {
		return Receipt{}, nil
	}
	if err != nil {
		return Receipt{}, fmt.Errorf("look for an earlier answer: %w", err)
	}
	if done.Kind != db.LedgerKindRedeem || done.CustomerID != r.CustomerID || done.SeriesID == nil || done.Serial == nil {
		return Receipt{}, ErrKeyReused
	}
	ref := Ref{*done.SeriesID, *done.Serial}
	card, err := s.q.CardDone(ctx, s.db, db.CardDoneParams(ref))
	if err != nil {
		return Receipt{}, fmt.Errorf("read the card of an earlier answer: %w", err)
	}
	same := r.Card == ref
	if at.typed {
		is := func(index []byte) bool { return bytes.Equal(index, card.CodeIndex) }
		same = slices.ContainsFunc(at.indexes, is) || slices.ContainsFunc(at.imported.exact, is) || slices.ContainsFunc(at.imported.near, is)
		if !same && !at.imported.empty() {
			same, err = s.q.CardReadBy(ctx, s.db, db.CardReadByParams{ReadingIndexes: at.imported.readings, SeriesID: ref.SeriesID, Serial: ref.Serial})
			if err != nil {
				return Receipt{}, fmt.Errorf("read the readings of a card: %w", err)
			}
		}
	}
	if !same {
		// Its card may be sealed under a key that this process has yet to hear of.
		return Receipt{}, cmp.Or(s.keysBehind(ctx), error(ErrKeyReused))
	}
	return Receipt{
		PaymentID: done.PaymentID, Series: card.Number, Serial: ref.Serial, Amount: done.Amount, Balance: done.BalanceAfter,
		Currency: done.Currency, At: done.At, Replayed: true,
	}, nil
}
