// Package blob owns where exported files are kept. It never looks inside one and
// knows nothing of who may fetch it. A file has its name only once it is whole
// and on disk; until then nobody can open it.
package blob

import (
	"context"
	"errors"
	"io"
	"time"
)

// Store keeps files by name. Safe for concurrent use.
type Store interface {
	// Create begins a file under a temporary name.
	Create(ctx context.Context, name string) (File, error)
	// Open returns a whole file for reading, or ErrNotFound.
	Open(ctx context.Context, name string) (io.ReadSeekCloser, Info, error)
	// Remove takes a file away; one that is not there is no error.
	Remove(ctx context.Context, name string) error
	// List names every file, those still being written among them.
	List(ctx context.Context) ([]Info, error)
}

// File is a file being written. Either Commit or Abort ends it; Abort after
// Commit does nothing.
type File interface {
	io.Writer
	// Commit makes what was written the file of its name, safely on disk.
	Commit() (Info, error)
	// Abort throws away what was written.
	Abort() error
}

// Info describes a file.
type Info struct {
	Name    string
	Size    int64     // bytes
	SHA256  []byte    // of the content; only Commit tells
	ModTime time.Time // when it was last written; Commit does not tell
}

// Errors of a store.
var (
	ErrNotFound = errors.New("blob: there is no such file")
	ErrName     = errors.New("blob: not a name for a file")
)
