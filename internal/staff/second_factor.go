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

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/signin"
)

// Vault seals secrets, so that a copy of the database does not disclose them.
// *card.Service is one, with the keys of the key file.
type Vault interface {
	CurrentKey() int16
	SealSecret(purpose string, clear []byte) (keyID int16, sealed []byte, err error)
	OpenSecret(keyID int16, purpose string, sealed []byte) ([]byte, error)
}

// Errors of second factors.
var (
	ErrNoFactor   = fault.New(fault.Conflict, "second_factor_off", "There is no second factor to ask for: it is off.")
	ErrHasFactor  = fault.New(fault.Conflict, "second_factor_on", "Your second factor is on already. Turn it off first to set it up on another device.")
	ErrCodeBarred = fault.New(fault.Limited, "second_factor_barred", "Too many wrong codes. Wait a while, then try again.")

	errCodeForm  = fault.Field("code", "code_form", "Enter the six digits that your authenticator shows, or one of your recovery codes.")
	errCodeWrong = fault.Field("code", "code_wrong", "This code is not right. Enter the one that your authenticator shows now.")
	errCodeUsed  = fault.Field("code", "code_used", "This code has been used. Wait for the next one, at most 30 seconds.")
	errRecovery  = fault.Field("code", "recovery_wrong", "This recovery code is not yours, or has been used. Enter another.")
	errOffer     = fault.Field("code", "offer_over", "This page is too old. Scan the new picture and enter the code for it.")
)

// Offer is a new secret that a person may set up as their second factor. It is stored only
// after they have entered a code that their authenticator made from it.
type Offer struct {
	Secret string // as it is typed into an authenticator app
	Sealed string // the same, as the form carries it back
}

// secretPurpose binds a secret to its owner.
func secretPurpose(staffID int64) string {
	return fmt.Sprintf("second factor of staff %d", staffID)
}

// NewOffer draws the secret of an offer for a member of staff.
func NewOffer(vault Vault, staffID int64) (Offer, error) {
	secret := signin.NewSecret()
	keyID, sealed, err := vault.SealSecret(secretPurpose(staffID), secret)
	if err != nil {
		return Offer{}, fmt.Errorf("seal a secret of staff %d: %w", staffID, err)
	}
	return Offer{Secret: signin.SecretText(secret), Sealed: fmt.Sprintf("%d.%s", keyID, base64.RawURLEncoding.EncodeToString(sealed))}, nil
}

// OpenOffer opens an offer that a form has sent back. For an invalid one it makes a new
// offer.
func OpenOffer(vault Vault, staffID int64, sealed string) (Offer, error) {
	secret, _, _, err := openOffer(vault, staffID, sealed)
	if err != nil {
		return NewOffer(vault, staffID)
	}
	return Offer{Secret: signin.SecretText(secret), Sealed: sealed}, nil
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
		return nil, 0, nil, errOffer.Because(err)
	}
	return secret, int16(n), sealed, nil
}

// Proof is what the owner of a second factor has to show before changing it.
type Proof struct {
	Username string
	Password string
	Code     string
	Session  []byte // hash of the token of the session that is kept
}

// TurnOn makes an offer the actor's second factor, ends their other sessions and returns
// their recovery codes. The codes can't be shown again. beginner must be the pool.
func TurnOn(ctx context.Context, beginner db.Beginner, vault Vault, actor audit.Actor, offer string, p Proof) ([]string, error) {
	secret, keyID, sealed, err := openOffer(vault, actor.Person(), offer)
	if err != nil {
		return nil, err
	}
	clock, err := db.New().SecondFactorClock(ctx, beginner)
	if err != nil {
		return nil, fmt.Errorf("ask for the time: %w", err)
	}
	step, ok := signin.TOTPStep(secret, digits(p.Code), clock)
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
			StaffID: actor.Person(), KeyID: keyID, SecretSealed: sealed, LastStep: step, RecoverySalt: salt,
		})
		if err != nil {
			return fmt.Errorf("keep a second factor: %w", err)
		}
		if n == 0 {
			return ErrHasFactor
		}
		if err := recovery.keep(ctx, tx, actor.Person()); err != nil {
			return err
		}
		if err := shutOut(ctx, tx, actor.Person(), p.Session); err != nil {
			return err
		}
		return act.Record(ctx, tx, actor, SecondFactorOn{})
	})
}

