package job

import (
	"context"

	"github.com/riverqueue/river"

	"refill/internal/webhook"
)

// webhookWorkers is how many endpoints are sent to at once. Most of the time they wait for
// the other side.
const webhookWorkers = 32

// deliverWorker sends events to an endpoint.
type deliverWorker struct {
	river.WorkerDefaults[webhook.DeliverArgs]
	webhooks *webhook.Service
}

// Work sends what is due for the endpoint.
func (w *deliverWorker) Work(ctx context.Context, job *river.Job[webhook.DeliverArgs]) error {
	return w.webhooks.Deliver(ctx, job.Args.EndpointID)
}
