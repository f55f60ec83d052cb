package staff

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/db"
	"refill/internal/signin"
)

// Recovery codes are 12 symbols of base32, 60 bits, in groups that can be read out.
// With fewer than 112 bits they are hashed as passwords are (OWASP ASVS 6.5.2).
const (
	recoveryCodes  = 10
	recoveryLength = 12
	recoverySet    = "abcdefghijklmnopqrstuvwxyz234567"
)

// recovery is a new set of a person's recovery codes.
type recovery struct {
	codes  []string
	hashes [][]byte
}

// newSalt returns the salt that all recovery codes of a person are hashed with.
func newSalt() []byte {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails: package crypto/rand ends the program first
	return salt
}

func newRecovery(ctx context.Context, salt []byte) (recovery, error) {
	var r recovery
	for range recoveryCodes {
		code := strings.ToLower(rand.Text()[:recoveryLength])
		hash, err := recoveryHash(ctx, salt, code)
		if err != nil {
			return r, err
		}
		r.codes = append(r.codes, code[:4]+"-"+code[4:8]+"-"+code[8:])
		r.hashes = append(r.hashes, hash)
	}
	return r, nil
}

// recoveryHash returns the stored hash of a recovery code. All codes of a person share a
// salt, so that looking one up among ten takes one hash.
func recoveryHash(ctx context.Context, salt []byte, code string) ([]byte, error) {
	return signin.Derive(ctx, salt, code)
}

func (r recovery) keep(ctx context.Context, tx db.DBTX, staffID int64) error {
	if err := db.New().RecoveryCodeReplace(ctx, tx, db.RecoveryCodeReplaceParams{StaffID: staffID, CodeHashes: r.hashes}); err != nil {
		return fmt.Errorf("keep recovery codes: %w", err)
	}
	return nil
}

// recoveryText normalises a recovery code before it is hashed: case, spaces and dashes do
// not matter. It returns "" for text that is none.
func recoveryText(code string) string {
	code = strings.ToLower(digits(code))
	if len(code) != recoveryLength || strings.Trim(code, recoverySet) != "" {
		return ""
	}
	return code
}

// useRecovery marks a recovery code as used.
func useRecovery(ctx context.Context, tx db.DBTX, factor db.SecondFactorGetRow, code string) error {
	hash, err := recoveryHash(ctx, factor.RecoverySalt, code)
	if err != nil {
		return err
	}
	n, err := db.New().RecoveryCodeUse(ctx, tx, db.RecoveryCodeUseParams{StaffID: factor.StaffID, CodeHash: hash})
	if err != nil {
		return fmt.Errorf("use a recovery code: %w", err)
	}
	if n == 0 {
		return errRecovery
	}
	return nil
}

// NewRecoveryCodes replaces the actor's recovery codes and returns the new ones. They
// can't be shown again, because only hashes are stored. beginner must be the pool.
func NewRecoveryCodes(ctx context.Context, beginner db.Beginner, vault Vault, actor audit.Actor, p Proof) ([]string, error) {
	if err := proveOwn(ctx, beginner, actor, "password", p.Username, p.Password); err != nil {
		return nil, err
	}
	var made recovery
	err := proveCode(ctx, beginner, vault, actor, ownCodeScope(actor.Person()), p.Code, func(tx pgx.Tx, _ string) error {
		factor, err := db.New().SecondFactorGet(ctx, tx, actor.Person())
		if err != nil {
			return fmt.Errorf("find a second factor: %w", err)
		}
		if made, err = newRecovery(ctx, factor.RecoverySalt); err != nil {
			return err
		}
		if err := made.keep(ctx, tx, actor.Person()); err != nil {
			return err
		}
		return act.Record(ctx, tx, actor, RecoveryCodesMade{})
	})
	return made.codes, err
}
