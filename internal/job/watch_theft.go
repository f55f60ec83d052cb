package job

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"refill/internal/guess"
	"refill/internal/mailing"
	"refill/internal/setting"
	"refill/internal/theft"
)

// watchEvery is the longest time until the watch for theft examines a redemption.
const watchEvery = 20 * time.Second

// WatchTheftArgs are the arguments of the job that watches for theft.
type WatchTheftArgs struct{}

// Kind names the job.
func (WatchTheftArgs) Kind() string { return "watch_theft" }

// InsertOpts prevents duplicate jobs: the next one is inserted soon anyway.
func (WatchTheftArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: theft.Queue, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByPeriod: watchEvery}}
}

// watchWorker looks for theft and for guesses, and says that a worker runs again.
type watchWorker struct {
	river.WorkerDefaults[WatchTheftArgs]
	watch    *theft.Service
	mail     *mailing.Service
	pool     *pgxpool.Pool
	settings *setting.Store
	now      func() time.Time
}

// Work examines the rows of the trail since the last run.
func (w *watchWorker) Work(ctx context.Context, _ *river.Job[WatchTheftArgs]) error {
	_, err := w.watch.Look(ctx, w.now)
	return errors.Join(err, w.mail.WorkerBack(ctx), w.mail.WatchGuesses(ctx), w.guesses(ctx))
}

// guesses looks for guesses.
func (w *watchWorker) guesses(ctx context.Context) error {
	settings, err := w.settings.Get(ctx)
	if err != nil {
		return err
	}
	return guess.Watch(ctx, w.pool, settings)
}
