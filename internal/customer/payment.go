package customer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/ledger"
	"refill/internal/money"
)

// Payment is money that came to a customer by another way than a card.
type Payment struct {
	CustomerID int64
	Type       db.PaymentType
	Amount     money.Amount // may be negative: a correction
	Comment    string
	Key        uuid.UUID // drawn when the form was shown; the same key enters once
	// Sure says that whoever enters it has read the amount once more. Without it a
	// large one is refused with ErrLarge.
	Sure bool

	approved int64 // the request that a second person approved; 0: none
}

// Paid is a payment that stands.
type Paid struct {
	ID       int64
	Balance  int64 // after it
	At       time.Time
	Replayed bool // the same form had been sent before; nothing moved now
}

// Refusals of a payment and of its reversal.
var (
	ErrUnknown     = fault.New(fault.NotFound, "customer_unknown", "There is no such customer.")
	ErrNoPayment   = fault.New(fault.NotFound, "payment_unknown", "There is no such payment.")
	ErrLarge       = fault.Field("sure", "payment_large", "This is far more than usual. Compare the amount once more.")
	ErrKeyReused   = fault.New(fault.Conflict, "payment_key_reused", "This form was sent before with another amount, type or comment, and that payment stands. Look at the list; press the button again to enter this one too.")
	ErrUnsettled   = fault.New(fault.Unsettled, "payment_unsettled", "The connection broke before we knew the outcome. Press the button again: a payment is never entered twice.")
	ErrReversed    = fault.New(fault.Conflict, "payment_reversed", "This payment has been reversed already.")
	ErrReversalKey = fault.New(fault.Conflict, "reversal_key_reused", "This form was used for something else before, and nothing was reversed. Open the payment again.")
	ErrReversal    = fault.New(fault.Conflict, "payment_is_reversal", "A reversal can't be reversed. Enter the payment anew.")
)

// errNoKey is a fault of the program: a movement by hand without a key could be asked for
// twice, and nothing would tell that it is posted already.
var errNoKey = errors.New("customer: a payment without a key")

// The bounds of one payment, in minor units.
const (
	mostAmount = 100_000_000_000
	// A payment this large, and unusualTimes the customer's greatest so far, is
	// asked for twice: a slipped finger adds two zeros, seldom one.
	largeAmount  = 100_000
	unusualTimes = 10
)

// maxTries bounds how often a deadlock or serialization failure is tried again.
const maxTries = 5

// ManualTypes are the types of payment that staff enter, in the order of the form.
func ManualTypes() []db.PaymentType {
	return []db.PaymentType{
		db.PaymentTypeCash, db.PaymentTypeBankTransfer, db.PaymentTypeCreditCard, db.PaymentTypeOther, db.PaymentTypeCorrection,
	}
}

// Pay enters a payment made by hand, or asks a second person for it where it credits
// more than one person may (ErrPaymentWaits): the account, the ledger and the payment in
// one transaction. The same key enters once, whatever is pressed twice or cut off;
// when the connection breaks at COMMIT the answer is ErrUnsettled, and the same key
// asked again tells.
func Pay(ctx context.Context, beginner db.Beginner, actor audit.Actor, p Payment) (Paid, error) {
	p.Comment = strings.TrimSpace(p.Comment)
	if p.Key == uuid.Nil {
		return Paid{}, errNoKey
	}
	if err := p.check(); err != nil {
		return Paid{}, err
	}
	if _, err := find(ctx, beginner, actor, p.CustomerID); err != nil {
		return Paid{}, err
	}
	if paid, err := p.replay(ctx, beginner); err != nil || paid.ID != 0 {
		return paid, err
	}
	if err := asked(ctx, beginner, p.CustomerID, p.Key, p.facts()); err != nil {
		return Paid{}, err
	}
	if !p.Sure {
		greatest, err := db.New().PaymentGreatest(ctx, beginner, p.CustomerID)
		if err != nil {
			return Paid{}, fmt.Errorf("look for the greatest payment: %w", err)
		}
		if n := abs(p.Amount.Minor); n >= largeAmount && n > greatest*unusualTimes {
			return Paid{}, ErrLarge
		}
	}
	var paid Paid
	err := settle(ctx, beginner, func(tx pgx.Tx) error {
		var err error
		paid, err = p.enter(ctx, tx, actor)
		return err
	})
	if db.Constraint(err) == "ledger_tx_idempotency_key" { // another request with the same key was first
		return p.replay(ctx, beginner)
	}
	if two, ok := errors.AsType[twoError](err); ok {
		// The same form may have been first, and counts by now: then nothing is to be asked for.
		if paid, err := p.replay(ctx, beginner); err != nil || paid.ID != 0 {
			return paid, err
		}
		return Paid{}, askCredit(ctx, beginner, actor, p.CustomerID, p.Key, p.facts(), two.before)
	}
	return paid, err
}

