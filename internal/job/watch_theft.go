package job

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"refill/internal/theft"
)

// watchEvery is how long a redemption waits at most until the watch for theft sees it.
const watchEvery = 20 * time.Second

// WatchTheftArgs asks for the audit trail to be looked through for theft.
type WatchTheftArgs struct{}

// Kind names the job.
func (WatchTheftArgs) Kind() string { return "watch_theft" }

// InsertOpts keeps rounds from piling up: the next one comes anyway.
func (WatchTheftArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: theft.Queue, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByPeriod: watchEvery}}
}

// watchWorker looks for theft.
type watchWorker struct {
	river.WorkerDefaults[WatchTheftArgs]
	watch *theft.Service
	now   func() time.Time
}

// Work looks at what the trail holds since the last round.
func (w *watchWorker) Work(ctx context.Context, _ *river.Job[WatchTheftArgs]) error {
	_, err := w.watch.Look(ctx, w.now)
	return err
}
