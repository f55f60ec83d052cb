package webhook

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"refill/internal/db"
	"refill/internal/event"
)

// Queue is the queue of sendings. It is separate, because an address that is slow to answer
// must delay nothing else.
const Queue = "webhooks"

// DeliverArgs are the arguments of the job that sends what is due for an endpoint.
type DeliverArgs struct {
	EndpointID int64 `json:"endpoint_id"`
}

// Kind names the job.
func (DeliverArgs) Kind() string { return "deliver_webhooks" }

// InsertOpts lets one job for an endpoint wait or run at a time.
func (DeliverArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: Queue, MaxAttempts: 3, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled,
	}}}
}

// replayStep is how many seqs of a replay one transaction walks through.
const replayStep = 1000

var _ event.Sender = (*Service)(nil)

// FanOut notes the deliveries of new events and of replays, and inserts a job for each
// endpoint that something is due for. The relay calls it in its transaction.
func (s *Service) FanOut(ctx context.Context, tx pgx.Tx, first, last int64) (more bool, err error) {
	if first <= last {
		if _, err := s.q.WebhookFanOut(ctx, tx, db.WebhookFanOutParams{First: first, Last: last}); err != nil {
			return false, fmt.Errorf("note the deliveries of events: %w", err)
		}
	}
	replays, err := s.q.WebhookReplayStep(ctx, tx, replayStep-1)
	if err != nil {
		return false, fmt.Errorf("note the deliveries of replays: %w", err)
	}
	for _, r := range replays {
		more = more || r.ReplaySeq != nil
	}
	due, err := s.q.WebhookDue(ctx, tx)
	if err != nil {
		return false, fmt.Errorf("look for what is due: %w", err)
	}
	for _, id := range due {
		if _, err := s.Jobs.InsertTx(ctx, tx, DeliverArgs{EndpointID: id}, nil); err != nil {
			return false, fmt.Errorf("insert the job of a webhook endpoint: %w", err)
		}
	}
	return more, nil
}
