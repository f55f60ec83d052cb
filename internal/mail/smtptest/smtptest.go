// Package smtptest runs a real SMTP server (mailpit) for tests and reads what arrived.
package smtptest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Options say how the server behaves. The zero value takes everything, without TLS.
type Options struct {
	TLS        bool   // STARTTLS is offered and required
	FromStart  bool   // with TLS: from the first byte
	User       string // needs TLS; empty: no authentication
	Password   string
	Recipients string // a regular expression of the recipients that are not refused; empty: all
	Addr       string // empty: a free port
}

// Server is a running server.
type Server struct {
	Addr  string // of SMTP
	Roots *x509.CertPool
	api   string
	stop  context.CancelFunc
	done  chan struct{}
}

// Message is a message that arrived.
type Message struct {
	ID        string
	MessageID string
	Subject   string
	To        []struct{ Name, Address string }
	From      struct{ Name, Address string }
	Date      time.Time
	Text      string
	HTML      string
	Header    map[string][]string `json:"-"`
}

// program finds the server that .ci/setup builds.
func program(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		path := filepath.Join(dir, "bin", "mailtest")
		if _, err := os.Stat(path); err == nil {
			return path
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		require.Empty(t, os.Getenv("CI"), "CI tests on a real SMTP server: .ci/setup test builds it") //nolint:forbidigo // a test binary has no main that could read it
		t.Skip("no SMTP server here; .ci/setup test builds it")
	}
}

// FreePort returns an address of a port that was free a moment ago.
func FreePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a test
	require.NoError(t, err)
	defer l.Close() //nolint:errcheck // the listener has accepted no connection
	return l.Addr().String()
}

// Start starts a server that ends with the test.
func Start(t *testing.T, o Options) *Server {
	t.Helper()
	path, dir := program(t), t.TempDir()
	s := &Server{Addr: o.Addr, api: FreePort(t), done: make(chan struct{})}
	if s.Addr == "" {
		s.Addr = FreePort(t)
	}
	args := []string{"--smtp", s.Addr, "--listen", s.api, "--disable-version-check", "--smtp-disable-rdns", "--database", filepath.Join(dir, "mail.db")}
	if o.TLS {
		cert, key := s.certificate(t, dir)
		args = append(args, "--smtp-tls-cert", cert, "--smtp-tls-key", key)
		if o.FromStart {
			args = append(args, "--smtp-require-tls")
		} else {
			args = append(args, "--smtp-require-starttls")
		}
	}
	if o.User != "" {
		file := filepath.Join(dir, "users")
		require.NoError(t, os.WriteFile(file, []byte(o.User+":"+o.Password+"\n"), 0o600))
		args = append(args, "--smtp-auth-file", file)
	}
	if o.Recipients != "" {
		args = append(args, "--smtp-allowed-recipients", o.Recipients)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	s.stop = stop
	var log bytes.Buffer
	run := exec.CommandContext(ctx, path, args...) //nolint:gosec // the server that .ci/setup builds
	run.Stdout, run.Stderr = &log, &log
	require.NoError(t, run.Start())
	go func() {
		_ = run.Wait()
		close(s.done)
	}()
	t.Cleanup(func() {
		s.Stop()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	s.await(t, s.api)
	s.await(t, s.Addr)
	return s
}

// Stop ends the server.
func (s *Server) Stop() {
	s.stop()
	<-s.done
}

func (s *Server) await(t *testing.T, address string) {
	t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for range again.C {
		conn, err := net.Dial("tcp", address) //nolint:noctx // a test
		if err == nil {
			require.NoError(t, conn.Close())
			return
		}
		require.NoError(t, t.Context().Err())
		select {
		case <-s.done:
			t.Fatal("the SMTP server ended")
		default:
		}
	}
}

// certificate writes a certificate for 127.0.0.1 that only Roots trusts.
func (s *Server) certificate(t *testing.T, dir string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	now := time.Now() //nolint:forbidigo // a certificate for this moment
	of := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	raw, err := x509.CreateCertificate(rand.Reader, of, of, &key.PublicKey, key)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(raw)
	require.NoError(t, err)
	s.Roots = x509.NewCertPool()
	s.Roots.AddCert(cert)
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	require.NoError(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	return certFile, keyFile
}

// Messages returns what arrived for a recipient, oldest first; empty: for all.
func (s *Server) Messages(t *testing.T, to string) []Message {
	t.Helper()
	query := "/api/v1/messages?limit=500"
	if to != "" {
		query = "/api/v1/search?limit=500&query=" + url.QueryEscape(`to:"`+to+`"`)
	}
	var list struct{ Messages []struct{ ID string } }
	s.get(t, query, &list)
	messages := make([]Message, len(list.Messages))
	for i, one := range list.Messages {
		m := &messages[len(messages)-1-i]
		s.get(t, "/api/v1/message/"+one.ID, m)
		s.get(t, "/api/v1/message/"+one.ID+"/headers", &m.Header)
	}
	return messages
}

// Await waits until n messages arrived for a recipient.
func (s *Server) Await(t *testing.T, to string, n int) []Message {
	t.Helper()
	again, end := time.NewTicker(50*time.Millisecond), time.After(30*time.Second)
	defer again.Stop()
	for {
		select {
		case <-again.C:
			if got := s.Messages(t, to); len(got) >= n {
				return got
			}
		case <-end:
			t.Fatalf("%d messages to %q did not arrive", n, to)
		}
	}
}

func (s *Server) get(t *testing.T, path string, into any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.api+path, http.NoBody)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode, string(text))
	require.NoError(t, json.Unmarshal(text, into), string(text))
}
