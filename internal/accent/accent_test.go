package accent_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/accent"
)

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := accent.Parse("#1F4e79")
	require.NoError(t, err)
	require.Equal(t, accent.Color{R: 0x1f, G: 0x4e, B: 0x79}, c)
	require.Equal(t, "#1f4e79", c.String())
	for _, bad := range []string{"", "#", "1f4e79", "#1f4e7", "#1f4e799", "#1f4e7g", "red", "#+f4e79", "＃1f4e7"} {
		_, err := accent.Parse(bad)
		require.ErrorIs(t, err, accent.ErrForm, bad)
	}
}

// The contrast follows WCAG 2: 21 for black on white, 1 for equal colours, 4.48 for the
// grey #777777 on white.
func TestContrast(t *testing.T) {
	t.Parallel()
	require.InDelta(t, 21, accent.Contrast(accent.Black, accent.White), 0.001)
	require.InDelta(t, 1, accent.Contrast(accent.White, accent.White), 0.001)
	grey, err := accent.Parse("#777777")
	require.NoError(t, err)
	require.InDelta(t, 4.48, accent.Contrast(grey, accent.White), 0.005)
}

// Text on every accent colour is readable. So is text in the colour that On returns, on
// the backgrounds of both themes and on paper. The test takes every seventeenth value of
// each channel.
func TestEveryColourCanBeRead(t *testing.T) {
	t.Parallel()
	grounds := []accent.Color{{R: 0xf4, G: 0xf5, B: 0xf6}, {R: 0x18, G: 0x1e, B: 0x24}, accent.White}
	for r := 0; r < 256; r += 17 {
		for g := 0; g < 256; g += 17 {
			for b := 0; b < 256; b += 17 {
				c := accent.Color{R: uint8(r), G: uint8(g), B: uint8(b)}
				require.GreaterOrEqual(t, accent.Contrast(c, c.Ink()), accent.TextContrast, "text on %s", c)
				for _, ground := range grounds {
					on := c.On(ground, accent.TextContrast)
					require.GreaterOrEqual(t, accent.Contrast(on, ground), accent.TextContrast, "%s on %s", c, ground)
				}
			}
		}
	}
}

// On leaves a colour unchanged if it is readable already.
func TestReadableStays(t *testing.T) {
	t.Parallel()
	c := accent.Color{R: 0x0b, G: 0x5a, B: 0x75}
	require.Equal(t, c, c.On(accent.White, accent.TextContrast))
	require.Equal(t, accent.White, c.Ink())
	yellow := accent.Color{R: 0xff, G: 0xd4, B: 0}
	require.Equal(t, accent.Black, yellow.Ink())
	require.NotEqual(t, yellow, yellow.On(accent.White, accent.TextContrast))
}
