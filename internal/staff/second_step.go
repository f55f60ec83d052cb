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

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// StepLifetime is how long somebody may take to enter the code after the password.
const StepLifetime = 5 * time.Minute

// ErrStepOver says that there is no sign-in to go on with: it took too long, was
// used, or the person was disabled, or their password or second factor changed.
var ErrStepOver = fault.New(fault.Conflict, "sign_in_over", "This sign-in is over. Enter your username and your password again.")

// CodeAttempt is somebody at the page for the code.
type CodeAttempt struct {
	Step      string // the token of Entry
	Code      string // of the authenticator, or a recovery code
	Address   netip.Addr
	RequestID string
	Device    []byte // as in Attempt
}

// startStep remembers that a password was right. It makes no session: the token
// opens EnterCode and nothing else.
func startStep(ctx context.Context, dbtx db.DBTX, account Account) (Entry, error) {
	actor := account.Actor
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails: package crypto/rand ends the program first
	token := base64.RawURLEncoding.EncodeToString(secret)
	n, err := db.New().SignInStepCreate(ctx, dbtx, db.SignInStepCreateParams{
		TokenHash: stepHash(token), StaffID: actor.StaffID, ShutOut: account.ShutOut, Lifetime: StepLifetime,
	})
	if err != nil {
		return Entry{}, fmt.Errorf("start the second step of a sign-in: %w", err)
	}
	if n == 0 {
		return Entry{}, ErrStepOver
	}
	staffID := actor.StaffID
	actor.StaffID = 0 // half-way is not in: named, but not as who acted
	return Entry{ID: staffID, ShutOut: account.ShutOut, Step: token}, audit.Record(ctx, dbtx, actor, audit.Entry{Action: "staff.code_asked", Detail: map[string]any{"staff_id": staffID}})
}

func stepHash(token string) []byte {
	hash := sha256.Sum256([]byte(token))
	return hash[:]
}

// FindStep returns whose sign-in a token goes on with.
func FindStep(ctx context.Context, dbtx db.DBTX, token string) (db.SignInStepGetRow, error) {
	row, err := db.New().SignInStepGet(ctx, dbtx, stepHash(token))
	if errors.Is(err, pgx.ErrNoRows) {
		return row, ErrStepOver
	}
	if err != nil {
		return row, fmt.Errorf("find a sign-in: %w", err)
	}
	return row, nil
}

// EnterCode ends a sign-in with a code, once, and returns who is in. beginner must
// be the pool: the attempt is charged before the code is looked at.
func EnterCode(ctx context.Context, beginner db.Beginner, vault Vault, a CodeAttempt) (Entry, error) {
	who, err := FindStep(ctx, beginner, a.Step)
	if err != nil {
		return Entry{}, err
	}
	actor := audit.Actor{StaffID: who.ID, Address: a.Address, RequestID: a.RequestID}
	scope, err := codeScopeAt(ctx, beginner, who, a.Device)
	if err != nil {
		return Entry{}, err
	}
	err = proveCode(ctx, beginner, vault, actor, scope, a.Code, func(tx pgx.Tx, with string) error {
		n, err := db.New().SignInStepUse(ctx, tx, stepHash(a.Step))
		if err != nil {
			return fmt.Errorf("end a sign-in: %w", err)
		}
		if n == 0 {
			return ErrStepOver
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "staff.signed_in", Detail: map[string]any{"with": with}})
	})
	if errors.Is(err, ErrNoFactor) {
		return Entry{}, ErrStepOver
	}
	return Entry{ID: who.ID, ShutOut: who.ShutOut}, err
}
