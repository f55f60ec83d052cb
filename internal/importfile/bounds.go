package importfile

import (
	"encoding/xml"
	"io"
)

// A parser keeps a row, a token of XML and every element that is open in memory as a
// whole, however long they are: 16 MB of commas would take a gigabyte before somebody
// could count them, and ten kilobytes unpack to millions of elements within each other.
// So what is read is bounded beneath the parsers, a piece at a time.
const (
	maxRow       = 1 << 20  // bytes of a line of text; far above MaxColumns cells of MaxCell
	maxToken     = 1 << 20  // bytes of a tag or a text in XML; a cell of Excel has 32,767 characters
	maxPiece     = 32 << 20 // bytes of a row of XML, and of what stands between two
	maxDepth     = 100      // elements within each other
	maxDirectory = 4 << 20  // bytes of the directory of an archive of maxFiles
	mostBlank    = 2 * MaxRows
)

// metered gives no more bytes than are left, then its error.
type metered struct {
	r    io.Reader
	left int64
	err  error
}

// Read implements io.Reader.
func (m *metered) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, m.err
	}
	n, err := m.r.Read(p[:min(int64(len(p)), m.left)])
	m.left -= int64(n)
	return n, err
}

// directory bounds what is read of an archive until its files are known: each entry
// takes several times its bytes in memory.
type directory struct {
	r     io.ReaderAt
	left  int
	known bool
}

// ReadAt implements io.ReaderAt.
func (d *directory) ReadAt(p []byte, off int64) (int, error) {
	if !d.known {
		if d.left -= len(p); d.left < 0 {
			return 0, ErrBomb
		}
	}
	return d.r.ReadAt(p, off)
}

// tokens reads XML within the bounds; what exceeds one is ErrBomb.
type tokens struct {
	d     *xml.Decoder
	in    *metered
	room  int64 // left of the piece
	depth int
}

var _ xml.TokenReader = (*tokens)(nil)

func newTokens(r io.Reader) *tokens {
	in := &metered{r: r, err: ErrBomb}
	return &tokens{d: xml.NewDecoder(in), in: in, room: maxPiece}
}

// next says that another piece begins.
func (t *tokens) next() { t.room = maxPiece }

// Token implements xml.TokenReader.
func (t *tokens) Token() (xml.Token, error) {
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
