package job

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"refill/internal/card"
)

// readingsWorker writes the further readings of imported cards.
type readingsWorker struct {
	river.WorkerDefaults[card.IndexReadingsArgs]
	cards *card.Service
	now   func() time.Time
}

// Work writes readings until all are written or housekeeping waits.
func (w *readingsWorker) Work(ctx context.Context, job *river.Job[card.IndexReadingsArgs]) error {
	err := w.cards.IndexReadings(ctx, w.now, completer(job))
	if errors.Is(err, card.ErrYield) {
		return river.JobSnooze(0)
	}
	return err
}
