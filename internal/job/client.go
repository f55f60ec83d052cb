// Package job owns background work: River's client, the workers and periodic housekeeping.
// Each Work method is a few lines around functions of the domain, may run twice, and
// completes its job in the transaction of its last write. The package never imports web;
// both use the domain.
package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"refill/internal/audit"
	"refill/internal/blob"
	"refill/internal/card"
	"refill/internal/cardfile"
	"refill/internal/cardimport"
	"refill/internal/check"
	"refill/internal/customerimport"
	"refill/internal/jobqueue"
	"refill/internal/logline"
	"refill/internal/mailing"
	"refill/internal/mailqueue"
	"refill/internal/setting"
	"refill/internal/theft"
	"refill/internal/webhook"
)

// NewInserter returns a client that only inserts jobs, for web processes.
func NewInserter(pool *pgxpool.Pool, log *slog.Logger) (*river.Client[pgx.Tx], error) {
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Logger: log})
	if err != nil {
		return nil, fmt.Errorf("make River's client: %w", err)
	}
	return client, nil
}

// Options configure a worker. Every field except Concurrency and Direct is required.
type Options struct {
	ID string // unique among all processes; see Alive
	// Direct is a pool of sessions of our own, with which River listens and fetches jobs.
	// nil: the pool of NewWorker, which then must not lead through a transaction pooler.
	Direct    *pgxpool.Pool
	Cards     *card.Service
	Exports   *cardfile.Service
	Imports   *cardimport.Service
	Customers *customerimport.Service
	Checks    *check.Service
	Mail      *mailing.Service
	Webhooks  *webhook.Service
	Keys      audit.Keys // keys that the audit trail is sealed under
	Files     blob.Store
	Settings  *setting.Store
	Log       *slog.Logger
	Now       func() time.Time
	// Concurrency is the number of series generated, and of files written, at the same
	// time. 0: two.
	Concurrency int
}

const (
	// jobTimeout bounds one run of a job that goes back to the queue by itself after 30
	// seconds.
	jobTimeout = 2 * time.Minute
	// rescueAfter is the time after which River takes back a job that has not ended.
	// (Alive releases the jobs of a dead worker within seconds; this covers a live worker
	// that hangs.)
	rescueAfter = 3 * time.Minute
	// softStop is how long running jobs may continue after a stop is requested.
	softStop = 2 * time.Second
	// housekeepEvery is how often housekeeping runs.
	housekeepEvery = time.Minute
)

