package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"refill/internal/dbtest"
)

// binary is the program, built once for all tests. It has one place for each
// checkout, so that runs do not fill the disk.
var binary string

func TestMain(m *testing.M) {
	here, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(os.TempDir(), fmt.Sprintf("refill-e2e-%d-%x", os.Getuid(), sha256.Sum256([]byte(here)))[:40])
	build := exec.Command("go", "build", "-o", binary, "refill/cmd/refill")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build the program:", err)
		os.Exit(1)
	}
	// The network that tests cut leaves a goroutine with each connection that was cut.
	dbtest.Main(m, goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2/toxics.(*ToxicStub).Run"))
}

// shared is the demo that most tests use, started by the first of them and ended
// with the last: a test that shares it makes what it needs (its own series, its
// own customers) and changes no setting that others feel.
var shared struct {
	mu    sync.Mutex
	demo  *demo
	users int
}

// sharedDemo returns the demo that tests share.
func sharedDemo(t *testing.T) *demo {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.demo == nil {
		dir, err := os.MkdirTemp("", "refill-shared-") //nolint:usetesting // it outlives the test that starts it
		require.NoError(t, err)
		shared.demo = launchDemo(t, freeAddr(t), dir)
		shared.demo.dir = dir
	}
	shared.users++
	t.Cleanup(func() {
		shared.mu.Lock()
		defer shared.mu.Unlock()
		if shared.users--; shared.users == 0 {
			shared.demo.stop(t)
			_ = os.RemoveAll(shared.demo.dir) // what is left lies among temporary files
			shared.demo = nil
		}
	})
	return shared.demo
}

// startLimit is how long the first start may take: it makes a database and the
// sample data, on a machine that runs all the other tests too.
const startLimit = 4 * time.Minute

// demo is a running `refill demo`.
type demo struct {
	URL  string
	dir  string // to be removed at its end; empty: the test's own
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
	mu   sync.Mutex
	said bytes.Buffer
}

// startDemo starts the demo on a folder, for one test.
func startDemo(t *testing.T, addr, dir string, env ...string) *demo {
	t.Helper()
	d := launchDemo(t, addr, dir, env...)
	t.Cleanup(func() { d.stop(t) })
	return d
}

// launchDemo starts the demo and waits until it says where it is.
func launchDemo(t *testing.T, addr, dir string, env ...string) *demo {
	t.Helper()
	d := &demo{URL: "http://" + addr, done: make(chan struct{})}
	d.cmd = exec.Command(binary, "demo", "-addr", addr, "-data", dir)
	d.cmd.Env = append(append(os.Environ(), "DATABASE_URL="), env...)
	out, in := io.Pipe()
	d.cmd.Stdout, d.cmd.Stderr = in, in
	require.NoError(t, d.cmd.Start())
	ready := make(chan struct{})
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			d.mu.Lock()
			d.said.WriteString(lines.Text() + "\n")
			d.mu.Unlock()
			if strings.Contains(lines.Text(), "Ctrl-C stops it") {
				close(ready)
			}
		}
	}()
	go func() {
		_ = d.cmd.Wait() // how it ended is for the test to say
		in.Close()       //nolint:errcheck // a pipe in memory
		close(d.done)
	}()
	select {
	case <-ready:
	case <-d.done:
		t.Fatalf("the demo ended: %s", d.output())
	case <-time.After(startLimit):
		t.Fatalf("the demo did not start within %s: %s", startLimit, d.output())
	}
	return d
}

func (d *demo) output() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.said.String()
}

// stop is Ctrl-C.
func (d *demo) stop(t *testing.T) {
	t.Helper()
	_ = d.cmd.Process.Signal(os.Interrupt)
	select {
	case <-d.done:
	case <-time.After(40 * time.Second):
		_ = d.cmd.Process.Kill()
		t.Errorf("the demo did not stop within 40 s of Ctrl-C: %s", d.output())
	}
}

// kill is kill -9.
func (d *demo) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, d.cmd.Process.Signal(syscall.SIGKILL))
	<-d.done
}

// freeAddr returns an address that nobody listened on a moment ago.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close() //nolint:errcheck // nothing was sent
	return l.Addr().String()
}
