package job

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"refill/internal/card"
	"refill/internal/fault"
	"refill/internal/jobqueue"
)

// changeWorker applies an operation to many cards.
type changeWorker struct {
	river.WorkerDefaults[card.ChangeCardsArgs]
	cards *card.Service
	now   func() time.Time
}

var errChangeFailed = fault.New(fault.Conflict, "change_failed", "The operation stopped after several tries. What was changed so far stays changed; retry goes on where it stopped.")

// Work changes cards until the operation is done, or until other jobs wait.
func (w *changeWorker) Work(ctx context.Context, job *river.Job[card.ChangeCardsArgs]) error {
	err := w.cards.WorkChange(ctx, job.Args.ChangeID, w.now, completer(job))
	switch {
	case errors.Is(err, jobqueue.ErrYield):
		return river.JobSnooze(0)
	case errors.Is(err, card.ErrChangeOver):
		return river.JobCancel(err)
	}
	return onFinalFailure(ctx, job.JobRow, err, func(ctx context.Context) error {
		return w.cards.FailChange(ctx, job.Args.ChangeID, errChangeFailed.Keep())
	})
}
