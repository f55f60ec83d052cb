package card

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/formprint"
)

// ErrActKey refuses an idempotency key under which something else was done.
var ErrActKey = fault.New(fault.Conflict, "act_key_reused", "This key was used for something else before. Use a new one.")

// Once runs f at most once for an idempotency key. It is for changes of a state, which have
// no row of their own that would tell a repetition: a repeated request must not activate a
// series that was locked meanwhile. print is the fingerprint of what is asked. replayed says
// that an earlier call with the same print has done it; with another print that is ErrActKey.
// f gets the service in the transaction that keeps the key. Where f fails, nothing is kept,
// and the key can be used again; a request for a second person (ErrActivationWaits,
// ErrDeletionWaits) is kept and returned.
func (s *Service) Once(ctx context.Context, key uuid.UUID, print []byte, f func(s *Service) error) (replayed bool, err error) {
	if replayed, err = s.actedBefore(ctx, key, print); err != nil || replayed {
		return replayed, err
	}
	var waits error
	err = s.InTx(ctx, func(tx pgx.Tx) error {
		if err := formprint.Keep(ctx, tx, formprint.Act, key, print); err != nil {
			return err
		}
		err := f(s.Within(tx))
		if errors.Is(err, ErrActivationWaits) || errors.Is(err, ErrDeletionWaits) {
			waits, err = err, nil
		}
		return err
	})
	if db.Constraint(err) == "form_print_pkey" { // a concurrent request with the same key was first
		return s.actedBefore(ctx, key, print)
	}
	if err != nil {
		return false, err
	}
	return false, waits
}

// actedBefore reports whether the key has done its work, and refuses one that did another.
func (s *Service) actedBefore(ctx context.Context, key uuid.UUID, print []byte) (bool, error) {
	same, known, err := formprint.Same(ctx, s.db, formprint.Act, key, print)
	if err == nil && known && !same {
		return false, ErrActKey
	}
	return known, err
}
