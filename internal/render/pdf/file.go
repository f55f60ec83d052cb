package pdf

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
)

// flushAt is the number of bytes that are collected before a write.
const flushAt = 64 << 10

// file writes numbered objects from front to back. It keeps only the offset of each object,
// eight bytes, so that a file of any size needs little memory and the writer need not seek.
// After an error every further call does nothing.
type file struct {
	w       io.Writer
	buf     []byte
	written int64      // bytes written to w
	offsets []int64    // offset of object i+1; 0: reserved, not written
	cipher  *encrypter // nil: the file is not encrypted
	err     error
}

// newFile starts a file. The comment with binary bytes tells transfer programs that the
// file is not text (ISO 32000-1, section 7.5.2).
func newFile(w io.Writer) *file {
	return &file{w: w, buf: append(make([]byte, 0, flushAt+16<<10), "%PDF-1.7\n%\xE2\xE3\xCF\xD3\n"...)}
}

// reserve returns the number of an object that is written later.
func (f *file) reserve() int {
	f.offsets = append(f.offsets, 0)
	return len(f.offsets)
}

// object writes an object with a formatted body. Its strings must come from text.
func (f *file) object(id int, format string, args ...any) {
	f.begin(id)
	start := len(f.buf)
	f.buf = fmt.Appendf(f.buf, format, args...)
	if f.cipher != nil && f.err == nil && bytes.IndexByte(f.buf[start:], '(') >= 0 {
		f.err = fmt.Errorf("pdf: object %d has a string in clear", id)
	}
	f.end()
}

// stream writes a stream object with compressed data. dict has further entries of its
// dictionary.
func (f *file) stream(id int, dict string, deflated []byte) {
	length := len(deflated)
	if f.cipher != nil {
		length = f.cipher.sealedLength(length)
	}
	f.begin(id)
	f.buf = append(f.buf, "<</Filter/FlateDecode/Length "...)
	f.buf = strconv.AppendInt(f.buf, int64(length), 10)
	f.buf = append(f.buf, dict...)
	f.buf = append(f.buf, ">>stream\n"...)
	f.buf = f.seal(f.buf, deflated)
	f.buf = append(f.buf, "\nendstream"...)
	f.end()
}

// text returns a string object, encrypted if the file is. Every string in an object must be
// made by it.
func (f *file) text(s string) string { return fmt.Sprintf("<%X>", f.seal(nil, []byte(s))) }

// seal appends data, encrypted if the file is.
func (f *file) seal(b, data []byte) []byte {
	if f.cipher == nil {
		return append(b, data...)
	}
	b, err := f.cipher.seal(b, data)
	if err != nil && f.err == nil {
		f.err = err
	}
	return b
}

func (f *file) begin(id int) {
	f.offsets[id-1] = f.written + int64(len(f.buf))
	f.buf = strconv.AppendInt(f.buf, int64(id), 10)
	f.buf = append(f.buf, " 0 obj\n"...)
}

func (f *file) end() {
	f.buf = append(f.buf, "\nendobj\n"...)
	if len(f.buf) >= flushAt {
		f.flush()
	}
}

// finish writes the cross-reference table and the trailer. Each entry has exactly twenty
// bytes (ISO 32000-1, section 7.5.4).
func (f *file) finish(root, info int) error {
	start := f.written + int64(len(f.buf))
	f.buf = fmt.Appendf(f.buf, "xref\n0 %d\n0000000000 65535 f \n", len(f.offsets)+1)
	for i, offset := range f.offsets {
		if offset == 0 && f.err == nil {
			f.err = fmt.Errorf("pdf: object %d was reserved and never written", i+1)
		}
		f.buf = appendPadded(f.buf, offset)
		f.buf = append(f.buf, " 00000 n \n"...)
		if len(f.buf) >= flushAt {
			f.flush()
		}
	}
	encrypted := ""
	if f.cipher != nil {
		encrypted = fmt.Sprintf("/Encrypt %s/ID[<%X><%[2]X>]", f.cipher.dict, f.cipher.id)
	}
	f.buf = fmt.Appendf(f.buf, "trailer\n<</Size %d/Root %d 0 R/Info %d 0 R%s>>\nstartxref\n%d\n%%%%EOF\n",
		len(f.offsets)+1, root, info, encrypted, start)
	f.flush()
	return f.err
}

// flush writes the buffer. After an error it writes nothing more, because a file with a gap
// could look complete.
func (f *file) flush() {
	if f.err == nil {
		n, err := f.w.Write(f.buf)
		if err == nil && n < len(f.buf) {
			err = io.ErrShortWrite
		}
		if err != nil {
			f.err = fmt.Errorf("pdf: write: %w", err)
		}
	}
	f.written += int64(len(f.buf))
	f.buf = f.buf[:0]
}

// appendPadded appends n as ten digits.
func appendPadded(b []byte, n int64) []byte {
	var digits [10]byte
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = byte('0' + n%10)
		n /= 10
	}
	return append(b, digits[:]...)
}
