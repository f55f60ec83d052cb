// Package customer owns customers and their payments. A balance moves only here
// and in card's redemption, always with its ledger entries; a payment is never
// edited or deleted.
package customer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/ledger"
	"refill/internal/money"
)

// New is a customer to be entered. PasswordHash may be empty: no portal sign-in.
type New struct {
	PartnerID                    int64
	Username, Name, Email, Phone string
	PasswordHash                 string
	Currency                     string
}

// ErrUsernameTaken says that another customer signs in under this name.
var ErrUsernameTaken = fault.Field("username", "customer_username_taken", "Another customer has this username. Choose a different one.")

// Create enters a customer with an empty account.
func Create(ctx context.Context, beginner db.Beginner, actor audit.Actor, n New) (db.Customer, error) {
	if !actor.Scope.Holds(n.PartnerID) {
		return db.Customer{}, fault.Field("partner", "customer_partner", "Choose a partner from the list.")
	}
	var created db.Customer
	err := pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		if err := openPartner(ctx, tx, n.PartnerID); err != nil {
			return err
		}
		var err error
		created, err = db.New().CustomerCreate(ctx, tx, db.CustomerCreateParams{
			PartnerID: n.PartnerID, Username: strings.ToLower(n.Username), Name: n.Name, Email: n.Email, Phone: n.Phone, PasswordHash: n.PasswordHash,
		})
		if db.Constraint(err) == "customer_username_key" {
			return ErrUsernameTaken
		}
		if err != nil {
			return fmt.Errorf("enter a customer: %w", err)
		}
		if _, err := db.New().AccountCreateCustomer(ctx, tx, db.AccountCreateCustomerParams{Currency: n.Currency, CustomerID: &created.ID}); err != nil {
			return fmt.Errorf("open a customer's account: %w", err)
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "customer.created", CustomerID: created.ID})
	})
	return created, err
}

// Payment is money that came to a customer by another way than a card.
type Payment struct {
	CustomerID int64
	Type       db.PaymentType
	Amount     money.Amount // may be negative: a correction
	Comment    string
	Key        uuid.UUID
}

// Paid is a payment that stands.
type Paid struct {
	ID      int64
	Balance int64 // after it
	At      time.Time
}

// Pay enters a payment made by hand: the account, the ledger and the payment in
// one transaction. The same key enters once.
func Pay(ctx context.Context, beginner db.Beginner, actor audit.Actor, p Payment) (Paid, error) {
	switch p.Type {
	case db.PaymentTypeCash, db.PaymentTypeBankTransfer, db.PaymentTypeCreditCard, db.PaymentTypeOther:
	default:
		return Paid{}, fault.Field("type", "payment_type", "Choose a payment type from the list.")
	}
	if p.Amount.Minor == 0 {
		return Paid{}, fault.Field("amount", "payment_amount", "Enter an amount other than zero.")
	}
	var paid Paid
	err := pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		q := db.New()
		account, err := q.AccountAdd(ctx, tx, db.AccountAddParams{CustomerID: &p.CustomerID, Amount: p.Amount.Minor, Currency: p.Amount.Currency})
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.New(fault.NotFound, "customer_unknown", "There is no such customer.")
		}
		if err != nil {
			return fmt.Errorf("credit an account: %w", err)
		}
		cash, err := ledger.System(ctx, tx, db.AccountKindCash, p.Amount.Currency)
		if err != nil {
			return err
		}
		posted, err := ledger.Post(ctx, tx, ledger.Movement{
			Kind: db.LedgerKindPayment, Key: &p.Key, StaffID: actor.StaffID, Comment: p.Comment,
			Entries: []ledger.Entry{
				{AccountID: cash, Amount: -p.Amount.Minor},
				{AccountID: account.ID, Amount: p.Amount.Minor, Version: *account.Version, Balance: *account.Balance},
			},
		})
		if err != nil {
			return err
		}
		row, err := q.PaymentCreate(ctx, tx, db.PaymentCreateParams{
			CustomerID: p.CustomerID, TxID: posted.ID, Type: p.Type, Amount: p.Amount.Minor, Currency: p.Amount.Currency,
			BalanceAfter: *account.Balance, Comment: p.Comment, StaffID: actor.Staff(),
		})
		if err != nil {
			return fmt.Errorf("enter a payment: %w", err)
		}
		paid = Paid{ID: row.ID, Balance: *account.Balance, At: row.At}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "payment.entered", CustomerID: p.CustomerID, Detail: map[string]any{
			"type": p.Type, "amount": p.Amount.Decimal(), "currency": p.Amount.Currency,
		}})
	})
	return paid, err
}
