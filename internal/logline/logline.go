// Package logline owns what lines of the log have in common: the ids of the request or the
// job that a line belongs to, and the level of lines that tell an outcome. It writes no line
// itself, and knows neither the database nor the web.
package logline

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
)

// Keys of the attributes that With adds.
const (
	RequestID = "request_id" // of a request, 16 hexadecimal digits
	JobID     = "job_id"     // of a job
	JobKind   = "job_kind"
	TraceID   = "trace_id" // of an OpenTelemetry trace, 32 hexadecimal digits
)

type attrsKey struct{}

// With returns a context whose lines carry more attributes. A line that has an attribute of
// the same key itself keeps its own.
func With(ctx context.Context, more ...slog.Attr) context.Context {
	return context.WithValue(ctx, attrsKey{}, slices.Concat(attrsOf(ctx), more))
}

func attrsOf(ctx context.Context) []slog.Attr {
	attrs, _ := ctx.Value(attrsKey{}).([]slog.Attr)
	return attrs
}

// Handler adds the attributes of With to each line, and lowers the level of outcomes.
//
// An outcome is a line that needs no action by the people who run the program: it is logged
// at INFO at most. Two kinds are outcomes. One is an error that says that the asker has gone:
// a client that closed its connection, or a process that was asked to stop. The other are the
// messages that are named by their ends in outcomes().
type Handler struct{ slog.Handler }

// New returns the handler before another.
func New(next slog.Handler) Handler { return Handler{next} }

// outcomes returns the ends of messages of River that tell an outcome: a job that a person
// cancelled, and a stop that returns running jobs to their queues.
func outcomes() []string {
	return []string{": job cancelled remotely", ": Soft stop timeout; cancelling remaining job contexts"}
}

// Handle implements slog.Handler.
func (h Handler) Handle(ctx context.Context, line slog.Record) error {
	if line.Level > slog.LevelInfo && isOutcome(line) {
		line.Level = slog.LevelInfo
		if !h.Enabled(ctx, line.Level) {
			return nil
		}
	}
	if more := attrsOf(ctx); len(more) > 0 {
		line = line.Clone()
		for _, attr := range more {
			if !has(line, attr.Key) {
				line.AddAttrs(attr)
			}
		}
	}
	return h.Handler.Handle(ctx, line)
}

// WithAttrs implements slog.Handler.
func (h Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return Handler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h Handler) WithGroup(name string) slog.Handler { return Handler{h.Handler.WithGroup(name)} }

func has(line slog.Record, key string) (found bool) {
	line.Attrs(func(attr slog.Attr) bool {
		found = attr.Key == key
		return !found
	})
	return found
}

func isOutcome(line slog.Record) (found bool) {
	for _, end := range outcomes() {
		if strings.HasSuffix(line.Message, end) {
			return true
		}
	}
	line.Attrs(func(attr slog.Attr) bool {
		err, isError := attr.Value.Resolve().Any().(error)
		found = isError && errors.Is(err, context.Canceled)
		return !found
	})
	return found
}
