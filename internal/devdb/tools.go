//go:build linux || darwin || freebsd

package devdb

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// FindTools returns a folder with the named client programs of Postgres, such as pg_dump,
// and their major version. This is the folder given, or, if given is empty, the folder on
// this machine whose version is the lowest that is atLeast or later: a program of an older
// version than a server can't read it, and what a much newer one writes may be more than
// the server reads.
func FindTools(ctx context.Context, given string, atLeast int, names ...string) (dir string, major int, err error) {
	places := []string{given}
	if given == "" {
		places = search(ctx)
		if path, err := exec.LookPath(names[0]); err == nil {
			places = append(places, filepath.Dir(path))
		}
	}
	var rejected []string
	for _, place := range places {
		found, err := tryTools(ctx, place, names)
		if err == nil && found < atLeast {
			err = fmt.Errorf("%s is of Postgres %d, older than %d", strings.Join(names, " and "), found, atLeast)
		}
		if err != nil {
			rejected = append(rejected, fmt.Sprintf("  %s: %v", place, err))
			continue
		}
		if dir == "" || found < major {
			dir, major = place, found
		}
	}
	if dir != "" {
		return dir, major, nil
	}
	what := fmt.Sprintf("no %s of Postgres %d or later found", strings.Join(names, " and "), atLeast)
	if len(rejected) > 0 {
		what += ":\n" + strings.Join(rejected, "\n")
	}
	return "", 0, errors.New(what + fmt.Sprintf("\ninstall the client programs of that version (apt-get install postgresql-client-%d), or name their folder in PG_BIN", atLeast))
}

// tryTools runs each program of dir with --version and returns their major version.
func tryTools(ctx context.Context, dir string, names []string) (int, error) {
	version := 0
	for _, name := range names {
		out, err := exec.CommandContext(ctx, filepath.Join(dir, name), "--version").CombinedOutput() //nolint:gosec // the folder is the operator's or a well-known one
		if err != nil {
			return 0, fmt.Errorf("%s does not run: %w", name, err)
		}
		major, err := majorOf(string(out))
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		if version != 0 && major != version {
			return 0, fmt.Errorf("%s is of version %d, %s of %d", names[0], version, name, major)
		}
		version = major
	}
	return version, nil
}
