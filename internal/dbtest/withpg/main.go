// Command withpg runs a command beside a Postgres for tests, so that the packages
// of one `go test` share it: `go run ./internal/dbtest/withpg -- go test ./...`.
// It never looks at what the command does, and ends with its exit code.
package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"refill/internal/dbtest"
)

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		slog.Error("say what to run: withpg -- go test ./...")
		os.Exit(2)
	}
	code, err := run(args)
	if err != nil {
		slog.Error("withpg", slog.Any("error", err))
	}
	os.Exit(code)
}

// run returns the exit code of the command.
func run(args []string) (code int, err error) {
	// Ctrl-C reaches the command too. We stay until it has ended, to stop the
	// server after it.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ctx := context.Background()
	server, err := dbtest.StartServer(ctx)
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()

	cmd := exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // running what it is told is its purpose
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), dbtest.URLVariable+"="+server.URL("postgres"))
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			if s == syscall.SIGTERM { // unlike Ctrl-C it was sent to us alone
				cmd.Process.Signal(s) //nolint:errcheck // it may have ended
			}
		case err := <-ended:
			if exit, ok := errors.AsType[*exec.ExitError](err); ok {
				return exit.ExitCode(), nil
			}
			if err != nil {
				return 1, err
			}
			return 0, nil
		}
	}
}
