package blob

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"

	"filippo.io/age"

	"refill/internal/fault"
)

// Sealed is a Store of which the one beneath sees only ciphertext. A file is an age
// file: a key of its own, and chunks of 64 KiB that are numbered and of which the
// last is marked (STREAM), so that any part can be read alone and whatever was
// changed, moved, swapped or cut off does not open. The file's key stands in its
// header, sealed by Keys to the file's name. Sizes, hashes and Room are those of the
// clear file; List tells the sizes beneath.
type Sealed struct {
	Store

	keys Keys
}

var _ Store = (*Sealed)(nil)

// Keys seals the keys of files.
type Keys interface {
	// SealFileKey seals the key of the file of a name under the newest key there is.
	SealFileKey(name string, fileKey []byte) (keyID int16, sealed []byte, err error)
	// OpenFileKey returns what SealFileKey sealed to the same name.
	OpenFileKey(keyID int16, name string, sealed []byte) ([]byte, error)
}

// ErrDamaged says that a file is not what was written: changed, cut off, another
// one's, or never sealed.
var ErrDamaged = fault.New(fault.Conflict, "blob_damaged", "This file was changed or damaged where it is kept, so nothing of it is given out. Make it again, and tell whoever runs the portal.")

// NewSealed seals the files of a store.
func NewSealed(store Store, keys Keys) *Sealed { return &Sealed{store, keys} }

// Create starts a file.
func (s *Sealed) Create(ctx context.Context, name string) (File, error) {
	beneath, err := s.Store.Create(ctx, name)
	if err != nil {
		return nil, err
	}
	to := &envelope{keys: s.keys, name: name}
	sealed, err := age.Encrypt(beneath, to)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("blob: seal: %w", err), beneath.Abort())
	}
	return &sealedFile{File: beneath, sealed: sealed, keyID: to.keyID, sum: sha256.New()}, nil
}

// Open reads a committed file. What does not open is ErrDamaged, here or while
// reading: a reader gets whole chunks as they were written, or an error.
func (s *Sealed) Open(ctx context.Context, name string) (Reader, Info, error) {
	beneath, info, err := s.Store.Open(ctx, name)
	if err != nil {
		return nil, Info{}, err
	}
	// The last chunk is opened here, so a file that was cut off is known at once.
	r := &sealedReader{Closer: beneath, beneath: &seekingReaderAt{r: beneath}, name: name}
	// What was never sealed is told before anything is parsed: an error of the parser
	// quotes what it read, and that might be a code.
	begins := make([]byte, len(intro))
	if n, err := r.beneath.ReadAt(begins, 0); string(begins[:n]) != intro {
		return nil, Info{}, errors.Join(r.explain(errors.Join(errNotSealed, err)), beneath.Close())
	}
	clear, size, err := age.DecryptReaderAt(r.beneath, info.Size, &envelope{keys: s.keys, name: name})
	if err != nil {
		return nil, Info{}, errors.Join(r.explain(err), beneath.Close())
	}
	info.Size = size
	r.SectionReader = io.NewSectionReader(&blockReaderAt{r: clear}, 0, size)
	return r, info, nil
}

// Room takes off what sealing adds: 16 bytes a chunk, and the header.
func (s *Sealed) Room() (bytes int64, known bool) {
	bytes, known = s.Store.Room()
	return max(bytes-bytes/2048-1024, 0), known
}

// sealedFile is a file being sealed.
type sealedFile struct {
	File // beneath

	sealed io.WriteCloser
	keyID  int16
	sum    hash.Hash
	size   int64
	err    error // of a write
	ended  bool
}

// Write seals, counts and hashes. After an error every further call and Commit
// return it.
func (f *sealedFile) Write(p []byte) (int, error) {
	if f.ended {
		return 0, errEnded
	}
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.sealed.Write(p)
	f.err = err
	f.sum.Write(p[:n])
	f.size += int64(n)
	return n, err
}

// Commit writes the marked end and commits.
func (f *sealedFile) Commit() (Info, error) {
	if f.ended {
		return Info{}, errEnded
	}
	f.ended = true
	if f.err == nil {
		f.err = f.sealed.Close()
	}
	if f.err != nil {
		return Info{}, errors.Join(f.err, f.File.Abort())
	}
	info, err := f.File.Commit()
	if err != nil {
		return Info{}, err
	}
	info.Size, info.KeyID = f.size, f.keyID
	f.sum.Sum(info.SHA256[:0])
	return info, nil
}

// Abort drops what was written.
func (f *sealedFile) Abort() error {
	if f.ended {
		return nil
	}
	f.ended = true
	return f.File.Abort()
}

// sealedReader reads a sealed file in clear.
type sealedReader struct {
	*io.SectionReader
	io.Closer

	beneath *seekingReaderAt
	name    string
}

// Read implements io.Reader.
func (r *sealedReader) Read(p []byte) (int, error) {
	n, err := r.SectionReader.Read(p)
	return n, r.explain(err)
}

// ReadAt implements io.ReaderAt.
func (r *sealedReader) ReadAt(p []byte, offset int64) (int, error) {
	n, err := r.SectionReader.ReadAt(p, offset)
	return n, r.explain(err)
}

// explain tells a file that does not open from one that can't be read just now.
func (r *sealedReader) explain(err error) error {
	if err == nil || err == io.EOF { //nolint:errorlint // io.EOF is never wrapped
		return err
	}
	if failed := r.beneath.failed(); failed != nil {
		return fmt.Errorf("blob: read %s: %w", r.name, failed)
	}
	if !fault.IsInternal(err) { // of the keys
		return err
	}
	// Only its words: an end of file in here is not a connection that was cut.
	return ErrDamaged.With(fmt.Errorf("blob: open the seal of %s: %v", r.name, err)) //nolint:errorlint // see above
}

// intro begins every age file.
const intro = "age-encryption.org/v1\n"

var errNotSealed = errors.New("not sealed by this program")

// stanzaType names the line of a header that holds the sealed key of the file.
const stanzaType = "refill-file"

// envelope is how the header of a file holds its key: the id of the key set, and
// the file's key sealed under it to the file's name.
type envelope struct {
	keys  Keys
	name  string
	keyID int16 // of the last Wrap
}

var (
	_ age.Recipient = (*envelope)(nil)
	_ age.Identity  = (*envelope)(nil)
)

// Wrap implements age.Recipient.
func (e *envelope) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	keyID, sealed, err := e.keys.SealFileKey(e.name, fileKey)
	if err != nil {
		return nil, err
	}
	e.keyID = keyID
	return []*age.Stanza{{Type: stanzaType, Args: []string{strconv.Itoa(int(keyID))}, Body: sealed}}, nil
}

// Unwrap implements age.Identity.
func (e *envelope) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	if len(stanzas) != 1 || stanzas[0].Type != stanzaType || len(stanzas[0].Args) != 1 {
		return nil, errNotSealed
	}
	keyID, err := strconv.ParseInt(stanzas[0].Args[0], 10, 16)
	if err != nil {
		return nil, errNotSealed
	}
	return e.keys.OpenFileKey(int16(keyID), e.name, stanzas[0].Body)
}
