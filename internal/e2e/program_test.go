package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
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

	"refill/internal/dbtest"
)

// binary is the path of the program, which is built once for all tests. The path is the
// same for each run in a checkout, so that runs do not fill the disk.
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
	sample.Fill = fillSample
	dbtest.Main(m)
}

// sample is what the demos of the tests begin with: the sample data of a demo that was
// started on an empty database.
var sample struct {
	dbtest.Sample
	dir  string // its keys and files
	said string // what the demo printed from its start to its end
}

// sampleDemo starts a demo with the sample data. Its database is a clone on the server
// that all tests share; what drops it is returned.
func sampleDemo(t *testing.T, dir string, env ...string) (*demo, func() error) {
	t.Helper()
	address, drop, err := sample.Clone(t.Context())
	require.NoError(t, err)
	require.NoError(t, os.CopyFS(dir, os.DirFS(sample.dir)))
	d := launchDemo(t, freeAddr(t), dir, append(env, "DATABASE_URL="+address)...)
	return d, drop
}

// fillSample fills the sample's database.
func fillSample(address string) (err error) {
	if sample.dir, err = os.MkdirTemp("", "refill-sample-"); err != nil {
		return err
	}
	dbtest.AtEnd(func() error { return os.RemoveAll(sample.dir) })
	addr, err := findAddr()
	if err != nil {
		return err
	}
	d, err := runDemo(addr, sample.dir, "DATABASE_URL="+address)
	if err != nil {
		return err
	}
	err = d.end()
	sample.said = d.output()
	return err
}

// shared is the demo that most tests use; the first of them starts it. A test creates its
// own series and customers in it, and changes no setting that affects other tests.
var shared struct {
	mu   sync.Mutex
	demo *demo
}

// sharedDemo returns the demo that tests share.
func sharedDemo(t *testing.T) *demo {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.demo == nil {
		dir, err := os.MkdirTemp("", "refill-shared-") //nolint:usetesting // it outlives the test that starts it
		require.NoError(t, err)
		d, drop := sampleDemo(t, dir)
		dbtest.AtEnd(func() error { return errors.Join(d.end(), drop(), os.RemoveAll(dir)) })
		shared.demo = d
	}
	return shared.demo
}

// ownDemo starts a demo with the sample data for one test, which may change settings.
func ownDemo(t *testing.T) *demo {
	t.Helper()
	d, drop := sampleDemo(t, filepath.Join(t.TempDir(), "data"))
	t.Cleanup(func() {
		d.stop(t)
		require.NoError(t, drop())
	})
	return d
}

// startLimit is how long the first start may take: it makes a database and the
// sample data, on a machine that runs all the other tests too.
const startLimit = 10 * time.Minute

// stopLimit is how long a demo may take to stop.
const stopLimit = 90 * time.Second

// demo is a running `refill demo`.
type demo struct {
	URL  string
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
	d, err := runDemo(addr, dir, env...)
	require.NoError(t, err)
	return d
}

// runDemo is launchDemo outside a test. Without a DATABASE_URL the demo starts a
// Postgres of its own.
func runDemo(addr, dir string, env ...string) (*demo, error) {
	d := &demo{URL: "http://" + addr, done: make(chan struct{})}
	d.cmd = exec.Command(binary, "demo", "-addr", addr, "-data", dir)
	d.cmd.Env = append(append(os.Environ(), "DATABASE_URL="), env...)
	out, in := io.Pipe()
	d.cmd.Stdout, d.cmd.Stderr = in, in
	if err := d.cmd.Start(); err != nil {
		return nil, err
	}
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
		return d, nil
	case <-d.done:
		return nil, fmt.Errorf("the demo ended: %s", d.lastOutput())
	case <-time.After(startLimit):
		_ = d.cmd.Process.Kill()
		return nil, fmt.Errorf("the demo did not start within %s: %s", startLimit, d.lastOutput())
	}
}

// lastOutput returns the end of the demo's output, for a message.
func (d *demo) lastOutput() string {
	const most = 4 << 10
	said := d.output()
	return said[max(0, len(said)-most):]
}

func (d *demo) output() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.said.String()
}

// stop stops the demo as Ctrl-C does.
func (d *demo) stop(t *testing.T) {
	t.Helper()
	if err := d.end(); err != nil {
		t.Error(err)
	}
}

// end is stop outside a test.
func (d *demo) end() error {
	_ = d.cmd.Process.Signal(os.Interrupt)
	select {
	case <-d.done:
		return nil
	case <-time.After(stopLimit):
		_ = d.cmd.Process.Kill()
		return fmt.Errorf("the demo did not stop within %s of Ctrl-C: %s", stopLimit, d.lastOutput())
	}
}

// kill kills the demo as kill -9 does.
func (d *demo) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, d.cmd.Process.Signal(syscall.SIGKILL))
	<-d.done
}

// freeAddr returns an address whose port was free a moment ago.
func freeAddr(t *testing.T) string {
	t.Helper()
	addr, err := findAddr()
	require.NoError(t, err)
	return addr
}

// findAddr is freeAddr outside a test.
func findAddr() (string, error) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close() //nolint:errcheck // nothing was sent
	return l.Addr().String(), nil
}
