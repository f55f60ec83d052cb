package blob

import (
	"io"
	"sync"
)

// blockReaderAt reads in large blocks and caches the last few. A workbook is read in small
// pieces from two positions in turn. Without blocks each piece would decrypt a whole
// chunk, and be a request of its own in a bucket.
type blockReaderAt struct {
	mu     sync.Mutex
	r      io.ReaderAt
	blocks [3]struct {
		number int64
		bytes  []byte // nil: none yet
	}
	oldest int // the block to replace next
}

// blockSize is the size of a block in bytes: four chunks.
const blockSize = 256 << 10

// ReadAt implements io.ReaderAt.
func (b *blockReaderAt) ReadAt(p []byte, offset int64) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for n < len(p) {
		at := offset + int64(n)
		block, err := b.block(at / blockSize)
		if err != nil {
			return n, err
		}
		if at%blockSize >= int64(len(block)) {
			return n, io.EOF
		}
		n += copy(p[n:], block[at%blockSize:])
	}
	return n, nil
}

// block returns a block; the last one of a file may be short.
func (b *blockReaderAt) block(number int64) ([]byte, error) {
	for _, one := range b.blocks {
		if one.bytes != nil && one.number == number {
			return one.bytes, nil
		}
	}
	into := &b.blocks[b.oldest]
	bytes := into.bytes[:cap(into.bytes)]
	if bytes == nil {
		bytes = make([]byte, blockSize)
	}
	into.bytes = nil
	n, err := b.r.ReadAt(bytes, number*blockSize)
	if err != nil && err != io.EOF {
		return nil, err
	}
	into.number, into.bytes = number, bytes[:n]
	b.oldest = (b.oldest + 1) % len(b.blocks)
	return into.bytes, nil
}

// seekingReaderAt is an io.ReaderAt on an io.ReadSeeker. It does not seek for consecutive
// reads.
type seekingReaderAt struct {
	mu sync.Mutex
	r  io.ReadSeeker
	at int64
	// err is the first error of reading. It tells a file that can't be read now from one
	// that does not decrypt.
	err error
}

// failed returns the first error of reading.
func (s *seekingReaderAt) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// ReadAt implements io.ReaderAt.
func (s *seekingReaderAt) ReadAt(p []byte, offset int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return 0, s.err
	}
	if s.at != offset {
		if _, s.err = s.r.Seek(offset, io.SeekStart); s.err != nil {
			return 0, s.err
		}
	}
	n, err := io.ReadFull(s.r, p)
	s.at = offset + int64(n)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	if err != io.EOF {
		s.err = err
	}
	return n, err
}
