package customer

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/billing"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
)

// Erasure is a request to erase a customer's personal data for good.
type Erasure struct {
	CustomerID int64
	Number     string // the customer's number as it was typed to confirm
	Reason     string
	Balance    int64 // minor units, as the page showed it to the requester
	Stays      bool  // the requester confirmed that a balance other than zero stays on the books
}

// Errors of an erasure, and of acts on an erased customer.
var (
	ErrErased     = fault.New(fault.Conflict, "customer_erased", "This customer was erased: nothing can be changed, paid or redeemed any more.")
	ErrErasedPay  = fault.Field("type", "customer_erased_payment", "This customer was erased. Only a correction can be entered.")
	ErrAlarm      = fault.New(fault.Conflict, "customer_alarm", "An open alarm about theft concerns this customer, so the personal data stays until the alarm is closed. Look into it under Alarms and close it there, then erase.")
	errNumber     = fault.Field("number", "erase_number", "This is not the customer’s number. The customer’s page shows it beside Id.")
	errStays      = fault.Field("stays", "erase_balance", "Tick that the balance stays on the books, or pay it out first.")
	errOldBalance = fault.Field("stays", "erase_balance_changed", "The balance has changed meanwhile. Look at it and confirm again.")
)

// Erase removes what identifies a person: name, username, e-mail, phone, password,
// sessions, links, counts of wrong codes and passwords, and what staff wrote on their
// cards. The row is kept under a neutral name, and so are ledger, payments and the sealed
// audit trail. Erase moves no money: a balance stays on the books, and a correction can
// remove it. A credit that waits for approval is withdrawn; refusing the erasure instead
// would let any cashier delay it. The customer can never sign in, redeem or be edited
// again. Erasing an erased customer changes nothing. While an open alarm about theft
// concerns the customer it returns ErrAlarm, because the investigation needs the identity.
// See docs/erasure.md.
func Erase(ctx context.Context, beginner db.Beginner, actor audit.Actor, e Erasure) error {
	return billing.Settle(ctx, beginner, billing.ErrUnsettled, func(tx pgx.Tx) error {
		// Lock order: requests for approval before the customer. They are withdrawn below.
		if _, err := db.New().ApprovalListOfCustomer(ctx, tx, e.CustomerID); err != nil {
			return fmt.Errorf("lock what waits of a customer: %w", err)
		}
		was, err := lock(ctx, tx, actor, e.CustomerID)
		if err != nil {
			return err
		}
		if was.ErasedAt != nil {
			return nil
		}
		// The customer's row is locked: concurrent redemptions and payments have ended or
		// wait.
		account, err := db.New().CustomerBalance(ctx, tx, &e.CustomerID)
		if err != nil {
			return fmt.Errorf("read a balance: %w", err)
		}
		if err := e.check(account.Balance); err != nil {
			return err
		}
		alarm, err := UnderAlarm(ctx, tx, e.CustomerID)
		if err != nil {
			return err
		}
		if alarm {
			return ErrAlarm
		}
		// The customer's row is locked, so no new request can appear.
		if err := approval.WithdrawCustomer(ctx, tx, actor, e.CustomerID); err != nil {
			return err
		}
		if err := erase(ctx, tx, was); err != nil {
			return err
		}
		erased := Erased{Subject: act.OfCustomer(e.CustomerID), Reason: strings.TrimSpace(e.Reason)}
		if account.Balance != 0 {
			erased.BalanceKept, erased.Currency = money.Amount{Minor: account.Balance, Currency: account.Currency}.Decimal(), account.Currency
		}
		return act.Record(ctx, tx, actor, erased)
	})
}

// UnderAlarm reports whether an open alarm about theft concerns a customer: then they
// can't be erased.
func UnderAlarm(ctx context.Context, dbtx db.DBTX, customerID int64) (bool, error) {
	alarm, err := db.New().CustomerUnderAlarm(ctx, dbtx, customerID)
	if err != nil {
		return false, fmt.Errorf("look for an open alarm about a customer: %w", err)
	}
	return alarm, nil
}

// check refuses an erasure that was not confirmed.
func (e Erasure) check(balance int64) error {
	var list fault.List
	if strings.TrimSpace(e.Number) != strconv.FormatInt(e.CustomerID, 10) {
		list = append(list, errNumber)
	}
	if fault.KindOf(audit.CheckReason(e.Reason)) == fault.Invalid {
		list = append(list, fault.All(audit.CheckReason(e.Reason))...)
	}
	switch {
	case balance != e.Balance:
		list = append(list, errOldBalance)
	case balance != 0 && !e.Stays:
		list = append(list, errStays)
	}
	return list.Err()
}

// erase removes everything that identifies a customer whose row is locked.
func erase(ctx context.Context, tx pgx.Tx, was db.Customer) error {
	q := db.New()
	if _, err := shutOut(ctx, tx, was.ID); err != nil {
		return err
	}
	if err := q.CustomerEraseLinks(ctx, tx, was.ID); err != nil {
		return fmt.Errorf("erase links: %w", err)
	}
	if err := q.CustomerEraseMails(ctx, tx, was.ID); err != nil {
		return fmt.Errorf("erase requests for links: %w", err)
	}
	if _, err := closeHelp(ctx, tx, was.ID); err != nil {
		return err
	}
	if err := q.CustomerEraseGuesses(ctx, tx, db.CustomerEraseGuessesParams{CustomerID: was.ID, Username: was.Username}); err != nil {
		return fmt.Errorf("erase counts of attempts: %w", err)
	}
	if err := q.CustomerEraseImported(ctx, tx, identifying(was)); err != nil {
		return fmt.Errorf("erase rows of imported files: %w", err)
	}
	if _, err := q.CustomerEraseRemarks(ctx, tx, &was.ID); err != nil {
		return fmt.Errorf("erase remarks on cards: %w", err)
	}
	if err := q.CustomerErase(ctx, tx, was.ID); err != nil {
		return fmt.Errorf("erase a customer: %w", err)
	}
	// Last: see EventEraseCustomer.
	if err := q.EventEraseCustomer(ctx, tx, was.ID); err != nil {
		return fmt.Errorf("erase events: %w", err)
	}
	return nil
}

// identifying returns the texts that identify a customer, in lower case.
func identifying(c db.Customer) (texts []string) {
	all := []string{c.Name, c.Username, c.Email, c.Phone}
	if c.ExternalID != nil {
		all = append(all, *c.ExternalID)
	}
	for _, text := range all {
		if text != "" {
			texts = append(texts, strings.ToLower(text))
		}
	}
	return texts
}

// passwordKept maps the constraint that refuses a password for an erased customer.
func passwordKept(err error) error {
	if db.Constraint(err) == "customer_erased" {
		return ErrErased
	}
	return err
}
