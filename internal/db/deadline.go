package db

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// deadlines ends statements that get no answer. The server ends a slow one itself
// (statement_timeout); but where the network swallows everything, its answer never
// comes, and without a deadline of our own a request or a job would wait until TCP
// gives up, a quarter of an hour later.
type deadlines struct{ limit time.Duration }

var _ pgx.QueryTracer = deadlines{}

// grace is what the server's own answer has to arrive.
const grace = 2 * time.Second

type (
	patienceKey struct{}
	cancelKey   struct{}
)

// Patiently lets the statements of a transaction take longer than others of its
// pool: on the server, and here under the context that it returns.
func Patiently(ctx context.Context, tx pgx.Tx, longest time.Duration) (context.Context, error) {
	_, err := tx.Exec(ctx, fmt.Sprintf(`set local statement_timeout = %d`, longest.Milliseconds()))
	if err != nil {
		return ctx, fmt.Errorf("allow statements their time: %w", err)
	}
	return context.WithValue(ctx, patienceKey{}, longest), nil
}

// TraceQueryStart implements pgx.QueryTracer: the statement runs under what it returns.
func (d deadlines) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	limit := d.limit
	if longer, ok := ctx.Value(patienceKey{}).(time.Duration); ok {
		limit = longer
	}
	ctx, cancel := context.WithTimeout(ctx, limit+grace)
	return context.WithValue(ctx, cancelKey{}, cancel)
}

// TraceQueryEnd implements pgx.QueryTracer.
func (deadlines) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	if cancel, ok := ctx.Value(cancelKey{}).(context.CancelFunc); ok {
		cancel()
	}
}

// copyTime is how long one COPY may take; a chunk of cards takes a tenth of a second.
const copyTime = time.Minute

// Copy sends rows in the binary format of COPY. It is no statement to pgx, so it
// brings a deadline of its own.
func Copy(ctx context.Context, tx pgx.Tx, rows []byte, copyFrom string) error {
	ctx, cancel := context.WithTimeout(ctx, copyTime)
	defer cancel()
	_, err := tx.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(rows), copyFrom)
	return err
}
