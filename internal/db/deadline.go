package db

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// deadlines gives every statement a client-side deadline. The server ends a slow statement
// itself (statement_timeout), but a network that drops packets also drops that answer.
// Without a deadline of ours a request or a job would wait for TCP to time out, about 15
// minutes.
//
// It also carries whether the process sends e-mail, because each connection of a pool has
// it. A setting of the session would be lost behind a pooler.
type deadlines struct {
	limit time.Duration
	mail  bool
}

var (
	_ pgx.QueryTracer = deadlines{}
	_ pgx.BatchTracer = deadlines{}
)

// grace is added to the server's timeout, so that the server's own error can arrive first.
const grace = 2 * time.Second

type (
	patienceKey struct{}
	cancelKey   struct{}
)

// LongStatement is the longest that a statement behind a report or a downloaded table
// may run, for Patiently.
const LongStatement = 30 * time.Second

// Patiently gives the statements of a transaction a longer timeout than the pool's: on the
// server, and on the client for statements under the returned context.
func Patiently(ctx context.Context, tx pgx.Tx, longest time.Duration) (context.Context, error) {
	_, err := tx.Exec(ctx, fmt.Sprintf(`set local statement_timeout = %d`, longest.Milliseconds()))
	if err != nil {
		return ctx, fmt.Errorf("allow statements their time: %w", err)
	}
	return context.WithValue(ctx, patienceKey{}, longest), nil
}

// TraceQueryStart implements pgx.QueryTracer: the statement runs under what it returns.
func (d deadlines) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return d.begin(ctx)
}

// TraceQueryEnd implements pgx.QueryTracer.
func (deadlines) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) { end(ctx) }

// TraceBatchStart implements pgx.BatchTracer. A batch has the deadline of one statement,
// because the caller waits for it once.
func (d deadlines) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return d.begin(ctx)
}

// TraceBatchQuery implements pgx.BatchTracer.
func (deadlines) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd implements pgx.BatchTracer.
func (deadlines) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchEndData) { end(ctx) }

// begin sets the deadline of a statement.
func (d deadlines) begin(ctx context.Context) context.Context {
	limit := d.limit
	if longer, ok := ctx.Value(patienceKey{}).(time.Duration); ok {
		limit = longer
	}
	ctx, cancel := context.WithTimeout(ctx, limit+grace)
	return context.WithValue(ctx, cancelKey{}, cancel)
}

// end releases the deadline of a finished statement.
func end(ctx context.Context) {
	if cancel, ok := ctx.Value(cancelKey{}).(context.CancelFunc); ok {
		cancel()
	}
}

// Mails reports whether messages are queued by statements on dbtx: whether its pool was
// opened by a process that has an SMTP server (Options.Mail).
func Mails(dbtx DBTX) bool {
	var tracer pgx.QueryTracer
	switch on := dbtx.(type) {
	case interface{ Conn() *pgx.Conn }: // a transaction
		tracer = on.Conn().Config().Tracer
	case *pgxpool.Pool:
		tracer = on.Config().ConnConfig.Tracer
	}
	d, ok := tracer.(deadlines)
	return ok && d.mail
}

// copyTime is how long one COPY may take; a chunk of cards takes a tenth of a second.
const copyTime = time.Minute

// Copy sends rows in the binary format of COPY. pgx does not trace it as a statement, so
// it sets a deadline itself.
func Copy(ctx context.Context, tx pgx.Tx, rows []byte, copyFrom string) error {
	ctx, cancel := context.WithTimeout(ctx, copyTime)
	defer cancel()
	_, err := tx.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(rows), copyFrom)
	return err
}
