package card

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"

	"github.com/google/uuid"

	"refill/internal/db"
	"refill/internal/fault"
)

// Password opens a file. It prints as "[password]" wherever it is formatted, logged
// or kept; Reveal is the one way out.
type Password struct{ text string }

// NewPassword takes a password as it was typed.
func NewPassword(text string) Password { return Password{text} }

// Reveal returns the password, for what encrypts the file.
func (p Password) Reveal() string { return p.text }

// String keeps the password out of logs and errors.
func (Password) String() string { return "[password]" }

// GoString keeps the password out of %#v.
func (Password) GoString() string { return "[password]" }

// Format keeps the password out of every verb.
func (Password) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[password]")) }

// LogValue keeps the password out of slog.
func (Password) LogValue() slog.Value { return slog.StringValue("[password]") }

// MarshalText keeps the password out of JSON.
func (Password) MarshalText() ([]byte, error) { return []byte("[password]"), nil }

// Refusals of a password. Whether it is a good one says package export.
var (
	ErrPasswordFormat = fault.Field("password", "export_password_format", "Only a PDF can have a password. Choose PDF or do without; a file of any format can be encrypted for a print shop.")
	ErrPasswordGone   = fault.New(fault.Conflict, "export_password_gone", "The password of this file was erased when the making of it ended. Ask for the file again and give it a password.")
)

// passwordPurpose binds a sealed password to its export, by what is known of it
// before it is entered.
func passwordPurpose(request uuid.UUID) string { return "export password " + request.String() }

// sealPassword seals the password of an export that is about to be entered; nil
// where it has none.
func (s *Service) sealPassword(ctx context.Context, o ExportOptions, request uuid.UUID) (keyID *int16, sealed []byte, err error) {
	if !o.Locked {
		return nil, nil, nil
	}
	if err := s.keysBehind(ctx); err != nil {
		return nil, nil, ErrSecretKey.With(err)
	}
	id, sealed, err := s.SealSecret(passwordPurpose(request), []byte(o.Password.text))
	return &id, sealed, err
}

// OpenExportOptions is ReadExportOptions with the password, for who makes the file.
// ErrPasswordGone says that it is there no more: the file must not be made in clear.
func (s *Service) OpenExportOptions(e db.Export) (ExportOptions, error) {
	o, err := ReadExportOptions(e)
	if err != nil || !o.Locked {
		return o, err
	}
	if e.PasswordKeyID == nil {
		return o, ErrPasswordGone
	}
	text, err := s.OpenSecret(*e.PasswordKeyID, passwordPurpose(e.RequestKey), e.PasswordSealed)
	o.Password.text = string(text)
	return o, err
}

// samePassword reports whether an export keeps this very password. Once it is erased
// that can't be told, and counts as another one.
func (s *Service) samePassword(row db.ExportGetByRequestKeyRow, request uuid.UUID, typed Password) bool {
	if row.PasswordKeyID == nil {
		return false
	}
	kept, err := s.OpenSecret(*row.PasswordKeyID, passwordPurpose(request), row.PasswordSealed)
	return err == nil && subtle.ConstantTimeCompare(kept, []byte(typed.text)) == 1
}

// ResealPasswords seals what lies under older keys under the newest. What another
// process seals, or erases, at the same moment is left alone. Periodic.
func (s *Service) ResealPasswords(ctx context.Context) error {
	current := s.keys.Current()
	rows, err := s.q.ExportPasswordOld(ctx, s.db, &current)
	if err != nil {
		return fmt.Errorf("look for passwords of older keys: %w", err)
	}
	var failed error // one that does not open must not keep the others under a key that goes
	for _, row := range rows {
		text, err := s.OpenSecret(*row.PasswordKeyID, passwordPurpose(row.RequestKey), row.PasswordSealed)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("export %d: %w", row.ID, err))
			continue
		}
		keyID, sealed, err := s.SealSecret(passwordPurpose(row.RequestKey), text)
		if err != nil {
			return errors.Join(failed, err)
		}
		err = s.q.ExportPasswordSeal(ctx, s.db, db.ExportPasswordSealParams{ID: row.ID, KeyID: &keyID, Sealed: sealed, WasSealed: row.PasswordSealed})
		if err != nil {
			return errors.Join(failed, fmt.Errorf("seal the password of export %d again: %w", row.ID, err))
		}
	}
	return failed
}

// mayRetry refuses what can't be made again as it was asked for.
func mayRetry(e db.Export) error {
	o, err := ReadExportOptions(e)
	if err == nil && o.Locked {
		return ErrPasswordGone
	}
	return err
}
