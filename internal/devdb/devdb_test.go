//go:build linux || darwin || freebsd

package devdb

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// TestMain lets this test program act as a Refill process that is killed: called with
// "serve DIR" it starts a server and waits for its end.
func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Arg(0) == "serve" {
		serve(flag.Arg(1))
	}
	goleak.VerifyTestMain(m)
}

// report is what the helper process says once its server answers.
type report struct {
	URL string
	Err string
}

func serve(dir string) {
	s, err := Start(context.Background(), Options{Dir: dir, Unsafe: true})
	var r report
	if err != nil {
		r.Err = err.Error()
	} else {
		r.URL = s.URL(Database)
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil || r.Err != "" {
		os.Exit(1)
	}
	<-s.Done()
	os.Exit(1)
}

// folder returns a new folder that the server's account can reach.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755))
	return filepath.Join(dir, "postgres")
}

func mustStart(t *testing.T, o Options) *Server {
	t.Helper()
	o.Unsafe = true
	return mustStartSafe(t, o)
}

// mustStartSafe starts a server that loses no committed data when it is killed.
func mustStartSafe(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	return s
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close(context.Background()) }) //nolint:errcheck // the server may be gone
	return conn
}

// ask returns the one value of a query.
func ask[T any](t *testing.T, conn *pgx.Conn, query string) T {
	t.Helper()
	var v T
	require.NoError(t, conn.QueryRow(t.Context(), query).Scan(&v))
	return v
}

// write commits one row.
func write(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	_, err := conn.Exec(t.Context(), `create table if not exists kept (n int); insert into kept values (1)`)
	require.NoError(t, err)
}

func TestRestartKeepsData(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	s := mustStart(t, Options{Dir: dir, Settings: map[string]string{"max_connections": "17"}})
	require.Equal(t, dir, s.Dir())
	require.FileExists(t, filepath.Join(s.BinDir(), "postgres"))

	conn := connect(t, s.URL(Database))
	require.Equal(t, "17", ask[string](t, conn, `show max_connections`))
	require.Equal(t, "off", ask[string](t, conn, `show fsync`))
	require.Equal(t, "UTF8", ask[string](t, conn, `show server_encoding`))
	require.Equal(t, "scram-sha-256", ask[string](t, conn, `show password_encryption`))
	write(t, conn)
	require.NoError(t, s.Stop())
	<-s.Done()
	require.NoError(t, s.Stop(), "stopping twice does no harm")

	s = mustStart(t, Options{Dir: dir})
	require.Equal(t, 1, ask[int](t, connect(t, s.URL(Database)), `select count(*) from kept`))
}

func TestServerIsClosedToStrangers(t *testing.T) {
	t.Parallel()
	s := mustStart(t, Options{Dir: folder(t)})
	config, err := pgx.ParseConfig(s.URL(Database))
	require.NoError(t, err)
	config.Password = "a guess"
	_, err = pgx.ConnectConfig(t.Context(), config)
	require.ErrorContains(t, err, "28P01")

	for _, name := range []string{"", "data", "password", "log"} {
		info, err := os.Stat(filepath.Join(s.Dir(), name))
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, "%q is open to others", name)
	}
}

func TestDurableUnlessUnsafe(t *testing.T) {
	t.Parallel()
	s := mustStartSafe(t, Options{Dir: folder(t)})
	conn := connect(t, s.URL(Database))
	for _, name := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		require.Equal(t, "on", ask[string](t, conn, `show `+name))
	}
}

func TestFolderInUse(t *testing.T) {
	t.Parallel()
	s := mustStart(t, Options{Dir: folder(t)})
	_, err := Start(t.Context(), Options{Dir: s.Dir()})
	require.ErrorIs(t, err, ErrInUse)
	require.ErrorContains(t, err, strconv.Itoa(os.Getpid()), "it says who")
	require.ErrorContains(t, err, s.Dir(), "and where")
	require.Equal(t, 1, ask[int](t, connect(t, s.URL(Database)), `select 1`), "the server in use is left alone")
}

// TestKilledParent kills a process that owns a server, and starts the next server at once,
// while the old one may still be shutting down.
func TestKilledParent(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	for range 3 {
		cmd, r := helper(t, dir)
		require.Empty(t, r.Err)
		conn := connect(t, r.URL)
		write(t, conn)
		require.NoError(t, cmd.Process.Kill())
		cmd.Wait() //nolint:errcheck // killed, as asked

		s, err := Start(t.Context(), Options{Dir: dir, Unsafe: true})
		require.NoError(t, err)
		require.Positive(t, ask[int](t, connect(t, s.URL(Database)), `select count(*) from kept`))
		if runtime.GOOS == "linux" {
			log, err := os.ReadFile(filepath.Join(dir, "log"))
			require.NoError(t, err)
			require.Contains(t, string(log), "database system was shut down at", "the old server had ended in order")
		}
		require.NoError(t, s.Stop())
	}
	s := mustStart(t, Options{Dir: dir})
	require.Equal(t, 3, ask[int](t, connect(t, s.URL(Database)), `select count(*) from kept`))
}

// helper starts a process of its own that owns a server in dir.
func helper(t *testing.T, dir string) (*exec.Cmd, report) {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), exe, "serve", dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadBytes('\n')
	require.NoError(t, err)
	var r report
	require.NoError(t, json.Unmarshal(line, &r))
	return cmd, r
}

