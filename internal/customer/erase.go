package customer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"refill/internal/approval"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
)

// Erasure asks for what is known of a person to be erased, for good.
type Erasure struct {
	CustomerID int64
	Number     string // the customer's number as it was typed to confirm
	Reason     string
	Balance    int64 // minor units, as the person who asks was shown it
	Stays      bool  // they know that a balance other than zero stays on the books
}

// Refusals of an erasure, and of what is asked of an erased customer.
var (
	ErrErased     = fault.New(fault.Conflict, "customer_erased", "This customer was erased. Nothing of the person is left that could be changed.")
	ErrErasedPay  = fault.Field("type", "customer_erased_payment", "This customer was erased. Only a correction can be entered.")
	ErrAlarm      = fault.New(fault.Conflict, "customer_alarm", "An open alarm about theft concerns this customer, so the personal data stays until the alarm is closed. Look into it under Alarms and close it there, then erase.")
	errNumber     = fault.Field("number", "erase_number", "This is not the customer’s number. It stands beside Id on the customer’s page.")
	errStays      = fault.Field("stays", "erase_balance", "Tick that the balance stays on the books, or pay it out first.")
	errOldBalance = fault.Field("stays", "erase_balance_changed", "The balance has changed meanwhile. Look at it and confirm again.")
)

// Erase removes what identifies a person: name, username, e-mail, phone, password,
// sessions, links, counts of wrong codes and passwords, and what staff wrote on their
// cards. The row stays under a neutral name, as do ledger, payments and the sealed audit
// trail. It moves no money: a balance stays on the books, where a correction can book it
// out. A credit that waits for a second person is withdrawn: nothing of it was posted, and
// refusing to erase would let any cashier put an erasure off. The customer can never sign in,
// redeem or be edited again. Asking for an erased
// customer again changes nothing. While an open alarm about theft concerns them it is
// refused with ErrAlarm: whoever looks into it needs to know who it was. See docs/erasure.md.
func Erase(ctx context.Context, beginner db.Beginner, actor audit.Actor, e Erasure) error {
	return settle(ctx, beginner, func(tx pgx.Tx) error {
		// Requests before the customer, as a decision locks them; withdrawn below.
		if _, err := db.New().ApprovalListOfCustomer(ctx, tx, e.CustomerID); err != nil {
			return fmt.Errorf("lock what waits of a customer: %w", err)
		}
		was, err := db.New().CustomerGetForUpdate(ctx, tx, e.CustomerID)
		if errors.Is(err, pgx.ErrNoRows) || (err == nil && !actor.Scope.Holds(was.PartnerID)) {
			return ErrUnknown
		}
		if err != nil {
			return fmt.Errorf("lock a customer: %w", err)
		}
		if was.ErasedAt != nil {
			return nil
		}
		// With the row held, a redemption or a payment has ended, or waits.
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
		// With the row held, none is asked for any more.
		if err := approval.WithdrawCustomer(ctx, tx, actor, e.CustomerID); err != nil {
			return err
		}
		if err := erase(ctx, tx, was); err != nil {
			return err
		}
		detail := map[string]any{"reason": strings.TrimSpace(e.Reason)}
		if account.Balance != 0 {
			detail["balance_kept"], detail["currency"] = money.Amount{Minor: account.Balance, Currency: account.Currency}.Decimal(), account.Currency
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "customer.erased", CustomerID: e.CustomerID, Detail: detail})
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

// check refuses an erasure that was not meant.
func (e Erasure) check(balance int64) error {
	var list fault.List
	if strings.TrimSpace(e.Number) != strconv.FormatInt(e.CustomerID, 10) {
		list = append(list, errNumber)
	}
	if fault.KindOf(CheckReason(e.Reason)) == fault.Invalid {
		list = append(list, fault.All(CheckReason(e.Reason))...)
	}
	switch {
	case balance != e.Balance:
		list = append(list, errOldBalance)
	case balance != 0 && !e.Stays:
		list = append(list, errStays)
	}
	return list.Err()
}

// erase removes everything that a customer whose row is held is known by.
func erase(ctx context.Context, tx pgx.Tx, was db.Customer) error {
	q := db.New()
	if _, err := shutOut(ctx, tx, was.ID); err != nil {
		return err
	}
	if err := q.CustomerEraseLinks(ctx, tx, was.ID); err != nil {
		return fmt.Errorf("erase links: %w", err)
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
	return nil
}

// identifying lists what identifies a customer, in small letters.
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

// passwordKept maps what refuses a password of an erased customer.
func passwordKept(err error) error {
	if db.Constraint(err) == "customer_erased" {
		return ErrErased
	}
	return err
}
