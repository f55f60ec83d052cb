package staff

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
)

// Vault seals what must not be read in a copy of the database. *card.Service is
// one, under the key file.
type Vault interface {
	CurrentKey() int16
	SealSecret(purpose string, clear []byte) (keyID int16, sealed []byte, err error)
	OpenSecret(keyID int16, purpose string, sealed []byte) ([]byte, error)
}

// What a second factor can be refused with.
var (
	ErrNoFactor   = fault.New(fault.Conflict, "second_factor_off", "There is no second factor to ask for: it is off.")
	ErrHasFactor  = fault.New(fault.Conflict, "second_factor_on", "Your second factor is on already. Turn it off first to set it up on another device.")
	ErrCodeBarred = fault.New(fault.Limited, "code_barred", "Too many wrong codes. Wait a while, then try again.")

	errCodeForm  = fault.Field("code", "code_form", "Enter the six digits that your authenticator shows, or one of your recovery codes.")
	errCodeWrong = fault.Field("code", "code_wrong", "This code is not right. Enter the one that your authenticator shows now.")
	errCodeUsed  = fault.Field("code", "code_used", "This code has been used. Wait for the next one, at most 30 seconds.")
	errRecovery  = fault.Field("code", "recovery_wrong", "This recovery code is not yours, or has been used. Enter another.")
	errOffer     = fault.Field("code", "offer_over", "This page is too old. Scan the new picture and enter the code for it.")
)

// Offer is a secret that somebody may make their second factor. Nothing is stored
// until they have shown that their telephone knows it.
type Offer struct {
	Secret string // as it is typed into an authenticator
	Sealed string // the same, as the form carries it back
}

// secretPurpose binds a secret to its owner.
func secretPurpose(staffID int64) string { return fmt.Sprintf("second factor of staff %d", staffID) }

// NewOffer makes a secret for somebody.
func NewOffer(vault Vault, staffID int64) (Offer, error) {
	secret := newSecret()
	keyID, sealed, err := vault.SealSecret(secretPurpose(staffID), secret)
	if err != nil {
		return Offer{}, fmt.Errorf("seal a secret of staff %d: %w", staffID, err)
	}
	return Offer{Secret: secretText(secret), Sealed: fmt.Sprintf("%d.%s", keyID, base64.RawURLEncoding.EncodeToString(sealed))}, nil
}

// OpenOffer reads an offer that a form has carried. Whatever is not one gets a new one.
func OpenOffer(vault Vault, staffID int64, sealed string) (Offer, error) {
	secret, _, _, err := openOffer(vault, staffID, sealed)
	if err != nil {
		return NewOffer(vault, staffID)
	}
	return Offer{Secret: secretText(secret), Sealed: sealed}, nil
}

func openOffer(vault Vault, staffID int64, text string) (secret []byte, keyID int16, sealed []byte, err error) {
	id, rest, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(id, 10, 16)
	if err != nil {
		return nil, 0, nil, errOffer
	}
	if sealed, err = base64.RawURLEncoding.DecodeString(rest); err != nil {
		return nil, 0, nil, errOffer
	}
	secret, err = vault.OpenSecret(int16(n), secretPurpose(staffID), sealed)
	if err != nil {
		return nil, 0, nil, errOffer.With(err)
	}
	return secret, int16(n), sealed, nil
}

// Proof is what the owner of a second factor shows before it changes.
type Proof struct {
	Username string
	Password string
	Code     string
	Session  []byte // the one that stays: its token's hash
}

