package operate

import "refill/internal/act"

// Job identifies the job that an act is about. Rows from before version 0.2 have no kind
// and queue.
type Job struct {
	Job   int64  `json:"job"`
	Kind  string `json:"kind"`
	Queue string `json:"queue"`
}

type (
	// JobCancelled stops a job.
	JobCancelled Job
	// JobRetried lets a job run again.
	JobRetried Job
	// JobDeleted removes an ended job from the list.
	JobDeleted Job
	// QueuePaused stops workers from starting jobs of a queue.
	QueuePaused struct {
		Queue string `json:"queue"`
	}
	// QueueResumed undoes QueuePaused.
	QueueResumed struct {
		Queue string `json:"queue"`
	}
)

// Acts are the kinds of acts of this package.
func Acts() []act.Kind {
	return []act.Kind{
		act.Of[JobCancelled](),
		act.Of[JobRetried](),
		act.Of[JobDeleted](),
		act.Of[QueuePaused](),
		act.Of[QueueResumed](),
	}
}

// Action is the name in the audit trail.
func (JobCancelled) Action() string { return "job.cancelled" }

// Action is the name in the audit trail.
func (JobRetried) Action() string { return "job.retried" }

// Action is the name in the audit trail.
func (JobDeleted) Action() string { return "job.deleted" }

// Action is the name in the audit trail.
func (QueuePaused) Action() string { return "queue.paused" }

// Action is the name in the audit trail.
func (QueueResumed) Action() string { return "queue.resumed" }
