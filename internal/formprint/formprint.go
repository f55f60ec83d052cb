// Package formprint compares what forms were sent with. A form has an idempotency key,
// drawn when it is shown; the print of its entries is kept under that key, so that the
// same key with other entries is refused instead of answered as done. It keeps no entry
// itself, only a hash.
package formprint

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"refill/internal/db"
)

// Form is the kind of a form. A key is drawn for one of them.
type Form string

// The forms that keep prints.
const (
	Order     Form = "order"
	Operation Form = "operation"
	Export    Form = "export"
	Act       Form = "act" // a request of the API that changes a state
)

// Of returns the print of entries: SHA-256 of all of them as JSON. The caller normalises
// them first. A secret must not count: let it marshal as a constant.
func Of(entries ...any) ([]byte, error) {
	text, err := json.Marshal(entries)
	if err != nil {
		return nil, fmt.Errorf("print a form: %w", err)
	}
	sum := sha256.Sum256(text)
	return sum[:], nil
}

// Keep keeps the print of what was sent under a key, in the transaction that does it.
func Keep(ctx context.Context, tx db.DBTX, form Form, key uuid.UUID, print []byte) error {
	if err := db.New().FormPrintCreate(ctx, tx, db.FormPrintCreateParams{Form: string(form), Key: key, Print: print}); err != nil {
		return fmt.Errorf("keep the print of a form: %w", err)
	}
	return nil
}

// Same reports whether a key has done its work with these very entries. known is false
// where no print is kept: nothing was done under the key, or so long ago that housekeeping
// has removed its print. Then the caller compares what the row of the work keeps.
func Same(ctx context.Context, dbtx db.DBTX, form Form, key uuid.UUID, print []byte) (same, known bool, err error) {
	kept, known, err := db.Found(db.New().FormPrintGet(ctx, dbtx, db.FormPrintGetParams{Form: string(form), Key: key}))
	if err != nil {
		return false, false, fmt.Errorf("look for the print of a form: %w", err)
	}
	return known && bytes.Equal(kept, print), known, nil
}
