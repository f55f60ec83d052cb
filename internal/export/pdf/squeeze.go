package pdf

import (
	"encoding/binary"
	"math/bits"
	"strconv"

	"refill/internal/export/qr"
)

// squeezer deflates the operators of QR codes (RFC 1951). They are four fifths of
// a page, and looking for repetitions in them was half of a page's time; but
// whoever writes rectangles knows what each repeats of the one before, since they
// come sorted by their shape: "12 5 1 1 re" after "9 5 1 1 re" is its own first
// number and a copy of the line before. The code is one for all pages: made from
// many of them, it is as good as one made for each.
type squeezer struct {
	out  []byte
	acc  uint64 // bits that are not yet a byte, the first ones lowest
	n    uint   // how many
	last qr.Rect
	any  bool // last is a rectangle of this code
}

// bitString is some bits as they lie in the stream, the first one lowest.
type bitString struct {
	bits uint64
	n    uint
}

func (b bitString) and(next bitString) bitString {
	return bitString{b.bits | next.bits<<b.n, b.n + next.n}
}

// rectEnd is how the line of a rectangle ends, after its numbers.
const rectEnd = " re\n"

// endOfBlock and the lengths of copies follow the bytes in the alphabet of a
// block; a copy of 11 to 14 bytes needs an extra bit.
const (
	endOfBlock = 256
	copyOf3    = 257
	copyOf11   = 265
	copyOf13   = 266
	symbols    = 267
	distances  = 8 // a line is 11 to 15 bytes: distances 9 to 12 are the sixth, 13 to 16 the seventh
)

// codeLengths is how many bits each symbol takes: what Huffman's algorithm makes
// of sheets of cards.
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

// canonical makes the codes of an alphabet from their lengths (RFC 1951, section
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

// squeezeTables are what a squeezer writes; they never change.
type squeezeTables struct {
	header  []bitString
	bytes   [256]bitString
	numbers [64]number
	copies  [15][16]bitString // of a line's last bytes, by their number and the line's length
	end     bitString
}

// number is a number of modules as it is written.
type number struct {
	text          [4]byte // with a space behind it
	digits        int
	alone, spaced bitString // deflated, and with a space before it
}

var squeezing = newSqueezeTables() //nolint:gochecknoglobals // tables that never change

func newSqueezeTables() *squeezeTables {
	t, lengths := &squeezeTables{}, codeLengths()
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

// header is how a block begins that is the last one of its stream and says its
// codes (RFC 1951, section 3.2.7). Lengths themselves are written in four bits.
func header(lengths []uint8) []bitString {
	h := []bitString{{1, 1}, {2, 2}, {symbols - 257, 5}, {distances - 1, 5}}
	// All lengths to 13 and the two runs of zeros are sixteen symbols of four bits.
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
func (s *squeezer) begin() {
	*s = squeezer{out: s.out[:0]}
	for _, b := range squeezing.header {
		s.put(b)
	}
}

// put writes up to 56 bits.
func (s *squeezer) put(b bitString) {
	s.acc |= b.bits << s.n
	s.n += b.n
	whole := s.n &^ 7
	s.out = binary.LittleEndian.AppendUint64(s.out, s.acc)[:len(s.out)+int(whole/8)]
	s.acc >>= whole
	s.n -= whole
}

// text writes operators other than rectangles.
func (s *squeezer) text(operators string) {
	for _, c := range []byte(operators) {
		s.put(squeezing.bytes[c])
	}
	s.any = false
}

// rect writes a rectangle.
func (s *squeezer) rect(r qr.Rect) {
	t := squeezing
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

// end finishes the block and the stream.
func (s *squeezer) end() []byte {
	s.put(squeezing.end)
	s.put(bitString{0, 7}) // up to a whole byte
	return s.out
}
