package staff

import (
	"context"
	"fmt"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/signin"
)

// SignIn checks a member of staff's username and password. An account with a second factor
// is not signed in yet: see EnterCode. dbtx must be the pool: the attempt is charged
// before anything is looked up, and the charge is kept if the sign-in fails.
func SignIn(ctx context.Context, dbtx db.DBTX, a signin.Attempt) (signin.Entry, error) {
	account, err := signin.Prove(ctx, dbtx, staffRealm(), a)
	if err != nil {
		return signin.Entry{}, err
	}
	if account.SecondFactor {
		return startStep(ctx, dbtx, account)
	}
	return signin.Entry{ID: account.Actor.Person(), ShutOut: account.ShutOut}, act.Record(ctx, dbtx, account.Actor, SignedIn{})
}

func staffRealm() signin.Realm {
	return signin.Realm{
		Name: "staff", Find: findStaff, FindDevice: findDevice,
		Failed: func(f signin.Failure) act.Act { return SignInFailed(f) },
	}
}

func findStaff(ctx context.Context, dbtx db.DBTX, username string) (signin.Account, error) {
	row, found, err := db.Found(db.New().StaffGetByUsername(ctx, dbtx, username))
	if err != nil {
		return signin.Account{}, fmt.Errorf("find staff: %w", err)
	}
	if !found {
		return signin.Account{}, nil
	}
	return signin.Account{
		PasswordHash: row.PasswordHash, Disabled: row.DisabledAt != nil, ShutOut: row.ShutOut, SecondFactor: row.SecondFactor,
		Actor: audit.ByStaff(row.ID, audit.Scope{}),
	}, nil
}

// findDevice returns the id of a known browser of a member of staff; 0: it is not known.
func findDevice(ctx context.Context, dbtx db.DBTX, hash []byte, username string) (int64, error) {
	return signin.FoundDevice(db.New().KnownDeviceFindStaff(ctx, dbtx, db.KnownDeviceFindStaffParams{TokenHash: hash, Username: username}))
}
