package job

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/riverqueue/river"

	"refill/internal/customerimport"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/jobqueue"
)

// customerImporter is shared by the two jobs of an import of customers.
type customerImporter struct {
	importer

	customers *customerimport.Service
}

// settle is importer.end for customers.
func (w customerImporter) settle(ctx context.Context, id int64, err error) error {
	var refused *fault.Error
	switch {
	case errors.Is(err, jobqueue.ErrYield):
		return river.JobSnooze(0)
	case errors.Is(err, customerimport.ErrNotWanted):
		return river.JobCancel(err)
	case errors.As(err, &refused) && hopeless(refused):
		return errors.Join(river.JobCancel(err), w.customers.Fail(ctx, id, refused.Keep()))
	}
	return err
}

// checkCustomersWorker does the dry run of an import of customers.
type checkCustomersWorker struct {
	river.WorkerDefaults[customerimport.CheckArgs]
	customerImporter
}

// Timeout lets a large file take its time.
func (w *checkCustomersWorker) Timeout(*river.Job[customerimport.CheckArgs]) time.Duration {
	return importTimeout
}

// Work reads the file from the beginning.
func (w *checkCustomersWorker) Work(ctx context.Context, job *river.Job[customerimport.CheckArgs]) error {
	id := job.Args.ImportID
	err := w.settle(ctx, id, w.customers.Check(ctx, id, w.opener(ctx), completer(job)))
	return onFinalFailure(ctx, job.JobRow, err, func(ctx context.Context) error { return w.customers.Fail(ctx, id, errImportFailed.Keep()) })
}

// runCustomersWorker enters the customers of an import.
type runCustomersWorker struct {
	river.WorkerDefaults[customerimport.RunArgs]
	customerImporter
}

// Timeout lets a large file take its time.
func (w *runCustomersWorker) Timeout(*river.Job[customerimport.RunArgs]) time.Duration {
	return importTimeout
}

// Work imports the remaining rows of the file, and removes the file at the end.
func (w *runCustomersWorker) Work(ctx context.Context, job *river.Job[customerimport.RunArgs]) error {
	id, file := job.Args.ImportID, ""
	open := w.opener(ctx)
	err := w.customers.Run(ctx, id, func(imp db.CardImport) (io.ReaderAt, func(), error) {
		file = imp.File
		return open(imp)
	}, w.now, completer(job))
	if err == nil {
		w.forget(ctx, file)
		return nil
	}
	err = w.settle(ctx, id, err)
	return onFinalFailure(ctx, job.JobRow, err, func(ctx context.Context) error { return w.customers.Fail(ctx, id, errImportFailed.Keep()) })
}
