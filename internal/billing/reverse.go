package billing

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/ledger"
	"refill/internal/money"
)

// Reversal is a request to reverse a payment.
type Reversal struct {
	CustomerID int64
	PaymentID  int64
	Reason     string
	Key        uuid.UUID // drawn when the form was shown
}

// Undo says what the reversal of one payment changes besides the customer's balance.
type Undo struct {
	House    []ledger.Entry           // the entries on the provider's accounts
	Approval int64                    // the request that a second person approved; 0: none
	Beside   func(dbtx db.DBTX) error // see Posting
}

// Errors of a reversal.
var (
	ErrUnsettled   = fault.New(fault.Unsettled, "payment_unsettled", "The connection broke before we knew the outcome. Press the button again: a payment is never entered twice.")
	ErrNoPayment   = fault.New(fault.NotFound, "payment_unknown", "There is no such payment.")
	ErrReversed    = fault.New(fault.Conflict, "payment_reversed", "This payment has been reversed already.")
	ErrReversalKey = fault.New(fault.Conflict, "reversal_key_reused", "This form was used for something else before, and nothing was reversed. Open the payment again.")
	ErrHandover    = fault.New(fault.Conflict, "payment_is_handover", "This line hands the value of a card over to another system. Reverse the redemption: that takes it back too.")
	ErrReversal    = fault.New(fault.Conflict, "payment_is_reversal", "A reversal can't be reversed. Enter the payment anew.")
)

// ReversalComment returns the comment of the payment that reverses another one.
func ReversalComment(paymentID int64, reason string) string {
	return fmt.Sprintf("Of payment %d: %s", paymentID, strings.TrimSpace(reason))
}

// Reversible reads a payment of a customer and checks that it can be reversed. Together
// with ErrReversed it returns the payment.
func Reversible(ctx context.Context, dbtx db.DBTX, customerID, paymentID int64) (db.PaymentGetRow, error) {
	row, err := db.Need(db.New().PaymentGet(ctx, dbtx, db.PaymentGetParams{ID: paymentID, CustomerID: customerID})).Or(ErrNoPayment, "read a payment")
	switch {
	case err != nil:
		return row, err
	case row.ReversedBy != 0:
		return row, ErrReversed
	case row.Type == db.PaymentTypeReversal:
		return row, ErrReversal
	case row.Type == db.PaymentTypeHandover:
		return row, ErrHandover
	}
	return row, nil
}

// Original reads the payment that is to be reversed. Where it is reversed already, a
// repeated request with the same key and reason gets its first answer (Paid.ID is set
// then), and any other request is refused.
func (r Reversal) Original(ctx context.Context, dbtx db.DBTX) (db.PaymentGetRow, Paid, error) {
	original, err := Reversible(ctx, dbtx, r.CustomerID, r.PaymentID)
	if errors.Is(err, ErrReversed) {
		done, err := r.replay(ctx, dbtx, original)
		return original, done, err
	}
	return original, Paid{}, err
}

// Reverse reverses a payment that Original returned: it posts the opposite amount as a
// payment of its own and leaves the original as it is. prepare takes the locks that come
// before the account's and returns the other effects of the reversal. Its ErrReversed says
// that another reversal was first. Of two concurrent reversals the unique index on the
// reversed movement lets one through.
func Reverse(ctx context.Context, beginner db.Beginner, actor audit.Actor, r Reversal, original db.PaymentGetRow, prepare func(tx pgx.Tx) (Undo, error)) (Paid, error) {
	var paid Paid
	err := Settle(ctx, beginner, ErrUnsettled, func(tx pgx.Tx) error {
		undo, err := prepare(tx)
		if err == nil {
			paid, err = PostReversal(ctx, tx, actor, r, original, undo)
		}
		return err
	})
	if name := db.Constraint(err); errors.Is(err, ErrReversed) || name == "ledger_tx_reverses_key" || name == "ledger_tx_idempotency_key" {
		return r.replay(ctx, beginner, original) // another request was first, perhaps a repetition of this one
	}
	if err != nil {
		return Paid{}, err
	}
	return paid, nil
}

// replay answers a reversal that finds its payment reversed or its key used: a repetition
// gets the first answer again, any other request is refused.
func (r Reversal) replay(ctx context.Context, dbtx db.DBTX, original db.PaymentGetRow) (Paid, error) {
	done, err := db.Need(db.New().LedgerGetByKey(ctx, dbtx, &r.Key)).Or(ErrReversed, "look for an earlier answer")
	if err != nil {
		return Paid{}, err
	}
	id, _, err := db.Found(db.New().LedgerGetReversal(ctx, dbtx, &original.TxID)) // 0: it is not reversed
	if err != nil {
		return Paid{}, fmt.Errorf("look for a reversal: %w", err)
	}
	switch id {
	case done.PaymentID:
		if done.Comment != strings.TrimSpace(r.Reason) {
			return Paid{}, ErrReversed // the same key with another reason
		}
	case 0:
		return Paid{}, ErrReversalKey
	default:
		return Paid{}, ErrReversed
	}
	return Paid{ID: done.PaymentID, Balance: done.BalanceAfter, At: done.At, Replayed: true}, nil
}

// PostReversal is Reverse in the caller's transaction.
func PostReversal(ctx context.Context, tx pgx.Tx, actor audit.Actor, r Reversal, original db.PaymentGetRow, undo Undo) (Paid, error) {
	amount := money.Amount{Minor: -original.Amount, Currency: original.Currency}
	p := Posting{
		CustomerID: r.CustomerID, Amount: amount, House: undo.House, Kind: db.LedgerKindReverse, Key: r.Key, Reverses: original.TxID,
		Note: strings.TrimSpace(r.Reason), Type: db.PaymentTypeReversal, Comment: ReversalComment(original.ID, r.Reason),
		HandsBack: original.HandedBy, Beside: undo.Beside,
	}
	reversed := Reversed{
		Subject: act.OfCustomer(r.CustomerID), Payment: original.ID, Type: original.Type,
		Amount: amount.Decimal(), Currency: amount.Currency, Reason: p.Note, Approval: undo.Approval,
	}
	if original.SeriesID != nil && original.Serial != nil {
		p.SeriesID, p.Serial = *original.SeriesID, *original.Serial
		reversed.SeriesID, reversed.Serial = p.SeriesID, p.Serial
	}
	p.ActOf = func(payment int64) act.Act {
		reversed.Reversal = payment
		return reversed
	}
	return Post(ctx, tx, actor, p)
}
