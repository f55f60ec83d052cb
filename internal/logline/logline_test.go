package logline_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/logline"
)

func lines(level slog.Level) (*slog.Logger, *bytes.Buffer) {
	var out bytes.Buffer
	hide := func(_ []string, attr slog.Attr) slog.Attr {
		if attr.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return attr
	}
	return slog.New(logline.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: level, ReplaceAttr: hide}))), &out
}

// A line carries the ids of what it is about, once.
func TestIDs(t *testing.T) {
	t.Parallel()
	log, out := lines(slog.LevelInfo)
	ctx := logline.With(t.Context(), slog.String(logline.RequestID, "r1"))
	ctx = logline.With(ctx, slog.Int64(logline.JobID, 7))
	log.InfoContext(ctx, "one")
	log.InfoContext(ctx, "two", slog.String(logline.RequestID, "its own"))
	log.With(slog.String("part", "web")).InfoContext(ctx, "three")
	log.InfoContext(t.Context(), "four")
	require.Equal(t, `level=INFO msg=one request_id=r1 job_id=7
level=INFO msg=two request_id="its own" job_id=7
level=INFO msg=three part=web request_id=r1 job_id=7
level=INFO msg=four
`, out.String())
}

// Lines that need no action are no warnings, and faults stay what they are.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	log, out := lines(slog.LevelWarn)
	gone := fmt.Errorf("look at the schema: %w", context.Canceled)
	log.WarnContext(t.Context(), "jobexecutor.JobExecutor: job cancelled remotely", slog.Int64("job_id", 16))
	log.WarnContext(t.Context(), "not ready", slog.Any("error", gone))
	log.ErrorContext(t.Context(), "failed half-way", slog.Int("status", 200), slog.Any("error", errors.Join(errors.New("write"), gone)))
	require.Empty(t, out.String())
	log.WarnContext(t.Context(), "not ready", slog.Any("error", context.DeadlineExceeded))
	log.ErrorContext(t.Context(), "a job failed", slog.Any("error", errors.New("disk full")))
	require.Equal(t, `level=WARN msg="not ready" error="context deadline exceeded"
level=ERROR msg="a job failed" error="disk full"
`, out.String())
}
