package cardimport

import (
	"github.com/riverqueue/river"

	"refill/internal/jobqueue"
)

// CheckArgs are the arguments of the job that runs the dry run of an import.
type CheckArgs struct {
	ImportID int64 `json:"import_id"`
}

// Kind names the job.
func (CheckArgs) Kind() string { return "check_import" }

// InsertOpts puts the job in its queue.
func (CheckArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: jobqueue.Generate, MaxAttempts: jobqueue.MaxAttempts}
}

// RunArgs are the arguments of the job that makes the cards of an import.
type RunArgs struct {
	ImportID int64 `json:"import_id"`
}

// Kind names the job.
func (RunArgs) Kind() string { return "run_import" }

// InsertOpts puts the job in its queue.
func (RunArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: jobqueue.Generate, MaxAttempts: jobqueue.MaxAttempts}
}
