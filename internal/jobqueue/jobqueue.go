// Package jobqueue holds what the background jobs have in common: the names of the queues, how
// often a job is tried, how long it runs at a time, and how its work ends.
package jobqueue

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// The queues of the jobs on cards. Each queue has its own workers, so that a long job in one
// queue does not delay jobs in another.
const (
	Generate    = "generate"
	Change      = "change"
	Maintenance = "maintenance"
)

// MaxAttempts is the number of attempts after which a job counts as failed.
const MaxAttempts = 8

// RunFor is how long a job works before it goes to the back of its queue. So a series of a
// million cards delays other series by no more than RunFor at a time.
const RunFor = 30 * time.Second

// ErrYield says that a job has worked for RunFor and has more to do. Its worker puts the job
// at the back of its queue. That counts as no attempt.
var ErrYield = errors.New("jobqueue: more to do, later")

// Completer marks a job as completed in the transaction of its last write, so that the work
// and its completion are committed together.
type Completer func(ctx context.Context, tx pgx.Tx) error

// Enqueuer is the part of River's client that inserts and cancels jobs in the transaction
// of the rows that they are about.
type Enqueuer interface {
	InsertTx(ctx context.Context, tx pgx.Tx, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error)
	JobCancelTx(ctx context.Context, tx pgx.Tx, jobID int64) (*rivertype.JobRow, error)
}
