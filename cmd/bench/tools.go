package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// tool returns the path of a program: in the folder of the running server, in PATH, or in
// the folders of Debian.
func (tb *testbed) tool(name string) (string, error) {
	path := filepath.Join(tb.server.BinDir(), name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	// Debian installs the programs of a server outside PATH.
	if found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name); err == nil && len(found) > 0 {
		return found[len(found)-1], nil
	}
	return "", fmt.Errorf("%s is neither in %s nor in the path; install it (make bench does that as root; the packages postgresql, postgresql-client, poppler-utils and zbar-tools bring such) or put its folder into PATH", name, tb.server.BinDir())
}

// psql runs a command of psql and returns its duration, including the start.
func (tb *testbed) psql(ctx context.Context, command string) (time.Duration, error) {
	path, err := tb.tool("psql")
	if err != nil {
		return 0, err
	}
	started := time.Now()
	cmd := exec.CommandContext(ctx, path, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", tb.url, "-c", command) //nolint:gosec // on the private server of the testbed
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("psql: %w: %s", err, out)
	}
	return time.Since(started), nil
}
