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

// tool finds a program. Postgres's own are beside the server's, where other
// installations have them, or in the path.
func (st *stage) tool(name string) (string, error) {
	path := filepath.Join(st.server.BinDir(), name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	// Debian keeps what comes with a server out of the path.
	if found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name); err == nil && len(found) > 0 {
		return found[len(found)-1], nil
	}
	return "", fmt.Errorf("%s is neither in %s nor in the path; install it (make bench does that as root; the packages postgresql, postgresql-client, poppler-utils and zbar-tools bring such) or put its folder into PATH", name, st.server.BinDir())
}

// psql runs a command of psql and returns how long it took, start included.
func (st *stage) psql(ctx context.Context, command string) (time.Duration, error) {
	path, err := st.tool("psql")
	if err != nil {
		return 0, err
	}
	started := time.Now()
	cmd := exec.CommandContext(ctx, path, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", st.url, "-c", command) //nolint:gosec // on this stage's own server
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("psql: %w: %s", err, out)
	}
	return time.Since(started), nil
}
