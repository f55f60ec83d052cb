package customer

import (
	"context"
	"fmt"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/signin"
)

// SignIn checks a customer's username and password and returns the customer. A customer
// without a password can't sign in. dbtx must be the pool: the attempt is charged before
// anything is looked up.
func SignIn(ctx context.Context, dbtx db.DBTX, a signin.Attempt) (signin.Entry, error) {
	account, err := signin.Prove(ctx, dbtx, realm(), a)
	if err != nil {
		return signin.Entry{}, err
	}
	return signin.Entry{ID: account.Actor.CustomerID(), ShutOut: account.ShutOut}, act.Record(ctx, dbtx, account.Actor, SignedIn{})
}

func realm() signin.Realm {
	return signin.Realm{
		Name: "customer", Find: findForSignIn, FindDevice: findDevice,
		Failed: func(f signin.Failure) act.Act { return SignInFailed{Failure: f} },
	}
}

func findDevice(ctx context.Context, dbtx db.DBTX, hash []byte, username string) (int64, error) {
	return signin.FoundDevice(db.New().KnownDeviceFindCustomer(ctx, dbtx, db.KnownDeviceFindCustomerParams{TokenHash: hash, Username: username}))
}

func findForSignIn(ctx context.Context, dbtx db.DBTX, username string) (signin.Account, error) {
	row, found, err := db.Found(db.New().CustomerGetByUsername(ctx, dbtx, username))
	if err != nil {
		return signin.Account{}, fmt.Errorf("find customer: %w", err)
	}
	if !found {
		return signin.Account{}, nil
	}
	return signin.Account{
		PasswordHash: row.PasswordHash, Disabled: row.DisabledAt != nil || row.PartnerDisabledAt != nil, ShutOut: row.ShutOut,
		Actor: audit.ByCustomer(row.ID, audit.Scope{}),
	}, nil
}
