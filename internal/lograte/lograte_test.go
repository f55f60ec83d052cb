package lograte_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refill/internal/lograte"
)

// writer is a log whose lines are read.
type writer struct {
	t   *testing.T
	out *bytes.Buffer
	slog.Handler
}

func newWriter(t *testing.T) writer {
	t.Helper()
	out := &bytes.Buffer{}
	return writer{t, out, lograte.New(slog.NewTextHandler(out, nil))}
}

// write writes a record of a time.
func (w writer) write(h slog.Handler, at time.Time, level slog.Level, message string, attrs ...slog.Attr) {
	w.t.Helper()
	r := slog.NewRecord(at, level, message, 0)
	r.AddAttrs(attrs...)
	require.NoError(w.t, h.Handle(w.t.Context(), r))
}

// lines returns what was written since the last call.
func (w writer) lines() []string {
	text := strings.TrimSpace(w.out.String())
	w.out.Reset()
	return strings.Split(text, "\n")
}

// Of what says the same, one line a second is written, and the next tells how many were left
// out. Other messages, other errors and what is below WARN are written.
func TestOneLineASecond(t *testing.T) {
	t.Parallel()
	w, at := newWriter(t), time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	status := func(n int) slog.Attr { return slog.Int("status", n) }
	refused := func(port int) slog.Attr {
		return slog.Any("error", fmt.Errorf("connect to port %d: refused", port))
	}
	another := slog.Any("error", errors.New("another"))
	for n := range 100 {
		w.write(w, at.Add(time.Duration(n)*time.Millisecond), slog.LevelError, "refused", status(503), refused(5000+n), slog.Int("request_id", n))
	}
	got := w.lines()
	require.Len(t, got, 1)
	require.NotContains(t, got[0], "left_out")

	w.write(w, at, slog.LevelError, "refused", status(500), refused(1))
	w.write(w, at, slog.LevelError, "refused", status(503), another)
	w.write(w, at, slog.LevelWarn, "refused", status(503), another)
	w.write(w.WithAttrs([]slog.Attr{slog.Any("error", errors.New("a third"))}), at, slog.LevelError, "refused", status(503))
	w.write(w.WithGroup("group"), at, slog.LevelError, "refused", status(503))
	w.write(w, at, slog.LevelError, "something else")
	for range 3 {
		w.write(w, at, slog.LevelInfo, "request")
	}
	require.Len(t, w.lines(), 9)

	w.write(w, at.Add(lograte.Every), slog.LevelError, "refused", status(503), refused(7))
	require.Contains(t, w.lines()[0], "left_out=99")
}

// Kinds without end take no memory without end, and each of them is written.
func TestKindsAreForgotten(t *testing.T) {
	t.Parallel()
	w := newWriter(t)
	for n := range 3000 {
		w.write(w, time.Now(), slog.LevelError, strings.Repeat("x", n))
	}
	require.Len(t, w.lines(), 3000)
}