func abs(n int64) int64 { return max(n, -n) }

// check refuses what could not be a payment made by hand.
func (p Payment) check() error {
	var list fault.List
	correction := p.Type == db.PaymentTypeCorrection
	switch p.Type {
	case db.PaymentTypeCash, db.PaymentTypeBankTransfer, db.PaymentTypeCreditCard, db.PaymentTypeOther, db.PaymentTypeCorrection:
	case db.PaymentTypeRefillCard, db.PaymentTypeReversal:
		list = append(list, fault.Field("type", "payment_type", "Choose a payment type from the list."))
	default:
		list = append(list, fault.Field("type", "payment_type", "Choose a payment type from the list."))
	}
	switch {
	case p.Amount.Minor == 0:
		list = append(list, fault.Field("amount", "payment_amount", "Enter an amount other than zero."))
	case p.Amount.Minor < 0 && !correction:
		list = append(list, fault.Field("amount", "payment_negative", "Only a correction can be negative. To take a payment back, reverse it."))
	case abs(p.Amount.Minor) > mostAmount:
		list = append(list, fault.Field("amount", "payment_too_large", "A payment can be at most "+money.Amount{Minor: mostAmount, Currency: p.Amount.Currency}.String()+"."))
	}
	if n := utf8.RuneCountInString(p.Comment); n > 300 {
		list = append(list, fault.Field("comment", "payment_comment", "The comment can be up to 300 characters long."))
	} else if correction && n == 0 {
		list = append(list, fault.Field("comment", "payment_comment", "Say in the comment what is corrected, and why."))
	}
	return list.Err()
}

// replay answers a key that has entered its payment already. A key that entered
// another one is refused.
func (p Payment) replay(ctx context.Context, dbtx db.DBTX) (Paid, error) {
	done, err := db.New().LedgerGetByKey(ctx, dbtx, &p.Key)
	if errors.Is(err, pgx.ErrNoRows) {
		return Paid{}, nil
	}
	if err != nil {
		return Paid{}, fmt.Errorf("look for an earlier answer: %w", err)
	}
	if done.CustomerID != p.CustomerID || done.Type != p.Type || done.Amount != p.Amount.Minor || done.Currency != p.Amount.Currency || done.Comment != p.Comment {
		return Paid{}, ErrKeyReused
	}
	return Paid{ID: done.PaymentID, Balance: done.BalanceAfter, At: done.At, Replayed: true}, nil
}

// enter is the transaction of Pay.
func (p Payment) enter(ctx context.Context, tx pgx.Tx, actor audit.Actor) (Paid, error) {
	erased, err := db.New().CustomerShare(ctx, tx, p.CustomerID)
	if errors.Is(err, pgx.ErrNoRows) {
		return Paid{}, ErrUnknown
	}
	if err != nil {
		return Paid{}, fmt.Errorf("hold a customer: %w", err)
	}
	if erased != nil && p.Type != db.PaymentTypeCorrection {
		return Paid{}, ErrErasedPay
	}
	against := db.AccountKindCash
	if p.Type == db.PaymentTypeCorrection {
		against = db.AccountKindCorrection
	}
	other, err := ledger.System(ctx, tx, against, p.Amount.Currency)
	if err != nil {
		return Paid{}, err
	}
	m := ledger.Movement{
		Kind: db.LedgerKindPayment, Key: &p.Key, StaffID: actor.StaffID, Comment: p.Comment,
		Entries: []ledger.Entry{{AccountID: other, Amount: -p.Amount.Minor}},
	}
	paid, err := post(ctx, tx, actor, p.CustomerID, p.Type, p.Amount, p.Comment, m, p.approved)
	if err != nil {
		return Paid{}, err
	}
	detail := map[string]any{"payment": paid.ID, "type": p.Type, "amount": p.Amount.Decimal(), "currency": p.Amount.Currency}
	if p.approved != 0 {
		detail["approval"] = p.approved
	}
	return paid, audit.Record(ctx, tx, actor, audit.Entry{Action: "payment.entered", CustomerID: p.CustomerID, Detail: detail})
}

