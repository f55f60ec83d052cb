package billing

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"refill/internal/db"
	"refill/internal/fault"
)

// maxTries bounds how often a transaction is retried after a deadlock or a serialization
// failure. The one lock order should prevent deadlocks; the retries cover mistakes in it.
const maxTries = 5

// Settle runs f in a transaction, commits it, and retries after a deadlock or a
// serialization failure. Where the connection breaks at COMMIT the outcome is unknown: it
// returns unsettled, never a refusal. Repeating the request with the same idempotency key
// tells the outcome.
func Settle(ctx context.Context, beginner db.Beginner, unsettled *fault.Error, f func(tx pgx.Tx) error) error {
	return SettleWith(ctx, beginner, unsettled, func(*db.Batch) {}, f)
}

// SettleWith is Settle with statements that are sent along with BEGIN. open queues them,
// anew for each try.
func SettleWith(ctx context.Context, beginner db.Beginner, unsettled *fault.Error, open func(*db.Batch), f func(tx pgx.Tx) error) error {
	var err error
	for range maxTries {
		if err = settleOnce(ctx, beginner, unsettled, open, f); !db.Retryable(err) {
			break
		}
	}
	return err
}

func settleOnce(ctx context.Context, beginner db.Beginner, unsettled *fault.Error, open func(*db.Batch), f func(tx pgx.Tx) error) error {
	batch := &db.Batch{}
	open(batch)
	tx, err := batch.Begin(ctx, beginner)
	if err != nil {
		return fmt.Errorf("begin a movement: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		if _, refused := errors.AsType[*pgconn.PgError](err); refused { // the server refused the commit: nothing was kept
			return fmt.Errorf("commit a movement: %w", err)
		}
		return unsettled.Because(err)
	}
	return nil
}
