package qr

import (
	"math"
	"math/bits"
)

// mask tries the eight masks and leaves the symbol with the fewest penalty points
// in m (ISO/IEC 18004, section 7.8.3). Any mask would be read; the right one is
// read in bad light too.
func (e *Encoder) mask(p *plan, data, m *Matrix) {
	best, t := math.MaxInt, &e.try
	*t = Matrix{Size: p.size} // the last symbol may have been larger
	for i := range p.masks {
		for y := range p.size {
			t.Rows[y] = data.Rows[y] ^ p.masks[i].Rows[y]
		}
		if score := t.penalty(best); score < best {
			best, *m = score, *t
		}
	}
}

// Points of the standard's four rules.
const (
	pointsRun     = 3  // five in a row, and one more for each further module
	pointsBlock   = 3  // a 2 × 2 block of one colour
	pointsFinder  = 40 // something like a finder pattern
	pointsBalance = 10 // each 5 % away from half dark
)

// penalty counts the points, and gives up once there are enough. Each rule looks at a whole row of modules at once:
// where bit x of a word says something about the module in column x, shifting
// compares neighbours in the row, and words of neighbouring rows compare columns.
func (m *Matrix) penalty(enough int) int {
	n := m.Size
	full := uint64(1)<<n - 1
	points, dark := 0, 0

	var same [64]uint64 // same[y]: columns where rows y and y+1 agree
	for y := range n - 1 {
		same[y] = ^(m.Rows[y] ^ m.Rows[y+1]) & full
	}
	var above uint64 // columns where a run of five was running already
	for y := range n {
		if points >= enough {
			return points
		}
		r := m.Rows[y]
		dark += bits.OnesCount64(r)

		across := ^(r ^ r>>1) & (full >> 1)
		five := across & (across >> 1) & (across >> 2) & (across >> 3)
		points += runPoints(five, five<<1)
		points += bits.OnesCount64(finderAcross(r, full)) * pointsFinder

		if y < n-1 {
			points += bits.OnesCount64(across&same[y]&(same[y]>>1)) * pointsBlock
		}
		if y+4 < n { //nolint:gosec // n is at most 57
			five = same[y] & same[y+1] & same[y+2] & same[y+3]
			points += runPoints(five, above)
			above = five
		}
		if y <= n-11 {
			points += bits.OnesCount64(finderDown((*[11]uint64)(m.Rows[y:y+11]))) * pointsFinder
		}
	}
	deviation := max(dark*20-n*n*10, n*n*10-dark*20) / (n * n) // steps of 5 %
	return points + deviation*pointsBalance
}

// runPoints scores runs: five has a bit for each place from which five modules
// agree, before the same one module earlier. A run of length n has n-4 such
// places and is worth n-2 points.
func runPoints(five, before uint64) int {
	return bits.OnesCount64(five) + (pointsRun-1)*bits.OnesCount64(five&^before)
}

// finderAcross marks the positions of a row with 1011101 and four light modules before or
// after it.
func finderAcross(r, full uint64) uint64 {
	light := ^r & full
	core := r & (light >> 1) & (r >> 2) & (r >> 3) & (r >> 4) & (light >> 5) & (r >> 6)
	four := light & (light >> 1) & (light >> 2) & (light >> 3)
	return core&(four>>7) | core&(four<<4)
}

// finderDown does the same for columns, over eleven rows.
func finderDown(r *[11]uint64) uint64 {
	first := r[0] &^ r[1] & r[2] & r[3] & r[4] &^ r[5] & r[6] &^ (r[7] | r[8] | r[9] | r[10])
	last := r[4] &^ r[5] & r[6] & r[7] & r[8] &^ r[9] & r[10] &^ (r[0] | r[1] | r[2] | r[3])
	return first | last
}
