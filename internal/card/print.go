package card

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/db"
	"refill/internal/money"
)

// formPrint is the print of what a form was sent with: SHA-256 of all its entries. The
// caller normalises them first; a Password never counts, it prints as "[password]".
func formPrint(entries ...any) ([]byte, error) {
	text, err := json.Marshal(entries)
	if err != nil {
		return nil, fmt.Errorf("print a form: %w", err)
	}
	sum := sha256.Sum256(text)
	return sum[:], nil
}

// The kinds of forms. A key is drawn for one of them.
const (
	formOrder     = "order"
	formOperation = "operation"
	formExport    = "export"
)

// keepPrint keeps what was sent under a key, in the transaction that does it.
func (s *Service) keepPrint(ctx context.Context, tx pgx.Tx, form string, key uuid.UUID, print []byte) error {
	if err := s.q.FormPrintCreate(ctx, tx, db.FormPrintCreateParams{Form: form, Key: key, Print: print}); err != nil {
		return fmt.Errorf("keep the print of a form: %w", err)
	}
	return nil
}

// samePrint reports whether the key has done its work with these very entries. For
// work of long ago, whose print is gone, the caller compares what its row keeps.
func (s *Service) samePrint(ctx context.Context, form string, key uuid.UUID, print []byte) (same, known bool, err error) {
	kept, err := s.q.FormPrintGet(ctx, s.db, db.FormPrintGetParams{Form: form, Key: key})
	if errors.Is(err, pgx.ErrNoRows) {
		return false, false, nil
	}
	if err != nil {
		return false, false, fmt.Errorf("look for the print of a form: %w", err)
	}
	return bytes.Equal(kept, print), true, nil
}

// print covers every entry of the form; what only looks different is made the same.
func (f OrderForm) print(currency string) ([]byte, error) {
	f.Key = uuid.Nil
	f.Prefix, f.ValidTill = strings.TrimSpace(f.Prefix), strings.TrimSpace(f.ValidTill)
	if n, err := parseQuantity(f.Quantity); err == nil {
		f.Quantity = fmt.Sprint(n)
	}
	if minor, err := money.Parse(f.Price, currency); err == nil {
		f.Price = fmt.Sprint(minor)
	}
	f.Partners = slices.Compact(slices.Sorted(slices.Values(f.Partners)))
	if slices.Contains(f.Partners, AnyPartner) {
		f.Partners = []string{AnyPartner}
	}
	return formPrint(f)
}

// print covers every entry of the operation.
func (c Operation) print() ([]byte, error) {
	c.ValidTill = strings.TrimSpace(c.ValidTill)
	c.Serials = slices.Compact(slices.Sorted(slices.Values(c.Serials)))
	return formPrint(c)
}

// print covers everything that was chosen for a file of a series, but its password.
func (o ExportOptions) print(seriesID int64, format string) ([]byte, error) {
	o.Reason = strings.TrimSpace(o.Reason)
	return formPrint(seriesID, format, o)
}
