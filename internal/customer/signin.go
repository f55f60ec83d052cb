package customer

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/staff"
)

// SignIn checks a customer's username and password and returns who is in. dbtx must
// be the pool: the attempt is charged before anything is looked up. A customer
// without a password has no portal sign-in.
func SignIn(ctx context.Context, dbtx db.DBTX, a staff.Attempt) (staff.Entry, error) {
	account, err := staff.Prove(ctx, dbtx, realm(), a)
	if err != nil {
		return staff.Entry{}, err
	}
	return staff.Entry{ID: account.Actor.CustomerID, ShutOut: account.ShutOut}, audit.Record(ctx, dbtx, account.Actor, audit.Entry{Action: "customer.signed_in"})
}

func realm() staff.Realm {
	return staff.Realm{Name: "customer", Find: findForSignIn, FindDevice: findDevice}
}

func findDevice(ctx context.Context, dbtx db.DBTX, hash []byte, username string) (int64, error) {
	return staff.FoundDevice(db.New().KnownDeviceFindCustomer(ctx, dbtx, db.KnownDeviceFindCustomerParams{TokenHash: hash, Username: username}))
}

func findForSignIn(ctx context.Context, dbtx db.DBTX, username string) (staff.Account, error) {
	row, err := db.New().CustomerGetByUsername(ctx, dbtx, username)
	if errors.Is(err, pgx.ErrNoRows) {
		return staff.Account{}, nil
	}
	if err != nil {
		return staff.Account{}, fmt.Errorf("find customer: %w", err)
	}
	return staff.Account{
		PasswordHash: row.PasswordHash, Disabled: row.DisabledAt != nil || row.PartnerDisabledAt != nil, ShutOut: row.ShutOut,
		Actor: audit.Actor{CustomerID: row.ID},
	}, nil
}
