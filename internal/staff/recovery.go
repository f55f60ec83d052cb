package staff

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"golang.org/x/crypto/argon2"

	"refill/internal/audit"
	"refill/internal/db"
)

// Recovery codes are 12 symbols of base32, 60 bits, in groups that can be read out.
// With fewer than 112 bits they are hashed as passwords are (OWASP ASVS 6.5.2).
const (
	recoveryCodes  = 10
	recoveryLength = 12
	recoverySet    = "abcdefghijklmnopqrstuvwxyz234567"
)

// recovery is somebody's new set of recovery codes.
type recovery struct {
	codes  []string
	hashes [][]byte
}

// newSalt is what all recovery codes of a person are hashed with.
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

// recoveryHash is what the table knows a code by: one salt for all codes of a
// person, so that finding one among ten costs one hash.
func recoveryHash(ctx context.Context, salt []byte, code string) ([]byte, error) {
	select {
	case hashing <- struct{}{}:
		defer func() { <-hashing }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash a recovery code: %w", ctx.Err())
	}
	p := params()
	return argon2.IDKey([]byte(code), salt, p.Iterations, p.Memory, p.Parallelism, p.KeyLength), nil
}

func (r recovery) keep(ctx context.Context, tx db.DBTX, staffID int64) error {
	if err := db.New().RecoveryCodeReplace(ctx, tx, db.RecoveryCodeReplaceParams{StaffID: staffID, CodeHashes: r.hashes}); err != nil {
		return fmt.Errorf("keep recovery codes: %w", err)
	}
	return nil
}

// recoveryText returns a recovery code as it is hashed, whatever case, spaces and
// dashes it was typed with; empty where it is none.
func recoveryText(code string) string {
	code = strings.ToLower(digits(code))
	if len(code) != recoveryLength || strings.Trim(code, recoverySet) != "" {
		return ""
	}
	return code
}

// useRecovery uses a recovery code up.
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

// NewRecoveryCodes replaces the actor's recovery codes and returns the new ones:
// the only time that anybody sees them. beginner must be the pool.
func NewRecoveryCodes(ctx context.Context, beginner db.Beginner, vault Vault, actor audit.Actor, p Proof) ([]string, error) {
	if err := proveOwn(ctx, beginner, actor, "password", p.Username, p.Password); err != nil {
		return nil, err
	}
	var made recovery
	err := proveCode(ctx, beginner, vault, actor, ownCodeScope(actor.StaffID), p.Code, func(tx pgx.Tx, _ string) error {
		factor, err := db.New().SecondFactorGet(ctx, tx, actor.StaffID)
		if err != nil {
			return fmt.Errorf("find a second factor: %w", err)
		}
		if made, err = newRecovery(ctx, factor.RecoverySalt); err != nil {
			return err
		}
		if err := made.keep(ctx, tx, actor.StaffID); err != nil {
			return err
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "staff.recovery_codes_made"})
	})
	return made.codes, err
}
