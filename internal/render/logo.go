package render

import (
	"bytes"
	"errors"
	"image/png"

	"github.com/johnfercher/go-tree/node"
	"github.com/johnfercher/maroto/v2/pkg/consts/extension"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/core/entity"
	"github.com/johnfercher/maroto/v2/pkg/props"
)

// The position of a logo, in millimetres from the corner of the head. A sign is beside
// brand and kind and as high as both; a wordmark replaces the brand.
const (
	signTop, signHeight = 5.4, 9.2
	signWidth           = 14.0
	markTop, markHeight = 4.6, 6.2
	wordmarkWidth       = 27.0 // the space beside the widest price
	logoGap             = 2.8
	wordmarkRatio       = 2.0 // from this ratio of width to height on a logo counts as a wordmark
)

// logo is the image in the head of a card.
type logo struct {
	png      []byte
	prop     props.Rect
	width    float64 // millimetres
	wordmark bool    // the logo contains the name, so that the brand is not printed
}

// newLogo reads the logo of the brand and computes its place in a head; it returns nil
// where there is no logo.
func (d *design) newLogo(headWidth, headHeight float64) (*logo, error) {
	file := d.meta.Logo
	if len(file) == 0 {
		return nil, nil //nolint:nilnil // no logo is no error
	}
	size, err := png.DecodeConfig(bytes.NewReader(file))
	if err != nil || size.Width < 1 || size.Height < 1 {
		return nil, errPicture.Because(errors.Join(ErrMeta, err))
	}
	ratio := float64(size.Width) / float64(size.Height)
	l := &logo{png: file, wordmark: ratio >= wordmarkRatio}
	top, height, most := signTop, signHeight, signWidth
	if l.wordmark {
		top, height, most = markTop, markHeight, wordmarkWidth
	}
	l.width = min(height*ratio, most)
	tall := l.width / ratio
	l.prop = props.Rect{Top: top + (height-tall)/2, Percent: tall / headHeight * 100}
	if d.mirrored {
		l.prop.Left = headWidth - l.width
	}
	if 1/ratio <= headHeight/headWidth { // for an image this wide maroto takes Percent as a part of the width, else of the height
		l.prop.Percent = l.width / headWidth * 100
	}
	return l, nil
}

// left returns the distance of the head's texts from the margin.
func (l *logo) left() float64 {
	if l == nil || l.wordmark {
		return 0
	}
	return l.width + logoGap
}

var _ core.Component = (*logo)(nil)

// Render draws the logo.
func (l *logo) Render(p core.Provider, cell *entity.Cell) {
	p.AddImageFromBytes(l.png, cell, &l.prop, extension.Png)
}

// SetConfig does nothing: an image does not depend on the configuration.
func (l *logo) SetConfig(*entity.Config) {}

// GetHeight returns the height of the column, in which the logo has an absolute position.
func (l *logo) GetHeight(_ core.Provider, cell *entity.Cell) float64 { return cell.Height }

// GetStructure describes the logo.
func (l *logo) GetStructure() *node.Node[core.Structure] {
	return node.New(core.Structure{Type: "image", Details: l.prop.ToMap()})
}
