//go:build linux || darwin || freebsd

package devdb

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// home is the folder that contains everything of a server: lock, password, data and log.
// Only the account that the server runs as has access. For root this is another account,
// because Postgres refuses to run as root.
type home struct {
	dir     string
	account *account // nil: the account of this process
}

func (h home) data() string         { return filepath.Join(h.dir, "data") }
func (h home) log() string          { return filepath.Join(h.dir, "log") }
func (h home) lockPath() string     { return filepath.Join(h.dir, lockName) }
func (h home) passwordPath() string { return filepath.Join(h.dir, "password") }

// lockName is the name of the lock file. A folder that contains it belongs to Refill.
const lockName = "lock"

// openHome prepares dir for a server. If the server's account can't use dir (below root's
// home directory, or on a Windows drive, which has no owners), it prepares a folder below
// /var/tmp instead. The name of that folder is derived from dir, so that the next start
// finds it again.
func openHome(ctx context.Context, dir string, log *slog.Logger) (home, error) {
	if dir == "" {
		return home{}, errors.New("devdb: Options.Dir is empty; name the folder that the server may keep its data in")
	}
	dir, err := abs(dir)
	if err != nil {
		return home{}, fmt.Errorf("find the database folder: %w", err)
	}
	h, unfit, err := settle(ctx, dir)
	if err != nil || unfit == nil {
		return h, err
	}
	other := refuge(dir)
	log.WarnContext(ctx, "the database is kept in another folder, because its account cannot use the one asked for",
		slog.String("asked_for", dir), slog.String("kept_in", other), slog.Any("reason", unfit))
	h, unfit, err = settle(ctx, other)
	if unfit != nil {
		err = fmt.Errorf("the account %s, which Postgres is to run as, can use neither %s nor %s: %w", h.account, dir, other, unfit)
	}
	return h, err
}

// refuge returns the folder that replaces dir.
func refuge(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return fmt.Sprintf("/var/tmp/refill-postgres-%d-%x", os.Geteuid(), sum[:6])
}

// settle creates dir and makes the account its owner. unfit says why the account can't use
// it; in this case a folder that settle created is removed again.
func settle(ctx context.Context, dir string) (h home, unfit, err error) {
	made := false
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		made = true
		// Other accounts may enter the parent folders. Otherwise the server's account could
		// not reach a folder that root creates.
		err = os.MkdirAll(filepath.Dir(dir), 0o755) //nolint:gosec // as said
		if err == nil {
			err = os.Mkdir(dir, 0o700)
		}
		if err == nil {
			info, err = os.Lstat(dir)
		}
	}
	if err != nil {
		return home{}, nil, fmt.Errorf("make the database folder: %w", err)
	}
	if err := ours(dir, info); err != nil {
		return home{}, nil, err
	}
	h.dir = dir
	if h.account, err = chooseAccount(dir, info); err != nil {
		return home{}, nil, err
	}
	unfit = errors.Join(h.account.own(dir), os.Chmod(dir, 0o700)) //nolint:gosec // a folder, which its owner has to enter
	if unfit == nil {
		unfit = h.livable(ctx)
	}
	if ctx.Err() != nil {
		return home{}, nil, fmt.Errorf("make the database folder: %w", ctx.Err())
	}
	if unfit != nil && made {
		os.Remove(dir) //nolint:errcheck // empty, and no longer needed
	}
	return h, unfit, nil
}

// ours returns an error if a folder contains anything of another program. It is called
// before the owner of the folder is changed.
func ours(dir string, info fs.FileInfo) error {
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder; name another one for the database", dir)
	}
	if _, err := os.Stat(filepath.Join(dir, lockName)); err == nil {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: the folder belongs to another account, perhaps because it was made as root; run as that user again, or name another folder", err)
	}
	if err != nil {
		return fmt.Errorf("look into the database folder: %w", err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s holds %q, which is none of Refill's; name an empty folder for the database", dir, entries[0].Name())
	}
	return nil
}

// livable checks what the server will need: to enter the folder, and that others have no
// access to it.
func (h home) livable(ctx context.Context) error {
	info, err := os.Stat(h.dir)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s stays open to others; its file system keeps no rights", h.dir)
	}
	cmd := h.account.command(ctx, "/bin/sh", "-c", ":")
	cmd.Dir = h.dir
	_, err = run(cmd)
	return err
}

// lock locks the folder for this process. The kernel releases the lock when the process
// ends for any reason, so it never has to be cleaned up.
func (h home) lock() (*os.File, error) {
	f, err := os.OpenFile(h.lockPath(), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the database folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := os.ReadFile(h.lockPath())
		f.Close() //nolint:errcheck // holds nothing
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: process %s keeps its database in %s; stop it first, or give this one another folder",
				ErrInUse, bytes.TrimSpace(holder), h.dir)
		}
		return nil, fmt.Errorf("lock the database folder: %w", err)
	}
	err = errors.Join(f.Truncate(0), h.account.own(h.lockPath()))
	if _, werr := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil || werr != nil {
		f.Close() //nolint:errcheck // already failing
		return nil, fmt.Errorf("lock the database folder: %w", errors.Join(err, werr))
	}
	return f, nil
}

// ErrInUse is what Start returns when a living process has the folder.
var ErrInUse = errors.New("another Refill is running on this folder")

// password returns the superuser's password, made on first use.
func (h home) password() (string, error) {
	b, err := os.ReadFile(h.passwordPath())
	if err == nil {
		return strings.TrimSpace(string(b)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the database's password: %w", err)
	}
	if _, err := os.Stat(h.data()); err == nil {
		return "", fmt.Errorf("%s is gone but the data beside it is not; put it back, or remove %s to begin anew", h.passwordPath(), h.dir)
	}
	password := newPassword()
	err = os.WriteFile(h.passwordPath(), []byte(password+"\n"), 0o600)
	if err = errors.Join(err, h.account.own(h.passwordPath())); err != nil {
		return "", fmt.Errorf("keep the database's password: %w", err)
	}
	return password, nil
}

// awaitOrphan ends a server that outlived the process that started it, and waits for its
// end. This process holds the lock, so no other process uses the server. On Linux such a
// server ends by itself.
func (h home) awaitOrphan(ctx context.Context) error {
	pidFile := filepath.Join(h.data(), "postmaster.pid")
	b, err := os.ReadFile(pidFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for a server left behind: %w", err)
	}
	first, _, _ := bytes.Cut(b, []byte("\n"))
	pid, err := strconv.Atoi(string(bytes.TrimSpace(first)))
	if err != nil || !isPostmaster(ctx, pid, h.data()) {
		// The server was killed. Postgres itself ignores the stale file, unless another
		// process of its account has the same process ID now.
		if err := os.Remove(pidFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove what a killed server left: %w", err)
		}
		return nil
	}
	if err := syscall.Kill(pid, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stop the server left behind (process %d): %w", pid, err)
	}
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for isPostmaster(ctx, pid, h.data()) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("a server left behind (process %d) still uses %s; end it with kill -INT %d: %w", pid, h.data(), pid, ctx.Err())
		case <-tick.C:
		}
	}
	return nil
}

// logTail returns the last lines of the server's log, for a message.
func (h home) logTail() string {
	b, err := os.ReadFile(h.log())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-8):], "\n")
}