func TestKilledServer(t *testing.T) {
	t.Parallel()
	s := mustStartSafe(t, Options{Dir: folder(t)})
	write(t, connect(t, s.URL(Database)))
	require.NoError(t, syscall.Kill(s.PID(), syscall.SIGKILL))
	<-s.Done()
	require.NoError(t, s.Stop(), "gives the folder back")

	s = mustStartSafe(t, Options{Dir: s.Dir(), Port: s.Port()})
	require.Equal(t, 1, ask[int](t, connect(t, s.URL(Database)), `select count(*) from kept`))
}

// TestStaleNumber leaves a PID file of a living process that is not a server. This happens
// because process IDs are reused after a restart of the machine.
func TestStaleNumber(t *testing.T) {
	t.Parallel()
	s := mustStart(t, Options{Dir: folder(t)})
	require.NoError(t, s.Stop())
	bystander := s.home.account.command(t.Context(), "/bin/cat")
	in, err := bystander.StdinPipe()
	require.NoError(t, err)
	p, err := start(bystander)
	require.NoError(t, err)
	defer func() { in.Close(); <-p.done }() //nolint:errcheck // cat ends with its input

	pidFile := filepath.Join(s.Dir(), "data", "postmaster.pid")
	content := strconv.Itoa(bystander.Process.Pid) + "\n" + s.home.data() + "\n"
	require.NoError(t, os.WriteFile(pidFile, []byte(content), 0o600))
	mustStart(t, Options{Dir: s.Dir()})
	require.NoError(t, syscall.Kill(bystander.Process.Pid, 0), "the bystander is left alone")
}

// TestClosedParent starts below a folder that the server's account may not enter,
// as root's home is.
func TestClosedParent(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "postgres")
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o700))
	s := mustStart(t, Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if os.Geteuid() != 0 { // then the account is that of this process, which has access
		require.Equal(t, dir, s.Dir())
		return
	}
	require.NoDirExists(t, dir)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(s.Dir())) })
	write(t, connect(t, s.URL(Database)))
	require.NoError(t, s.Stop())

	again := mustStart(t, Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	require.Equal(t, s.Dir(), again.Dir(), "found again")
	require.Equal(t, 1, ask[int](t, connect(t, again.URL(Database)), `select count(*) from kept`))
	require.NoError(t, again.Stop())
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare func(t *testing.T, dir string) Options
		want    []string
	}{
		"no folder named": {
			func(*testing.T, string) Options { return Options{} },
			[]string{"Options.Dir is empty"},
		},
		"no programs": {
			func(t *testing.T, dir string) Options { t.Helper(); return Options{Dir: dir, Binaries: t.TempDir()} },
			[]string{"initdb", "apt-get install postgresql", "npm ci"},
		},
		"somebody's folder": {
			func(t *testing.T, dir string) Options {
				t.Helper()
				require.NoError(t, os.Mkdir(dir, 0o755))
				require.NoError(t, os.WriteFile(filepath.Join(dir, "thesis.txt"), nil, 0o600))
				return Options{Dir: dir}
			},
			[]string{"thesis.txt", "name an empty folder"},
		},
		"a file": {
			func(t *testing.T, dir string) Options {
				t.Helper()
				require.NoError(t, os.WriteFile(dir, nil, 0o600))
				return Options{Dir: dir}
			},
			[]string{"is not a folder"},
		},
		"another version's data": {
			func(t *testing.T, dir string) Options {
				t.Helper()
				require.NoError(t, os.MkdirAll(filepath.Join(dir, "data"), 0o700))
				require.NoError(t, os.WriteFile(filepath.Join(dir, "lock"), nil, 0o600))
				require.NoError(t, os.WriteFile(filepath.Join(dir, "data", "PG_VERSION"), []byte("9\n"), 0o600))
				return Options{Dir: dir}
			},
			[]string{"Postgres 9", "which the data was made by"},
		},
		"password lost": {
			func(t *testing.T, dir string) Options {
				t.Helper()
				s := mustStart(t, Options{Dir: dir})
				require.NoError(t, s.Stop())
				require.NoError(t, os.Remove(filepath.Join(dir, "password")))
				return Options{Dir: dir}
			},
			[]string{"password is gone"},
		},
		"a setting that Postgres does not know": {
			func(_ *testing.T, dir string) Options {
				return Options{Dir: dir, Unsafe: true, Settings: map[string]string{"warp_speed": "9"}}
			},
			[]string{"did not start", "warp_speed"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := test.prepare(t, folder(t))
			for range 2 { // the second time would hang or differ if the first had kept the lock
				_, err := Start(t.Context(), o)
				require.Error(t, err)
				for _, want := range test.want {
					require.ErrorContains(t, err, want)
				}
			}
		})
	}
}

func TestPortTaken(t *testing.T) {
	t.Parallel()
	s := mustStart(t, Options{Dir: folder(t)})
	_, err := Start(t.Context(), Options{Dir: folder(t), Port: s.Port(), Unsafe: true})
	require.ErrorContains(t, err, "could not bind")
}

func TestStartCancelled(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Start(ctx, Options{Dir: dir, Unsafe: true})
	require.ErrorIs(t, err, context.Canceled)
	mustStart(t, Options{Dir: dir})
}
