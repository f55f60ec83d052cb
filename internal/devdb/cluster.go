//go:build linux || darwin || freebsd

package devdb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// superuser is the only login of a private server.
const superuser = "postgres"

// version returns the major version of Postgres that created the data folder, or 0 if
// there is no data folder yet.
func (h home) version() (int, error) {
	b, err := os.ReadFile(filepath.Join(h.data(), "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the data's version: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0, fmt.Errorf("read the data's version: %w", err)
	}
	return major, nil
}

// initialise creates the data folder with initdb. It creates the folder under another name
// and renames it at the end, so that a folder of the final name is always complete.
func (h home) initialise(ctx context.Context, p programs, unsafe bool) error {
	fresh := h.data() + ".new"
	var failed error
	// Names sort the same everywhere in C.UTF-8, but not every system has it.
	for _, locale := range []string{"C.UTF-8", "en_US.UTF-8", "C"} {
		if err := os.RemoveAll(fresh); err != nil {
			return fmt.Errorf("remove a half-made database: %w", err)
		}
		args := []string{
			"--pgdata=" + fresh, "--username=" + superuser, "--auth=scram-sha-256", "--pwfile=" + h.passwordPath(),
			"--encoding=UTF8", "--locale=" + locale, "--no-instructions",
		}
		if unsafe {
			args = append(args, "--no-sync")
		}
		out, err := run(h.account.command(ctx, filepath.Join(p.dir, "initdb"), args...))
		if err == nil {
			return os.Rename(fresh, h.data())
		}
		failed = errors.Join(failed, fmt.Errorf("with locale %s: %w: %s", locale, err, out))
		if ctx.Err() != nil {
			break
		}
	}
	return fmt.Errorf("initdb could not make the database in %s: %w", h.dir, failed)
}

// serve starts the server. The log of the previous start is kept under another name.
func (h home) serve(ctx context.Context, bin string, args []string) (*process, error) {
	if err := os.Rename(h.log(), h.log()+".1"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("put the old log aside: %w", err)
	}
	log, err := os.OpenFile(h.log(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the server's log: %w", err)
	}
	defer log.Close() //nolint:errcheck // the server has its own descriptor
	if err := h.account.own(h.log()); err != nil {
		return nil, fmt.Errorf("open the server's log: %w", err)
	}
	// The server outlives ctx, which is for the start only. Stop ends the server; on Linux
	// so does the end of this process.
	cmd := h.account.command(context.WithoutCancel(ctx), filepath.Join(bin, "postgres"), args...)
	cmd.Stdout, cmd.Stderr = log, log
	p, err := start(cmd)
	if err != nil {
		return nil, fmt.Errorf("start Postgres: %w", err)
	}
	return p, nil
}

// arguments returns the command line of the server.
func arguments(o Options, data string, port int) []string {
	settings := map[string]string{
		"listen_addresses":        "127.0.0.1",
		"port":                    strconv.Itoa(port),
		"unix_socket_directories": "", // no socket: its path may have 107 bytes at most, and the folder's path may be longer
		"timezone":                "UTC",
		"log_timezone":            "UTC",
		"lc_messages":             "C", // launch looks for an English message
		// By default Postgres logs failed statements, and the values of the row ("Failing row
		// contains …"). Both are off, because the index of a card must not be in the log.
		"log_error_verbosity":     "terse",
		"log_min_error_statement": "panic",
	}
	if o.Unsafe {
		settings["fsync"] = "off"
		settings["full_page_writes"] = "off"
		settings["synchronous_commit"] = "off"
	}
	maps.Copy(settings, o.Settings)
	args := []string{"-D", data}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}
