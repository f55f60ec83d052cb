// Package blob owns where the files of exports are kept: on a disk or in an
// S3-compatible store. A file appears whole or not at all: it is written under a
// temporary name, and a crash at any moment leaves only something that List calls
// temporary. What the program writes passes through Sealed first, so that neither
// disk nor bucket ever holds a code in clear. The package never decides when a file
// goes, never reads what is in it, and has no clock: ages come from the store.
package blob

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"refill/internal/fault"
)

// Store keeps files by name. Names are 1 to 128 letters, digits, dots, dashes and
// underscores, and begin with a letter or digit; anything else is ErrName. A
// Store is safe for use by several goroutines.
type Store interface {
	// Create starts a file, to be seen under name once it is committed. Two
	// writers of one name don't disturb each other; the last to commit wins. When
	// ctx ends, Write and Commit fail.
	Create(ctx context.Context, name string) (File, error)
	// Open reads a committed file, or returns ErrNotFound.
	Open(ctx context.Context, name string) (Reader, Info, error)
	// Remove deletes a file, or what List calls temporary. A missing one is no
	// error: whoever removes it twice has what they wanted.
	Remove(ctx context.Context, name string) error
	// List returns all files, finished and temporary, in any order: for finding
	// orphans.
	List(ctx context.Context) ([]Info, error)
	// Room returns how many bytes can still be written, where that is known.
	Room() (bytes int64, known bool)
}

// Reader reads a file, from the beginning or anywhere.
type Reader interface {
	io.ReadSeekCloser
	io.ReaderAt
}

// File is a file being written. It must end in Commit or Abort,
// whatever failed before. It is not safe
// for use by several goroutines.
type File interface {
	io.Writer
	// Commit makes the file durable and visible. After an error, its own or an
	// earlier one of Write, nothing is visible and nothing is left to do.
	Commit() (Info, error)
	// Abort drops what was written. After Commit it does nothing, so that it can
	// be deferred.
	Abort() error
}

// Info describes a file.
type Info struct {
	Name      string
	Size      int64     // bytes
	Modified  time.Time // by the store's clock
	Temporary bool      // never committed: being written now, or left by a crash

	// Only a commit to Sealed knows these.
	SHA256 [sha256.Size]byte // of the bytes as they were written
	KeyID  int16             // the key set that the file is sealed under
}

var (
	// ErrNotFound says that there is no committed file of the name.
	ErrNotFound = fault.New(fault.NotFound, "blob_not_found", "This file is no longer kept. Export it again.")
	// ErrName refuses a name before it reaches the store.
	ErrName = errors.New("blob: not a name of a file")
	// errEnded is what a file returns that was committed or aborted already.
	errEnded = errors.New("blob: file has ended")
)

// temporary begins the names of files that are not committed. A name of a file
// can't begin with a dot, so the two never meet.
const temporary = ".part."

// maxName is the longest name in bytes: with what a temporary name adds it stays
// below the 255 of common file systems.
const maxName = 128

var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// checkName lets a name through that can't leave its folder, hide, or mean
// something to a shell.
func checkName(name string) error {
	if len(name) > maxName || !nameForm.MatchString(name) {
		return fmt.Errorf("%w: %q", ErrName, name)
	}
	return nil
}

// checkAnyName lets names of temporary files through as well. They are somewhat
// longer than the file's own.
func checkAnyName(name string) error {
	rest, isTemporary := strings.CutPrefix(name, temporary)
	if isTemporary && nameForm.MatchString(rest) && len(name) <= 2*maxName {
		return nil
	}
	return checkName(name)
}

// SizeText writes a number of bytes as people say it.
func SizeText(n int64) string {
	switch {
	case n < 1000:
		return strconv.FormatInt(n, 10) + " B"
	case n < 1000*1000:
		return strconv.FormatFloat(float64(n)/1e3, 'f', 0, 64) + " kB"
	case n < 1000*1000*1000:
		return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB"
	}
	return strconv.FormatFloat(float64(n)/1e9, 'f', 1, 64) + " GB"
}
