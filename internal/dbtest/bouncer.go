package dbtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"refill/internal/db"
)

// Bouncer is a PgBouncer that shares its sessions between transactions.
type Bouncer struct {
	addr    string
	address *url.URL // of the server behind it
}

// BouncerOptions configure a Bouncer.
type BouncerOptions struct {
	Users    map[string]string // passwords by user
	Sessions int               // sessions of a user on the server, at most; 0: 4
	Settings map[string]string // further lines of its configuration
}

// bouncerLimit is how long a PgBouncer may take to start and to stop.
const bouncerLimit = 30 * time.Second

// StartBouncer starts a PgBouncer in front of the server of address until the test ends. It
// skips the test where PgBouncer is not installed.
func StartBouncer(tb testing.TB, address string, o BouncerOptions) *Bouncer {
	tb.Helper()
	program := findBouncer(tb)
	b := &Bouncer{}
	var err error
	if b.address, err = url.Parse(address); err != nil {
		tb.Fatalf("dbtest: the address does not parse: %v", err)
	}
	listener, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("dbtest: find a port: %v", err)
	}
	b.addr = listener.Addr().String()
	if err := listener.Close(); err != nil {
		tb.Fatalf("dbtest: find a port: %v", err)
	}
	dir, account := bouncerDir(tb)
	if err := b.configure(dir, o); err != nil {
		tb.Fatalf("dbtest: configure PgBouncer: %v", err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(tb.Context()), program, filepath.Join(dir, "pgbouncer.ini")) //nolint:gosec // the program that was found
	var said bytes.Buffer
	cmd.Stderr, cmd.Dir = &said, "/"
	if account != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: account}
		if err := chownAll(dir, account); err != nil {
			tb.Fatalf("dbtest: give PgBouncer its folder: %v", err)
		}
	}
	if err := cmd.Start(); err != nil {
		tb.Fatalf("dbtest: start PgBouncer: %v", err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	tb.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // at once, without waiting for clients
		select {
		case <-ended:
		case <-time.After(bouncerLimit):
			_ = cmd.Process.Kill()
			<-ended
		}
		if tb.Failed() {
			tb.Logf("PgBouncer said:\n%s", said.String())
		}
	})
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(bouncerLimit); ; {
		conn, err := new(net.Dialer).DialContext(tb.Context(), "tcp", b.addr)
		if err == nil {
			_ = conn.Close()
			return b
		}
		select {
		case <-tick.C:
		case <-ended:
			tb.Fatalf("dbtest: PgBouncer ended: %s", said.String())
		case <-limit:
			tb.Fatalf("dbtest: PgBouncer does not answer: %v", err)
		}
	}
}

// URL returns the address of the database through the pooler.
func (b *Bouncer) URL(user, password string) string { return b.through(b.addr, user, password) }

// Direct returns the address of the database itself.
func (b *Bouncer) Direct(user, password string) string {
	return b.through(b.address.Host, user, password)
}

func (b *Bouncer) through(host, user, password string) string {
	address := *b.address
	address.Host, address.User = host, url.UserPassword(user, password)
	return address.String()
}

// configure writes the configuration. It ignores no startup parameter: a program that sends
// one that PgBouncer does not know is refused.
func (b *Bouncer) configure(dir string, o BouncerOptions) error {
	host, port, err := net.SplitHostPort(b.addr)
	if err != nil {
		return err
	}
	sessions := o.Sessions
	if sessions == 0 {
		sessions = 4
	}
	var config, users strings.Builder
	fmt.Fprintf(&config, "[databases]\n* = host=%s port=%s\n[pgbouncer]\nlisten_addr = %s\nlisten_port = %s\nunix_socket_dir =\n"+
		"auth_type = scram-sha-256\nauth_file = %s\npool_mode = transaction\ndefault_pool_size = %d\nmax_client_conn = 500\n",
		b.address.Hostname(), b.address.Port(), host, port, filepath.Join(dir, "users"), sessions)
	for name, value := range o.Settings {
		fmt.Fprintf(&config, "%s = %s\n", name, value)
	}
	for user, password := range o.Users {
		fmt.Fprintf(&users, "%q %q\n", user, password)
	}
	if err := os.WriteFile(filepath.Join(dir, "users"), []byte(users.String()), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "pgbouncer.ini"), []byte(config.String()), 0o600)
}

