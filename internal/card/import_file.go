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

// OpenUpload decrypts an upload, in any order, as it is read. size is that of the
// file in clear.
func (s *Service) OpenUpload(r io.ReadSeeker, keyID int16, name string) (io.ReaderAt, error) {
	config, err := s.keys.uploadConfig(keyID, name)
	if err != nil {
		return nil, err
	}
	clear, err := sio.DecryptReaderAt(&seekingReaderAt{r: r}, config)
	if err != nil {
		return nil, fmt.Errorf("open an upload: %w", err)
	}
	return clear, nil
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
