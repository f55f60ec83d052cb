package staff

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/signin"
)

// StepLifetime is the time to enter the code after the password.
const StepLifetime = 5 * time.Minute

// ErrStepOver says that a sign-in can't be continued: it has expired or was used, the
// account was disabled, or its password or second factor was changed.
var ErrStepOver = fault.New(fault.Conflict, "sign_in_over", "This sign-in is over. Enter your username and your password again.")

// CodeAttempt is an attempt to complete a sign-in with a code.
type CodeAttempt struct {
	Step      string // the token of Entry
	Code      string // of the authenticator, or a recovery code
	Address   netip.Addr
	RequestID string
	Device    []byte // as in Attempt
}

// startStep stores that a password was right. It starts no session: its token is good for
// EnterCode only.
func startStep(ctx context.Context, dbtx db.DBTX, account signin.Account) (signin.Entry, error) {
	actor := account.Actor
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails: package crypto/rand ends the program first
	token := base64.RawURLEncoding.EncodeToString(secret)
	n, err := db.New().SignInStepCreate(ctx, dbtx, db.SignInStepCreateParams{
		TokenHash: stepHash(token), StaffID: actor.Person(), ShutOut: account.ShutOut, Lifetime: StepLifetime,
	})
	if err != nil {
		return signin.Entry{}, fmt.Errorf("start the second step of a sign-in: %w", err)
	}
	if n == 0 {
		return signin.Entry{}, ErrStepOver
	}
	staffID := actor.Person()
	actor = audit.Visitor().From(actor.Address, actor.RequestID) // the sign-in is incomplete, so the detail names the person, and the actor is a visitor
	return signin.Entry{ID: staffID, ShutOut: account.ShutOut, Step: token}, act.Record(ctx, dbtx, actor, CodeAsked{StaffID: staffID})
}

func stepHash(token string) []byte {
	hash := sha256.Sum256([]byte(token))
	return hash[:]
}

// FindStep returns the sign-in that a token continues.
func FindStep(ctx context.Context, dbtx db.DBTX, token string) (db.SignInStepGetRow, error) {
	return db.Need(db.New().SignInStepGet(ctx, dbtx, stepHash(token))).Or(ErrStepOver, "find a sign-in")
}

// EnterCode completes a sign-in with a code, once, and returns the person. beginner must
// be the pool, because the attempt is charged before the code is checked.
func EnterCode(ctx context.Context, beginner db.Beginner, vault Vault, a CodeAttempt) (signin.Entry, error) {
	who, err := FindStep(ctx, beginner, a.Step)
	if err != nil {
		return signin.Entry{}, err
	}
	actor := audit.ByStaff(who.ID, audit.Scope{}).From(a.Address, a.RequestID)
	scope, err := codeScopeAt(ctx, beginner, who, a.Device)
	if err != nil {
		return signin.Entry{}, err
	}
	err = proveCode(ctx, beginner, vault, actor, scope, a.Code, func(tx pgx.Tx, with string) error {
		n, err := db.New().SignInStepUse(ctx, tx, stepHash(a.Step))
		if err != nil {
			return fmt.Errorf("end a sign-in: %w", err)
		}
		if n == 0 {
			return ErrStepOver
		}
		return act.Record(ctx, tx, actor, SignedIn{With: with})
	})
	if errors.Is(err, ErrNoFactor) {
		return signin.Entry{}, ErrStepOver
	}
	return signin.Entry{ID: who.ID, ShutOut: who.ShutOut}, err
}
