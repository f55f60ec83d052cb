package backup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// progressEvery is how often the state of a running program is printed.
	progressEvery = 2 * time.Second
	// endWithin is how long a program that is told to end may take.
	endWithin = 10 * time.Second
	// linesKept is how many of the last lines of a program are shown if it fails.
	linesKept = 6
	// longestLine bounds a shown line, in bytes.
	longestLine = 300
)

// program is a run of a program of Postgres.
type program struct {
	dir, name string
	args      []string
	env       []string
	// step reports whether a line of the program's messages says that it begins a step. nil:
	// steps are not counted.
	step func(line string) bool
	// far says how far the program is after a number of steps.
	far func(steps int) string
	out io.Writer
}

// run runs the program to its end and prints its progress to out. When ctx ends, the
// program is told to end, and ends its own workers.
func (p program) run(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, filepath.Join(p.dir, p.name), p.args...) //nolint:gosec // the folder is the operator's or a well-known one
	cmd.Env, cmd.WaitDelay = p.env, endWithin
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	messages, err := cmd.StderrPipe()
	if err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	s := &state{}
	ended := make(chan struct{})
	var printing sync.WaitGroup
	printing.Go(func() { s.print(p, ended) })
	s.read(messages, p.step)
	err = cmd.Wait()
	close(ended)
	printing.Wait()
	if ctx.Err() != nil {
		return fmt.Errorf("%s was interrupted: %w", p.name, ctx.Err())
	}
	if err != nil {
		return fmt.Errorf("%s failed: %w\n%s", p.name, err, strings.Join(s.last, "\n"))
	}
	return nil
}

// state is how far a program is.
type state struct {
	mu    sync.Mutex
	steps int
	last  []string
}

// read reads the messages of a program to their end.
func (s *state) read(messages io.Reader, step func(string) bool) {
	lines := bufio.NewScanner(messages)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		s.mu.Lock()
		if step != nil && step(line) {
			s.steps++
		}
		s.last = append(s.last, "  "+line[:min(len(line), longestLine)])
		s.last = s.last[max(0, len(s.last)-linesKept):]
		s.mu.Unlock()
	}
	if lines.Err() != nil {
		_, _ = io.Copy(io.Discard, messages) // a line that is too long; the program must not wait for its reader
	}
}

// print prints the state every few seconds until ended is closed.
func (s *state) print(p program, ended <-chan struct{}) {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-ended:
			return
		case <-tick.C:
		}
		s.mu.Lock()
		steps := s.steps
		s.mu.Unlock()
		_, _ = fmt.Fprintf(p.out, "  %s: %s\n", time.Duration(n)*progressEvery, p.far(steps)) // a terminal that is gone needs no answer
	}
}

// output runs a program of Postgres and returns what it writes to standard output.
func (p program) output(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(p.dir, p.name), p.args...) //nolint:gosec // as above
	cmd.Env = p.env
	out, err := cmd.Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", fmt.Errorf("%s failed: %w\n  %s", p.name, err, failed.Stderr[:min(len(failed.Stderr), longestLine)])
	}
	if err != nil {
		return "", fmt.Errorf("start %s: %w", p.name, err)
	}
	return string(out), nil
}
