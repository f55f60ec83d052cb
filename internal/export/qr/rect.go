package qr

import "math/bits"

// Rect is a rectangle of dark modules.
type Rect struct{ X, Y, W, H uint8 }

// AppendRects appends rectangles that cover each dark module once. Runs are taken
// row by row and grown downwards as far as they stay dark: fewer and larger
// rectangles than a run a row, so less to write into a page.
func (m *Matrix) AppendRects(rects []Rect) []Rect {
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
