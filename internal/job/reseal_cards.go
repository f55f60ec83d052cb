package job

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"refill/internal/card"
)

// resealWorker seals all cards under a new key.
type resealWorker struct {
	river.WorkerDefaults[card.ResealCardsArgs]
	cards *card.Service
	now   func() time.Time
}

// keyPatience is how long a worker waits for a key that it has not heard of.
const keyPatience = 3 * time.Second

// Work seals cards until all are done or housekeeping waits.
func (w *resealWorker) Work(ctx context.Context, job *river.Job[card.ResealCardsArgs]) error {
	return rotated(w.cards.Reseal(ctx, job.Args.KeyID, w.now, completer(job)))
}

// reindexWorker indexes all cards under a new index key.
type reindexWorker struct {
	river.WorkerDefaults[card.ReindexCardsArgs]
	cards *card.Service
	now   func() time.Time
}

// Work indexes cards until all are done or housekeeping waits.
func (w *reindexWorker) Work(ctx context.Context, job *river.Job[card.ReindexCardsArgs]) error {
	return rotated(w.cards.Reindex(ctx, job.Args.KeyID, w.now, completer(job)))
}

// rotated is how a run of either job ends.
func rotated(err error) error {
	switch {
	case errors.Is(err, card.ErrYield):
		return river.JobSnooze(0)
	case errors.Is(err, card.ErrKeyNotHere): // the file is looked at every few seconds; another worker may have it
		return river.JobSnooze(keyPatience)
	}
	return err
}
