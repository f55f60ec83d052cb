package job

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"refill/internal/card"
	"refill/internal/jobqueue"
)

// eraseWorker erases the codes of a deleted series.
type eraseWorker struct {
	river.WorkerDefaults[card.EraseSeriesArgs]
	cards *card.Service
	now   func() time.Time
}

// Work erases codes until none is left, or until other jobs wait. Housekeeping requeues a
// failed job.
func (w *eraseWorker) Work(ctx context.Context, job *river.Job[card.EraseSeriesArgs]) error {
	err := w.cards.Erase(ctx, job.Args.SeriesID, w.now, completer(job))
	switch {
	case errors.Is(err, jobqueue.ErrYield):
		return river.JobSnooze(0)
	case errors.Is(err, card.ErrNotErasing):
		return river.JobCancel(err)
	}
	return err
}
