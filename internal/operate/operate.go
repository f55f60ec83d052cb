// Package operate owns the acts of staff on background jobs and their queues: cancel,
// retry, delete, pause and resume. Each act and its audit row are one transaction. The
// object of a job (a series, a file, an operation, an import) changes with it.
//
// The jobs that seal the audit trail, check the books and watch for theft are guarded:
// they can't be stopped, because an operator could act unseen otherwise. The rule is
// enforced here for every channel. The package never runs a job.
package operate

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"refill/internal/act"
	"refill/internal/audit"
	"refill/internal/card"
	"refill/internal/cardfile"
	"refill/internal/cardimport"
	"refill/internal/check"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/theft"
)

// Errors of acts on jobs.
var (
	ErrNoJob   = fault.New(fault.NotFound, "job_unknown", "There is no such job any more. Finished jobs are kept for a day.")
	ErrNoQueue = fault.New(fault.NotFound, "queue_unknown", "There is no such queue.")
	ErrGuarded = fault.New(fault.Conflict, "job_guarded", "These jobs seal the audit trail, check the books or watch for theft. They can’t be paused, cancelled or deleted.")
	ErrOver    = fault.New(fault.Conflict, "job_over", "This job has ended already. Reload the page to see how.")
	ErrRunning = fault.New(fault.Conflict, "job_running", "This job is running. Cancel it first, or wait for its end.")
	ErrLive    = fault.New(fault.Conflict, "job_live", "Only a job that has ended can be deleted. Cancel it first.")
	ErrDone    = fault.New(fault.Conflict, "job_done", "What this job was for is done or was cancelled. Start it again on its own page.")
	ErrTwice   = fault.New(fault.Conflict, "job_twice", "Another job for the same work waits already.")
)

// Client is the part of River's client that acts in a transaction.
type Client interface {
	JobCancelTx(ctx context.Context, tx pgx.Tx, jobID int64) (*rivertype.JobRow, error)
	JobRetryTx(ctx context.Context, tx pgx.Tx, id int64) (*rivertype.JobRow, error)
	JobDeleteTx(ctx context.Context, tx pgx.Tx, id int64) (*rivertype.JobRow, error)
	QueuePauseTx(ctx context.Context, tx pgx.Tx, name string, opts *river.QueuePauseOpts) error
	QueueResumeTx(ctx context.Context, tx pgx.Tx, name string, opts *river.QueuePauseOpts) error
}

// Service acts on jobs. Safe for concurrent use.
type Service struct {
	db      db.Beginner
	jobs    Client
	cards   *card.Service
	exports *cardfile.Service
	imports *cardimport.Service
}

// New returns the service on a database.
func New(beginner db.Beginner, jobs Client, cards *card.Service, exports *cardfile.Service, imports *cardimport.Service) *Service {
	return &Service{db: beginner, jobs: jobs, cards: cards, exports: exports, imports: imports}
}

// Guarded lists the queues whose jobs can't be stopped.
func Guarded() []string { return []string{audit.Queue, check.Queue, theft.Queue} }

// MayStop reports whether jobs of a queue may be paused, cancelled and deleted.
func MayStop(queue string) bool { return !slices.Contains(Guarded(), queue) }

// Ended reports whether a state is final.
func Ended(state rivertype.JobState) bool {
	return state == rivertype.JobStateCompleted || state == rivertype.JobStateCancelled || state == rivertype.JobStateDiscarded
}

// Cancel cancels a job and its object.
func (s *Service) Cancel(ctx context.Context, actor audit.Actor, id int64) error {
	return s.change(ctx, actor, id, func(j Job) act.Act { return JobCancelled(j) }, func(tx pgx.Tx, job db.JobBehindRow) error {
		if !MayStop(job.Queue) {
			return ErrGuarded
		}
		cards := s.cards.Within(tx)
		switch {
		case job.ExportID != 0:
			return s.exports.Within(tx).Cancel(ctx, actor, job.ExportID)
		case job.ChangeID != 0:
			return cards.CancelChange(ctx, actor, job.ChangeID)
		case job.ImportID != 0:
			return s.imports.Within(tx).Cancel(ctx, actor, job.ImportID)
		case job.SeriesID != 0:
			return cards.Cancel(ctx, actor, job.SeriesID)
		}
		if Ended(rivertype.JobState(job.State)) {
			return ErrOver
		}
		row, err := s.jobs.JobCancelTx(ctx, tx, id)
		if err == nil && row.State != rivertype.JobStateCancelled && row.State != rivertype.JobStateRunning {
			return ErrOver // the job ended at the same moment
		}
		return err
	})
}

