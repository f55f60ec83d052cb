package card

import (
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/minio/sio"
)

// An uploaded file holds codes in clear, so it is only ever kept encrypted: in
// packages of 64 KB under AES-256-GCM, numbered and with a marked end (minio's DARE
// 2.0), under a key of the file's own that is derived from the key file. A package
// that was changed, moved or cut off does not open.

// UploadPrefix begins the names of uploads in the file store.
const UploadPrefix = "import-"

// NewUploadName draws the name of an upload in the file store.
func NewUploadName() string { return UploadPrefix + strings.ToLower(rand.Text()) }

// uploadConfig is how the upload of a name is encrypted.
func (k *Keyring) uploadConfig(keyID int16, name string) (sio.Config, error) {
	key, err := k.derive(keyID, "upload "+name)
	return sio.Config{MinVersion: sio.Version20, CipherSuites: []byte{sio.AES_256_GCM}, Key: key}, err
}

// SealUpload encrypts what is written to it into w, and returns the id of the key.
// Close writes the end.
func (s *Service) SealUpload(w io.Writer, name string) (io.WriteCloser, int16, error) {
	keyID := s.keys.Current()
	config, err := s.keys.uploadConfig(keyID, name)
	if err != nil {
		return nil, 0, err
	}
	sealed, err := sio.EncryptWriter(w, config)
	return sealed, keyID, err
}

// OpenUpload decrypts an upload, in any order, as it is read.
func (s *Service) OpenUpload(r io.ReadSeeker, keyID int16, name string) (io.ReaderAt, error) {
	config, err := s.keys.uploadConfig(keyID, name)
	if err != nil {
		return nil, err
	}
	clear, err := sio.DecryptReaderAt(&seekingReaderAt{r: r}, config)
	if err != nil {
		return nil, fmt.Errorf("open an upload: %w", err)
	}
	return &blockReaderAt{r: clear}, nil
}

// blockReaderAt reads in large blocks and keeps the last few. A workbook is read in
// small pieces at two places in turn: each piece would decrypt a whole package, and in
// a bucket be a request of its own.
type blockReaderAt struct {
	mu     sync.Mutex
	r      io.ReaderAt
	blocks [3]struct {
		number int64
		bytes  []byte // nil: none yet
	}
	oldest int // the one to give up next
}

// uploadBlock is four packages.
const uploadBlock = 256 << 10

// ReadAt implements io.ReaderAt.
func (b *blockReaderAt) ReadAt(p []byte, offset int64) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for n < len(p) {
		at := offset + int64(n)
		block, err := b.block(at / uploadBlock)
		if err != nil {
			return n, err
		}
		if at%uploadBlock >= int64(len(block)) {
			return n, io.EOF
		}
		n += copy(p[n:], block[at%uploadBlock:])
	}
	return n, nil
}

// block returns a block, which is short at the end of the file.
func (b *blockReaderAt) block(number int64) ([]byte, error) {
	for _, one := range b.blocks {
		if one.bytes != nil && one.number == number {
			return one.bytes, nil
		}
	}
	into := &b.blocks[b.oldest]
	bytes := into.bytes[:cap(into.bytes)]
	if bytes == nil {
		bytes = make([]byte, uploadBlock)
	}
	into.bytes = nil
	n, err := b.r.ReadAt(bytes, number*uploadBlock)
	if err != nil && err != io.EOF {
		return nil, err
	}
	into.number, into.bytes = number, bytes[:n]
	b.oldest = (b.oldest + 1) % len(b.blocks)
	return into.bytes, nil
}

// seekingReaderAt reads anywhere in what can seek; reads that follow one another do
// not seek.
type seekingReaderAt struct {
	mu sync.Mutex
	r  io.ReadSeeker
	at int64
}

// ReadAt implements io.ReaderAt.
func (s *seekingReaderAt) ReadAt(p []byte, offset int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at != offset {
		if _, err := s.r.Seek(offset, io.SeekStart); err != nil {
			return 0, err
		}
	}
	n, err := io.ReadFull(s.r, p)
	s.at = offset + int64(n)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return n, err
}
