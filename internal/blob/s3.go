package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// partSize is the size of an upload's part, which is held in memory. S3 allows 10,000
// parts, so a file may have 78 GiB.
const partSize = 8 << 20

// S3Config says where an S3 store is.
type S3Config struct {
	Endpoint  string // host[:port], without a scheme
	Insecure  bool   // plain HTTP: for a store on the same machine
	Region    string // may be empty
	Bucket    string // must exist
	Prefix    string // before each name; empty or ending in "/"
	AccessKey string
	SecretKey string
}

// S3 is a Store in a bucket of an S3-compatible service. An uncommitted file is a
// multipart upload, which S3 never lists as an object. A lifecycle rule of the bucket that
// aborts incomplete uploads after a day is a useful second safeguard.
type S3 struct {
	client    *minio.Client
	transport *http.Transport
	bucket    string
	prefix    string
}

var _ Store = (*S3)(nil)

// NewS3 connects and checks that the bucket exists, so that wrong credentials are noticed
// at the start.
func NewS3(ctx context.Context, cfg S3Config) (*S3, error) {
	transport, err := minio.DefaultTransport(!cfg.Insecure)
	if err != nil {
		return nil, fmt.Errorf("blob: s3 transport: %w", err)
	}
	client, err := minio.New(cfg.Endpoint, &minio.Options{
		Creds:  credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""),
		Secure: !cfg.Insecure, Region: cfg.Region, Transport: transport,
	})
	if err != nil {
		return nil, fmt.Errorf("blob: s3: %w", err)
	}
	s := &S3{client: client, transport: transport, bucket: cfg.Bucket, prefix: cfg.Prefix}
	exists, err := client.BucketExists(ctx, cfg.Bucket)
	if err == nil && !exists {
		err = errors.New("no such bucket")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("blob: s3 bucket %s: %w", cfg.Bucket, err), s.Close())
	}
	return s, nil
}

// Close closes idle connections.
func (s *S3) Close() error {
	s.transport.CloseIdleConnections()
	return nil
}

// Create starts an upload, which runs in the background until the file is committed or
// aborted, or ctx ends.
func (s *S3) Create(ctx context.Context, name string) (File, error) {
	if err := errors.Join(checkName(name), ctx.Err()); err != nil {
		return nil, err
	}
	r, w := io.Pipe()
	f := &s3File{store: s, name: name, pipe: w, done: make(chan error, 1)}
	// A pipe has no context. Without this, an upload whose writer has stopped would wait
	// for ever.
	stop := context.AfterFunc(ctx, func() { r.CloseWithError(ctx.Err()) })
	go func() {
		defer stop()
		_, err := s.client.PutObject(ctx, s.bucket, s.prefix+name, r, -1, minio.PutObjectOptions{
			PartSize: partSize, ContentType: "application/octet-stream",
		})
		r.CloseWithError(errors.Join(err, errEnded)) // so that no Write waits for a reader
		f.done <- err
	}()
	f.settle = func() (time.Time, error) { return s.settle(ctx, name, f.size) }
	return f, nil
}

// settle asks the service for the size and time of a name just committed. An object that
// is shorter than what was written is removed.
func (s *S3) settle(ctx context.Context, name string, size int64) (time.Time, error) {
	stat, err := s.client.StatObject(ctx, s.bucket, s.prefix+name, minio.StatObjectOptions{})
	if err == nil && stat.Size == size {
		return stat.LastModified, nil
	}
	if err == nil {
		err = fmt.Errorf("%d bytes of %d", stat.Size, size)
	}
	// The caller reports the file as lost, so it has to be removed even if ctx has just
	// ended.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	return time.Time{}, errors.Join(fmt.Errorf("blob: s3 has: %w", err), s.Remove(ctx, name))
}

// Open opens a committed file. Reads after a Seek ask for the rest from there.
func (s *S3) Open(ctx context.Context, name string) (Reader, Info, error) {
	if err := errors.Join(checkName(name), ctx.Err()); err != nil {
		return nil, Info{}, err
	}
	object, err := s.client.GetObject(ctx, s.bucket, s.prefix+name, minio.GetObjectOptions{})
	if err != nil {
		return nil, Info{}, fmt.Errorf("blob: s3 open: %w", err)
	}
	stat, err := object.Stat()
	if err != nil {
		if minio.ToErrorResponse(err).StatusCode == http.StatusNotFound {
			err = ErrNotFound.Because(err)
		}
		return nil, Info{}, errors.Join(err, object.Close())
	}
	return object, Info{Name: name, Size: stat.Size, Modified: stat.LastModified}, nil
}

