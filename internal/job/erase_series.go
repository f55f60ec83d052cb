package job

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"refill/internal/card"
)

// eraseWorker erases the codes of a deleted series.
type eraseWorker struct {
	river.WorkerDefaults[card.EraseSeriesArgs]
	cards *card.Service
	now   func() time.Time
}

// Work erases until none is left or others wait. A job given up is put back by
// housekeeping.
func (w *eraseWorker) Work(ctx context.Context, job *river.Job[card.EraseSeriesArgs]) error {
	err := w.cards.Erase(ctx, job.Args.SeriesID, w.now, completer(job))
	switch {
	case errors.Is(err, card.ErrYield):
		return river.JobSnooze(0)
	case errors.Is(err, card.ErrNotErasing):
		return river.JobCancel(err)
	}
	return err
}
