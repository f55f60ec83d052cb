package qr

import (
	"math/bits"
	"slices"
)

// Rect is a rectangle of dark modules.
type Rect struct{ X, Y, W, H uint8 }

// mostRects is how many rectangles a symbol can need: every other module of a row.
const mostRects = (MaxVersion*4 + 17) * (MaxVersion*4 + 18) / 2

// AppendRects appends rectangles that cover each dark module once, those of one
// shape after each other: what is written of them then repeats most.
func (m *Matrix) AppendRects(rects []Rect) []Rect {
	var (
		found [mostRects]Rect
		from  [257]uint16 // where those of a shape begin
	)
	runs := m.appendRuns(found[:0])
	for _, r := range runs {
		from[int(r.shape())+1]++
	}
	for i := range from[1:] {
		from[i+1] += from[i]
	}
	start := len(rects)
	rects = slices.Grow(rects, len(runs))[:start+len(runs)]
	for _, r := range runs {
		at := &from[r.shape()]
		rects[start+int(*at)] = r
		*at++
	}
	return rects
}

// shape numbers the small shapes; the few large ones share numbers.
func (r *Rect) shape() uint8 { return min(r.W, 15)<<4 | min(r.H, 15) }

// appendRuns takes runs row by row and grows them downwards as far as they stay
// dark: fewer and larger rectangles than a run a row.
func (m *Matrix) appendRuns(rects []Rect) []Rect {
	rows := m.Rows
	for y := range m.Size {
		for rows[y] != 0 {
			x := bits.TrailingZeros64(rows[y])
			w := bits.TrailingZeros64(^(rows[y] >> x))
			run := (uint64(1)<<w - 1) << x
			h := 0
			for y+h < m.Size && rows[y+h]&run == run {
				rows[y+h] &^= run
				h++
			}
			rects = append(rects, Rect{X: uint8(x), Y: uint8(y), W: uint8(w), H: uint8(h)}) //nolint:gosec // all below 64
		}
	}
	return rects
}
