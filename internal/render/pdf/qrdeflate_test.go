package pdf

import (
	"bytes"
	"io"
	"testing"

	"github.com/johnfercher/maroto/v2/pkg/components/code"
	"github.com/johnfercher/maroto/v2/pkg/props"
	"github.com/klauspost/compress/flate"
	"github.com/stretchr/testify/require"

	"refill/internal/render/qr"
)

// Rectangles in any order decompress to their operators.
func TestQRDeflaterWritesWhatIsDrawn(t *testing.T) {
	t.Parallel()
	h := uint64(1)
	random := func(most uint64) uint8 { // deterministic
		h = (h ^ h>>29) * 0x9E3779B97F4A7C15
		return uint8((h >> 32) % most) //nolint:gosec // below 256
	}
	var s qrDeflater
	for range 200 {
		s.begin()
		var want []byte
		for range 1 + random(3) {
			const head = "0 0 0 rg\nq 12.3456 0 0 -12.7890 -1.5 678 cm\n"
			want = append(want, head...)
			s.text(head)
			r := qr.Rect{W: 1, H: 1}
			for range int(random(250)) * 2 {
				switch r.X = random(57); random(4) {
				case 0:
					r.W, r.H = 1+random(57), 1+random(57)
				case 1:
					r.Y = random(57)
				}
				want = appendRect(want, r)
				s.rect(r)
			}
			want = append(want, "f Q\n"...)
			s.text("f Q\n")
		}
		got, err := io.ReadAll(flate.NewReader(bytes.NewReader(s.end())))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	}
}

// The Huffman code of a block is complete: readers reject an incomplete one.
func TestQRDeflaterCodeIsComplete(t *testing.T) {
	t.Parallel()
	lengths := codeLengths()
	for _, alphabet := range [][]uint8{lengths[:symbols], lengths[symbols:]} {
		sum := 0
		for _, n := range alphabet {
			if n > 0 {
				sum += 1 << 15 >> n
			}
		}
		require.Equal(t, 1<<15, sum)
	}
}

// Every character in the operators of QR codes has a code.
func TestQRDeflaterKnowsEachCharacter(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	d, err := New(&buf, testConfig(t))
	require.NoError(t, err)
	for size := range 20 {
		require.NoError(t, d.Page(one(
			code.NewQr("https://example.net", props.Rect{Percent: 5 * float64(size+1)}),
			code.NewQr("https://example.net/", props.Rect{Left: float64(size), Top: float64(size) / 7, Percent: 10}),
		)))
		for _, c := range d.qrPage {
			require.NotZero(t, deflateTables.bytes[c].n, "%q", c)
		}
	}
	require.NoError(t, d.Close())
	require.Contains(t, call(t, buf.Bytes(), "qpdf", "--check", "FILE"), "No syntax or stream encoding errors")
}
