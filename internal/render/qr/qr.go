// Package qr makes QR codes for cards: the matrix of modules, quickly enough that
// a million of them cost seconds. Geometry and error correction come from
// rsc.io/qr; the package adds mixed segments, the choice of the mask, and the
// matrix as bits. It never draws, and no error contains the text.
package qr

import (
	"errors"
	"fmt"
	"strings"

	"rsc.io/qr/coding"
	"rsc.io/qr/gf256"
)

// MaxVersion is the largest symbol, of 57 × 57 modules. A larger one would have
// modules below a third of a millimetre on a card, which cheap phones miss; and
// up to here a row of modules fits a machine word.
const MaxVersion = 10

// QuietZone is how many modules around the symbol must stay light (ISO/IEC 18004,
// section 5.3.8).
const QuietZone = 4

// ErrTooLong says that the text doesn't fit a symbol of MaxVersion.
var ErrTooLong = errors.New("qr: text too long")

// alphanumeric are the characters that the alphanumeric mode packs two in 11 bits
// (ISO/IEC 18004, table 5).
const alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

// Matrix is a symbol: bit x of Rows[y] tells whether the module in column x, row
// y, both from the top left, is dark. Bits from Size on are zero.
type Matrix struct {
	Size int
	Rows [64]uint64
}

// Encoder makes symbols of error correction level M: 15 % of a symbol may be
// scratched. It keeps plans and scratch space, so one document uses one Encoder;
// it is not safe for use by several goroutines.
type Encoder struct {
	plans [MaxVersion + 1]*plan
	bits  coding.Bits
	check []byte
	try   Matrix
}

// plan is what all symbols of a version have in common.
type plan struct {
	size   int
	data   int              // bytes of data
	blocks int              // blocks of data, each with its check bytes
	check  int              // check bytes a block
	place  [][2]uint8       // column and row of each bit of data and check bytes
	masks  [8]Matrix        // finder, timing, format and the mask's inversions
	rs     *gf256.RSEncoder // makes check bytes
}

// Encode makes the smallest symbol that holds text, masked as the standard says,
// in m.
func (e *Encoder) Encode(text string, m *Matrix) error {
	head, tail := split(text)
	p, v, err := e.fit(head, tail)
	if err != nil {
		return err
	}
	e.bits.Reset()
	if head != "" {
		coding.String(head).Encode(&e.bits, v)
	}
	if tail != "" {
		coding.Alpha(tail).Encode(&e.bits, v)
	}
	e.bits.Pad(p.data*8 - e.bits.Bits())

	var data Matrix
	p.spread(&data, e.bits.Bytes(), 0)
	p.spread(&data, e.checks(p), p.data*8)
	e.mask(p, &data, m)
	return nil
}

// Size returns how many modules the symbol for text has on a side.
func (e *Encoder) Size(text string) (int, error) {
	head, tail := split(text)
	p, _, err := e.fit(head, tail)
	if err != nil {
		return 0, err
	}
	return p.size, nil
}

// split parts the text into a head in byte mode and a tail in alphanumeric mode.
// A card's address is lower case and its code upper case, so that packing the
// code saves about a fifth of the modules.
func split(text string) (head, tail string) {
	i := len(text)
	for i > 0 && strings.IndexByte(alphanumeric, text[i-1]) >= 0 {
		i--
	}
	// A second segment costs its own header: 13 bits against 2.5 saved a character.
	if i > 0 && len(text)-i < 6 {
		return text, ""
	}
	return text[:i], text[i:]
}

// fit finds the smallest version that holds both segments, and its plan.
func (e *Encoder) fit(head, tail string) (*plan, coding.Version, error) {
	for v := coding.Version(1); v <= MaxVersion; v++ {
		bits := 0
		if head != "" {
			bits += coding.String(head).Bits(v)
		}
		if tail != "" {
			bits += coding.Alpha(tail).Bits(v)
		}
		if bits > v.DataBytes(coding.M)*8 {
			continue
		}
		if e.plans[v] == nil {
			p, err := newPlan(v)
			if err != nil {
				return nil, 0, err
			}
			e.plans[v] = p
		}
		return e.plans[v], v, nil
	}
	return nil, 0, ErrTooLong
}

// checks returns the check bytes of all blocks, one after another. Where the data
// don't divide evenly, the last blocks are a byte longer.
func (e *Encoder) checks(p *plan) []byte {
	data, short := e.bits.Bytes(), p.data/p.blocks
	long := p.data % p.blocks
	e.check = append(e.check[:0], make([]byte, p.blocks*p.check)...)
	for i := range p.blocks {
		n := short
		if i >= p.blocks-long {
			n++
		}
		p.rs.ECC(data[:n], e.check[i*p.check:(i+1)*p.check])
		data = data[n:]
	}
	return e.check
}

// spread sets the modules of bytes whose first bit is number from.
func (p *plan) spread(m *Matrix, bytes []byte, from int) {
	place := p.place[from:]
	for i, b := range bytes {
		for j, at := range place[i*8 : i*8+8] {
			m.Rows[at[1]] |= uint64(b>>(7-j)&1) << at[0]
		}
	}
}

// newPlan reads a version's geometry out of rsc.io/qr's pixel maps, one a mask.
func newPlan(v coding.Version) (*plan, error) {
	p := &plan{}
	for mask := range p.masks {
		pixels, err := coding.NewPlan(v, coding.M, coding.Mask(mask))
		if err != nil {
			return nil, fmt.Errorf("qr: plan of version %d: %w", v, err)
		}
		if mask == 0 {
			p.size = len(pixels.Pixel)
			p.data, p.blocks = pixels.DataBytes, pixels.Blocks
			p.check = pixels.CheckBytes / pixels.Blocks
			p.place = make([][2]uint8, (pixels.DataBytes+pixels.CheckBytes)*8)
			p.rs = gf256.NewRSEncoder(coding.Field, p.check)
		}
		p.read(pixels.Pixel, mask)
	}
	return p, nil
}

// read takes one mask's pixel map over: which modules it turns dark by itself,
// and (the same for all masks) where each bit goes.
func (p *plan) read(pixels [][]coding.Pixel, mask int) {
	m := &p.masks[mask]
	m.Size = p.size
	for y, row := range pixels {
		for x, pixel := range row {
			if pixel&coding.Black != 0 {
				m.Rows[y] |= 1 << x
			}
			if role := pixel.Role(); role == coding.Data || role == coding.Check {
				p.place[pixel.Offset()] = [2]uint8{uint8(x), uint8(y)}
			}
		}
	}
}
