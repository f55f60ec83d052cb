package job

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"refill/internal/check"
	"refill/internal/fault"
)

// checkTimeout bounds one run; a million cards take some seconds.
const checkTimeout = 15 * time.Minute

// checkWorker checks the books against the invariants.
type checkWorker struct {
	river.WorkerDefaults[check.BooksArgs]
	checks *check.Service
	now    func() time.Time
}

// Timeout lets a large installation take its time.
func (w *checkWorker) Timeout(*river.Job[check.BooksArgs]) time.Duration { return checkTimeout }

var errCheckStopped = fault.New(fault.Conflict, "check_stopped", "The check stopped with an error; the log of the worker names it.")

// Work does the run from its beginning.
func (w *checkWorker) Work(ctx context.Context, job *river.Job[check.BooksArgs]) error {
	err := w.checks.Work(ctx, job.Args.RunID, w.now, completer(job))
	if errors.Is(err, check.ErrNotWanted) {
		return river.JobCancel(err)
	}
	return onFinalFailure(ctx, job.JobRow, err, func(ctx context.Context) error {
		return w.checks.Fail(ctx, job.Args.RunID, errCheckStopped.Keep())
	})
}
