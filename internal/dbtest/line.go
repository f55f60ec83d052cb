package dbtest

import (
	"context"
	"io"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Line is a pool whose answers to COMMIT get lost while it is cut: the server has
// committed, and the program does not hear of it. It sees transactions that are begun
// with statements (db.Batch).
type Line struct {
	*pgxpool.Pool

	Lost func() // called where an answer got lost; nil: nothing is
	cut  atomic.Bool
}

// Cut cuts the line, or mends it.
func (l *Line) Cut(cut bool) { l.cut.Store(cut) }

// SendBatch implements db.BatchSender.
func (l *Line) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return lineResults{l.Pool.SendBatch(ctx, b), l}
}

// lineResults are answers over the line.
type lineResults struct {
	pgx.BatchResults

	line *Line
}

// Tx returns the transaction that was begun, if one was.
func (r lineResults) Tx() pgx.Tx {
	tx := r.BatchResults.Tx()
	if tx == nil {
		return nil
	}
	return lineTx{tx, r.line}
}

// lineTx is a transaction over the line.
type lineTx struct {
	pgx.Tx

	line *Line
}

// Commit commits; whether that is heard of, the line decides.
func (t lineTx) Commit(ctx context.Context) error {
	err := t.Tx.Commit(ctx)
	if !t.line.cut.Load() {
		return err
	}
	if t.line.Lost != nil {
		t.line.Lost()
	}
	return io.ErrUnexpectedEOF
}