// PoolerVariable names the environment variable that has Pool lead through a PgBouncer, as
// a login of its own. The tests of a package then show what works through a transaction
// pooler. Tests that listen, or that open the pool's address again, fail there.
const PoolerVariable = "REFILL_TEST_POOLER"

// owners holds the addresses of the owner by pool, for the pools that lead through a pooler.
var owners sync.Map //nolint:gochecknoglobals // the pools of a test know their own address alone

// pooled returns a pool that leads through a pooler with as many sessions as it has connections.
func pooled(tb testing.TB, url string, o db.Options) *pgxpool.Pool {
	tb.Helper()
	name, password := "refill_pooled_"+strings.ToLower(rand.Text()), rand.Text()
	DropLogin(tb, url, name)
	if err := db.Migrate(tb.Context(), url, db.Login{Name: name, Password: password, StatementTimeout: o.StatementTimeout}); err != nil {
		tb.Fatalf("dbtest: make a login: %v", err)
	}
	b := StartBouncer(tb, url, BouncerOptions{Users: map[string]string{name: password}, Sessions: poolConns})
	pool, err := db.Open(tb.Context(), b.URL(name, password), o)
	if err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	owners.Store(pool, url)
	tb.Cleanup(func() {
		if err := closePool(pool); err != nil {
			tb.Errorf("dbtest: %v", err)
		}
		owners.Delete(pool)
	})
	return pool
}

// findBouncer returns the path of PgBouncer.
func findBouncer(tb testing.TB) string {
	tb.Helper()
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} { // Debian's is not in the path of users
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" { //nolint:forbidigo // a test binary has no main that could read it
		tb.Fatal("dbtest: CI tests with PgBouncer: .ci/setup test installs it")
	}
	tb.Skip("no PgBouncer here; .ci/setup test installs it")
	return ""
}

// bouncerDir creates a folder, and returns the account that PgBouncer runs as where the
// test runs as root, which PgBouncer refuses.
func bouncerDir(tb testing.TB) (string, *syscall.Credential) {
	tb.Helper()
	dir, err := os.MkdirTemp("", "refill-bouncer-") //nolint:usetesting // other accounts can't enter the folder of a test
	if err != nil {
		tb.Fatalf("dbtest: make a folder: %v", err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	if os.Geteuid() != 0 {
		return dir, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(found.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(found.Gid, 10, 32)
		if uidErr == nil && gidErr == nil {
			return dir, &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	tb.Skip("PgBouncer does not run as root, and there is neither the account postgres nor nobody")
	return "", nil
}

// chownAll gives a folder and what is in it to an account.
func chownAll(dir string, account *syscall.Credential) error {
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	for _, path := range append(paths, dir) {
		if err == nil {
			err = os.Lchown(path, int(account.Uid), int(account.Gid))
		}
	}
	return err
}

// DropLogin drops a login when the test ends. name must be the test's own, since logins
// belong to the whole server. Call it after URL or Empty: the database goes after the login.
func DropLogin(tb testing.TB, address, name string) {
	tb.Helper()
	tb.Cleanup(func() {
		ctx := context.WithoutCancel(tb.Context())
		conn, err := pgx.Connect(ctx, address)
		if err != nil {
			tb.Errorf("dbtest: drop a login: %v", err)
			return
		}
		defer conn.Close(ctx) //nolint:errcheck // nothing is lost with it
		quoted := pgx.Identifier{name}.Sanitize()
		if _, err := conn.Exec(ctx, "drop owned by "+quoted+"; drop role "+quoted); err != nil {
			tb.Errorf("dbtest: drop a login: %v", err)
		}
	})
}
