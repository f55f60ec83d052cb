package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"refill/internal/blob"
	"refill/internal/card"
	"refill/internal/db"
	"refill/internal/fault"
)

// importTimeout bounds one run: a dry run of a million rows takes well below a
// minute, and an import yields by itself.
const importTimeout = 15 * time.Minute

// importer is what both jobs of an import stand on.
type importer struct {
	cards *card.Service
	files blob.Store
	log   *slog.Logger
	now   func() time.Time
}

// opener opens the upload of an import.
func (w importer) opener(ctx context.Context) func(db.CardImport) (io.ReaderAt, func(), error) {
	return func(imp db.CardImport) (io.ReaderAt, func(), error) {
		file, _, err := w.files.Open(ctx, imp.File)
		if err != nil {
			return nil, nil, fmt.Errorf("open the file of import %d: %w", imp.ID, err)
		}
		return file, func() { _ = file.Close() }, nil
	}
}

// end settles how a run ended. What is wrong with the file itself is said at once:
// trying again would end the same.
func (w importer) end(ctx context.Context, id int64, err error) error {
	var refused *fault.Error
	switch {
	case errors.Is(err, card.ErrYield):
		return river.JobSnooze(0)
	case errors.Is(err, card.ErrImportNotWanted):
		return river.JobCancel(err)
	case errors.As(err, &refused) && hopeless(refused):
		return errors.Join(river.JobCancel(err), w.cards.FailImport(ctx, id, refused.Message))
	}
	return err
}

// hopeless reports whether a refusal stays as it is however often a job is tried.
func hopeless(refused *fault.Error) bool {
	return refused.Kind == fault.Invalid || refused.Kind == fault.Limited || refused.Kind == fault.NotFound || errors.Is(refused, blob.ErrDamaged)
}

// forget removes the file of an import that is done. What can't be removed now is
// removed by housekeeping.
func (w importer) forget(ctx context.Context, file string) {
	if err := w.files.Remove(context.WithoutCancel(ctx), file); err != nil {
		w.log.WarnContext(ctx, "an upload is left for housekeeping", slog.String("file", file), slog.Any("error", err))
	}
}

// gaveUp is what staff are told when a run failed for the last time.
const gaveUp = "The import stopped after several tries. If it stops again, ask your operator for the log of its job."

// checkImportWorker does the dry run of an import.
type checkImportWorker struct {
	river.WorkerDefaults[card.CheckImportArgs]
	importer
}

// Timeout lets a large file take its time.
func (w *checkImportWorker) Timeout(*river.Job[card.CheckImportArgs]) time.Duration {
	return importTimeout
}

// Work reads the file from the beginning.
func (w *checkImportWorker) Work(ctx context.Context, job *river.Job[card.CheckImportArgs]) error {
	id := job.Args.ImportID
	err := w.end(ctx, id, w.cards.CheckImport(ctx, id, w.opener(ctx), completer(job)))
	return lastWords(ctx, job.JobRow, err, func(ctx context.Context) error { return w.cards.FailImport(ctx, id, gaveUp) })
}

// runImportWorker makes the cards of an import.
type runImportWorker struct {
	river.WorkerDefaults[card.RunImportArgs]
	importer
}

// Timeout lets a large file take its time.
func (w *runImportWorker) Timeout(*river.Job[card.RunImportArgs]) time.Duration { return importTimeout }

// Work imports what is left of the file, and removes it when all is imported.
func (w *runImportWorker) Work(ctx context.Context, job *river.Job[card.RunImportArgs]) error {
	id, file := job.Args.ImportID, ""
	open := w.opener(ctx)
	err := w.cards.RunImport(ctx, id, func(imp db.CardImport) (io.ReaderAt, func(), error) {
		file = imp.File
		return open(imp)
	}, w.now, completer(job))
	if err == nil {
		w.forget(ctx, file)
		return nil
	}
	err = w.end(ctx, id, err)
	return lastWords(ctx, job.JobRow, err, func(ctx context.Context) error { return w.cards.FailImport(ctx, id, gaveUp) })
}
