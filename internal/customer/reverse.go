package customer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/ledger"
	"refill/internal/money"
)

// Reversal asks for a payment to be taken back.
type Reversal struct {
	CustomerID int64
	PaymentID  int64
	Reason     string
	Key        uuid.UUID // drawn when the form was shown

	approved int64 // the request that a second person approved; 0: none
}

// CheckReason refuses a reason that is none. The reason of a reversal becomes part
// of a comment, so it is shorter than one.
func CheckReason(reason string) error {
	if n := utf8.RuneCountInString(strings.TrimSpace(reason)); n < 3 || n > 300 {
		return fault.Field("reason", "reason", "Give a reason of 3 to 300 characters; it is kept for good.")
	}
	return nil
}

// ReversalComment is the comment of the line that takes a payment back.
func ReversalComment(paymentID int64, reason string) string {
	return fmt.Sprintf("Of payment %d: %s", paymentID, strings.TrimSpace(reason))
}

// Reverse takes back a payment that was made by hand: the same movement the other
// way round, as a line of its own. The payment itself stays as it is. The unique
// index on what a movement reverses lets one of two reversals through. A redeemed
// card is taken back by package card, since the card is void then.
func Reverse(ctx context.Context, beginner db.Beginner, actor audit.Actor, r Reversal) (Paid, error) {
	if r.Key == uuid.Nil {
		return Paid{}, errNoKey
	}
	if err := CheckReason(r.Reason); err != nil {
		return Paid{}, err
	}
	if _, err := find(ctx, beginner, actor, r.CustomerID); err != nil {
		return Paid{}, err
	}
	original, err := Reversible(ctx, beginner, r.CustomerID, r.PaymentID)
	if errors.Is(err, ErrReversed) {
		return ReplayReversal(ctx, beginner, r, original)
	}
	if err != nil {
		return Paid{}, err
	}
	if original.Type == db.PaymentTypeRefillCard {
		return Paid{}, fmt.Errorf("payment %d came by a card: package card reverses it", original.ID)
	}
	facts := PaymentFacts{
		Type: db.PaymentTypeReversal, Amount: -original.Amount, Currency: original.Currency, Comment: strings.TrimSpace(r.Reason), Reverses: original.ID,
	}
	if err := asked(ctx, beginner, r.CustomerID, r.Key, facts); err != nil {
		return Paid{}, err
	}
	var paid Paid
	err = settle(ctx, beginner, func(tx pgx.Tx) error {
		var err error
		paid, err = r.post(ctx, tx, actor, original)
		return err
	})
	if two, ok := errors.AsType[twoError](err); ok {
		// The same form, or another one, may have been first: then nothing is to be asked for.
		if _, err := Reversible(ctx, beginner, r.CustomerID, r.PaymentID); errors.Is(err, ErrReversed) {
			return ReplayReversal(ctx, beginner, r, original)
		}
		return Paid{}, askCredit(ctx, beginner, actor, r.CustomerID, r.Key, facts, two.before)
	}
	if name := db.Constraint(err); name == "ledger_tx_reverses_key" || name == "ledger_tx_idempotency_key" {
		return ReplayReversal(ctx, beginner, r, original)
	}
	return paid, err
}

// Reversible reads a payment of a customer and says whether it can be taken back.
// With ErrReversed the payment comes along.
func Reversible(ctx context.Context, dbtx db.DBTX, customerID, paymentID int64) (db.PaymentGetRow, error) {
	row, err := db.New().PaymentGet(ctx, dbtx, db.PaymentGetParams{ID: paymentID, CustomerID: customerID})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return row, ErrNoPayment
	case err != nil:
		return row, fmt.Errorf("read a payment: %w", err)
	case row.ReversedBy != 0:
		return row, ErrReversed
	case row.Type == db.PaymentTypeReversal:
		return row, ErrReversal
	}
	return row, nil
}

// ReplayReversal answers a reversal that finds its payment reversed, or its key used:
// the form that did it gets its answer again, any other one is refused.
func ReplayReversal(ctx context.Context, dbtx db.DBTX, r Reversal, original db.PaymentGetRow) (Paid, error) {
	done, err := db.New().LedgerGetByKey(ctx, dbtx, &r.Key)
	if errors.Is(err, pgx.ErrNoRows) {
		return Paid{}, ErrReversed
	}
	if err != nil {
		return Paid{}, fmt.Errorf("look for an earlier answer: %w", err)
	}
	id, err := db.New().LedgerGetReversal(ctx, dbtx, &original.TxID)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return Paid{}, fmt.Errorf("look for a reversal: %w", err)
	}
	switch id {
	case done.PaymentID:
		if done.Comment != strings.TrimSpace(r.Reason) {
			return Paid{}, ErrReversed // by this form, with another reason
		}
	case 0:
		return Paid{}, ErrReversalKey
	default:
		return Paid{}, ErrReversed
	}
	return Paid{ID: done.PaymentID, Balance: done.BalanceAfter, At: done.At, Replayed: true}, nil
}

// PostReversal writes the movement that takes a payment back, its line of billing
// and its audit row. others is the house's side. The caller holds whatever lock
// comes before the account's.
func PostReversal(ctx context.Context, tx pgx.Tx, actor audit.Actor, r Reversal, original db.PaymentGetRow, others []ledger.Entry) (Paid, error) {
	amount := money.Amount{Minor: -original.Amount, Currency: original.Currency}
	m := ledger.Movement{
		Kind: db.LedgerKindReverse, Key: &r.Key, Reverses: original.TxID, StaffID: actor.StaffID,
		Comment: strings.TrimSpace(r.Reason), Entries: others,
	}
	entry := audit.Entry{Action: "payment.reversed", CustomerID: r.CustomerID}
	if original.SeriesID != nil && original.Serial != nil {
		m.SeriesID, m.Serial = *original.SeriesID, *original.Serial
		entry.SeriesID, entry.Serial = m.SeriesID, m.Serial
	}
	paid, err := post(ctx, tx, actor, r.CustomerID, db.PaymentTypeReversal, amount, ReversalComment(original.ID, r.Reason), m, r.approved)
	if err != nil {
		return Paid{}, err
	}
	entry.Detail = map[string]any{
		"payment": original.ID, "reversal": paid.ID, "type": original.Type,
		"amount": amount.Decimal(), "currency": amount.Currency, "reason": m.Comment,
	}
	if r.approved != 0 {
		entry.Detail["approval"] = r.approved
	}
	return paid, audit.Record(ctx, tx, actor, entry)
}