// TurnOn makes an offer the actor's second factor and returns their recovery codes:
// the only time that anybody sees them. Wherever else they were signed in, they are
// signed out. beginner must be the pool.
func TurnOn(ctx context.Context, beginner db.Beginner, vault Vault, actor audit.Actor, offer string, p Proof) ([]string, error) {
	secret, keyID, sealed, err := openOffer(vault, actor.StaffID, offer)
	if err != nil {
		return nil, err
	}
	clock, err := db.New().SecondFactorClock(ctx, beginner)
	if err != nil {
		return nil, fmt.Errorf("ask for the time: %w", err)
	}
	step, ok := totpStep(secret, digits(p.Code), clock)
	if !ok {
		return nil, errCodeWrong
	}
	if err := proveOwn(ctx, beginner, actor, "password", p.Username, p.Password); err != nil {
		return nil, err
	}
	salt := newSalt()
	recovery, err := newRecovery(ctx, salt)
	if err != nil {
		return nil, err
	}
	return recovery.codes, pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		n, err := db.New().SecondFactorCreate(ctx, tx, db.SecondFactorCreateParams{
			StaffID: actor.StaffID, KeyID: keyID, SecretSealed: sealed, LastStep: step, RecoverySalt: salt,
		})
		if err != nil {
			return fmt.Errorf("keep a second factor: %w", err)
		}
		if n == 0 {
			return ErrHasFactor
		}
		if err := recovery.keep(ctx, tx, actor.StaffID); err != nil {
			return err
		}
		if err := shutOut(ctx, tx, actor.StaffID, p.Session); err != nil {
			return err
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "staff.second_factor_on"})
	})
}

// TurnOff takes the actor's second factor away. beginner must be the pool.
func TurnOff(ctx context.Context, beginner db.Beginner, vault Vault, actor audit.Actor, p Proof) error {
	if err := proveOwn(ctx, beginner, actor, "password", p.Username, p.Password); err != nil {
		return err
	}
	return proveCode(ctx, beginner, vault, actor, ownCodeScope(actor.StaffID), p.Code, func(tx pgx.Tx, _ string) error {
		if _, err := db.New().SecondFactorDelete(ctx, tx, actor.StaffID); err != nil {
			return fmt.Errorf("turn a second factor off: %w", err)
		}
		if err := shutOut(ctx, tx, actor.StaffID, p.Session); err != nil {
			return err
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "staff.second_factor_off"})
	})
}

// ResetSecondFactor takes somebody else's second factor away, who has lost it, and
// signs them out.
func ResetSecondFactor(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64) error {
	if id == actor.StaffID {
		return ErrSelf // their own needs a code
	}
	return locked(ctx, beginner, "reset a second factor", func(tx pgx.Tx) error {
		old, err := toChange(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		n, err := db.New().SecondFactorDelete(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("reset the second factor of staff %d: %w", id, err)
		}
		if n == 0 {
			return ErrNoFactor
		}
		if err := shutOut(ctx, tx, id, nil); err != nil {
			return err
		}
		for _, scope := range []string{codeScope(id), ownCodeScope(id)} {
			if _, err := db.New().GuessClear(ctx, tx, scope); err != nil {
				return fmt.Errorf("forget wrong codes: %w", err)
			}
		}
		return record(ctx, tx, actor, "staff.second_factor_reset", old)
	})
}

func codeScope(staffID int64) string { return fmt.Sprintf("code:staff:%d", staffID) }

// ownCodeScope counts the wrong codes of somebody who is signed in: who knows only
// their password can't keep them from changing their second factor.
func ownCodeScope(staffID int64) string { return codeScope(staffID) + ":own" }

// codeScopeAt is what wrong codes at a sign-in are counted against: a browser that
// this person signed in from before has a count of its own.
func codeScopeAt(ctx context.Context, dbtx db.DBTX, who db.SignInStepGetRow, device []byte) (string, error) {
	if device == nil {
		return codeScope(who.ID), nil
	}
	id, err := findDevice(ctx, dbtx, device, who.Username)
	if err != nil || id == 0 {
		return codeScope(who.ID), err
	}
	return fmt.Sprintf("%s:device:%d", codeScope(who.ID), id), nil
}

// proveCode checks a code of the actor's second factor and does what it opens in
// the transaction that uses it up. The attempt is charged first; who gets here knows
// the password, so the pauses may be longer than for those. beginner must be the pool.
func proveCode(ctx context.Context, beginner db.Beginner, vault Vault, actor audit.Actor, who, code string, do func(tx pgx.Tx, with string) error) error {
	if !codeLike(code) {
		return errCodeForm // a slip, which costs nothing
	}
	address := "signin:ip:" + audit.AddressScope(actor.Address)
	if who != codeScope(actor.StaffID) { // what is known does not suffer by its neighbours
		address = who + ":address"
	}
	barred, err := charge(ctx, beginner, db.GuessChargeParams{
		// Of a million codes three are right at a time. 100 wrong ones in a row at
		// most, as NIST SP 800-63B asks, and about 30 a day.
		Who: who, WhoWindow: 24 * time.Hour, SoftLimit: 5, FirstPause: 30 * time.Second, TopPause: time.Hour,
		HardLimit: 100, HardPause: 24 * time.Hour,
		Address: address, AddressWindow: time.Hour, AddressLimit: addressLimit,
	})
	if errors.Is(err, ErrBarred) {
		return ErrCodeBarred
	}
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, beginner, func(tx pgx.Tx) error {
		with, err := takeCode(ctx, tx, vault, actor, code)
		if err != nil {
			return err
		}
		return do(tx, with)
	})
	switch {
	case errors.Is(err, errCodeWrong), errors.Is(err, errCodeUsed), errors.Is(err, errRecovery):
		if failed := recordFailure(ctx, beginner, "staff.code_failed", actor, fault.All(err)[0].Code, barred); failed != nil {
			return failed
		}
		return err
	case err != nil:
		return err
	}
	return forgive(ctx, beginner, who, address)
}

