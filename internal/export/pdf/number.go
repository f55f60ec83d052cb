package pdf

import (
	"math"
	"strconv"
)

// pointsPerMM turns maroto's millimetres into the points of a page.
const pointsPerMM = 72 / 25.4

// appendPoints appends a length in points with two decimals: 4 µm, finer than any
// press. strconv's float formatting would be a third of a page's cost.
func appendPoints(b []byte, v float64) []byte {
	n := int64(math.Round(v * 100))
	if n < 0 {
		b, n = append(b, '-'), -n
	}
	b = strconv.AppendInt(b, n/100, 10)
	if n %= 100; n != 0 {
		b = append(b, '.', byte('0'+n/10))
		if n%10 != 0 {
			b = append(b, byte('0'+n%10))
		}
	}
	return b
}

// appendColor appends the three components of a colour, 0 to 1 with three
// decimals.
func appendColor(b []byte, red, green, blue int) []byte {
	for _, c := range [3]int{red, green, blue} {
		n := (min(max(c, 0), 255)*1000 + 127) / 255
		b = append(b, byte('0'+n/1000))
		if n %= 1000; n != 0 {
			b = append(b, '.', byte('0'+n/100), byte('0'+n/10%10), byte('0'+n%10))
		}
		b = append(b, ' ')
	}
	return b
}
