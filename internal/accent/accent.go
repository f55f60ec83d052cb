// Package accent owns the arithmetic of a brand's colour: reading it, and making
// of it colours that people can read, on screens and on paper. It never stores
// and never draws anything.
package accent

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// Color is a colour in sRGB, eight bits a channel.
type Color struct{ R, G, B uint8 }

// Black and white, which every brand's colour is mixed with.
var (
	Black = Color{}              //nolint:gochecknoglobals // a constant, were structs allowed to be
	White = Color{255, 255, 255} //nolint:gochecknoglobals // likewise
)

// TextContrast is the least contrast of text with its ground (WCAG 2, level AA).
const TextContrast = 4.5

// ErrForm says that a text is no colour.
var ErrForm = errors.New("accent: a colour must look like #1f4e79")

// Parse reads "#rrggbb".
func Parse(text string) (Color, error) {
	if len(text) != 7 || text[0] != '#' {
		return Color{}, ErrForm
	}
	n, err := strconv.ParseUint(text[1:], 16, 32)
	if err != nil {
		return Color{}, ErrForm
	}
	return Color{uint8(n >> 16), uint8(n >> 8), uint8(n)}, nil //nolint:gosec // each is one byte of three
}

// String writes the colour as style sheets do.
func (c Color) String() string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// Luminance is how light a colour is, 0 to 1 (WCAG 2).
func (c Color) Luminance() float64 {
	linear := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// Contrast is the ratio of two colours, 1 to 21 (WCAG 2).
func Contrast(a, b Color) float64 {
	x, y := a.Luminance(), b.Luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// Mix returns c with a share of another colour, 0 to 1.
func (c Color) Mix(with Color, share float64) Color {
	one := func(a, b uint8) uint8 {
		return uint8(math.Round(float64(a) + (float64(b)-float64(a))*min(max(share, 0), 1)))
	}
	return Color{one(c.R, with.R), one(c.G, with.G), one(c.B, with.B)}
}

// Ink is black or white, whichever reads better on c. One of them always
// reaches TextContrast: the worst colour for both gives 4.58.
func (c Color) Ink() Color {
	if Contrast(c, White) >= TextContrast || Contrast(c, White) >= Contrast(c, Black) {
		return White
	}
	return Black
}

// steps is in how many steps a colour is mixed away from its ground.
const steps = 50

// On returns c as near to itself as it can stay and be read on a ground: darkened
// on a light one, lightened on a dark one, until the contrast is reached.
func (c Color) On(ground Color, contrast float64) Color {
	end := Black
	if Contrast(ground, White) > Contrast(ground, Black) {
		end = White
	}
	for step := range steps {
		if mixed := c.Mix(end, float64(step)/steps); Contrast(mixed, ground) >= contrast {
			return mixed
		}
	}
	return end
}
