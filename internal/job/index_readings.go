package job

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"refill/internal/card"
	"refill/internal/codestore"
	"refill/internal/jobqueue"
)

// readingsWorker writes the further readings of imported cards (see package cardcode).
type readingsWorker struct {
	river.WorkerDefaults[codestore.IndexReadingsArgs]
	cards *card.Service
	now   func() time.Time
}

// Work writes readings until all are written, or until housekeeping waits.
func (w *readingsWorker) Work(ctx context.Context, job *river.Job[codestore.IndexReadingsArgs]) error {
	err := w.cards.Codes.IndexReadings(ctx, w.now, completer(job))
	if errors.Is(err, jobqueue.ErrYield) {
		return river.JobSnooze(0)
	}
	return err
}