// takeCode uses a code up, in the caller's transaction, and says which kind it was.
func takeCode(ctx context.Context, tx pgx.Tx, vault Vault, actor audit.Actor, code string) (with string, err error) {
	q := db.New()
	factor, err := q.SecondFactorGet(ctx, tx, actor.StaffID)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", ErrNoFactor
	}
	if err != nil {
		return "", fmt.Errorf("find a second factor: %w", err)
	}
	if recovery := recoveryText(code); recovery != "" {
		if err := useRecovery(ctx, tx, factor, recovery); err != nil {
			return "", err
		}
		return "recovery code", audit.Record(ctx, tx, actor, audit.Entry{Action: "staff.recovery_code_used", Detail: map[string]any{"left": factor.RecoveryCodes - 1}})
	}
	secret, err := vault.OpenSecret(factor.KeyID, secretPurpose(actor.StaffID), factor.SecretSealed)
	if err != nil {
		return "", err
	}
	step, ok := totpStep(secret, digits(code), factor.Clock)
	if !ok {
		return "", errCodeWrong
	}
	n, err := q.SecondFactorTake(ctx, tx, db.SecondFactorTakeParams{StaffID: actor.StaffID, CreatedAt: factor.CreatedAt, Step: step})
	if err != nil {
		return "", fmt.Errorf("take a code: %w", err)
	}
	if n == 0 {
		return "", errCodeUsed
	}
	return "authenticator", nil
}

// digits takes the spaces out of a code, which authenticators show in two halves.
func digits(code string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' {
			return -1
		}
		return r
	}, strings.TrimSpace(code))
}

// codeLike reports whether a text could be a code of either kind.
func codeLike(code string) bool {
	if recoveryText(code) != "" {
		return true
	}
	code = digits(code)
	return len(code) == totpDigits && !strings.ContainsFunc(code, func(r rune) bool { return r < '0' || r > '9' })
}

// ResealSecondFactors seals what lies under older keys under the newest. What
// another process seals at the same moment is left alone.
func ResealSecondFactors(ctx context.Context, dbtx db.DBTX, vault Vault) error {
	q := db.New()
	rows, err := q.SecondFactorOld(ctx, dbtx, vault.CurrentKey())
	if err != nil {
		return fmt.Errorf("look for second factors of older keys: %w", err)
	}
	for _, row := range rows {
		secret, err := vault.OpenSecret(row.KeyID, secretPurpose(row.StaffID), row.SecretSealed)
		if err != nil {
			return err
		}
		keyID, sealed, err := vault.SealSecret(secretPurpose(row.StaffID), secret)
		if err != nil {
			return err
		}
		err = q.SecondFactorSeal(ctx, dbtx, db.SecondFactorSealParams{StaffID: row.StaffID, KeyID: keyID, SecretSealed: sealed, WasSealed: row.SecretSealed})
		if err != nil {
			return fmt.Errorf("seal the second factor of staff %d again: %w", row.StaffID, err)
		}
	}
	return nil
}