// NewWorker returns a client that works the queues once started.
func NewWorker(pool *pgxpool.Pool, o Options) (*river.Client[pgx.Tx], error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, &generateWorker{cards: o.Cards, settings: o.Settings, now: o.Now})
	river.AddWorker(workers, &eraseWorker{cards: o.Cards, now: o.Now})
	river.AddWorker(workers, &shredWorker{cards: o.Cards, now: o.Now})
	river.AddWorker(workers, &exportWorker{exports: o.Exports, settings: o.Settings})
	river.AddWorker(workers, &resealWorker{cards: o.Cards, now: o.Now})
	river.AddWorker(workers, &reindexWorker{cards: o.Cards, now: o.Now})
	river.AddWorker(workers, &readingsWorker{cards: o.Cards, now: o.Now})
	river.AddWorker(workers, &changeWorker{cards: o.Cards, now: o.Now})
	river.AddWorker(workers, &sealWorker{pool: pool, keys: o.Keys, checks: o.Checks, now: o.Now})
	river.AddWorker(workers, &watchWorker{watch: theft.New(pool, o.Settings, o.Log), mail: o.Mail, now: o.Now, pool: pool, settings: o.Settings})
	river.AddWorker(workers, &mailStaffWorker{mail: o.Mail, now: o.Now})
	river.AddWorker(workers, &mailCustomerWorker{mail: o.Mail, now: o.Now})
	river.AddWorker(workers, &checkWorker{checks: o.Checks, now: o.Now})
	river.AddWorker(workers, &deliverWorker{webhooks: o.Webhooks})
	river.AddWorker(workers, &housekeepWorker{webhooks: o.Webhooks, pool: pool, cards: o.Cards, exports: o.Exports, imports: o.Imports, files: o.Files, log: o.Log, now: o.Now})

	imports := importer{imports: o.Imports, files: o.Files, log: o.Log, now: o.Now}
	river.AddWorker(workers, &checkImportWorker{importer: imports})
	river.AddWorker(workers, &runImportWorker{importer: imports})
	people := customerImporter{importer: imports, customers: o.Customers}
	river.AddWorker(workers, &checkCustomersWorker{customerImporter: people})
	river.AddWorker(workers, &runCustomersWorker{customerImporter: people})

	at := o.Concurrency
	if at == 0 {
		at = 2
	}
	direct := o.Direct
	if direct == nil {
		direct = pool
	}
	client, err := river.NewClient(riverpgxv5.New(direct), &river.Config{
		ID:      o.ID,
		Logger:  o.Log,
		Workers: workers,
		Queues: map[string]river.QueueConfig{
			jobqueue.Generate:    {MaxWorkers: at},
			cardfile.Queue:       {MaxWorkers: at},
			jobqueue.Change:      {MaxWorkers: at},
			jobqueue.Maintenance: {MaxWorkers: 1},
			check.Queue:          {MaxWorkers: 1},
			audit.Queue:          {MaxWorkers: 1},
			theft.Queue:          {MaxWorkers: 1},
			mailqueue.Queue:      {MaxWorkers: 2},
			webhook.Queue:        {MaxWorkers: webhookWorkers},
		},
		JobTimeout:           jobTimeout,
		RescueStuckJobsAfter: rescueAfter,
		SoftStopTimeout:      softStop,
		RetryPolicy:          retryPolicy{o.Now},
		ErrorHandler:         &errorHandler{o.Log},
		Middleware:           []rivertype.Middleware{&idMiddleware{}},
		// Reindexing needs the tables' owner, which the application is not.
		ReindexerSchedule: river.NeverSchedule(),
		PeriodicJobs: []*river.PeriodicJob{
			river.NewPeriodicJob(river.PeriodicInterval(housekeepEvery),
				func() (river.JobArgs, *river.InsertOpts) { return HousekeepArgs{}, nil },
				&river.PeriodicJobOpts{RunOnStart: true}),
			river.NewPeriodicJob(river.PeriodicInterval(sealEvery),
				func() (river.JobArgs, *river.InsertOpts) { return SealAuditArgs{}, nil },
				&river.PeriodicJobOpts{RunOnStart: true}),
			river.NewPeriodicJob(river.PeriodicInterval(watchEvery),
				func() (river.JobArgs, *river.InsertOpts) { return WatchTheftArgs{}, nil },
				&river.PeriodicJobOpts{RunOnStart: true}),
		},
	})
	if err != nil {
		return nil, fmt.Errorf("make River's client: %w", err)
	}
	return client, nil
}

// retryPolicy waits 1, 2, 4 … 60 seconds, because a person may be watching the progress
// bar. (River's own policy waits 16 s after the second error and an hour after the
// eighth.)
type retryPolicy struct{ now func() time.Time }

func (p retryPolicy) NextRetry(job *rivertype.JobRow) time.Time {
	seconds := math.Min(math.Pow(2, float64(len(job.Errors))), 60)
	return p.now().Add(time.Duration(seconds) * time.Second)
}

// errorHandler logs the error that River stores in the job's row. Errors of the domain
// name series and serials, never codes.
type errorHandler struct{ log *slog.Logger }

func (h *errorHandler) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	h.log.ErrorContext(ctx, "a job failed", slog.Int64(logline.JobID, job.ID), slog.String(logline.JobKind, job.Kind),
		slog.Int("attempt", job.Attempt), slog.Any("error", err))
	return nil
}

func (h *errorHandler) HandlePanic(ctx context.Context, job *rivertype.JobRow, panicked any, trace string) *river.ErrorHandlerResult {
	h.log.ErrorContext(ctx, "a job panicked", slog.Int64(logline.JobID, job.ID), slog.String(logline.JobKind, job.Kind),
		slog.Any("panic", panicked), slog.String("trace", trace))
	return nil
}

// completer completes a job in the domain's transaction.
func completer[T river.JobArgs](job *river.Job[T]) jobqueue.Completer {
	return func(ctx context.Context, tx pgx.Tx) error {
		_, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job)
		return err
	}
}

// onFinalFailure runs f when a job has failed for the last time and is not merely being
// stopped. It gives f a context of its own, because the job's may have ended.
func onFinalFailure(ctx context.Context, job *rivertype.JobRow, err error, f func(ctx context.Context) error) error {
	if err == nil || job.Attempt < job.MaxAttempts || errors.Is(ctx.Err(), context.Canceled) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(err, f(ctx))
}
