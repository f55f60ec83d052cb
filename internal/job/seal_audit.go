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

// sealEvery is how long a line of the audit trail lies unsealed at most. Sealing
// afterwards, not with the line, keeps those who act from waiting for one another.
const sealEvery = 15 * time.Second

// SealAuditArgs asks for the audit trail to be sealed.
type SealAuditArgs struct{}

// Kind names the job.
func (SealAuditArgs) Kind() string { return "seal_audit" }

// InsertOpts keeps rounds from piling up: the next one comes anyway.
func (SealAuditArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: audit.Queue, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByPeriod: sealEvery}}
}

// sealWorker seals the audit trail. It also sees when the books are to be checked:
// its queue can't be paused, that of housekeeping can.
type sealWorker struct {
	river.WorkerDefaults[SealAuditArgs]
	pool   *pgxpool.Pool
	keys   audit.Keys
	checks *check.Service
	now    func() time.Time
}

// Work seals whatever is not sealed yet.
func (w *sealWorker) Work(ctx context.Context, _ *river.Job[SealAuditArgs]) error {
	_, err := audit.Seal(ctx, w.pool, w.keys, w.now())
	if errors.Is(err, audit.ErrBehind) {
		err = nil // the next round does it
	}
	return errors.Join(err, w.checks.AskDue(ctx))
}
