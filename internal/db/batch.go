package db

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Batch gathers statements that go to the server together, so that the program waits
// for them once. The server runs them in the order in which they were queued, each on a
// snapshot of its own, and stops at the first that fails.
//
// A Batch is a DBTX for statements that return nothing: what is executed on it is
// queued, and its error comes from Send. Queue takes the queries that return rows. A
// Batch is sent once.
type Batch struct {
	queued []statement
}

// statement is one statement of a batch.
type statement struct {
	sql  string
	args []any
	read func(pgx.BatchResults) error // reads its answer; nil: it returns nothing
}

var _ DBTX = (*Batch)(nil)

// BatchSender is a connection that takes statements together: a pool or a transaction.
type BatchSender interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// errNotQueued reports a programming error: a query that returns rows was called on a
// Batch without Queue.
var errNotQueued = errors.New("db: a query that returns rows is added to a batch by Queue")

// Exec queues a statement.
func (b *Batch) Exec(_ context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	b.queued = append(b.queued, statement{sql: sql, args: args})
	return pgconn.CommandTag{}, nil
}

// Query always fails: queries with rows are added by Queue.
func (*Batch) Query(context.Context, string, ...any) (pgx.Rows, error) { return nil, errNotQueued }

// QueryRow always fails: queries with rows are added by Queue.
func (*Batch) QueryRow(context.Context, string, ...any) pgx.Row { return failedRow{errNotQueued} }

// Answer holds the result of one query of a batch after Send.
type Answer[T any] struct {
	Value T
	Err   error // pgx.ErrNoRows, which does not fail the batch; or the batch's error
}

// Missing reports whether the query found no row.
func (a *Answer[T]) Missing() bool { return errors.Is(a.Err, pgx.ErrNoRows) }

// errNotSent is the error of an Answer before Send.
var errNotSent = errors.New("db: the batch of this query was not sent")

// Queue adds a query that returns rows. query calls one method of Queries on the DBTX that
// it is given. It runs twice: first to record the statement, then to read the result.
func Queue[T any](b *Batch, query func(DBTX) (T, error)) *Answer[T] {
	answer := &Answer[T]{Err: errNotSent}
	asked := &recorder{}
	if _, err := query(asked); !errors.Is(err, errRecorded) {
		panic("db: Queue takes one query that returns rows")
	}
	b.queued = append(b.queued, statement{asked.sql, asked.args, func(results pgx.BatchResults) error {
		answer.Value, answer.Err = query(player{results})
		if answer.Missing() {
			return nil
		}
		return answer.Err
	}})
	return answer
}

// Send sends the statements, waits for all results and returns the first error. A query
// that finds no row is no error here: its Answer is Missing.
func (b *Batch) Send(ctx context.Context, to BatchSender) error {
	if len(b.queued) == 0 {
		return nil
	}
	batch := &pgx.Batch{}
	b.fill(batch)
	return b.read(to.SendBatch(ctx, batch))
}

// Begin begins a transaction with the statements of the batch. BEGIN is sent along with
// them, unless beginner is a transaction itself.
func (b *Batch) Begin(ctx context.Context, beginner Beginner) (pgx.Tx, error) {
	if _, within := beginner.(pgx.Tx); within {
		tx, err := beginner.Begin(ctx)
		if err != nil {
			return nil, err
		}
		if err := b.Send(ctx, tx); err != nil {
			tx.Rollback(context.WithoutCancel(ctx))
			return nil, err
		}
		return tx, nil
	}
	batch := &pgx.Batch{}
	batch.BeginTx(pgx.TxOptions{})
	b.fill(batch)
	results := beginner.SendBatch(ctx, batch)
	tx := results.Tx()
	_, err := results.Exec()
	if readErr := b.read(results); err == nil {
		err = readErr
	}
	if err != nil {
		tx.Rollback(context.WithoutCancel(ctx)) // Rollback returns the connection to the pool
		return nil, err
	}
	return tx, nil
}

func (b *Batch) fill(batch *pgx.Batch) {
	for _, one := range b.queued {
		batch.Queue(one.sql, one.args...)
	}
}

// read reads the results in order and returns the first error.
func (b *Batch) read(results pgx.BatchResults) error {
	var failed error
	for _, one := range b.queued {
		var err error
		if one.read == nil {
			_, err = results.Exec()
		} else {
			err = one.read(results) // after a failure too: each answer takes its error
		}
		if failed == nil {
			failed = err
		}
	}
	if err := results.Close(); failed == nil {
		failed = err
	}
	return failed
}

// errRecorded ends a query after its statement was recorded.
var errRecorded = errors.New("db: noted")

// recorder records the statement of a query instead of running it.
type recorder struct {
	sql  string
	args []any
}

// Exec always fails: a statement without rows is executed on the batch itself.
func (*recorder) Exec(context.Context, string, ...any) (pgconn.CommandTag, error) {
	return pgconn.CommandTag{}, errNotQueued
}

// Query records the statement.
func (r *recorder) Query(_ context.Context, sql string, args ...any) (pgx.Rows, error) {
	r.sql, r.args = sql, args
	return nil, errRecorded
}

// QueryRow records the statement.
func (r *recorder) QueryRow(_ context.Context, sql string, args ...any) pgx.Row {
	r.sql, r.args = sql, args
	return failedRow{errRecorded}
}

// player answers a query with the next result of a sent batch.
type player struct{ results pgx.BatchResults }

// Exec always fails: a player returns rows only.
func (player) Exec(context.Context, string, ...any) (pgconn.CommandTag, error) {
	return pgconn.CommandTag{}, errNotQueued
}

// Query returns the rows of the next result.
func (p player) Query(context.Context, string, ...any) (pgx.Rows, error) {
	return p.results.Query() //nolint:rowserrcheck // the query that asked for the rows checks them
}

// QueryRow returns the row of the next result.
func (p player) QueryRow(context.Context, string, ...any) pgx.Row { return p.results.QueryRow() }

// failedRow is a row that can't be read.
type failedRow struct{ err error }

// Scan returns the error.
func (r failedRow) Scan(...any) error { return r.err }
