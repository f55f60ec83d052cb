package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// proxyCase is a proxy whose example in packaging/proxy is tested: the changes that make the
// example run on this machine's ports, and the command that runs it.
type proxyCase struct {
	program, example string
	adapt            func(text, dir, front, plain, back string) string
	command          func(path, dir string) []string
}

func proxyCases() []proxyCase {
	return []proxyCase{
		{
			"nginx", "nginx.conf",
			func(text, dir, front, plain, back string) string {
				text = strings.NewReplacer(
					"listen 443 ssl;", "listen "+front+" ssl;", "listen [::]:443 ssl;", "", "listen 80;", "listen "+plain+";", "listen [::]:80;", "",
					"server 127.0.0.1:8080;", "server "+back+";", "/etc/ssl/refill/", dir+"/",
				).Replace(text)
				user := ""
				if os.Getuid() == 0 {
					user = "user root;\n"
				}
				var folders strings.Builder
				for _, name := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
					fmt.Fprintf(&folders, "%s_temp_path %s/%s;\n", name, dir, name)
				}
				return user + "daemon off;\npid " + dir + "/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n" + folders.String() + text + "}\n"
			},
			func(path, dir string) []string { return []string{"-c", path, "-p", dir, "-e", "stderr"} },
		},
		{
			"haproxy", "haproxy.cfg",
			func(text, dir, front, plain, back string) string {
				return strings.NewReplacer("bind :80", "bind "+plain, "bind :443 ssl", "bind "+front+" ssl", "/etc/ssl/refill/", dir+"/", "127.0.0.1:8080", back).Replace(text)
			},
			func(path, _ string) []string { return []string{"-db", "-f", path} },
		},
		{
			"caddy", "Caddyfile",
			func(text, dir, front, _, back string) string {
				_, port, _ := net.SplitHostPort(front)
				return "{\nadmin off\nauto_https disable_redirects\nstorage file_system " + dir + "/storage\n}\n" + strings.NewReplacer(
					"refill.example.net {", "https://refill.example.net:"+port+" {\ntls "+dir+"/fullchain.pem "+dir+"/privkey.pem\nbind 127.0.0.1",
					"127.0.0.1:8080", back,
				).Replace(text)
			},
			func(path, _ string) []string { return []string{"run", "--adapter", "caddyfile", "--config", path} },
		},
	}
}

// The examples of proxies work with the real programs: a page over HTTPS, a form, an event of
// a page at once, a large file, and the address of the visitor in the audit trail, whatever
// the visitor claims it to be.
func TestBehindProxies(t *testing.T) { //nolint:tparallel // one proxy after another
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	d, drop := sampleDemo(t, data, "REFILL_TRUSTED_PROXIES=127.0.0.1", "REFILL_METRICS_TOKEN=token")
	t.Cleanup(func() {
		d.stop(t)
		require.NoError(t, drop())
	})
	for i, proxy := range proxyCases() { //nolint:paralleltest // as above
		t.Run(proxy.program, func(t *testing.T) {
			program, err := exec.LookPath(proxy.program)
			if err != nil {
				t.Skipf("no %s on this machine: its example is not tested; .ci/setup test installs it", proxy.program)
			}
			v := startProxy(t, proxy, program, strings.TrimPrefix(d.URL, "http://"), fmt.Sprintf("127.0.0.%d", 20+i))
			v.walk(t)
		})
	}
}

// visitor is a visitor of the site who comes through a proxy.
type visitor struct {
	client      *http.Client
	url, origin string
	from        string // the address that the visitor has
}

// startProxy starts a proxy on its example, and returns a visitor with the address from.
func startProxy(t *testing.T, proxy proxyCase, program, back, from string) visitor {
	t.Helper()
	dir, front, plain := t.TempDir(), freeAddr(t), freeAddr(t)
	roots := writeCertificate(t, dir)
	example, err := os.ReadFile(filepath.Join("..", "..", "packaging", "proxy", proxy.example))
	require.NoError(t, err)
	path := filepath.Join(dir, proxy.example)
	require.NoError(t, os.WriteFile(path, []byte(proxy.adapt(string(example), dir, front, plain, back)), 0o600))
	cmd := exec.Command(program, proxy.command(path, dir)...)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait() // how it ended does not matter
		if t.Failed() {
			t.Log(said.String())
		}
	})
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	_, port, err := net.SplitHostPort(front)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		connection, err := dialer.DialContext(t.Context(), "tcp", front)
		if err != nil {
			return false
		}
		return connection.Close() == nil
	}, busy(20*time.Second), 20*time.Millisecond, "the proxy starts")

	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	transport := &http.Transport{
		ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, front)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	origin := "https://refill.example.net:" + port
	return visitor{&http.Client{Jar: jar, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, origin, origin, from}
}

