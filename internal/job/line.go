package job

import (
	"context"
	"log/slog"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"refill/internal/logline"
)

// idMiddleware has each line of the log that a job writes carry the id and the kind of the
// job.
type idMiddleware struct{ river.MiddlewareDefaults }

var _ rivertype.WorkerMiddleware = (*idMiddleware)(nil)

// Work implements rivertype.WorkerMiddleware.
func (*idMiddleware) Work(ctx context.Context, job *rivertype.JobRow, work func(context.Context) error) error {
	return work(logline.With(ctx, slog.Int64(logline.JobID, job.ID), slog.String(logline.JobKind, job.Kind)))
}
