package job

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"refill/internal/cardfile"
	"refill/internal/setting"
)

// exportTimeout bounds the writing of one file; a million cards as PDF take
// less than a minute.
const exportTimeout = 30 * time.Minute

// exportWorker writes the file of an export.
type exportWorker struct {
	river.WorkerDefaults[cardfile.MakeArgs]
	exports  *cardfile.Service
	settings *setting.Store
}

// Timeout lets a large file take its time.
func (w *exportWorker) Timeout(*river.Job[cardfile.MakeArgs]) time.Duration { return exportTimeout }

// Work makes the file from the beginning.
func (w *exportWorker) Work(ctx context.Context, job *river.Job[cardfile.MakeArgs]) error {
	if err := whileOn(ctx, w.settings); err != nil {
		return err
	}
	id := job.Args.ExportID
	err := w.exports.Make(ctx, id, completer(job))
	if errors.Is(err, cardfile.ErrOver) {
		return river.JobCancel(err)
	}
	return onFinalFailure(ctx, job.JobRow, err, func(ctx context.Context) error { return w.exports.GiveUp(ctx, id, err) })
}
