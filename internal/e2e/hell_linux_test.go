package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// memory returns the resident memory of a process in bytes: the present one and the peak.
func memory(t *testing.T, pid int) (now, most int64) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	read := func(name string) int64 {
		m := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(status)
		require.NotNil(t, m, name)
		n, err := strconv.ParseInt(string(m[1]), 10, 64)
		require.NoError(t, err)
		return n << 10
	}
	return read("VmRSS"), read("VmHWM")
}

// Clients that never complete their headers, or their body, are disconnected, and forms of
// 10 MB are refused before they are read. Other clients still get responses, and the memory
// of the process does not grow.
func TestChaosClientsFromHell(t *testing.T) {
	t.Parallel()
	c := newChaos(t)
	slow, posts := 50, 40
	if large() {
		slow, posts = 2000, 400
	}
	cmd, address := c.serve()
	host := strings.TrimPrefix(address, "http://")
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	alive := func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), busy(5*time.Second))
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/readyz", http.NoBody)
		require.NoError(t, err)
		answer, err := client.Do(request)
		require.NoError(t, err)
		defer answer.Body.Close() //nolint:errcheck // read to its end
		_, err = io.Copy(io.Discard, answer.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, answer.StatusCode)
	}
	alive()
	before, _ := memory(t, cmd.Process.Pid)

	began := time.Now()
	lines := make([]net.Conn, slow)
	for i := range lines {
		line, err := new(net.Dialer).DialContext(t.Context(), "tcp", host)
		require.NoError(t, err)
		defer line.Close() //nolint:errcheck // the server has hung up
		head := "POST /admin/login HTTP/1.1\r\nHost: x\r\n"
		if i%2 == 0 {
			head += "X-Slow: "
		} else {
			head += "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nusername="
		}
		_, err = io.WriteString(line, head)
		require.NoError(t, err)
		lines[i] = line
	}
	var refused atomic.Int32
	body := append([]byte("username="), bytes.Repeat([]byte{'x'}, 10<<20)...)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range posts / 8 {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/admin/login", bytes.NewReader(body))
				if err != nil {
					continue
				}
				request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				answer, err := client.Do(request)
				if err != nil {
					continue // hung up on while still sending
				}
				if answer.StatusCode == http.StatusRequestEntityTooLarge {
					refused.Add(1)
				}
				_ = answer.Body.Close() // the body is never read
			}
		})
	}
	alive()
	group.Wait()
	alive()
	require.Positive(t, refused.Load(), "some hear why")

	for _, line := range lines {
		require.NoError(t, line.SetReadDeadline(began.Add(busy(60*time.Second)))) // headers have 5 s, a body 30 s
		_, err := io.Copy(io.Discard, line)
		require.NoError(t, err, "hung up on")
	}
	alive()
	_, most := memory(t, cmd.Process.Pid)
	t.Logf("%d slow clients, %d forms of 10 MB, %d of them told why: memory %d MiB, at the most %d MiB", slow, posts, refused.Load(), before>>20, most>>20)
	require.Less(t, most-before, int64(32<<20+slow*40<<10), "a connection costs its buffers, a form that is refused nothing")

	line, err := new(net.Dialer).DialContext(t.Context(), "tcp", host)
	require.NoError(t, err)
	defer line.Close() //nolint:errcheck // the server has hung up
	_, err = io.WriteString(line, "GET / HTTP/1.1\r\nHost: x\r\nX-Long: "+strings.Repeat("x", 60<<10)+"\r\n\r\n")
	require.NoError(t, err)
	answer, err := io.ReadAll(io.LimitReader(line, 12))
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 431", string(answer))
}
