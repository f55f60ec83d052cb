package job

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"refill/internal/card"
	"refill/internal/jobqueue"
	"refill/internal/setting"
)

// generateWorker generates the cards of a series.
type generateWorker struct {
	river.WorkerDefaults[card.GenerateSeriesArgs]
	cards    *card.Service
	settings *setting.Store
	now      func() time.Time
}

// Work generates cards until the series is complete, or until other jobs wait.
func (w *generateWorker) Work(ctx context.Context, job *river.Job[card.GenerateSeriesArgs]) error {
	if err := whileOn(ctx, w.settings); err != nil {
		return err
	}
	err := w.cards.Generate(ctx, job.Args.SeriesID, w.now, completer(job))
	switch {
	case errors.Is(err, jobqueue.ErrYield):
		return river.JobSnooze(0)
	case errors.Is(err, card.ErrNotGenerating):
		return river.JobCancel(err)
	}
	return onFinalFailure(ctx, job.JobRow, err, func(ctx context.Context) error { return w.cards.Fail(ctx, job.Args.SeriesID) })
}
