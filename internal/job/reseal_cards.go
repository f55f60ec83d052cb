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

// resealWorker seals all cards under a new key.
type resealWorker struct {
	river.WorkerDefaults[codestore.ResealCardsArgs]
	cards *card.Service
	now   func() time.Time
}

// keyPatience is how long a worker waits before it looks again for a key that it has not
// loaded yet.
const keyPatience = 3 * time.Second

// Work seals cards until all are done or housekeeping waits.
func (w *resealWorker) Work(ctx context.Context, job *river.Job[codestore.ResealCardsArgs]) error {
	return rotated(w.cards.Codes.Reseal(ctx, job.Args.KeyID, w.now, completer(job)))
}

// reindexWorker indexes all cards under a new index key.
type reindexWorker struct {
	river.WorkerDefaults[codestore.ReindexCardsArgs]
	cards *card.Service
	now   func() time.Time
}

// Work indexes cards until all are done or housekeeping waits.
func (w *reindexWorker) Work(ctx context.Context, job *river.Job[codestore.ReindexCardsArgs]) error {
	return rotated(w.cards.Codes.Reindex(ctx, job.Args.KeyID, w.now, completer(job)))
}

// rotated maps the result of a run of either job.
func rotated(err error) error {
	switch {
	case errors.Is(err, jobqueue.ErrYield):
		return river.JobSnooze(0)
	case errors.Is(err, codestore.ErrKeyNotHere): // each process reads the key file every few seconds; another worker may have loaded it
		return river.JobSnooze(keyPatience)
	}
	return err
}
