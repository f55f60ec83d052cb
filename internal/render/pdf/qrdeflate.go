package pdf

import (
	"encoding/binary"
	"math/bits"
	"strconv"

	"refill/internal/render/qr"
)

// qrDeflater compresses the operators of QR codes (RFC 1951). They are four fifths of a
// page, and a general compressor spends half of the time of a page on searching them for
// repetitions. This compressor needs no search, because rectangles are sorted by shape: "12
// 5 1 1 re" after "9 5 1 1 re" is its own first number and a copy of the rest of the
// previous line. All pages share one Huffman code, which was computed from many pages and
// compresses as well as a code for each page.
type qrDeflater struct {
	out  []byte
	acc  uint64 // bits that don't fill a byte yet, the first one lowest
	n    uint   // number of bits in acc
	last qr.Rect
	any  bool // last belongs to the current QR code
}

// bitString is a sequence of bits, the first one lowest.
type bitString struct {
	bits uint64
	n    uint
}

func (b bitString) and(next bitString) bitString {
	return bitString{b.bits | next.bits<<b.n, b.n + next.n}
}

// rectEnd is the end of the line of a rectangle, after its numbers.
const rectEnd = " re\n"

// endOfBlock and the copy lengths follow the byte values in the alphabet of a block. A copy
// of 11 to 14 bytes has one extra bit.
const (
	endOfBlock = 256
	copyOf3    = 257
	copyOf11   = 265
	copyOf13   = 266
	symbols    = 267
	distances  = 8 // a line has 11 to 15 bytes; distances 9 to 12 have code 6, distances 13 to 16 code 7
)

// codeLengths returns the length of the Huffman code of each symbol, in bits, computed from
// sheets of cards.
func codeLengths() (lengths [symbols + distances]uint8) {
	for length, chars := range map[uint8]string{3: " 12", 4: "0368", 5: "4579", 8: "\n.", 10: "cfmq", 11: "-Qegr"} {
		for _, c := range []byte(chars) {
			lengths[c] = length
		}
	}
	lengths[copyOf3+1], lengths[copyOf3+5], lengths[copyOf3+6], lengths[copyOf3+7] = 6, 3, 11, 5
	lengths[copyOf11], lengths[copyOf13], lengths[endOfBlock] = 4, 11, 11
	lengths[symbols+6], lengths[symbols+7] = 1, 1
	return lengths
}

// canonical returns the Huffman codes of an alphabet by their lengths (RFC 1951, section
// 3.2.2).
func canonical(lengths []uint8) []bitString {
	codes, next := make([]bitString, len(lengths)), uint64(0)
	for n := uint8(1); n < 16; n++ {
		next <<= 1
		for symbol, length := range lengths {
			if length == n {
				codes[symbol] = bitString{bits.Reverse64(next) >> (64 - n), uint(n)}
				next++
			}
		}
	}
	return codes
}

// qrTables are the precomputed bit strings of a qrDeflater. They never change.
type qrTables struct {
	header  []bitString
	bytes   [256]bitString
	numbers [64]number
	copies  [15][16]bitString // copies of the last bytes of a line, by the number of bytes and the length of the line
	end     bitString
}

// number is an operand in modules.
type number struct {
	text          [4]byte // with a space after it
	digits        int
	alone, spaced bitString // compressed, without and with a space before it
}

var deflateTables = newQRTables() //nolint:gochecknoglobals // tables that never change

func newQRTables() *qrTables {
	t, lengths := &qrTables{}, codeLengths()
	literal, distance := canonical(lengths[:symbols]), canonical(lengths[symbols:])
	copy(t.bytes[:], literal)
	for i := range t.numbers {
		n := &t.numbers[i]
		n.digits = copy(n.text[:], strconv.Itoa(i))
		for _, c := range n.text[:n.digits] {
			n.alone = n.alone.and(literal[c])
		}
		n.spaced = literal[' '].and(n.alone)
		n.text[n.digits] = ' '
	}
	for length := 3; length < len(t.copies); length++ {
		b := literal[copyOf3+min(length-3, 8)]
		if length >= 11 {
			b = literal[copyOf11+(length-11)/2].and(bitString{uint64(length-11) % 2, 1})
		}
		for line := 9; line < len(t.copies[length]); line++ {
			t.copies[length][line] = b.and(distance[6+(line-9)/4]).and(bitString{uint64(line-9) % 4, 2})
		}
	}
	t.header, t.end = header(lengths[:]), literal[endOfBlock]
	return t
}

// header returns the beginning of a final block with a dynamic Huffman code (RFC 1951,
// section 3.2.7). All code lengths are written in four bits.
func header(lengths []uint8) []bitString {
	h := []bitString{{1, 1}, {2, 2}, {symbols - 257, 5}, {distances - 1, 5}}
	// The lengths 0 to 13 and the two run symbols of zeros are sixteen symbols of four
	// bits.
	order := []uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1}
	var four [19]uint8
	h = append(h, bitString{uint64(len(order)) - 4, 4})
	for _, symbol := range order {
		if symbol != 14 && symbol != 16 {
			four[symbol] = 4
		}
		h = append(h, bitString{uint64(four[symbol]), 3})
	}
	codes := canonical(four[:])
	for i := 0; i < len(lengths); {
		run := 0
		for i+run < len(lengths) && lengths[i+run] == 0 && run < 138 {
			run++
		}
		switch {
		case run >= 11:
			h = append(h, codes[18], bitString{uint64(run) - 11, 7})
		case run >= 3:
			h = append(h, codes[17], bitString{uint64(run) - 3, 3})
		default:
			run = 1
			h = append(h, codes[lengths[i]])
		}
		i += run
	}
	return h
}

// begin starts a block.
func (s *qrDeflater) begin() {
	*s = qrDeflater{out: s.out[:0]}
	for _, b := range deflateTables.header {
		s.put(b)
	}
}

// put appends up to 56 bits.
func (s *qrDeflater) put(b bitString) {
	s.acc |= b.bits << s.n
	s.n += b.n
	whole := s.n &^ 7
	s.out = binary.LittleEndian.AppendUint64(s.out, s.acc)[:len(s.out)+int(whole/8)]
	s.acc >>= whole
	s.n -= whole
}

// text appends operators other than rectangles.
func (s *qrDeflater) text(operators string) {
	for _, c := range []byte(operators) {
		s.put(deflateTables.bytes[c])
	}
	s.any = false
}

// rect appends a rectangle.
func (s *qrDeflater) rect(r qr.Rect) {
	t := deflateTables
	x, y, w, h := &t.numbers[r.X], &t.numbers[r.Y], &t.numbers[r.W], &t.numbers[r.H]
	shape := w.digits + h.digits + 2 + len(rectEnd)
	line := x.digits + 1 + y.digits + shape
	switch same := s.any && r.W == s.last.W && r.H == s.last.H; {
	case same && r.Y == s.last.Y:
		s.put(x.alone.and(t.copies[shape+1+y.digits][line]))
	case same:
		s.put(x.alone.and(y.spaced).and(t.copies[shape][line]))
	default:
		s.put(x.alone.and(y.spaced))
		s.put(w.spaced.and(h.spaced))
		if s.any {
			s.put(t.copies[len(rectEnd)][line])
		} else {
			s.text(rectEnd)
		}
	}
	s.last, s.any = r, true
}

// end finishes the block and the stream, and returns the compressed bytes.
func (s *qrDeflater) end() []byte {
	s.put(deflateTables.end)
	s.put(bitString{0, 7}) // padding to a whole byte
	return s.out
}
