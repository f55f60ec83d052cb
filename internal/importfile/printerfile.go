package importfile

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"strconv"
)

// printerMagic is the beginning of a printer file (docs/printing.md).
const printerMagic = "H;REFILL-CARDS;1;"

// printerRows reads a printer file. At the end it verifies the totals and the checksum, and
// returns ErrBroken for a file that is truncated or changed.
type printerRows struct {
	in    *limitedReader
	sum   *hashingReader
	cells *csv.Reader
	cards int64
	total bool // the line of totals was read and its count is right
	n     int32
}

func openPrinterFile(r io.Reader) *printerRows {
	in := &limitedReader{r: r, err: ErrLong}
	sum := &hashingReader{lines: bufio.NewReaderSize(in, maxLine), hash: sha256.New()}
	reader := csv.NewReader(sum)
	reader.Comma, reader.FieldsPerRecord, reader.ReuseRecord = ';', -1, true
	return &printerRows{in: in, sum: sum, cells: reader}
}

// Next returns the names of the columns, and then one row for each card.
func (p *printerRows) Next() (Row, error) {
	for {
		p.in.left = maxRow
		record, err := p.cells.Read()
		if errors.Is(err, io.EOF) && p.total && p.sum.right {
			return Row{}, io.EOF
		}
		if err != nil { // the parser's error may quote the line
			return Row{}, ErrBroken
		}
		p.n++
		switch record[0] {
		case "H":
			continue
		case "T":
			p.total = len(record) > 1 && record[1] == strconv.FormatInt(p.cards, 10)
			continue
		case "D":
			p.cards++
		case "C":
		default:
			return Row{}, ErrBroken
		}
		for i := range record {
			record[i] = clean(record[i])
		}
		return Row{Number: p.n, Cells: record[1:]}, nil
	}
}

// hashingReader passes lines on and hashes them, up to the line with the checksum.
type hashingReader struct {
	lines *bufio.Reader
	hash  hash.Hash
	left  []byte
	ended bool
	right bool
}

// Read implements io.Reader.
func (s *hashingReader) Read(p []byte) (int, error) {
	if len(s.left) == 0 {
		if s.ended {
			return 0, io.EOF
		}
		line, err := s.lines.ReadSlice('\n')
		switch {
		case bytes.HasPrefix(line, []byte("S;")):
			s.ended = true
			said, _ := hex.DecodeString(string(bytes.TrimSpace(line[2:])))
			s.right = subtle.ConstantTimeCompare(said, s.hash.Sum(nil)) == 1
			return 0, io.EOF
		case err != nil: // truncated before the checksum, or an invalid line
			s.ended = true
			return 0, io.EOF
		}
		_, _ = s.hash.Write(line) // never fails
		s.left = line
	}
	n := copy(p, s.left)
	s.left = s.left[n:]
	return n, nil
}
