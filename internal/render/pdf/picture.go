package pdf

import (
	"bytes"
	"fmt"
	"image"
	"image/png"

	"github.com/johnfercher/maroto/v2/pkg/consts/extension"
	"github.com/johnfercher/maroto/v2/pkg/core/entity"
	"github.com/johnfercher/maroto/v2/pkg/props"
)

// picture is the only image of a document. It is written once and drawn any number of
// times. Viewers take minutes for a file with a thousand images in its resources.
type picture struct {
	source        []byte // as passed by the caller; the same slice is the same image
	id            int    // object number
	width, height int    // pixels
}

// AddImageFromBytes draws a PNG image in a cell, at the position of maroto's own provider.
// A document can have one image; another one is an error.
func (d *Document) AddImageFromBytes(source []byte, cell *entity.Cell, prop *props.Rect, kind extension.Type) {
	if d.err != nil {
		return
	}
	if d.picture == nil {
		d.picture = d.embed(source, kind)
	}
	p := d.picture
	if p == nil || len(source) != len(p.source) || &source[0] != &p.source[0] {
		d.unsupported("a second image")
		return
	}
	width, height := p.within(cell, prop)
	x, y := prop.Left, prop.Top
	if prop.Center {
		x, y = (cell.Width-width)/2, (cell.Height-height)/2
	}
	x += cell.X + d.cfg.Margins.Left
	y += cell.Y + d.cfg.Margins.Top + height // the origin of an image is its lower left corner
	d.page = append(d.page, "q "...)
	d.page = appendPoints(d.page, width*pointsPerMM)
	d.page = appendPoints(append(d.page, " 0 0 "...), height*pointsPerMM)
	d.page = append(d.page, ' ')
	d.point(x, y)
	d.page = append(d.page, "cm /P Do Q\n"...)
}

// within returns the size of the image in a cell, as maroto computes it.
func (p *picture) within(cell *entity.Cell, prop *props.Rect) (width, height float64) {
	proportion := float64(p.height) / float64(p.width)
	width = cell.Width * prop.Percent / 100
	if proportion > cell.Height/cell.Width && !prop.JustReferenceWidth {
		width = cell.Height / proportion * prop.Percent / 100
	}
	height = width * proportion
	if prop.JustReferenceWidth && height > cell.Height {
		width, height = cell.Height/proportion, cell.Height
	}
	return width, height
}

// embed writes the samples of the image, and of its transparency if it has any (ISO
// 32000-1, sections 8.9.5 and 11.6.5.3).
func (d *Document) embed(source []byte, kind extension.Type) *picture {
	if kind != extension.Png {
		d.unsupported("images other than PNG")
		return nil
	}
	decoded, err := png.Decode(bytes.NewReader(source))
	if err != nil {
		d.fail(fmt.Errorf("%w: an image that can't be read: %w", ErrNotDrawn, err))
		return nil
	}
	colors, alpha := samples(decoded)
	p := &picture{source: source, id: d.file.reserve(), width: decoded.Bounds().Dx(), height: decoded.Bounds().Dy()}
	size := fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8", p.width, p.height)
	mask := ""
	if alpha != nil {
		id := d.file.reserve()
		mask = fmt.Sprintf("/SMask %d 0 R", id)
		d.file.stream(id, size+"/ColorSpace/DeviceGray", d.deflate(alpha))
	}
	d.file.stream(p.id, size+"/ColorSpace/DeviceRGB"+mask, d.deflate(colors))
	return p
}

// samples returns the colours of an image, three bytes for each pixel, and its opacity, one
// byte for each pixel; nil where all pixels are opaque.
func samples(m image.Image) (colors, alpha []byte) {
	size := m.Bounds()
	opaque := true
	for y := size.Min.Y; y < size.Max.Y; y++ {
		for x := size.Min.X; x < size.Max.X; x++ {
			r, g, b, a := m.At(x, y).RGBA()
			if a > 0 && a < 0xffff { // the values are premultiplied by the opacity
				r, g, b = r*0xffff/a, g*0xffff/a, b*0xffff/a
			}
			opaque = opaque && a == 0xffff
			colors = append(colors, byte(r>>8), byte(g>>8), byte(b>>8)) //nolint:gosec // the high byte of sixteen bits
			alpha = append(alpha, byte(a>>8))                           //nolint:gosec // likewise
		}
	}
	if opaque {
		return colors, nil
	}
	return colors, alpha
}