// post moves a customer's balance with its ledger entries and its line of billing.
// m holds the other side. A credit that no second person approved counts for the actor.
func post(ctx context.Context, tx pgx.Tx, actor audit.Actor, customerID int64, kind db.PaymentType, amount money.Amount, comment string, m ledger.Movement, approved int64) (Paid, error) {
	q := db.New()
	account, err := q.AccountAdd(ctx, tx, db.AccountAddParams{CustomerID: &customerID, Amount: amount.Minor, Currency: amount.Currency})
	if errors.Is(err, pgx.ErrNoRows) {
		return Paid{}, ErrUnknown
	}
	if db.Constraint(err) == "account_balance_range" {
		return Paid{}, fault.Field("amount", "balance_range", "With this payment the balance would be larger than can be kept.")
	}
	if err != nil {
		return Paid{}, fmt.Errorf("move a balance: %w", err)
	}
	if approved == 0 {
		if err := mayCredit(ctx, tx, actor, amount.Minor); err != nil {
			return Paid{}, err
		}
	}
	m.Entries = append(m.Entries, ledger.Entry{AccountID: account.ID, Amount: amount.Minor, Version: *account.Version, Balance: *account.Balance})
	posted, err := ledger.Post(ctx, tx, m)
	if err != nil {
		return Paid{}, err
	}
	row, err := q.PaymentCreate(ctx, tx, db.PaymentCreateParams{
		CustomerID: customerID, TxID: posted.ID, Type: kind, Amount: amount.Minor, Currency: amount.Currency,
		BalanceAfter: *account.Balance, Comment: comment, StaffID: actor.Staff(),
	})
	if err != nil {
		return Paid{}, fmt.Errorf("enter a payment: %w", err)
	}
	return Paid{ID: row.ID, Balance: *account.Balance, At: row.At}, nil
}

// find fails where there is no such customer of the actor's partners.
func find(ctx context.Context, dbtx db.DBTX, actor audit.Actor, id int64) (db.CustomerGetRow, error) {
	row, err := db.New().CustomerGet(ctx, dbtx, db.CustomerGetParams{ID: id, AllPartners: actor.Scope.AllPartners, PartnerIds: actor.Scope.PartnerIDs})
	if errors.Is(err, pgx.ErrNoRows) {
		return row, ErrUnknown
	}
	if err != nil {
		return row, fmt.Errorf("read a customer: %w", err)
	}
	return row, nil
}

// settle runs f in a transaction, again where it only met a deadlock.
func settle(ctx context.Context, beginner db.Beginner, f func(tx pgx.Tx) error) error {
	var err error
	for range maxTries {
		if err = settleOnce(ctx, beginner, f); !db.Retryable(err) {
			break
		}
	}
	return err
}

func settleOnce(ctx context.Context, beginner db.Beginner, f func(tx pgx.Tx) error) error {
	tx, err := beginner.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin a payment: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	if err := f(tx); err != nil {
		return err
	}
	return Commit(ctx, tx)
}

// Commit ends the transaction of a payment. An error that the server did not send
// leaves it unknown whether it was kept: ErrUnsettled, never a refusal.
func Commit(ctx context.Context, tx pgx.Tx) error {
	err := tx.Commit(ctx)
	if err == nil {
		return nil
	}
	if _, refused := errors.AsType[*pgconn.PgError](err); refused { // nothing was kept
		return fmt.Errorf("commit a payment: %w", err)
	}
	return ErrUnsettled.With(err)
}
