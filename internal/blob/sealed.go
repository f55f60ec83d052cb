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

// Sealed is a Store that encrypts the files of another Store. A file is an age file
// (age-encryption.org/v1): it has a key of its own, and numbered chunks of 64 KiB with the
// last one marked (STREAM). So any part can be read alone, and a file that was changed,
// moved, swapped or truncated does not open. The header has the file's key, sealed by Keys
// and bound to the file's name. Sizes, hashes and Room are those of the clear file; List
// returns the sizes of the encrypted files.
type Sealed struct {
	Store

	keys Keys
}

var _ Store = (*Sealed)(nil)

// Keys seals the keys of files. *cardcode.Keyring is one.
type Keys interface {
	// SealFileKey seals the key of the file with this name under the newest sealing key.
	SealFileKey(name string, fileKey []byte) (keyID int16, sealed []byte, err error)
	// OpenFileKey opens what SealFileKey sealed for the same name.
	OpenFileKey(keyID int16, name string, sealed []byte) ([]byte, error)
}

// ErrDamaged says that a file is not as it was written: changed, truncated, swapped with
// another file, or never sealed.
var ErrDamaged = fault.New(fault.Conflict, "blob_damaged", "This file was changed or damaged where it is kept, so it is not handed out. Make it again, and tell the operator of the portal.")

// NewSealed returns a store that encrypts the files of another store.
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

// Open reads a committed file. Content that does not decrypt gives ErrDamaged, from Open
// or from a later read. A reader returns only bytes of chunks that decrypt.
func (s *Sealed) Open(ctx context.Context, name string) (Reader, Info, error) {
	beneath, info, err := s.Store.Open(ctx, name)
	if err != nil {
		return nil, Info{}, err
	}
	// This decrypts the last chunk, so that a truncated file is detected at once.
	r := &sealedReader{Closer: beneath, beneath: &seekingReaderAt{r: beneath}, name: name}
	// A file that was never sealed is detected before it is parsed, because an error of
	// the parser quotes its input, which might contain a code.
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

// Room subtracts the overhead of sealing: 16 bytes a chunk, and the header.
func (s *Sealed) Room() (bytes int64, known bool) {
	bytes, known = s.Store.Room()
	return max(bytes-bytes/2048-1024, 0), known
}

// sealedFile is a sealed file being written.
type sealedFile struct {
	File // the encrypted file

	sealed io.WriteCloser
	keyID  int16
	sum    hash.Hash
	size   int64
	err    error // of a write
	ended  bool
}

// Write encrypts, counts and hashes. After an error every further Write and the Commit
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

// Commit writes the marked last chunk and commits.
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

// sealedReader decrypts a sealed file.
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

// explain tells a file that does not decrypt from a failure to read.
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
	// The error is formatted as text and not wrapped: an io.EOF from decryption must not
	// look like a connection that was cut.
	return ErrDamaged.Because(fmt.Errorf("blob: open the seal of %s: %v", r.name, err)) //nolint:errorlint // see above
}

// intro is the first line of every age file.
const intro = "age-encryption.org/v1\n"

var errNotSealed = errors.New("not sealed by this program")

// stanzaType is the type of the header line with the sealed key of the file.
const stanzaType = "refill-file"

// envelope seals the key of a file in its header: the id of the sealing key, and the
// file's key sealed under it and bound to the file's name.
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