// TurnOff removes the actor's second factor. beginner must be the pool.
func TurnOff(ctx context.Context, beginner db.Beginner, vault Vault, actor audit.Actor, p Proof) error {
	if err := proveOwn(ctx, beginner, actor, "password", p.Username, p.Password); err != nil {
		return err
	}
	return proveCode(ctx, beginner, vault, actor, ownCodeScope(actor.Person()), p.Code, func(tx pgx.Tx, _ string) error {
		if _, err := db.New().SecondFactorDelete(ctx, tx, actor.Person()); err != nil {
			return fmt.Errorf("turn a second factor off: %w", err)
		}
		if err := shutOut(ctx, tx, actor.Person(), p.Session); err != nil {
			return err
		}
		return act.Record(ctx, tx, actor, SecondFactorOff{})
	})
}

// ResetSecondFactor removes the second factor of another member of staff, who has lost it,
// and ends their sessions.
func ResetSecondFactor(ctx context.Context, beginner db.Beginner, actor audit.Actor, id int64) error {
	if id == actor.Person() {
		return ErrSelf // removing one's own takes a code
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
		return act.Record(ctx, tx, actor, SecondFactorReset(accountOf(old)))
	})
}

func codeScope(staffID int64) string { return fmt.Sprintf("code:staff:%d", staffID) }

// ownCodeScope is the count of wrong codes of a signed-in person. It is separate, so that
// an attacker who knows only the password can't keep the owner from changing the second
// factor.
func ownCodeScope(staffID int64) string { return codeScope(staffID) + ":own" }

// codeScopeAt returns the count of wrong codes of a sign-in. A known browser of the person
// has a separate count.
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

// proveCode checks a code of the actor's second factor and runs do in the transaction that
// marks the code as used. The attempt is charged first. The pauses are longer than those
// of passwords, because the person has shown a password already. beginner must be the
// pool.
func proveCode(ctx context.Context, beginner db.Beginner, vault Vault, actor audit.Actor, who, code string, do func(tx pgx.Tx, with string) error) error {
	if !codeLike(code) {
		return errCodeForm // a malformed code is a typing error and costs nothing
	}
	address := "signin:ip:" + audit.AddressScope(actor.Address)
	if who != codeScope(actor.Person()) { // a signed-in person or a known browser is not barred by others at its address
		address = who + ":address"
	}
	barred, err := signin.Charge(ctx, beginner, db.GuessChargeParams{
		// Three of a million codes are right at any time. NIST SP 800-63B limits wrong
		// ones in a row to 100; this limit allows about 30 a day.
		Who: who, WhoWindow: 24 * time.Hour, SoftLimit: 5, FirstPause: 30 * time.Second, TopPause: time.Hour,
		HardLimit: 100, HardPause: 24 * time.Hour,
		Address: address, AddressWindow: time.Hour, AddressLimit: signin.AddressLimit,
	})
	if errors.Is(err, signin.ErrBarred) {
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
		if failed := signin.RecordFailure(ctx, beginner, codeFailed, actor, fault.All(err)[0].Code, barred); failed != nil {
			return failed
		}
		return err
	case err != nil:
		return err
	}
	return signin.Forgive(ctx, beginner, who, address)
}

// takeCode marks a code as used, in the caller's transaction, and returns its kind.
func takeCode(ctx context.Context, tx pgx.Tx, vault Vault, actor audit.Actor, code string) (with string, err error) {
	q := db.New()
	factor, err := db.Need(q.SecondFactorGet(ctx, tx, actor.Person())).Or(ErrNoFactor, "find a second factor")
	if err != nil {
		return "", err
	}
	if recovery := recoveryText(code); recovery != "" {
		if err := useRecovery(ctx, tx, factor, recovery); err != nil {
			return "", err
		}
		return "recovery code", act.Record(ctx, tx, actor, RecoveryCodeUsed{Left: factor.RecoveryCodes - 1})
	}
	secret, err := vault.OpenSecret(factor.KeyID, secretPurpose(actor.Person()), factor.SecretSealed)
	if err != nil {
		return "", err
	}
	step, ok := signin.TOTPStep(secret, digits(code), factor.Clock)
	if !ok {
		return "", errCodeWrong
	}
	n, err := q.SecondFactorTake(ctx, tx, db.SecondFactorTakeParams{StaffID: actor.Person(), CreatedAt: factor.CreatedAt, Step: step})
	if err != nil {
		return "", fmt.Errorf("take a code: %w", err)
	}
	if n == 0 {
		return "", errCodeUsed
	}
	return "authenticator", nil
}

// digits removes the spaces that authenticator apps show within a code.
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
	return len(code) == signin.TOTPDigits && !strings.ContainsFunc(code, func(r rune) bool { return r < '0' || r > '9' })
}

// ResealSecondFactors seals secrets under older keys again under the newest. It skips rows
// that another process changes at the same time.
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
