package job

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"refill/internal/card"
	"refill/internal/jobqueue"
)

// shredWorker shreds the codes of a print-once series.
type shredWorker struct {
	river.WorkerDefaults[card.ShredSeriesArgs]
	cards *card.Service
	now   func() time.Time
}

// Work shreds codes until none is left, or until other jobs wait. Housekeeping requeues a
// failed job.
func (w *shredWorker) Work(ctx context.Context, job *river.Job[card.ShredSeriesArgs]) error {
	err := w.cards.ShredSeries(ctx, job.Args.SeriesID, w.now, completer(job))
	switch {
	case errors.Is(err, jobqueue.ErrYield):
		return river.JobSnooze(0)
	case errors.Is(err, card.ErrNotShredding):
		return river.JobCancel(err)
	}
	return err
}
