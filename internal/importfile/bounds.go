package importfile

import (
	"encoding/xml"
	"io"
)

// A parser holds a row, an XML token and all open XML elements in memory, whatever their
// length. 16 MB of commas would take a gigabyte before they could be counted, and ten
// kilobytes can unpack to millions of nested elements. Therefore the input is limited
// before it reaches a parser, one piece at a time.
const (
	maxRow       = 1 << 20  // bytes of a line of text; far above MaxColumns cells of MaxCell
	maxToken     = 1 << 20  // bytes of a tag or a text in XML; a cell of Excel has 32,767 characters
	maxPiece     = 32 << 20 // bytes of a row of XML, and of the text between two rows
	maxDepth     = 100      // nested elements
	maxDirectory = 4 << 20  // bytes of the directoryReader of an archive of maxFiles
	mostBlank    = 2 * MaxRows
)

// limitedReader returns err after left bytes.
type limitedReader struct {
	r    io.Reader
	left int64
	err  error
}

// Read implements io.Reader.
func (m *limitedReader) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, m.err
	}
	n, err := m.r.Read(p[:min(int64(len(p)), m.left)])
	m.left -= int64(n)
	return n, err
}

// directoryReader limits what is read of an archive before its files are known, because
// each directory entry takes several times its length in memory.
type directoryReader struct {
	r     io.ReaderAt
	left  int
	known bool
}

// ReadAt implements io.ReaderAt.
func (d *directoryReader) ReadAt(p []byte, off int64) (int, error) {
	if !d.known {
		if d.left -= len(p); d.left < 0 {
			return 0, ErrBomb
		}
	}
	return d.r.ReadAt(p, off)
}

// tokenReader reads XML tokens within the limits, and returns ErrBomb beyond them.
type tokenReader struct {
	d     *xml.Decoder
	in    *limitedReader
	room  int64 // bytes left of the piece
	depth int
}

var _ xml.TokenReader = (*tokenReader)(nil)

func newTokens(r io.Reader) *tokenReader {
	in := &limitedReader{r: r, err: ErrBomb}
	return &tokenReader{d: xml.NewDecoder(in), in: in, room: maxPiece}
}

// next begins another piece.
func (t *tokenReader) next() { t.room = maxPiece }

// Token implements xml.TokenReader.
func (t *tokenReader) Token() (xml.Token, error) {
	most := min(maxToken, t.room)
	t.in.left = most
	token, err := t.d.Token()
	t.room -= most - t.in.left
	switch token.(type) {
	case xml.StartElement:
		if t.depth++; t.depth > maxDepth {
			return nil, ErrBomb
		}
	case xml.EndElement:
		t.depth--
	}
	return token, err
}
