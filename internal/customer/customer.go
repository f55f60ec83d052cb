// Package customer owns customers and their manual payments. A balance changes only
// through package billing, which is called here and by the redemptions of package card,
// always with its ledger entries. A payment is never edited or deleted.
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
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/partner"
	"refill/internal/setting"
)

// New is a customer to be created. An empty PasswordHash means no portal sign-in.
type New struct {
	PartnerID                    int64
	Username, Name, Email, Phone string
	ExternalID                   string // what another system calls the customer, unique within the partner; empty: nothing
	PasswordHash                 string
	Currency                     string    // of the installation; customers of a test partner get money.Test
	Key                          uuid.UUID // drawn when the form was shown; the same key creates one customer. Zero: none
	outside                      bool      // only if the partner keeps balances outside; see FirstUse
}

// Errors of creating a customer.
var (
	ErrUsernameTaken = fault.Field("username", "customer_username_taken", "Another customer has this username. Choose a different one.")
	ErrExternalTaken = fault.Field("external_id", "customer_external_taken", "Another customer of this partner has this external id.")
	ErrExternalID    = fault.Field("external_id", "customer_external_id", "An external id can be up to {most} characters long.")
	ErrCustomerKey   = fault.New(fault.Conflict, "customer_key_reused", "This form was sent before and a customer was entered with it. What it says now differs from that customer. Look in the list of customers; press the button again to enter another one.")
)

// Create creates a customer with an empty account. Without a username it makes one from
// the name. The idempotency key creates one customer, however often the request is
// repeated. The same key with different fields is refused with ErrCustomerKey.
func Create(ctx context.Context, beginner db.Beginner, actor audit.Actor, n New) (db.Customer, error) {
	d := Details{PartnerID: n.PartnerID, Username: n.Username, Name: n.Name, Email: n.Email, Phone: n.Phone}.tidy()
	n.ExternalID = strings.TrimSpace(n.ExternalID)
	if done, err := enteredBefore(ctx, beginner, actor, d, n); err != nil || done.ID != 0 {
		return done, err
	}
	created, err := enterNew(ctx, beginner, actor, d, n)
	if err == nil || n.Key == uuid.Nil || fault.IsInternal(err) && db.Constraint(err) != "customer_request_key" {
		return created, err
	}
	// Another request with the same key may have been first and have taken the username.
	if done, keyErr := enteredBefore(ctx, beginner, actor, d, n); keyErr != nil || done.ID != 0 {
		return done, keyErr
	}
	return created, err
}

// enteredBefore returns the customer that an earlier request with the key created; the
// zero value where there is none. It compares the fields with the customer's row, so that
// no second copy of personal data is stored.
func enteredBefore(ctx context.Context, dbtx db.DBTX, actor audit.Actor, d Details, n New) (db.Customer, error) {
	if n.Key == uuid.Nil {
		return db.Customer{}, nil
	}
	done, found, err := db.Found(db.New().CustomerGetByKey(ctx, dbtx, &n.Key))
	if err != nil {
		return db.Customer{}, fmt.Errorf("look for the customer of a form: %w", err)
	}
	if !found {
		return db.Customer{}, nil
	}
	was := Details{PartnerID: done.PartnerID, Username: done.Username, Name: done.Name, Email: done.Email, Phone: done.Phone}
	if d.Username == "" {
		was.Username = "" // it was made of the name
	}
	if !actor.Scope.Holds(done.PartnerID) || was != d || db.Deref(done.ExternalID) != n.ExternalID {
		return db.Customer{}, ErrCustomerKey
	}
	return done, nil
}

// usernameTries is how often a username is made from a name before giving up.
const usernameTries = 5

// enterNew creates a customer. Where a username that was made from the name is taken
// meanwhile, it tries another one.
func enterNew(ctx context.Context, beginner db.Beginner, actor audit.Actor, d Details, n New) (db.Customer, error) {
	suggested := d.Username == ""
	var created db.Customer
	for range usernameTries {
		if suggested {
			var err error
			if d.Username, err = freeUsername(ctx, beginner, d.Name); err != nil {
				return created, err
			}
		}
		if err := d.examine(ctx, beginner, actor, suggested, n.ExternalID); err != nil {
			return created, err
		}
		var err error
		created, err = create(ctx, beginner, actor, d, n)
		if !suggested || !errors.Is(err, ErrUsernameTaken) { // otherwise the suggested username was taken meanwhile
			return created, err
		}
	}
	return created, ErrUsernameTaken
}

// examine returns every fault of a new customer that is known before the transaction, so
// that a form shows all of them at once.
func (d Details) examine(ctx context.Context, dbtx db.DBTX, actor audit.Actor, suggested bool, externalID string) error {
	list := append(fault.List(fault.All(d.check(actor))), fault.All(checkExternalID(externalID))...)
	taken, err := db.New().CustomerUsernameTaken(ctx, dbtx, d.Username)
	if err != nil {
		return fmt.Errorf("look for a username: %w", err)
	}
	if taken && !suggested { // a suggested username that was taken meanwhile is replaced
		list = append(list, ErrUsernameTaken)
	}
	closed, _, err := db.Found(db.New().PartnerDisabled(ctx, dbtx, d.PartnerID)) // a missing partner is a fault of check
	if err != nil {
		return fmt.Errorf("read a partner: %w", err)
	}
	if closed {
		list = append(list, partner.ErrPartnerClosed)
	}
	if err := setting.CheckCurrency(ctx, dbtx); fault.IsInternal(err) {
		return err
	} else if err != nil {
		list = append(list, fault.All(err)...)
	}
	return list.Err()
}

// create is the transaction of Create.
func create(ctx context.Context, beginner db.Beginner, actor audit.Actor, d Details, n New) (db.Customer, error) {
	var created db.Customer
	var key *uuid.UUID
	if n.Key != uuid.Nil {
		key = &n.Key
	}
	err := pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		if err := partner.Open(ctx, tx, n.PartnerID); err != nil {
			return err
		}
		if err := setting.CheckCurrency(ctx, tx); err != nil {
			return err
		}
		if _, err := partner.Keeping(ctx, tx, n.PartnerID); err != nil {
			return err
		}
		var err error
		created, err = db.New().CustomerCreate(ctx, tx, db.CustomerCreateParams{
			PartnerID: d.PartnerID, Username: d.Username, Name: d.Name, Email: d.Email, Phone: d.Phone,
			ExternalID: n.ExternalID, PasswordHash: n.PasswordHash, RequestKey: key,
		})
		switch db.Constraint(err) {
		case "customer_username_key":
			return ErrUsernameTaken
		case "customer_external_id_key":
			return ErrExternalTaken
		case "customer_partner_id_fkey":
			return ErrPartner
		}
		if err != nil {
			return fmt.Errorf("enter a customer: %w", err)
		}
		currency, err := partner.Currency(ctx, tx, n.Currency, d.PartnerID)
		if err != nil {
			return err
		}
		outside, err := openAccount(ctx, tx, created.ID, currency)
		if err != nil {
			return err
		}
		if n.outside && !outside { // it has changed meanwhile
			return ErrUnknown
		}
		return act.Record(ctx, tx, actor, Created{Subject: act.OfCustomer(created.ID)})
	})
	return created, err
}

// checkExternalID refuses an external id that is too long. Empty: the customer has none.
func checkExternalID(text string) error {
	if utf8.RuneCountInString(text) > MostExternalID {
		return ErrExternalID.With("most", fault.Number(MostExternalID))
	}
	return nil
}
