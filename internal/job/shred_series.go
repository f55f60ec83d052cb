package job

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"refill/internal/card"
)

// shredWorker shreds the codes of a series that was printed once.
type shredWorker struct {
	river.WorkerDefaults[card.ShredSeriesArgs]
	cards *card.Service
	now   func() time.Time
}

// Work shreds until none is left or others wait. A job given up is put back by
// housekeeping.
func (w *shredWorker) Work(ctx context.Context, job *river.Job[card.ShredSeriesArgs]) error {
	err := w.cards.ShredSeries(ctx, job.Args.SeriesID, w.now, completer(job))
	switch {
	case errors.Is(err, card.ErrYield):
		return river.JobSnooze(0)
	case errors.Is(err, card.ErrNotShredding):
		return river.JobCancel(err)
	}
	return err
}
