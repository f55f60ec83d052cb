// Package blob owns the storage of files: on a disk or in an S3-compatible store. A file
// becomes visible as a whole or not at all. It is written under a temporary name, and a
// crash leaves at most a file that List reports as temporary. The program writes through
// Sealed, so that neither disk nor bucket ever holds a code in clear. The package never
// decides when a file is removed, never interprets its content, and has no clock: the
// store supplies the ages.
package blob

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"refill/internal/fault"
)

// Store keeps files by name. A name has 1 to 128 letters, digits, dots, dashes and
// underscores, and begins with a letter or digit; any other is refused with ErrName. A
// Store is safe for concurrent use.
type Store interface {
	// Create starts a file that becomes visible under name when it is committed. Two
	// writers of one name do not disturb each other; the last commit wins. When ctx ends,
	// Write and Commit fail.
	Create(ctx context.Context, name string) (File, error)
	// Open reads a committed file, or returns ErrNotFound.
	Open(ctx context.Context, name string) (Reader, Info, error)
	// Remove deletes a file, finished or temporary. It returns nil for a missing file, so
	// that it can be repeated.
	Remove(ctx context.Context, name string) error
	// List returns all files, finished and temporary, in any order. Housekeeping finds
	// orphans with it.
	List(ctx context.Context) ([]Info, error)
	// Room returns how many bytes can still be written, where that is known.
	Room() (bytes int64, known bool)
}

// Reader reads a file, from the beginning or anywhere.
type Reader interface {
	io.ReadSeekCloser
	io.ReaderAt
}

// File is a file being written. It must end with Commit or Abort, also after an error. It
// is not safe for concurrent use.
type File interface {
	io.Writer
	// Commit makes the file durable and visible. After an error, of Commit or of an
	// earlier Write, nothing is visible and nothing has to be cleaned up.
	Commit() (Info, error)
	// Abort discards the file. After Commit it does nothing, so that it can be deferred.
	Abort() error
}

// Info describes a file.
type Info struct {
	Name      string
	Size      int64     // bytes
	Modified  time.Time // by the store's clock
	Temporary bool      // not committed: being written now, or left by a crash

	// Only a commit to Sealed knows these.
	SHA256 [sha256.Size]byte // of the bytes as they were written
	KeyID  int16             // the key set that the file is sealed under
}

var (
	// ErrNotFound says that there is no committed file of the name.
	ErrNotFound = fault.New(fault.NotFound, "blob_not_found", "This file is no longer kept. Export it again.")
	// ErrName refuses a name before it reaches the store.
	ErrName = errors.New("blob: not a name of a file")
	// errEnded says that a file was already committed or aborted.
	errEnded = errors.New("blob: file has ended")
)

// temporary is the prefix of uncommitted files. A valid name does not begin with a dot, so
// the two never collide.
const temporary = ".part."

// maxName is the longest name in bytes. With the prefix of a temporary name it stays below
// the limit of 255 of common file systems.
const maxName = 128

var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// checkName refuses names that could leave the folder, be hidden, or have a meaning for a
// shell.
func checkName(name string) error {
	if len(name) > maxName || !nameForm.MatchString(name) {
		return fmt.Errorf("%w: %q", ErrName, name)
	}
	return nil
}

// checkAnyName also accepts the names of temporary files, which are slightly longer.
func checkAnyName(name string) error {
	rest, isTemporary := strings.CutPrefix(name, temporary)
	if isTemporary && nameForm.MatchString(rest) && len(name) <= 2*maxName {
		return nil
	}
	return checkName(name)
}

// SizeText formats a number of bytes for people, such as "12.0 MB".
func SizeText(n int64) string { return fault.Size(n).String() }
