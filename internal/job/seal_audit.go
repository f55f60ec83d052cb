package job

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"refill/internal/audit"
)

// sealEvery is how long a line of the audit trail lies unsealed at most. Sealing
// afterwards, not with the line, keeps those who act from waiting for one another.
const sealEvery = 15 * time.Second

// queueSeal is of its own: what else is looked after takes longer than that.
const queueSeal = "seal"

// SealAuditArgs asks for the audit trail to be sealed.
type SealAuditArgs struct{}

// Kind names the job.
func (SealAuditArgs) Kind() string { return "seal_audit" }

// InsertOpts keeps rounds from piling up: the next one comes anyway.
func (SealAuditArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queueSeal, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByPeriod: sealEvery}}
}

// sealWorker seals the audit trail.
type sealWorker struct {
	river.WorkerDefaults[SealAuditArgs]
	pool *pgxpool.Pool
	keys audit.Keys
	now  func() time.Time
}

// Work seals whatever is not sealed yet.
func (w *sealWorker) Work(ctx context.Context, _ *river.Job[SealAuditArgs]) error {
	_, err := audit.Seal(ctx, w.pool, w.keys, w.now())
	if errors.Is(err, audit.ErrBehind) {
		return nil // the next round does it
	}
	return err
}
