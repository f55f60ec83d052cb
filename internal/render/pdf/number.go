package pdf

import (
	"math"
	"strconv"
)

// pointsPerMM converts millimetres to points.
const pointsPerMM = 72 / 25.4

// appendPoints appends a length in points with two decimals, which is 4 µm and finer than
// any printer. The float formatting of strconv would take a third of the time of a page.
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

// appendColor appends the three components of a colour, from 0 to 1 with three decimals.
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
