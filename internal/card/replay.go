package card

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"refill/internal/db"
)

// replay returns the receipt of an earlier redemption with the same idempotency key. It
// returns ErrKeyReused if that redemption had another customer, card or reference. The typed code is only
// compared with the card of the earlier redemption. It is not looked up, because no attempt
// was charged.
func (s *Service) replay(ctx context.Context, r Redemption, a *attempt, done db.LedgerGetByKeyRow) (Receipt, error) {
	if done.Kind != db.LedgerKindRedeem || done.CustomerID != r.CustomerID || done.Comment != r.Reference || done.SeriesID == nil || done.Serial == nil {
		return Receipt{}, ErrKeyReused
	}
	ref := Ref{SeriesID: *done.SeriesID, Serial: *done.Serial}
	card, err := s.q.CardDone(ctx, s.db, db.CardDoneParams(ref))
	if err != nil {
		return Receipt{}, fmt.Errorf("read the card of an earlier answer: %w", err)
	}
	same, err := s.sameCard(ctx, r, a, ref, card.CodeIndex)
	if err != nil {
		return Receipt{}, err
	}
	if !same {
		// The card may be indexed under a key that this process lacks.
		return Receipt{}, cmp.Or(s.Codes.KeysBehind(ctx), error(ErrKeyReused))
	}
	return Receipt{
		PaymentID: done.PaymentID, Series: card.Number, Serial: ref.Serial, Amount: done.Amount, Balance: done.BalanceAfter,
		Currency: done.Currency, At: done.At, Replayed: true,
	}, nil
}

// again returns the receipt of a redemption that Redemption.Again repeats, and otherwise the
// refusal. The ledger tells, so that no code is kept to compare with.
func (s *Service) again(ctx context.Context, r Redemption, a *attempt, refusal error) (Receipt, error) {
	refused, ok := errors.AsType[refusedError](refusal)
	if r.Again == 0 || !ok || refused.card.State != db.CardStateUsed || refused.card.UsedBy == nil || *refused.card.UsedBy != r.CustomerID {
		return Receipt{}, refusal
	}
	row, found, err := db.Found(s.q.RedeemedLately(ctx, s.db, db.RedeemedLatelyParams{
		SeriesID: refused.card.SeriesID, Serial: refused.card.Serial, CustomerID: r.CustomerID, ClientID: db.Deref(a.actor.Client()), Within: r.Again,
	}))
	if err != nil {
		return Receipt{}, fmt.Errorf("look for a redemption to repeat: %w", err)
	}
	if !found {
		return Receipt{}, refusal
	}
	return Receipt{
		PaymentID: row.PaymentID, Series: refused.card.Number, Serial: refused.card.Serial, Amount: row.Amount, Balance: row.BalanceAfter,
		Currency: row.Currency, At: row.At, Replayed: true,
	}, nil
}

// sameCard reports whether a request names a card, whose code has an index.
func (s *Service) sameCard(ctx context.Context, r Redemption, a *attempt, ref Ref, codeIndex []byte) (bool, error) {
	if !a.typed {
		return r.Card == ref, nil
	}
	is := func(index []byte) bool { return bytes.Equal(index, codeIndex) }
	if slices.ContainsFunc(a.indexes, is) || slices.ContainsFunc(a.imported.Exact, is) || slices.ContainsFunc(a.imported.Near, is) {
		return true, nil
	}
	if a.imported.Empty() {
		return false, nil
	}
	same, err := s.q.CardReadBy(ctx, s.db, db.CardReadByParams{ReadingIndexes: a.imported.Readings, SeriesID: ref.SeriesID, Serial: ref.Serial})
	if err != nil {
		return false, fmt.Errorf("read the readings of a card: %w", err)
	}
	return same, nil
}