// send sends a request as a browser does, with a forged address.
func (v visitor) send(t *testing.T, method, path, kind string, body io.Reader) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, v.url+path, body)
	require.NoError(t, err)
	request.Header.Set("X-Forwarded-For", "203.0.113.9")
	request.Header.Set("X-Forwarded-Proto", "http")
	if method == http.MethodPost {
		request.Header.Set("Origin", v.origin)
		request.Header.Set("Content-Type", kind)
	}
	answer, err := v.client.Do(request)
	require.NoError(t, err)
	return answer
}

// text sends a request and returns the status and the body of its answer.
func (v visitor) text(t *testing.T, method, path, kind string, body io.Reader) (int, string) {
	t.Helper()
	answer := v.send(t, method, path, kind, body)
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode, string(text)
}

// walk goes the way that the test is about.
func (v visitor) walk(t *testing.T) {
	t.Helper()
	var status int
	var page string
	require.Eventually(t, func() bool { // the proxy may still find out that the portal is ready
		status, page = v.text(t, http.MethodGet, "/admin/login", "", nil)
		return status == http.StatusOK
	}, busy(20*time.Second), 100*time.Millisecond, "the page of the sign-in")
	require.Contains(t, page, "Sign in")
	status, _ = v.text(t, http.MethodGet, "/metrics", "", nil)
	require.Equal(t, http.StatusNotFound, status)

	form := url.Values{"username": {"admin"}, "password": {"refill-demo"}}
	answer := v.send(t, http.MethodPost, "/admin/login", "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusSeeOther, answer.StatusCode)
	require.NotEmpty(t, answer.Cookies())
	for _, cookie := range answer.Cookies() {
		require.True(t, cookie.Secure, "the portal knows that the visitor uses HTTPS")
	}
	status, page = v.text(t, http.MethodGet, "/admin/audit", "", nil)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, page, v.from)
	require.NotContains(t, page, "203.0.113.9")

	var body bytes.Buffer
	parts := multipart.NewWriter(&body)
	file, err := parts.CreateFormFile("file", "cards.csv")
	require.NoError(t, err)
	_, err = file.Write(bytes.Repeat([]byte("code\n"), 3<<20/5))
	require.NoError(t, err)
	require.NoError(t, parts.Close())
	answer = v.send(t, http.MethodPost, "/admin/finance/refill-cards/import", parts.FormDataContentType(), &body)
	require.NoError(t, answer.Body.Close())
	require.NotEqual(t, http.StatusRequestEntityTooLarge, answer.StatusCode)
	require.NotEmpty(t, answer.Header.Get("Content-Security-Policy"), "the portal answers, not the proxy")

	stream := v.send(t, http.MethodGet, "/admin/events", "", nil) //nolint:bodyclose // closed below
	defer stream.Body.Close()                                     //nolint:errcheck // the test is over
	require.Equal(t, http.StatusOK, stream.StatusCode)
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		for text := bufio.NewScanner(stream.Body); text.Scan(); {
			lines <- text.Text()
		}
	}()
	v.hears(t, lines, "event: resync")
	status, _ = v.text(t, http.MethodPost, "/admin/logout", "application/x-www-form-urlencoded", strings.NewReader(""))
	require.Equal(t, http.StatusSeeOther, status)
	v.hears(t, lines, "event: signed-out")
}

// hears waits for a line of the stream, which is still open when it comes.
func (v visitor) hears(t *testing.T, lines <-chan string, want string) {
	t.Helper()
	late := time.After(busy(5 * time.Second)) // far less than the 20 seconds until the next sign of life
	for {
		select {
		case line, open := <-lines:
			require.True(t, open, "the stream ends before %q", want)
			if line == want {
				return
			}
		case <-late:
			require.Fail(t, "the event does not arrive at once", want)
		}
	}
}

// writeCertificate writes a certificate for refill.example.net into dir, in the forms that the
// proxies read, and returns what trusts it.
func writeCertificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"refill.example.net"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	rawKey, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	chain := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
	secret := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: rawKey})
	for name, text := range map[string][]byte{"fullchain.pem": chain, "privkey.pem": secret, "refill.pem": append(bytes.Clone(chain), secret...)} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(chain))
	return roots
}