// Retry runs a job again at once, or retries the failed object of the job. It refuses jobs
// that succeeded or were cancelled.
func (s *Service) Retry(ctx context.Context, actor audit.Actor, id int64) error {
	return s.change(ctx, actor, id, func(j Job) act.Act { return JobRetried(j) }, func(tx pgx.Tx, job db.JobBehindRow) error {
		cards := s.cards.Within(tx)
		switch {
		case job.ExportFailed:
			return s.exports.Within(tx).Retry(ctx, actor, job.ExportID)
		case job.ChangeFailed:
			return cards.RetryChange(ctx, actor, job.ChangeID)
		case job.ImportFailed:
			return s.imports.Within(tx).Resume(ctx, actor, job.ImportID)
		case job.SeriesFailed:
			return cards.Retry(ctx, actor, job.SeriesID)
		}
		behind := job.ExportID != 0 || job.ChangeID != 0 || job.ImportID != 0 || job.SeriesID != 0
		if behind && (job.State == db.RiverJobStateCompleted || job.State == db.RiverJobStateCancelled) {
			return ErrDone
		}
		row, err := s.jobs.JobRetryTx(ctx, tx, id)
		if db.Constraint(err) == "river_job_unique_idx" {
			return ErrTwice
		}
		if err == nil && row.State == rivertype.JobStateRunning {
			return ErrRunning
		}
		return err
	})
}

// Delete removes the row of an ended job. The job's object is kept.
func (s *Service) Delete(ctx context.Context, actor audit.Actor, id int64) error {
	return s.change(ctx, actor, id, func(j Job) act.Act { return JobDeleted(j) }, func(tx pgx.Tx, job db.JobBehindRow) error {
		if !MayStop(job.Queue) {
			return ErrGuarded
		}
		row, err := s.jobs.JobDeleteTx(ctx, tx, id)
		if errors.Is(err, rivertype.ErrJobRunning) {
			return ErrRunning
		}
		if err == nil && !Ended(row.State) {
			return ErrLive // the rollback restores the row
		}
		return err
	})
}

// change does an act on a job and writes its audit row, in one transaction.
func (s *Service) change(ctx context.Context, actor audit.Actor, id int64, did func(Job) act.Act, f func(tx pgx.Tx, job db.JobBehindRow) error) error {
	return pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		job, err := db.Need(db.New().JobBehind(ctx, tx, id)).Or(ErrNoJob, "read job %d", id)
		if err != nil {
			return err
		}
		done := did(Job{Job: id, Kind: job.Kind, Queue: job.Queue})
		err = f(tx, job)
		if errors.Is(err, rivertype.ErrNotFound) {
			return ErrNoJob
		}
		if err != nil {
			return fmt.Errorf("%s %d: %w", done.Action(), id, err)
		}
		return act.Record(ctx, tx, actor, done)
	})
}

// Pause stops workers from starting jobs of a queue. Running jobs continue.
func (s *Service) Pause(ctx context.Context, actor audit.Actor, queue string) error {
	return s.changeQueue(ctx, actor, queue, QueuePaused{Queue: queue}, s.jobs.QueuePauseTx)
}

// Resume lets workers take up jobs of a queue again.
func (s *Service) Resume(ctx context.Context, actor audit.Actor, queue string) error {
	return s.changeQueue(ctx, actor, queue, QueueResumed{Queue: queue}, s.jobs.QueueResumeTx)
}

func (s *Service) changeQueue(ctx context.Context, actor audit.Actor, queue string, done act.Act, f func(context.Context, pgx.Tx, string, *river.QueuePauseOpts) error) error {
	if queue == allQueues {
		return ErrNoQueue
	}
	if _, pausing := done.(QueuePaused); pausing && !MayStop(queue) {
		return ErrGuarded
	}
	return pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		err := f(ctx, tx, queue, &river.QueuePauseOpts{})
		if errors.Is(err, rivertype.ErrNotFound) {
			return ErrNoQueue
		}
		if err != nil {
			return fmt.Errorf("%s %q: %w", done.Action(), queue, err)
		}
		return act.Record(ctx, tx, actor, done)
	})
}

// allQueues is River's name for every queue at once, the guarded ones too.
const allQueues = "*"
