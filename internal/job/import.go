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
	"refill/internal/cardimport"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/jobqueue"
)

// importTimeout bounds one run: a dry run of a million rows takes well below a
// minute, and an import yields by itself.
const importTimeout = 15 * time.Minute

// importer is shared by the two jobs of an import of cards.
type importer struct {
	imports *cardimport.Service
	files   blob.Store
	log     *slog.Logger
	now     func() time.Time
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

// end handles the result of a run. A fault of the file itself fails the import at once,
// because a retry would end the same.
func (w importer) end(ctx context.Context, id int64, err error) error {
	var refused *fault.Error
	switch {
	case errors.Is(err, jobqueue.ErrYield):
		return river.JobSnooze(0)
	case errors.Is(err, cardimport.ErrNotWanted):
		return river.JobCancel(err)
	case errors.As(err, &refused) && hopeless(refused):
		return errors.Join(river.JobCancel(err), w.imports.Fail(ctx, id, refused.Keep()))
	}
	return err
}

// hopeless reports whether a fault persists in every retry.
func hopeless(refused *fault.Error) bool {
	return refused.Kind == fault.Invalid || refused.Kind == fault.Limited || refused.Kind == fault.NotFound || errors.Is(refused, blob.ErrDamaged)
}

// forget removes the file of a completed import. Where that fails, housekeeping removes it
// later.
func (w importer) forget(ctx context.Context, file string) {
	if err := w.files.Remove(context.WithoutCancel(ctx), file); err != nil {
		w.log.WarnContext(ctx, "an upload is left for housekeeping", slog.String("file", file), slog.Any("error", err))
	}
}

// errImportFailed tells staff that a run failed for the last time.
var errImportFailed = fault.New(fault.Conflict, "import_failed", "The import stopped after several tries. If it stops again, ask your operator for the log of its job.")

// checkImportWorker does the dry run of an import.
type checkImportWorker struct {
	river.WorkerDefaults[cardimport.CheckArgs]
	importer
}

// Timeout lets a large file take its time.
func (w *checkImportWorker) Timeout(*river.Job[cardimport.CheckArgs]) time.Duration {
	return importTimeout
}

// Work reads the file from the beginning.
func (w *checkImportWorker) Work(ctx context.Context, job *river.Job[cardimport.CheckArgs]) error {
	id := job.Args.ImportID
	err := w.end(ctx, id, w.imports.Check(ctx, id, w.opener(ctx), completer(job)))
	return onFinalFailure(ctx, job.JobRow, err, func(ctx context.Context) error { return w.imports.Fail(ctx, id, errImportFailed.Keep()) })
}

// runImportWorker enters the cards of an import.
type runImportWorker struct {
	river.WorkerDefaults[cardimport.RunArgs]
	importer
}

// Timeout lets a large file take its time.
func (w *runImportWorker) Timeout(*river.Job[cardimport.RunArgs]) time.Duration { return importTimeout }

// Work imports the remaining rows of the file, and removes the file at the end.
func (w *runImportWorker) Work(ctx context.Context, job *river.Job[cardimport.RunArgs]) error {
	id, file := job.Args.ImportID, ""
	open := w.opener(ctx)
	err := w.imports.Run(ctx, id, func(imp db.CardImport) (io.ReaderAt, func(), error) {
		file = imp.File
		return open(imp)
	}, w.now, completer(job))
	if err == nil {
		w.forget(ctx, file)
		return nil
	}
	err = w.end(ctx, id, err)
	return onFinalFailure(ctx, job.JobRow, err, func(ctx context.Context) error { return w.imports.Fail(ctx, id, errImportFailed.Keep()) })
}
