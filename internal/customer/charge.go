package customer

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/billing"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/ledger"
	"refill/internal/money"
)

// Charge takes money from a customer's balance for services.
type Charge struct {
	CustomerID int64
	Amount     money.Amount // above zero
	Text       string       // what it is for, as the customer reads it
	Reference  string       // what the API client calls it; empty: nothing
	Floor      int64        // the least balance afterwards, in minor units
	Key        uuid.UUID    // idempotency key
}

// MaxReference is the maximum length of a Reference, in characters.
const MaxReference = 120

// ErrChargeKey refuses a key that has posted something else.
var ErrChargeKey = fault.New(fault.Conflict, "charge_key_reused", "This key was used for another charge before. Use a new one.")

// Take posts a charge: the amount moves from the customer's balance to the account of
// services. It is posted once for a key, however often it is asked for. A balance that would
// fall below the floor is billing.ErrShort, and nothing moves. Where the connection breaks at
// COMMIT it returns billing.ErrUnsettled, and repeating the request with the same key tells
// the outcome.
func Take(ctx context.Context, beginner db.Beginner, actor audit.Actor, ch Charge) (billing.Paid, error) {
	ch.Text = strings.TrimSpace(ch.Text)
	if ch.Key == uuid.Nil {
		return billing.Paid{}, billing.ErrNoKey
	}
	if err := ch.check(); err != nil {
		return billing.Paid{}, err
	}
	if _, err := actor.Member(); err != nil && !actor.IsSystem() {
		return billing.Paid{}, err
	}
	row, err := find(ctx, beginner, actor, ch.CustomerID)
	if err != nil {
		return billing.Paid{}, err
	}
	if paid, err := ch.replay(ctx, beginner); err != nil || paid.ID != 0 {
		return paid, err
	}
	if err := checkHere(row); err != nil {
		return billing.Paid{}, err
	}
	var paid billing.Paid
	err = billing.Settle(ctx, beginner, billing.ErrUnsettled, func(tx pgx.Tx) error {
		var err error
		paid, err = ch.post(ctx, tx, actor)
		return err
	})
	if err != nil && (db.Constraint(err) == "ledger_tx_idempotency_key" || fault.KindOf(err) == fault.Conflict) {
		// Another request with the same key may have been first, and have left too little.
		if done, replayErr := ch.replay(ctx, beginner); replayErr != nil || done.ID != 0 {
			return done, replayErr
		}
	}
	return paid, err
}

func (ch Charge) check() error {
	var list fault.List
	if ch.Amount.Minor <= 0 {
		list = append(list, fault.Field("amount", "charge_amount", "The amount must be above zero."))
	} else if ch.Amount.Minor > mostAmount {
		list = append(list, fault.Field("amount", "charge_too_large", "A charge can be at most {most}.").With("most", fault.Money{Minor: mostAmount, Currency: ch.Amount.Currency}))
	}
	if n := utf8.RuneCountInString(ch.Text); n < 1 || n > 300 {
		list = append(list, fault.Field("text", "charge_text", "Say what the charge is for, in 1 to 300 characters."))
	}
	if utf8.RuneCountInString(ch.Reference) > MaxReference {
		list = append(list, fault.Field("reference", "charge_reference", "The reference of a charge can be up to {most} characters long.").With("most", fault.Number(MaxReference)))
	}
	if abs(ch.Floor) > mostAmount {
		list = append(list, fault.Field("floor", "charge_floor", "The floor can be at most {most} above or below zero.").With("most", fault.Money{Minor: mostAmount, Currency: ch.Amount.Currency}))
	}
	return list.Err()
}

// replay returns the charge that an earlier request with the key posted.
func (ch Charge) replay(ctx context.Context, dbtx db.DBTX) (billing.Paid, error) {
	done, found, err := db.Found(db.New().LedgerGetByKey(ctx, dbtx, &ch.Key))
	if err != nil {
		return billing.Paid{}, fmt.Errorf("look for an earlier answer: %w", err)
	}
	if !found {
		return billing.Paid{}, nil
	}
	if done.Kind != db.LedgerKindCharge || done.CustomerID != ch.CustomerID || done.Amount != -ch.Amount.Minor ||
		done.Currency != ch.Amount.Currency || done.Comment != ch.Reference || done.PaymentComment != ch.Text {
		return billing.Paid{}, ErrChargeKey
	}
	return billing.Paid{ID: done.PaymentID, Balance: done.BalanceAfter, At: done.At, Replayed: true}, nil
}

// post is the transaction of Take.
func (ch Charge) post(ctx context.Context, tx pgx.Tx, actor audit.Actor) (billing.Paid, error) {
	erased, err := db.Need(db.New().CustomerShare(ctx, tx, ch.CustomerID)).Or(ErrUnknown, "hold a customer")
	if err != nil {
		return billing.Paid{}, err
	}
	if erased != nil {
		return billing.Paid{}, ErrErasedPay
	}
	services, err := ledger.System(ctx, tx, db.AccountKindServices, ch.Amount.Currency)
	if err != nil {
		return billing.Paid{}, err
	}
	taken := money.Amount{Minor: -ch.Amount.Minor, Currency: ch.Amount.Currency}
	return billing.Post(ctx, tx, actor, billing.Posting{
		CustomerID: ch.CustomerID, Amount: taken, House: []ledger.Entry{{AccountID: services, Amount: ch.Amount.Minor}}, Floor: &ch.Floor,
		Kind: db.LedgerKindCharge, Key: ch.Key, Note: ch.Reference, Type: db.PaymentTypeCharge, Comment: ch.Text,
		ActOf: func(payment int64) act.Act {
			return Charged{Subject: act.OfCustomer(ch.CustomerID), Payment: payment, Amount: taken.Decimal(), Currency: ch.Amount.Currency, Reference: ch.Reference}
		},
	})
}
