package job

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"refill/internal/audit"
	"refill/internal/check"
)

// sealEvery is the longest time that a row of the audit trail stays unsealed. Rows are
// sealed afterwards and not when they are written, so that acts do not wait for one
// another.
const sealEvery = 15 * time.Second

// SealAuditArgs are the arguments of the job that seals the audit trail.
type SealAuditArgs struct{}

// Kind names the job.
func (SealAuditArgs) Kind() string { return "seal_audit" }

// InsertOpts prevents duplicate jobs: the next one is inserted soon anyway.
func (SealAuditArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: audit.Queue, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByPeriod: sealEvery}}
}

// sealWorker seals the audit trail. It also queues the checks of the books when they are
// due, because its queue can't be paused and that of housekeeping can.
type sealWorker struct {
	river.WorkerDefaults[SealAuditArgs]
	pool   *pgxpool.Pool
	keys   audit.Keys
	checks *check.Service
	now    func() time.Time
}

// Work seals all unsealed rows.
func (w *sealWorker) Work(ctx context.Context, _ *river.Job[SealAuditArgs]) error {
	_, err := audit.Seal(ctx, w.pool, w.keys, w.now())
	if errors.Is(err, audit.ErrBehind) {
		err = nil // the next round does it
	}
	return errors.Join(err, w.checks.AskDue(ctx))
}
