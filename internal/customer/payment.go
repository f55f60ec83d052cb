package customer

import (
	"context"
	"errors"
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

// Payment is a manual payment: money that a customer paid by another way than a card.
type Payment struct {
	CustomerID int64
	Type       db.PaymentType
	Amount     money.Amount // negative only for a correction
	Comment    string
	Key        uuid.UUID // drawn when the form was shown; the idempotency key
	// Sure confirms a large amount. Without it such an amount is refused with ErrLarge.
	Sure bool

	approved int64 // the request that a second person approved; 0: none
}

// Errors of a payment.
var (
	ErrUnknown   = fault.New(fault.NotFound, "customer_unknown", "There is no such customer.")
	ErrLarge     = fault.Field("sure", "payment_large", "This is far more than usual. Compare the amount once more.")
	ErrKeyReused = fault.New(fault.Conflict, "payment_key_reused", "This form was sent before with another amount, type or comment, and that payment was entered. Look at the list; press the button again to enter this one too.")
)

// Bounds of one payment, in minor units.
const (
	mostAmount = 100_000_000_000
	// An amount needs confirmation when it reaches largeAmount and unusualTimes the
	// customer's largest payment so far: a typing error usually adds two zeros.
	largeAmount  = 100_000
	unusualTimes = 10
)

// ManualTypes lists the types of payment that staff enter, in the order of the form.
func ManualTypes() []db.PaymentType {
	return []db.PaymentType{
		db.PaymentTypeCash, db.PaymentTypeBankTransfer, db.PaymentTypeCreditCard, db.PaymentTypeOther, db.PaymentTypeCorrection,
	}
}

// Pay posts a manual payment: account, ledger and payment in one transaction. Where it
// credits more than one person may, it requests approval instead and returns
// ErrPaymentWaits. The idempotency key posts once, however often the request is repeated.
// Where the connection breaks at COMMIT it returns billing.ErrUnsettled, and repeating the
// request with the same key tells the outcome.
func Pay(ctx context.Context, beginner db.Beginner, actor audit.Actor, p Payment) (billing.Paid, error) {
	p.Comment = strings.TrimSpace(p.Comment)
	if p.Key == uuid.Nil {
		return billing.Paid{}, billing.ErrNoKey
	}
	if err := p.check(); err != nil {
		return billing.Paid{}, err
	}
	row, err := find(ctx, beginner, actor, p.CustomerID)
	if err != nil {
		return billing.Paid{}, err
	}
	if paid, err := p.replay(ctx, beginner); err != nil || paid.ID != 0 {
		return paid, err
	}
	if err := checkHere(row); err != nil {
		return billing.Paid{}, err
	}
	if err := asked(ctx, beginner, p.CustomerID, p.Key, p.facts()); err != nil {
		return billing.Paid{}, err
	}
	if !p.Sure {
		greatest, err := db.New().PaymentGreatest(ctx, beginner, p.CustomerID)
		if err != nil {
			return billing.Paid{}, fmt.Errorf("look for the greatest payment: %w", err)
		}
		if n := abs(p.Amount.Minor); n >= largeAmount && n > greatest*unusualTimes {
			return billing.Paid{}, ErrLarge
		}
	}
	var paid billing.Paid
	err = billing.Settle(ctx, beginner, billing.ErrUnsettled, func(tx pgx.Tx) error {
		var err error
		paid, err = p.enter(ctx, tx, actor)
		return err
	})
	if db.Constraint(err) == "ledger_tx_idempotency_key" { // another request with the same key was first
		return p.replay(ctx, beginner)
	}
	if two, ok := errors.AsType[twoError](err); ok {
		// An earlier request with the same key may have posted, and it counts toward the
		// limit. Then no approval is needed.
		if paid, err := p.replay(ctx, beginner); err != nil || paid.ID != 0 {
			return paid, err
		}
		return billing.Paid{}, askCredit(ctx, beginner, actor, p.CustomerID, p.Key, p.facts(), two.before)
	}
	return paid, err
}

func abs(n int64) int64 { return max(n, -n) }

// check refuses an invalid manual payment.
func (p Payment) check() error {
	var list fault.List
	correction := p.Type == db.PaymentTypeCorrection
	switch p.Type {
	case db.PaymentTypeCash, db.PaymentTypeBankTransfer, db.PaymentTypeCreditCard, db.PaymentTypeOther, db.PaymentTypeCorrection:
	case db.PaymentTypeRefillCard, db.PaymentTypeCharge, db.PaymentTypeReversal, db.PaymentTypeHandover:
		list = append(list, fault.Field("type", "payment_type", "Choose a payment type from the list."))
	default:
		list = append(list, fault.Field("type", "payment_type", "Choose a payment type from the list."))
	}
	switch {
	case p.Amount.Minor == 0:
		list = append(list, fault.Field("amount", "payment_zero", "Enter an amount other than zero."))
	case p.Amount.Minor < 0 && !correction:
		list = append(list, fault.Field("amount", "payment_negative", "Only a correction can be negative. To take a payment back, reverse it."))
	case abs(p.Amount.Minor) > mostAmount:
		list = append(list, fault.Field("amount", "payment_too_large", "A payment can be at most {most}.").With("most", fault.Money{Minor: mostAmount, Currency: p.Amount.Currency}))
	}
	if n := utf8.RuneCountInString(p.Comment); n > 300 {
		list = append(list, fault.Field("comment", "payment_comment", "The comment can be up to 300 characters long."))
	} else if correction && n == 0 {
		list = append(list, fault.Field("comment", "payment_comment_missing", "Say in the comment what is corrected, and why."))
	}
	return list.Err()
}

// replay returns the payment that an earlier request with the key posted. It refuses the
// key where that was a different payment.
func (p Payment) replay(ctx context.Context, dbtx db.DBTX) (billing.Paid, error) {
	done, found, err := db.Found(db.New().LedgerGetByKey(ctx, dbtx, &p.Key))
	if err != nil {
		return billing.Paid{}, fmt.Errorf("look for an earlier answer: %w", err)
	}
	if !found {
		return billing.Paid{}, nil
	}
	if done.CustomerID != p.CustomerID || done.Type != p.Type || done.Amount != p.Amount.Minor || done.Currency != p.Amount.Currency || done.Comment != p.Comment {
		return billing.Paid{}, ErrKeyReused
	}
	return billing.Paid{ID: done.PaymentID, Balance: done.BalanceAfter, At: done.At, Replayed: true}, nil
}

// enter is the transaction of Pay.
func (p Payment) enter(ctx context.Context, tx pgx.Tx, actor audit.Actor) (billing.Paid, error) {
	erased, err := db.Need(db.New().CustomerShare(ctx, tx, p.CustomerID)).Or(ErrUnknown, "hold a customer")
	if err != nil {
		return billing.Paid{}, err
	}
	if erased != nil && p.Type != db.PaymentTypeCorrection {
		return billing.Paid{}, ErrErasedPay
	}
	against := db.AccountKindCash
	if p.Type == db.PaymentTypeCorrection {
		against = db.AccountKindCorrection
	}
	other, err := ledger.System(ctx, tx, against, p.Amount.Currency)
	if err != nil {
		return billing.Paid{}, err
	}
	if p.approved == 0 {
		if err := checkCredit(ctx, tx, actor, p.Amount); err != nil {
			return billing.Paid{}, err
		}
	}
	posting := billing.Posting{
		CustomerID: p.CustomerID, Amount: p.Amount, House: []ledger.Entry{{AccountID: other, Amount: -p.Amount.Minor}},
		Kind: db.LedgerKindPayment, Key: p.Key, Note: p.Comment, Type: p.Type, Comment: p.Comment,
		ActOf: func(payment int64) act.Act {
			return billing.Entered{
				Subject: act.OfCustomer(p.CustomerID), Payment: payment, Type: p.Type,
				Amount: p.Amount.Decimal(), Currency: p.Amount.Currency, Approval: p.approved,
			}
		},
	}
	paid, err := billing.Post(ctx, tx, actor, posting)
	if errors.Is(err, billing.ErrNoAccount) {
		return billing.Paid{}, ErrUnknown
	}
	return paid, err
}

// find fails unless the customer exists and the actor may see them.
func find(ctx context.Context, dbtx db.DBTX, actor audit.Actor, id int64) (db.CustomerGetRow, error) {
	return db.Need(db.New().CustomerGet(ctx, dbtx, db.CustomerGetParams{ID: id, AllPartners: actor.Scope.AllPartners, PartnerIds: actor.Scope.PartnerIDs, HiddenIds: actor.Scope.Hidden})).Or(ErrUnknown, "read a customer")
}