// Remove deletes an object, or aborts the uploads of a temporary one.
func (s *S3) Remove(ctx context.Context, name string) error {
	if err := checkAnyName(name); err != nil {
		return err
	}
	var err error
	if name, ok := strings.CutPrefix(name, temporary); ok {
		err = s.client.RemoveIncompleteUpload(ctx, s.bucket, s.prefix+name)
	} else {
		err = s.client.RemoveObject(ctx, s.bucket, s.prefix+name, minio.RemoveObjectOptions{})
	}
	if err != nil && minio.ToErrorResponse(err).StatusCode != http.StatusNotFound {
		return fmt.Errorf("blob: s3 remove: %w", err)
	}
	return nil
}

// List reads the bucket. The size of a temporary file is what the service reports for the
// upload, often 0.
func (s *S3) List(ctx context.Context) ([]Info, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the listings when one of them fails
	var infos []Info
	add := func(key string, info Info) {
		name, ok := strings.CutPrefix(key, s.prefix)
		if !ok || checkName(name) != nil {
			return // not an object of this package
		}
		info.Name = name
		if info.Temporary {
			info.Name = temporary + name
		}
		infos = append(infos, info)
	}
	for object := range s.client.ListObjects(ctx, s.bucket, minio.ListObjectsOptions{Prefix: s.prefix}) {
		if object.Err != nil {
			return nil, fmt.Errorf("blob: s3 list: %w", object.Err)
		}
		add(object.Key, Info{Size: object.Size, Modified: object.LastModified})
	}
	for upload := range s.client.ListIncompleteUploads(ctx, s.bucket, s.prefix, false) {
		if upload.Err != nil {
			return nil, fmt.Errorf("blob: s3 list uploads: %w", upload.Err)
		}
		add(upload.Key, Info{Size: upload.Size, Modified: upload.Initiated, Temporary: true})
	}
	return infos, ctx.Err()
}

// s3File is an upload in progress. A pipe carries the bytes to the goroutine that uploads
// them.
type s3File struct {
	store *S3
	name  string
	pipe  *io.PipeWriter
	size  int64
	done  chan error // one value: the result of the upload
	// settle looks at the object after the upload, with Create's context.
	settle func() (time.Time, error)
	err    error // of a write
	ended  bool
}

// errAborted makes the upload clean up.
var errAborted = errors.New("blob: aborted")

// Write passes bytes to the upload. It returns the upload's error once there is one.
func (f *s3File) Write(p []byte) (int, error) {
	if f.ended {
		return 0, errEnded
	}
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.pipe.Write(p)
	if err != nil {
		f.err = fmt.Errorf("blob: s3 write: %w", err)
	}
	f.size += int64(n)
	return n, f.err
}

// Commit completes the upload. Where the service's answer is lost, the object may exist in
// spite of an error; housekeeping removes it as an orphan.
func (f *s3File) Commit() (Info, error) {
	if f.ended {
		return Info{}, errEnded
	}
	if f.err != nil {
		return Info{}, errors.Join(f.err, f.Abort())
	}
	f.ended = true
	if err := errors.Join(f.pipe.Close(), <-f.done); err != nil {
		return Info{}, fmt.Errorf("blob: s3 upload: %w", err)
	}
	modified, err := f.settle()
	if err != nil {
		return Info{}, err
	}
	info := Info{Name: f.name, Size: f.size, Modified: modified}
	return info, nil
}

// Abort ends the upload; the client tells the service to delete its parts.
func (f *s3File) Abort() error {
	if f.ended {
		return nil
	}
	f.ended = true
	f.pipe.CloseWithError(errAborted)
	if err := <-f.done; err == nil {
		return errors.New("blob: s3 kept an aborted file")
	}
	return nil // the upload has ended, with or without an error
}

// Room is unknown: a bucket has no limit.
func (s *S3) Room() (bytes int64, known bool) { return 0, false }
