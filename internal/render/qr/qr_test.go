package qr_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"rsc.io/qr/coding"

	"refill/internal/render/qr"
)

const (
	address = "https://refill.example.net/r#"
	code    = "R26-7K2M-9XQD-4HVT-C8PW"
)

func TestEncodeIsWhatRscMakes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, head, tail string
		version          coding.Version
	}{
		{"Card", address, code, 4},
		{"ShortAddress", "http://a.bc/r#", code, 3},
		{"OnlyCode", "", code, 2},
		{"OnlyBytes", "https://refill.example.net/r#abc", "", 3},
		{"UnevenBlocks", strings.Repeat("x", 100), strings.Repeat("Z", 60), 8},
		{"Largest", strings.Repeat("x", 211), "", 10},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var (
				e qr.Encoder
				m qr.Matrix
			)
			require.NoError(t, e.Encode(tc.head+tc.tail, &m))
			require.Equal(t, int(tc.version)*4+17, m.Size)

			best, found := 1<<30, -1
			for mask := range coding.Mask(8) {
				want := reference(t, tc.version, mask, tc.head, tc.tail)
				if score := slowPenalty(want); score < best {
					best = score
				}
				if same(want, &m) {
					found = slowPenalty(want)
				}
			}
			require.NotEqual(t, -1, found, "equal to none of the eight masked symbols")
			require.Equal(t, best, found, "not the mask with the fewest points")
		})
	}
}

func TestEncodeTooLong(t *testing.T) {
	t.Parallel()
	var (
		e qr.Encoder
		m qr.Matrix
	)
	err := e.Encode(strings.Repeat("x", 300), &m)
	require.ErrorIs(t, err, qr.ErrTooLong)
	require.NotContains(t, err.Error(), "xxx")
}

// An Encoder is used for a million cards: nothing of one may stay in the next.
func TestEncoderForgets(t *testing.T) {
	t.Parallel()
	var (
		used         qr.Encoder
		again, fresh qr.Matrix
	)
	for _, text := range []string{address + code, strings.Repeat("y", 150), "A"} {
		require.NoError(t, used.Encode(text, &again))
	}
	require.NoError(t, used.Encode(address+code, &again))
	var e qr.Encoder
	require.NoError(t, e.Encode(address+code, &fresh))
	require.Equal(t, fresh, again)
}

func TestRectsCoverEachDarkModuleOnce(t *testing.T) {
	t.Parallel()
	var (
		e qr.Encoder
		m qr.Matrix
	)
	require.NoError(t, e.Encode(address+code, &m))
	painted := qr.Matrix{Size: m.Size}
	for _, r := range m.AppendRects(nil) {
		for y := r.Y; y < r.Y+r.H; y++ {
			for x := r.X; x < r.X+r.W; x++ {
				require.Zero(t, painted.Rows[y]>>x&1, "painted twice")
				painted.Rows[y] |= 1 << x
			}
		}
	}
	require.Equal(t, m, painted)
}

// reference makes the symbol by rsc.io/qr alone.
func reference(t *testing.T, v coding.Version, mask coding.Mask, head, tail string) *coding.Code {
	t.Helper()
	plan, err := coding.NewPlan(v, coding.M, mask)
	require.NoError(t, err)
	var parts []coding.Encoding
	if head != "" {
		parts = append(parts, coding.String(head))
	}
	if tail != "" {
		parts = append(parts, coding.Alpha(tail))
	}
	c, err := plan.Encode(parts...)
	require.NoError(t, err)
	return c
}

func same(c *coding.Code, m *qr.Matrix) bool {
	for y := range c.Size {
		for x := range c.Size {
			if c.Black(x, y) != (m.Rows[y]>>x&1 == 1) {
				return false
			}
		}
	}
	return true
}

// slowPenalty is the standard's four rules, written down module by module.
func slowPenalty(c *coding.Code) int {
	points, dark := 0, 0
	for _, at := range []func(i, j int) bool{
		func(i, j int) bool { return c.Black(j, i) },
		func(i, j int) bool { return c.Black(i, j) },
	} {
		for i := range c.Size {
			line := make([]byte, c.Size)
			for j := range line {
				line[j] = '0'
				if at(i, j) {
					line[j] = '1'
				}
			}
			for j := 0; j < c.Size; {
				k := j
				for k < c.Size && line[k] == line[j] {
					k++
				}
				if k-j >= 5 {
					points += 3 + k - j - 5
				}
				j = k
			}
			for j := 0; j+11 <= c.Size; j++ {
				if s := string(line[j : j+11]); s == "10111010000" || s == "00001011101" {
					points += 40
				}
			}
		}
	}
	for y := range c.Size {
		for x := range c.Size {
			if c.Black(x, y) {
				dark++
			}
			if x > 0 && y > 0 && c.Black(x, y) == c.Black(x-1, y) &&
				c.Black(x, y) == c.Black(x, y-1) && c.Black(x, y) == c.Black(x-1, y-1) {
				points += 3
			}
		}
	}
	all := c.Size * c.Size
	percent := dark * 100
	steps := max(percent-50*all, 50*all-percent) / (5 * all)
	return points + 10*steps
}

func BenchmarkEncode(b *testing.B) {
	var (
		e     qr.Encoder
		m     qr.Matrix
		rects []qr.Rect
	)
	b.ReportAllocs()
	for b.Loop() {
		if err := e.Encode(address+code, &m); err != nil {
			b.Fatal(err)
		}
		rects = m.AppendRects(rects[:0])
	}
	b.ReportMetric(float64(len(rects)), "rects")
}
