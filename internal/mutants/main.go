// Command mutants tests the tests. It removes one protection of the program after another
// and checks that a test fails. `make mutants` runs it from the root of the repository,
// with a Postgres. It never writes to the source: the compiler gets the changed files by
// an overlay.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sync/errgroup"
)

func main() {
	only := flag.String("only", "", "run only the mutants whose name matches this regular expression")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *only, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// run tests the mutants whose names match only, as many at once as the machine has
// processors. It returns an error that names the mutants with which no test fails.
func run(ctx context.Context, only string, out io.Writer) error {
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	names, err := regexp.Compile(only)
	if err != nil {
		return fmt.Errorf("read -only: %w", err)
	}
	s, err := readSources(root)
	if err != nil {
		return fmt.Errorf("read the sources: %w", err)
	}
	r := report{out: out}
	var group errgroup.Group
	group.SetLimit(runtime.NumCPU())
	for _, m := range mutants() {
		if !names.MatchString(m.name) {
			continue
		}
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			caught, err := m.caught(ctx, root, s)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return r.add(m, caught, err)
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if r.tested == 0 {
		return fmt.Errorf("no mutant is called %q", only)
	}
	if len(r.alive) > 0 {
		r.broken = errors.Join(r.broken, fmt.Errorf("no test notices that %s", strings.Join(r.alive, "; that "))) //nolint:err113 // the message is for the person who ran it
	}
	if r.broken != nil {
		return r.broken
	}
	_, err = fmt.Fprintf(out, "%d mutants, all caught\n", r.tested)
	return err
}

// report holds the results of the mutants so far. Safe for concurrent use.
type report struct {
	mu     sync.Mutex
	out    io.Writer
	tested int
	alive  []string
	broken error
}

// add adds and prints the result of one mutant.
func (r *report) add(m mutant, caught bool, err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tested++
	verdict := "caught"
	switch {
	case err != nil:
		verdict = "BROKEN"
		r.broken = errors.Join(r.broken, fmt.Errorf("%s: %w", m.name, err))
	case !caught:
		verdict = "LIVES "
		r.alive = append(r.alive, m.name)
	}
	_, err = fmt.Fprintf(r.out, "%s  %s (else %s)\n", verdict, m.name, m.because)
	return err
}

// caught runs the tests on the mutant and reports whether one failed. A mutant
// that does not compile is an error: it proves nothing.
func (m mutant) caught(ctx context.Context, root string, s *sources) (bool, error) {
	changed, err := s.patch(m)
	if err != nil {
		return false, err
	}
	packages, err := s.testedIn(m)
	if err != nil {
		return false, err
	}
	dir, err := os.MkdirTemp("", "refill-mutant-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // temporary
	replace := map[string]string{}
	for name, text := range changed {
		file := filepath.Join(dir, fmt.Sprintf("%d-%s", len(replace), filepath.Base(name)))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return false, err
		}
		replace[filepath.Join(root, filepath.FromSlash(name))] = file
	}
	overlay := filepath.Join(dir, "overlay.json")
	list, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		return false, err
	}
	if err := os.WriteFile(overlay, list, 0o600); err != nil {
		return false, err
	}
	arguments := append([]string{"test", "-count=1", "-failfast", "-vet=off", "-ldflags=-w", "-overlay", overlay, "-run", m.run}, packages...)
	cmd := exec.CommandContext(ctx, "go", arguments...) //nolint:gosec // from list.go
	output, err := cmd.CombinedOutput()
	var failed *exec.ExitError
	switch {
	case err == nil:
		return false, nil
	case !errors.As(err, &failed):
		return false, err
	case strings.Contains(string(output), "[build failed]"), !strings.Contains(string(output), "--- FAIL"):
		return false, fmt.Errorf("the tests did not run: %s", output)
	}
	return true, nil
}
