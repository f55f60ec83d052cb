package blob_test

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"

	"refill/internal/blob"
)

// s3Server finds the real S3 server that .ci/setup builds of s3test.
func s3Server(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../bin/s3test")
	require.NoError(t, err)
	if _, err := os.Stat(path); err != nil {
		require.Empty(t, os.Getenv("CI"), "CI tests on a real S3 server: .ci/setup test builds it") //nolint:forbidigo // a test binary has no main that could read it
		t.Skip("no S3 server here; .ci/setup test builds it")
	}
	return path
}

// startS3 starts a server with an empty bucket and returns where it is.
func startS3(t *testing.T) blob.S3Config {
	t.Helper()
	program := s3Server(t)
	cfg := blob.S3Config{
		Endpoint: freePort(t), Insecure: true, Region: "us-east-1", Bucket: "exports", Prefix: "refill/",
		AccessKey: "test", SecretKey: rand.Text(),
	}
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, cfg.Bucket), 0o700))
	var log strings.Builder
	cmd := exec.CommandContext(t.Context(), program, "-listen", cfg.Endpoint,
		"-access", cfg.AccessKey, "-secret", cfg.SecretKey, "-meta", t.TempDir(), folder)
	cmd.Stdout, cmd.Stderr = &log, &log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { // t.Context has ended: the server is being killed
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	waitFor(t, cfg.Endpoint)
	return cfg
}

// freePort returns an address of a port that was free a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close() //nolint:errcheck // the listener has accepted no connection
	return l.Addr().String()
}

// waitFor waits until the server answers.
func waitFor(t *testing.T, address string) {
	t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for range again.C {
		if conn, err := net.Dial("tcp", address); err == nil {
			require.NoError(t, conn.Close())
			return
		}
		require.NoError(t, t.Context().Err())
	}
}

func newS3(t *testing.T, cfg blob.S3Config) *blob.S3 {
	t.Helper()
	s, err := blob.NewS3(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestS3(t *testing.T) {
	t.Parallel()
	cfg := startS3(t)
	testStore(t, func(t *testing.T) blob.Store {
		t.Helper()
		own := cfg
		own.Prefix = strings.ToLower(rand.Text()) + "/"
		return newS3(t, own)
	})
}

func TestS3LargeFile(t *testing.T) {
	t.Parallel()
	cfg := startS3(t)
	s := newS3(t, cfg)
	f, err := s.Create(t.Context(), "large")
	require.NoError(t, err)
	block := make([]byte, 1<<20)
	for range 20 { // three parts
		_, err := f.Write(block)
		require.NoError(t, err)
	}
	requireMissing(t, s, "large")
	infos, err := s.List(t.Context())
	require.NoError(t, err)
	require.Len(t, infos, 1)
	require.True(t, infos[0].Temporary)
	require.Equal(t, ".part.large", infos[0].Name)
	info, err := f.Commit()
	require.NoError(t, err)
	require.Equal(t, int64(20<<20), info.Size)
	require.Len(t, get(t, s, "large"), 20<<20)
}

// A writer that is killed leaves parts behind. They are found and removed.
func TestS3OrphanIsFoundAndRemoved(t *testing.T) {
	t.Parallel()
	cfg := startS3(t)
	s := newS3(t, cfg)
	transport, err := minio.DefaultTransport(false)
	require.NoError(t, err)
	defer transport.CloseIdleConnections()
	client, err := minio.NewCore(cfg.Endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""), Region: cfg.Region, Transport: transport,
	})
	require.NoError(t, err)
	upload, err := client.NewMultipartUpload(t.Context(), cfg.Bucket, cfg.Prefix+"dead.csv", minio.PutObjectOptions{})
	require.NoError(t, err)
	_, err = client.PutObjectPart(t.Context(), cfg.Bucket, cfg.Prefix+"dead.csv", upload, 1,
		strings.NewReader("half"), 4, minio.PutObjectPartOptions{})
	require.NoError(t, err)

	requireMissing(t, s, "dead.csv")
	infos, err := s.List(t.Context())
	require.NoError(t, err)
	require.Len(t, infos, 1)
	require.True(t, infos[0].Temporary)
	require.False(t, infos[0].Modified.IsZero())
	require.NoError(t, s.Remove(t.Context(), infos[0].Name))
	require.NoError(t, s.Remove(t.Context(), infos[0].Name), "twice")
	infos, err = s.List(t.Context())
	require.NoError(t, err)
	require.Empty(t, infos)
}

// An upload that waits for its writer ends with its context.
func TestS3UploadEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := newS3(t, startS3(t))
	ctx, cancel := context.WithCancel(t.Context())
	f, err := s.Create(ctx, "left")
	require.NoError(t, err)
	_, err = f.Write([]byte("x")) // the upload has begun, and waits for more
	require.NoError(t, err)
	cancel()
	for range 1 << 20 { // less than a part: only the context's end can be felt
		if _, err = f.Write([]byte("x")); err != nil {
			break
		}
	}
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, f.Abort())
}

func TestS3RefusesToStart(t *testing.T) {
	t.Parallel()
	cfg := startS3(t)
	for name, change := range map[string]func(*blob.S3Config){
		"NoBucket": func(c *blob.S3Config) { c.Bucket = "other-bucket" },
		"WrongKey": func(c *blob.S3Config) { c.SecretKey = "wrong-key" },
		"Endpoint": func(c *blob.S3Config) { c.Endpoint = "https://" + c.Endpoint }, // and Insecure
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wrong := cfg
			change(&wrong)
			_, err := blob.NewS3(t.Context(), wrong)
			require.Error(t, err)
			require.NotContains(t, err.Error(), cfg.SecretKey)
		})
	}
}

// TestS3FailureSurfaces puts a server between that goes wrong in the middle of an
// upload, as a full store does.
func TestS3FailureSurfaces(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { //nolint:gosec // a test's own server
		switch {
		case r.Method == http.MethodHead:
			w.WriteHeader(http.StatusOK)
		case r.URL.Query().Has("uploads"):
			_, _ = w.Write([]byte(`<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>`))
		case r.Method == http.MethodDelete:
			w.WriteHeader(http.StatusNoContent)
		default:
			w.WriteHeader(http.StatusInsufficientStorage)
			_, _ = w.Write([]byte(`<Error><Code>XMinioStorageFull</Code><Message>full</Message></Error>`))
		}
	})}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		require.ErrorIs(t, <-done, http.ErrServerClosed)
	})
	s := newS3(t, blob.S3Config{
		Endpoint: l.Addr().String(), Insecure: true, Region: "us-east-1", Bucket: "exports", AccessKey: "a", SecretKey: "b",
	})
	f, err := s.Create(t.Context(), "export")
	require.NoError(t, err)
	block := make([]byte, 1<<20)
	for range 100 {
		if _, err = f.Write(block); err != nil {
			break
		}
	}
	var response minio.ErrorResponse
	require.ErrorAs(t, err, &response)
	require.Equal(t, "XMinioStorageFull", response.Code)
	_, err = f.Commit()
	require.Error(t, err)
	require.NoError(t, f.Abort())
}
