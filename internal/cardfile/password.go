package cardfile

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"

	"github.com/google/uuid"

	"refill/internal/cardcode"
	"refill/internal/db"
	"refill/internal/fault"
)

// Password is the password that opens a file. It formats, logs and encodes as
// "[password]"; only Reveal returns the text.
type Password struct{ text string }

// NewPassword returns a typed password.
func NewPassword(text string) Password { return Password{text} }

// Reveal returns the password, for the encryption of the file.
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

// Errors of a password. Package render checks its strength.
var (
	ErrPasswordFormat = fault.Field("password", "export_password_format", "Only a PDF can have a password. Choose PDF or do without; a file of any format can be encrypted for a print shop.")
	ErrPasswordGone   = fault.New(fault.Conflict, "export_password_gone", "The password of this file was erased when the making of it ended. Ask for the file again and give it a password.")
)

// passwordPurpose binds a sealed password to its export by the request key, since the
// export has no id before it is inserted.
func passwordPurpose(request uuid.UUID) string { return "export password " + request.String() }

// sealPassword seals the password of an export that is about to be inserted; nil where it
// has none.
func (s *Service) sealPassword(ctx context.Context, o Options, request uuid.UUID) (keyID *int16, sealed []byte, err error) {
	if !o.Locked {
		return nil, nil, nil
	}
	if err := s.cards.Codes.KeysBehind(ctx); err != nil {
		return nil, nil, cardcode.ErrSecretKey.Because(err)
	}
	id, sealed, err := s.cards.Codes.SealSecret(passwordPurpose(request), []byte(o.Password.text))
	return &id, sealed, err
}

// openOptions is ReadOptions with the password, for making the file. ErrPasswordGone says
// that the password was erased: the file must not be made without one.
func (s *Service) openOptions(e db.Export) (Options, error) {
	o, err := ReadOptions(e)
	if err != nil || !o.Locked {
		return o, err
	}
	if e.PasswordKeyID == nil {
		return o, ErrPasswordGone
	}
	text, err := s.cards.Codes.OpenSecret(*e.PasswordKeyID, passwordPurpose(e.RequestKey), e.PasswordSealed)
	o.Password.text = string(text)
	return o, err
}

// samePassword reports whether an export has this password. It reports false once the
// stored password is erased.
func (s *Service) samePassword(row db.ExportGetByRequestKeyRow, request uuid.UUID, typed Password) bool {
	if row.PasswordKeyID == nil {
		return false
	}
	kept, err := s.cards.Codes.OpenSecret(*row.PasswordKeyID, passwordPurpose(request), row.PasswordSealed)
	return err == nil && subtle.ConstantTimeCompare(kept, []byte(typed.text)) == 1
}

// ResealPasswords seals passwords under older keys again under the newest. It skips rows
// that another process changes or erases at the same time. Periodic.
func (s *Service) ResealPasswords(ctx context.Context) error {
	current := s.cards.Codes.CurrentKey()
	rows, err := s.q.ExportPasswordOld(ctx, s.db, &current)
	if err != nil {
		return fmt.Errorf("look for passwords of older keys: %w", err)
	}
	var failed error // one that does not open must not keep the others under an old key
	for _, row := range rows {
		text, err := s.cards.Codes.OpenSecret(*row.PasswordKeyID, passwordPurpose(row.RequestKey), row.PasswordSealed)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("export %d: %w", row.ID, err))
			continue
		}
		keyID, sealed, err := s.cards.Codes.SealSecret(passwordPurpose(row.RequestKey), text)
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

// checkRetry refuses an export that can't be made again as it was requested.
func checkRetry(e db.Export) error {
	o, err := ReadOptions(e)
	if err == nil && o.Locked {
		return ErrPasswordGone
	}
	return err
}
