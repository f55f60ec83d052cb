// Package lograte keeps a log readable while something that everything needs is away: of
// warnings and errors that say the same, one a second is written.
package lograte

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// Every is the time between two lines of one kind.
const Every = time.Second

// kindsKept bounds the kinds that are remembered. Past it the oldest are forgotten, which
// costs a line too many.
const kindsKept = 1000

// Handler writes at most one record of a kind a second. A kind is level, message, status and
// error, the latter without its digits, which name ports, jobs and requests. The next record
// of the kind tells how many were left out. Records below WARN are all written.
type Handler struct {
	slog.Handler

	kinds *kinds
	own   string // kind of what WithAttrs and WithGroup have added
}

// New returns a Handler before another one.
func New(next slog.Handler) *Handler {
	return &Handler{Handler: next, kinds: &kinds{of: map[string]kind{}}}
}

// kinds is what was written lately.
type kinds struct {
	mu sync.Mutex
	of map[string]kind
}

type kind struct {
	written time.Time
	leftOut int // since then
}

// Handle implements slog.Handler.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level < slog.LevelWarn {
		return h.Handler.Handle(ctx, r)
	}
	key := []string{r.Level.String(), r.Message, h.own}
	r.Attrs(func(a slog.Attr) bool {
		if said := says(a); said != "" {
			key = append(key, said)
		}
		return true
	})
	leftOut, write := h.kinds.admit(strings.Join(key, "\x00"), r.Time)
	if !write {
		return nil
	}
	if leftOut > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("left_out", leftOut))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	next.Handler = h.Handler.WithAttrs(attrs)
	for _, a := range attrs {
		next.own += says(a)
	}
	return &next
}

// WithGroup implements slog.Handler.
func (h *Handler) WithGroup(name string) slog.Handler {
	next := *h
	next.Handler = h.Handler.WithGroup(name)
	next.own += name
	return &next
}

// says returns what an attribute adds to the kind of a record.
func says(a slog.Attr) string {
	if !slices.Contains([]string{"error", "err", "status"}, a.Key) {
		return ""
	}
	text := a.Value.Resolve().String()
	if a.Key == "status" {
		return text
	}
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, text)
}

// admit reports whether a record of a kind is written now, and how many were left out
// before it.
func (k *kinds) admit(key string, now time.Time) (leftOut int, write bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	last, known := k.of[key]
	if known && now.Sub(last.written) < Every {
		last.leftOut++
		k.of[key] = last
		return 0, false
	}
	if !known && len(k.of) >= kindsKept {
		k.forget(now)
	}
	k.of[key] = kind{written: now}
	return last.leftOut, true
}

// forget removes the kinds that are no longer held back; all of them if each still is.
func (k *kinds) forget(now time.Time) {
	for key, kind := range k.of {
		if now.Sub(kind.written) >= Every {
			delete(k.of, key)
		}
	}
	if len(k.of) >= kindsKept {
		clear(k.of)
	}
}
