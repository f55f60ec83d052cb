package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// clusterNet is the network of the cluster: a bridge with a network namespace for each host.
type clusterNet struct {
	t    *testing.T
	dir  string // logs, configurations, data
	name string // what the bridge and the namespaces are named after
}

// The network of the cluster, which no other machine is on: the range is reserved for tests
// of network devices (RFC 2544).
const clusterRange = "198.18.117."

// newClusterNet makes the bridge.
func newClusterNet(t *testing.T) *clusterNet {
	t.Helper()
	n := &clusterNet{t: t, dir: publicDir(t), name: "rfl"}
	_ = exec.Command("ip", "link", "del", n.name).Run() // what an interrupted run has left
	n.ip("link", "add", n.name, "type", "bridge")
	t.Cleanup(func() { n.ip("link", "del", n.name) })
	n.ip("addr", "add", clusterRange+"1/24", "dev", n.name)
	t.Cleanup(n.tellLogs)
	n.ip("link", "set", n.name, "up")
	return n
}

// tellLogs logs the last lines of each process if the test has failed.
func (n *clusterNet) tellLogs() {
	if !n.t.Failed() {
		return
	}
	files, err := filepath.Glob(filepath.Join(n.dir, "*.log"))
	require.NoError(n.t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(n.t, err)
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		n.t.Logf("%s:\n%s", filepath.Base(file), strings.Join(lines[max(0, len(lines)-6):], "\n"))
	}
}

// ip runs the program ip.
func (n *clusterNet) ip(args ...string) {
	n.t.Helper()
	out, err := exec.Command("ip", args...).CombinedOutput()
	require.NoError(n.t, err, "ip %s: %s", strings.Join(args, " "), out)
}

// clusterHost is a host: a network namespace and the processes in it.
type clusterHost struct {
	net       *clusterNet
	name      string
	addr      string
	processes map[string]*exec.Cmd
}

// host makes a host whose address ends with a number.
func (n *clusterNet) host(name string, number int) *clusterHost {
	n.t.Helper()
	h := &clusterHost{net: n, name: name, addr: fmt.Sprint(clusterRange, number), processes: map[string]*exec.Cmd{}}
	space, outer, inner := n.name+"-"+name, n.name+"o-"+name, n.name+"i-"+name
	h.crash() // what an interrupted run has left
	_ = exec.Command("ip", "link", "del", outer).Run()
	_ = exec.Command("ip", "netns", "del", space).Run()
	n.ip("netns", "add", space)
	n.t.Cleanup(func() {
		h.crash()
		n.ip("link", "del", outer)
		n.ip("netns", "del", space)
	})
	n.ip("link", "add", outer, "type", "veth", "peer", "name", inner)
	n.ip("link", "set", inner, "netns", space)
	n.ip("link", "set", outer, "master", n.name, "up")
	n.ip("-n", space, "addr", "add", h.addr+"/24", "dev", inner)
	n.ip("-n", space, "link", "set", inner, "up")
	n.ip("-n", space, "link", "set", "lo", "up")
	return h
}

// cut drops every packet from and to the host, without a word to either side; join takes
// that back.
func (h *clusterHost) cut()  { h.filter("-A") }
func (h *clusterHost) join() { h.filter("-D") }

func (h *clusterHost) filter(what string) {
	h.net.t.Helper()
	for _, rule := range [][]string{{"INPUT", "!", "-i", "lo"}, {"OUTPUT", "!", "-o", "lo"}} {
		out, err := exec.Command("ip", append([]string{"netns", "exec", h.net.name + "-" + h.name, "iptables", what}, append(rule, "-j", "DROP")...)...).CombinedOutput()
		require.NoError(h.net.t, err, string(out))
	}
}

// run starts a process on the host, as an account; empty: as root. Its output goes to a file
// of the given name.
func (h *clusterHost) run(kind, account string, env []string, args ...string) {
	h.net.t.Helper()
	log, err := os.OpenFile(h.log(kind), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	require.NoError(h.net.t, err)
	defer log.Close() //nolint:errcheck // the process has it open
	start := []string{"netns", "exec", h.net.name + "-" + h.name}
	if account != "" {
		start = append(start, "setpriv", "--reuid="+account, "--regid="+account, "--init-groups", "--")
	}
	cmd := exec.Command("ip", append(start, args...)...)
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.Dir = env, log, log, h.net.dir
	require.NoError(h.net.t, cmd.Start())
	h.processes[kind] = cmd
}

// log is the file with the output of a process.
func (h *clusterHost) log(kind string) string {
	return filepath.Join(h.net.dir, h.name+"-"+kind+".log")
}

// crash kills every process of the host, like a loss of power.
func (h *clusterHost) crash() {
	_ = exec.Command("sh", "-c", `kill -9 $(ip netns pids "$1")`, "sh", h.net.name+"-"+h.name).Run()
	for _, cmd := range h.processes {
		_ = cmd.Wait()
	}
	h.processes = map[string]*exec.Cmd{}
}

// write writes a file that every account can read, and returns its path.
func (h *clusterHost) write(name, text string) string {
	h.net.t.Helper()
	path := filepath.Join(h.net.dir, h.name+"-"+name)
	require.NoError(h.net.t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

// lines counts the lines that a process has logged.
func (h *clusterHost) lines(kind string) int {
	text, err := os.ReadFile(h.log(kind))
	if err != nil {
		return 0 // it has not begun to write
	}
	return strings.Count(string(text), "\n")
}
