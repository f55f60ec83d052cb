// Package customer owns customers and their payments. A balance moves only here
// and in card's redemption, always with its ledger entries; a payment is never
// edited or deleted.
package customer

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
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

// Create enters a customer with an empty account. Without a username they get one
// that is made of their name.
func Create(ctx context.Context, beginner db.Beginner, actor audit.Actor, n New) (db.Customer, error) {
	d := Details{PartnerID: n.PartnerID, Username: n.Username, Name: n.Name, Email: n.Email, Phone: n.Phone}.tidy()
	suggested := d.Username == ""
	var created db.Customer
	for range maxTries {
		if suggested {
			var err error
			if d.Username, err = freeUsername(ctx, beginner, d.Name); err != nil {
				return created, err
			}
		}
		if err := d.check(actor); err != nil {
			return created, err
		}
		var err error
		created, err = create(ctx, beginner, actor, d, n)
		if !suggested || !errors.Is(err, ErrUsernameTaken) { // else somebody took it meanwhile
			return created, err
		}
	}
	return created, ErrUsernameTaken
}

// create is the transaction of Create.
func create(ctx context.Context, beginner db.Beginner, actor audit.Actor, d Details, n New) (db.Customer, error) {
	var created db.Customer
	err := pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		if err := openPartner(ctx, tx, n.PartnerID); err != nil {
			return err
		}
		var err error
		created, err = db.New().CustomerCreate(ctx, tx, db.CustomerCreateParams{
			PartnerID: d.PartnerID, Username: d.Username, Name: d.Name, Email: d.Email, Phone: d.Phone, PasswordHash: n.PasswordHash,
		})
		switch db.Constraint(err) {
		case "customer_username_key":
			return ErrUsernameTaken
		case "customer_partner_id_fkey":
			return ErrPartner
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
