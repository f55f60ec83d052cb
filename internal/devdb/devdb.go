//go:build linux || darwin || freebsd

package devdb

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// startTimeout is long because a server that was killed first recovers from its
	// write-ahead log, and because initdb takes minutes on a busy machine.
	startTimeout = 5 * time.Minute
	// fastTimeout is how long a fast shutdown may take, which writes all data in memory to
	// the disk. After that the server gets an immediate shutdown.
	fastTimeout = time.Minute
	quitTimeout = 10 * time.Second
	// pollInterval is how often the server is asked whether it answers yet.
	pollInterval = 20 * time.Millisecond
)

// Server is a running Postgres that belongs to this process and ends with it.
type Server struct {
	home     home
	bin      string
	password string
	port     int
	proc     *process
	lock     *os.File
	stop     func() error
}

// Start starts the server of o.Dir and returns when it answers and has the database
// "refill". It creates the folder on first use. If an earlier process left a server running,
// it ends that server first. A folder that a living process uses is an error. ctx is for
// the start only.
func Start(ctx context.Context, o Options) (*Server, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	h, err := openHome(ctx, o.Dir, o.logger())
	if err != nil {
		return nil, err
	}
	lock, err := h.lock()
	if err != nil {
		return nil, err
	}
	s := &Server{home: h, lock: lock}
	if err := s.start(ctx, o); err != nil {
		lock.Close() //nolint:errcheck // the file holds nothing
		return nil, err
	}
	s.stop = sync.OnceValue(s.shutdown)
	if err := s.ensureDatabase(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// start does the work of Start under the lock.
func (s *Server) start(ctx context.Context, o Options) error {
	if err := s.home.awaitOrphan(ctx); err != nil {
		return err
	}
	made, err := s.home.version()
	if err != nil {
		return err
	}
	programs, err := find(ctx, o.Binaries, s.home.account, made)
	if err != nil {
		return err
	}
	s.bin = programs.dir
	if s.password, err = s.home.password(); err != nil {
		return err
	}
	if made == 0 {
		if err := s.home.initialise(ctx, programs, o.Unsafe); err != nil {
			return err
		}
	}
	return s.launch(ctx, o)
}

// launch starts the server until it answers. It tries again where another process takes
// the port between the search for a free one and the server's bind, and where backends of
// a dead server have not ended yet.
func (s *Server) launch(ctx context.Context, o Options) error {
	tick := time.NewTicker(10 * pollInterval)
	defer tick.Stop()
	for {
		s.port = o.Port
		if s.port == 0 {
			port, err := freePort(ctx)
			if err != nil {
				return err
			}
			s.port = port
		}
		var err error
		if s.proc, err = s.home.serve(ctx, s.bin, arguments(o, s.home.data(), s.port)); err != nil {
			return err
		}
		err = s.await(ctx)
		if err == nil {
			return nil
		}
		s.proc.end()
		again := strings.Contains(err.Error(), "pre-existing shared memory block") ||
			o.Port == 0 && strings.Contains(err.Error(), "could not bind")
		if !again {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// await returns when the server answers, has ended, or ctx is over.
func (s *Server) await(ctx context.Context) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.URL("postgres")+"&connect_timeout=5")
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.proc.done:
			return fmt.Errorf("the private Postgres did not start (%v); the end of %s says:\n%s", s.proc.cmd.ProcessState, s.home.log(), s.home.logTail())
		case <-ctx.Done():
			return fmt.Errorf("the private Postgres does not answer on 127.0.0.1:%d (%w); see %s", s.port, err, s.home.log())
		case <-tick.C:
		}
	}
}

// ensureDatabase makes the database that the program works in.
func (s *Server) ensureDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return fmt.Errorf("connect to the new server: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // everything is committed
	var found bool
	err = conn.QueryRow(ctx, `select exists (select from pg_database where datname = $1)`, Database).Scan(&found)
	if err == nil && !found {
		_, err = conn.Exec(ctx, `create database `+Database)
	}
	if err != nil {
		return fmt.Errorf("make the database %s: %w", Database, err)
	}
	return nil
}

// URL returns the address of a database for the superuser, password included.
func (s *Server) URL(database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(superuser, s.password),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)),
		Path:     database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// BinDir returns the folder of the server's programs, where pg_dump and pgbench
// are too if they were installed with it.
func (s *Server) BinDir() string { return s.bin }

// Dir returns the folder of the data: Options.Dir, or a folder below /var/tmp if the
// server's account cannot reach Options.Dir.
func (s *Server) Dir() string { return s.home.dir }

// Port returns the port on 127.0.0.1.
func (s *Server) Port() int { return s.port }

// PID returns the number of the server's main process, for tests that kill it.
func (s *Server) PID() int { return s.proc.cmd.Process.Pid }

// Done is closed when the server has ended, by Stop or by itself.
func (s *Server) Done() <-chan struct{} { return s.proc.done }

// Stop ends all sessions, lets the server write its data to the disk, and returns when the
// server has ended. It may be called again, or after the server has ended by itself.
func (s *Server) Stop() error { return s.stop() }

func (s *Server) shutdown() error {
	defer s.lock.Close() //nolint:errcheck // the file holds nothing
	steps := []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGINT, fastTimeout}, {syscall.SIGQUIT, quitTimeout}, {syscall.SIGKILL, quitTimeout}}
	for _, step := range steps {
		s.proc.signal(step.signal)
		timer := time.NewTimer(step.wait)
		select {
		case <-s.proc.done:
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
	return fmt.Errorf("the private Postgres (process %d) does not end; its data is in %s", s.PID(), s.home.dir)
}

// freePort returns a port of 127.0.0.1 that is free at this moment.
func freePort(ctx context.Context) (int, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("look for a free port: %w", err)
	}
	defer l.Close() //nolint:errcheck // it has accepted no connection
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, fmt.Errorf("look for a free port: got the address %s", l.Addr())
	}
	return addr.Port, nil
}

// newPassword returns a random password that needs no escaping in a URL.
func newPassword() string {
	b := make([]byte, 24)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// abs is filepath.Abs with the symbolic links of the existing part resolved, so that a
// folder has one name only.
func abs(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real, nil
	}
	parent, err := abs(filepath.Dir(dir))
	return filepath.Join(parent, filepath.Base(dir)), err
}
