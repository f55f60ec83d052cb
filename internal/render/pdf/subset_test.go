package pdf

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The Go fonts have no composite glyphs, so the test checks the parts of outlines made by
// hand (OpenType, table glyf).
func TestSubsetKeepsPartsOfComposites(t *testing.T) {
	t.Parallel()
	simple := []byte{0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	header := []byte{0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0}
	part := func(flags byte, id byte, more ...byte) []byte {
		return append([]byte{0, flags, 0, id}, more...)
	}
	composite := append([]byte{}, header...)
	composite = append(composite, part(partMore, 1, 0, 0)...)                                 // two byte offsets
	composite = append(composite, part(partMore|partWords|partScale, 2, 0, 0, 0, 0, 0, 0)...) // words, one scale
	composite = append(composite, part(partMore|partScaleXY, 3, 0, 0, 0, 0, 0, 0)...)         // two scales
	composite = append(composite, part(partTwoByTwo, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)...)     // a matrix, the last
	composite = append(composite, part(0, 6, 0, 0)...)                                        // after the last part
	nested := append(append([]byte{}, header...), part(0, 4, 0, 0)...)                        // 5 is made of 4

	var glyf []byte
	var offsets []int
	for _, outline := range [][]byte{simple, simple, simple, simple, simple, nested, simple, composite, simple} {
		offsets = append(offsets, len(glyf))
		glyf = append(glyf, outline...)
	}
	offsets = append(offsets, len(glyf))
	wanted := make([]bool, 9)
	wanted[7] = true
	require.Equal(t, []bool{true, true, true, true, true, true, false, true, false}, withParts(glyf, offsets, wanted))
}

func TestPartsOfABrokenOutlineEnd(t *testing.T) {
	t.Parallel()
	outline := []byte{0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0, partMore, 0, 1, 0, 0, 0, partMore}
	for n := range outline {
		require.LessOrEqual(t, len(parts(outline[:n])), 1)
	}
}
