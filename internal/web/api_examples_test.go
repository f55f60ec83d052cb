package web

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/staff"
)

// The example clients of the documentation redeem a card once although the first answer is
// lost, list it page by page, and say why a card is refused.
func TestAPIExampleClients(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs(filepath.Join("..", "..", "docs", "examples"))
	require.NoError(t, err)
	built := filepath.Join(t.TempDir(), "refill")
	said, err := exec.CommandContext(t.Context(), "go", "build", "-o", built, filepath.Join(root, "go", "refill.go")).CombinedOutput()
	require.NoError(t, err, string(said))
	for name, command := range map[string][]string{
		"curl":   {"sh", filepath.Join(root, "curl", "refill.sh")},
		"python": {"python3", filepath.Join(root, "python", "refill.py")},
		"php":    {"php", filepath.Join(root, "php", "refill.php")},
		"go":     {built},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, program := range []string{command[0], name} {
				if _, err := exec.LookPath(program); err != nil && program != "go" && program != "python" {
					t.Skip("There is no " + program + " on this machine.")
				}
			}
			s := newSite(t)
			_, codes := s.series(60) // more than a page
			s.newCustomer("carla", s.North)
			p := s.program(nil, staff.RedeemFor, staff.PaymentsView)
			front, lost := losesFirst(t, s.URL)
			keyFile := filepath.Join(t.TempDir(), "key")
			require.NoError(t, os.WriteFile(keyFile, []byte(p.Key+"\n"), 0o600))
			run := func(input string, args ...string) (out, complaint string, err error) {
				c := exec.CommandContext(t.Context(), command[0], append(command[1:len(command):len(command)], args...)...)
				c.Env = append(os.Environ(), "REFILL="+front, "KEY_FILE="+keyFile)
				c.Stdin = strings.NewReader(input)
				var told, wrong bytes.Buffer
				c.Stdout, c.Stderr = &told, &wrong
				err = c.Run()
				return told.String(), wrong.String(), err
			}
			for range 2 { // and the whole program again
				out, complaint, err := run(codes[0], "redeem", "carla", "inv-1")
				require.NoError(t, err, complaint)
				require.Contains(t, out, "10.00")
				require.Equal(t, int64(1000), s.balanceOf("carla"))
			}
			require.True(t, lost.Load(), "the first answer was lost")
			require.Equal(t, 1, s.count(`select count(*) from ledger_tx where kind = 'redeem'`))

			out, complaint, err := run("", "list", "inv-1")
			require.NoError(t, err, complaint)
			require.Equal(t, 1, strings.Count(out, `"inv-1"`), out)
			for i, code := range codes[1:] {
				got := p.send("/redemptions", fmt.Sprint("more-", i), fmt.Sprintf(`{"code":%q,"customer":{"username":"carla"}}`, code))
				require.Equal(t, http.StatusCreated, got.Status, got.Body)
			}
			out, complaint, err = run("", "list")
			require.NoError(t, err, complaint)
			require.Equal(t, len(codes), strings.Count(out, `"card"`), "every page")

			_, complaint, err = run(s.unknownCode(), "redeem", "carla", "inv-2")
			require.Error(t, err)
			require.Contains(t, complaint, "card_refused")
			require.Equal(t, int64(1000*len(codes)), s.balanceOf("carla"))
		})
	}
}

// losesFirst starts a proxy that passes the first request on and answers 503 in place of the
// answer.
func losesFirst(t *testing.T, to string) (address string, lost *atomic.Bool) {
	t.Helper()
	target, err := url.Parse(to)
	require.NoError(t, err)
	lost = &atomic.Bool{}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ModifyResponse: func(r *http.Response) error {
			if lost.CompareAndSwap(false, true) {
				r.StatusCode = http.StatusServiceUnavailable
				r.Header.Set("Retry-After", "0")
			}
			return nil
		},
	}
	front := httptest.NewServer(proxy)
	t.Cleanup(front.Close)
	return front.URL, lost
}
