package importfile

import (
	"bytes"
	"errors"
	"io"
)

// lines reads the lines of a text, which end in LF, CR LF or CR, also mixed. It reads ahead
// only as far as the caller peeks, and buffers no more than that.
type lines struct {
	r    io.Reader
	buf  []byte
	at   int // beginning of the next line
	from int // buf has no LF from here to lf
	lf   int // place of the next LF, or the length of buf when it was searched and had none
	most int // bytes of a line
	eof  bool
}

func newLines(r io.Reader, most int) *lines {
	return &lines{r: r, buf: make([]byte, 0, sniffBytes), most: most}
}

// fill reads more input. The bytes from at on stay in the buffer.
func (l *lines) fill() error {
	if len(l.buf) == cap(l.buf) {
		if l.at > cap(l.buf)/2 {
			l.drop()
		} else {
			grown := make([]byte, len(l.buf), 2*cap(l.buf))
			copy(grown, l.buf)
			l.buf = grown
		}
	}
	for range 100 { // a reader may return no bytes and no error
		n, err := l.r.Read(l.buf[len(l.buf):min(cap(l.buf), len(l.buf)+sniffBytes)])
		l.buf = l.buf[:len(l.buf)+n]
		if errors.Is(err, io.EOF) {
			l.eof = true
			return nil
		}
		if err != nil || n > 0 {
			return err
		}
	}
	return io.ErrNoProgress
}

// drop removes the lines that were read from the buffer.
func (l *lines) drop() {
	n := copy(l.buf, l.buf[l.at:])
	l.buf = l.buf[:n]
	l.from, l.lf = max(0, l.from-l.at), max(0, l.lf-l.at)
	l.at = 0
}

// peek returns the line that begins offset bytes after the next one, and the offset of the
// line after it. The bytes are valid until the next call.
func (l *lines) peek(offset int) (line []byte, next int, err error) {
	seen := 0
	for {
		from := l.at + offset
		if from >= len(l.buf) && l.eof {
			return nil, offset, io.EOF
		}
		end := l.end(from, seen)
		complete := end < len(l.buf) && (l.buf[end] == '\n' || end+1 < len(l.buf) || l.eof) || l.eof
		if end-from > l.most {
			return nil, offset, ErrLong
		}
		if complete {
			next = end
			if next < len(l.buf) {
				if next++; l.buf[end] == '\r' && next < len(l.buf) && l.buf[next] == '\n' {
					next++
				}
			}
			return l.buf[from:end], next - l.at, nil
		}
		seen = end - from
		if err := l.fill(); err != nil {
			return nil, offset, err
		}
	}
}

// end returns the end of the line that begins at from. Its first seen bytes are known to
// contain no end.
func (l *lines) end(from, seen int) int {
	if from >= len(l.buf) {
		return from
	}
	start := min(from+seen, len(l.buf))
	switch {
	case start > l.lf:
		l.from, l.lf = start, start
	case start < l.from: // the caller peeked further before
		if i := bytes.IndexByte(l.buf[start:l.from], '\n'); i >= 0 {
			l.lf = start + i
		}
		l.from = start
	}
	if l.lf < len(l.buf) && l.buf[l.lf] != '\n' {
		if i := bytes.IndexByte(l.buf[l.lf:], '\n'); i >= 0 {
			l.lf += i
		} else {
			l.lf = len(l.buf)
		}
	}
	if i := bytes.IndexByte(l.buf[start:l.lf], '\r'); i >= 0 {
		return start + i
	}
	return l.lf
}

// skip moves the next line by an offset that peek returned.
func (l *lines) skip(next int) { l.at += next }
