package partner

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"

	"refill/internal/accent"
	"refill/internal/fault"
)

// Limits of a logo. The dimensions are read from the file's header before the pixels are
// decoded, because a small file can declare a picture of gigabytes.
const (
	MaxLogoBytes  = 256 << 10
	maxLogoPixels = 4_000_000
	minLogoSide   = 16
	logoWidth     = 480 // the box that pictures are scaled to fit
	logoHeight    = 240
)

// Logo is a partner's logo, encoded anew from the pixels of the uploaded file, so that no
// other content of that file is kept.
type Logo struct {
	PNG           []byte
	Width, Height int32
}

// Errors of a logo, on its field of the form.
var (
	errLogoSize   = fault.Field("logo", "logo_size", "The logo’s file may have up to 256 KB. Save it smaller; 480 pixels across are plenty.")
	errLogoKind   = fault.Field("logo", "logo_kind", "The logo must be a PNG or JPEG picture. Save it as PNG and choose it again.")
	errLogoPixels = fault.Field("logo", "logo_pixels", "The logo has too many pixels: up to 4 million, such as {side} by {side}.").With("side", fault.Number(2000))
	errLogoSmall  = fault.Field("logo", "logo_small", "The logo must be at least 16 pixels wide and high.")
	errLogoBroken = fault.Field("logo", "logo_broken", "The logo’s file is damaged: it can’t be read to its end. Save it anew and choose it again.")
	errLogoPale   = fault.Field("logo", "logo_pale", "The logo can’t be seen on white, which is what cards are printed on. Choose one made for a white ground.")
)

// ReadLogo makes a logo from an uploaded file, or returns a fault.
func ReadLogo(file []byte) (*Logo, error) {
	if len(file) > MaxLogoBytes {
		return nil, errLogoSize
	}
	header, decode := png.DecodeConfig, png.Decode
	switch {
	case bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")):
	case bytes.HasPrefix(file, []byte("\xff\xd8\xff")):
		header, decode = jpeg.DecodeConfig, jpeg.Decode
	default:
		return nil, errLogoKind
	}
	size, err := header(bytes.NewReader(file))
	switch {
	case err != nil:
		return nil, errLogoBroken.Because(err)
	case int64(size.Width)*int64(size.Height) > maxLogoPixels:
		return nil, errLogoPixels
	case size.Width < minLogoSide || size.Height < minLogoSide:
		return nil, errLogoSmall
	}
	picture, err := decode(bytes.NewReader(file))
	if err != nil {
		return nil, errLogoBroken.Because(err)
	}
	fitted := fit(picture)
	if !visible(fitted) {
		return nil, errLogoPale
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, fitted); err != nil {
		return nil, fmt.Errorf("encode a logo: %w", err)
	}
	if out.Len() > 1<<20 {
		return nil, errLogoSize // a safeguard: even noise that fills the box is smaller
	}
	return &Logo{PNG: out.Bytes(), Width: int32(fitted.Rect.Dx()), Height: int32(fitted.Rect.Dy())}, nil //nolint:gosec // within the box
}

// fit scales a picture down into the box; a smaller one stays as it is.
func fit(picture image.Image) *image.NRGBA {
	from := picture.Bounds()
	scale := min(float64(logoWidth)/float64(from.Dx()), float64(logoHeight)/float64(from.Dy()), 1)
	to := image.Rect(0, 0, max(int(float64(from.Dx())*scale), 1), max(int(float64(from.Dy())*scale), 1))
	fitted := image.NewNRGBA(to)
	draw.CatmullRom.Scale(fitted, to, picture, from, draw.Src, nil)
	return fitted
}

// visible reports whether enough pixels of a picture contrast with white.
func visible(picture *image.NRGBA) bool {
	seen, all := 0, 0
	for y := range picture.Rect.Dy() {
		for x := range picture.Rect.Dx() {
			all++
			c := picture.NRGBAAt(x, y)
			over := func(v uint8) uint8 { return uint8((int(v)*int(c.A) + 255*(255-int(c.A))) / 255) } //nolint:gosec // a mean of bytes
			if accent.Contrast(accent.Color{R: over(c.R), G: over(c.G), B: over(c.B)}, accent.White) >= 1.5 {
				seen++
			}
		}
	}
	return seen*200 >= all // half a per cent of the pixels: thin lettering reaches that
}
