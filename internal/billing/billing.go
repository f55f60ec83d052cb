// Package billing owns the money side of a customer's account: the running balance, the
// movement of the ledger behind it and the payment (a line of the customer's billing).
// They are written together with an audit row or not at all. The package knows neither
// cards nor customers: packages card and customer decide what may be paid, redeemed or
// reversed.
//
// Lock order: series, customer, card, the acts of a person (package approval), account,
// inserts.
package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/ledger"
	"refill/internal/money"
)

// Paid is a posted payment.
type Paid struct {
	ID       int64
	Balance  int64 // minor units, after the payment
	At       time.Time
	Replayed bool // the same idempotency key had posted before; nothing moved now
	Handed   bool // the amount was handed over to another system, or taken back from it
}

// Errors of Post.
var (
	ErrBalance = fault.Field("amount", "balance_range", "This would make the balance larger than can be kept.")

	// ErrShort refuses a movement after which the balance would be below Posting.Floor.
	ErrShort = fault.New(fault.Conflict, "balance_short", "The balance is {balance}, which is too low for this.")

	// ErrOutside refuses to move a balance that is kept in another system, other than by a
	// redemption or its reversal.
	ErrOutside = fault.New(fault.Conflict, "balance_outside", "The balance of this customer is kept in another system, and is always zero here. Only cards are redeemed here; enter everything else in that system.")
	// ErrNoAccount says that the customer has no account in the currency.
	ErrNoAccount = errors.New("billing: no such account")

	// ErrNoKey reports a programming error: a movement without an idempotency key, which a
	// repeated request would post twice.
	ErrNoKey = errors.New("billing: a movement without a key")
)

// Posting is one movement of a customer's balance.
type Posting struct {
	CustomerID int64
	Amount     money.Amount   // what the balance changes by
	House      []ledger.Entry // the other side, on accounts without a running balance
	Kind       db.LedgerKind
	Key        uuid.UUID // idempotency key: the same one can post once
	SeriesID   int64     // of the card; 0: none
	Serial     int32
	Reverses   int64          // the movement that is taken back; 0: none
	Note       string         // of the movement
	Type       db.PaymentType // of the line of billing
	Comment    string         // of the line of billing

	Act act.Act // the audit row of the movement
	// ActOf replaces Act where the audit row names the payment's id. It costs a round trip
	// of its own.
	ActOf func(payment int64) act.Act

	// Floor is the least balance after the movement, in minor units; nil: there is none.
	Floor *int64
	// HandsOver hands the amount over to another system where the balance is kept there. Without
	// it such a balance is ErrOutside.
	HandsOver bool
	// HandsBack is the movement by which an earlier amount was handed over, and which this
	// posting takes back; 0: none.
	HandsBack int64

	// Beside executes further statements in the same round trip, after the account is
	// locked; nil: none.
	Beside func(dbtx db.DBTX) error
}

// Post moves a customer's balance in the caller's transaction. It takes one round trip, or
// two with ActOf. The caller holds the locks that come before the account's. A key that
// has posted before violates the constraint ledger_tx_idempotency_key; see db.Constraint.
func Post(ctx context.Context, tx pgx.Tx, actor audit.Actor, p Posting) (Paid, error) {
	if p.Key == uuid.Nil {
		return Paid{}, ErrNoKey
	}
	params := db.PaymentPostParams{
		CustomerID: p.CustomerID, Amount: p.Amount.Minor, Currency: p.Amount.Currency, Kind: p.Kind, IdempotencyKey: p.Key,
		SeriesID: optional(p.SeriesID), Serial: optional(p.Serial), Reverses: optional(p.Reverses), StaffID: actor.Staff(), ClientID: actor.Client(),
		Floor: p.Floor, HandsOver: p.HandsOver, HandsBack: optional(p.HandsBack), TxComment: p.Note, Type: p.Type, Comment: p.Comment,
	}
	for _, e := range p.House {
		params.HouseAccounts, params.HouseAmounts = append(params.HouseAccounts, e.AccountID), append(params.HouseAmounts, e.Amount)
	}
	batch := &db.Batch{}
	posted := db.Queue(batch, func(dbtx db.DBTX) (db.PaymentPostRow, error) { return db.New().PaymentPost(ctx, dbtx, params) })
	if p.Beside != nil {
		if err := p.Beside(batch); err != nil {
			return Paid{}, err
		}
	}
	if p.ActOf == nil {
		if err := act.Record(ctx, batch, actor, p.Act); err != nil {
			return Paid{}, err
		}
	}
	switch err := batch.Send(ctx, tx); {
	case db.Constraint(err) == "account_balance_range":
		return Paid{}, ErrBalance.Because(err)
	case db.Constraint(err) == "account_outside_zero":
		return Paid{}, ErrOutside.Because(err)
	case err != nil:
		return Paid{}, fmt.Errorf("post %s: %w", p.Kind, err)
	case posted.Missing() && p.Floor != nil:
		return Paid{}, short(ctx, tx, p)
	case posted.Missing():
		return Paid{}, ErrNoAccount
	}
	paid := Paid{ID: posted.Value.ID, Balance: posted.Value.Balance, At: posted.Value.At, Handed: posted.Value.Handed}
	if p.ActOf == nil {
		return paid, nil
	}
	return paid, act.Record(ctx, tx, actor, p.ActOf(paid.ID))
}

// short returns why a movement with a floor changed no account: ErrShort with the balance,
// ErrOutside or ErrNoAccount.
func short(ctx context.Context, tx pgx.Tx, p Posting) error {
	row, err := db.Need(db.New().AccountBalance(ctx, tx, db.AccountBalanceParams{CustomerID: &p.CustomerID, Currency: p.Amount.Currency})).
		Or(ErrNoAccount, "read a balance")
	if err != nil {
		return err
	}
	if row.Outside {
		return ErrOutside
	}
	return ErrShort.With("balance", fault.Money{Minor: row.Balance, Currency: p.Amount.Currency})
}

func optional[T int32 | int64](v T) *T {
	if v == 0 {
		return nil
	}
	return &v
}
