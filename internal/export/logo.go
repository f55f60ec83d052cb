package export

import (
	"bytes"
	"image/png"

	"github.com/johnfercher/go-tree/node"
	"github.com/johnfercher/maroto/v2/pkg/consts/extension"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/core/entity"
	"github.com/johnfercher/maroto/v2/pkg/props"
)

// Where a logo stands, in millimetres from the head's corner: a sign beside brand
// and kind, as high as both; a wordmark in the place of the brand.
const (
	signTop, signHeight = 5.4, 9.2
	signWidth           = 14.0
	markTop, markHeight = 4.6, 6.2
	wordmarkWidth       = 27.0 // what the widest price leaves
	logoGap             = 2.8
	wordmarkRatio       = 2.0 // from here on a logo will hold the name
)

// logo is the picture at a card's head.
type logo struct {
	png      []byte
	prop     props.Rect
	width    float64 // millimetres
	wordmark bool    // it says the name: no text beside it
}

// newLogo measures the brand's picture and finds its place in a head; nil where there
// is none.
func (d *design) newLogo(headWidth, headHeight float64) (*logo, error) {
	file := d.meta.Logo
	if len(file) == 0 {
		return nil, nil //nolint:nilnil // no logo is no error
	}
	size, err := png.DecodeConfig(bytes.NewReader(file))
	if err != nil || size.Width < 1 || size.Height < 1 {
		return nil, ErrMeta.Saying("The logo isn’t a PNG picture.").With(err)
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
	if 1/ratio <= headHeight/headWidth { // so wide that maroto measures it by its width
		l.prop.Percent = l.width / headWidth * 100
	}
	return l, nil
}

// left is how far the head's texts stand from the margin that they begin at.
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

// SetConfig does nothing: a picture takes nothing from the configuration.
func (l *logo) SetConfig(*entity.Config) {}

// GetHeight returns the height of the column: the logo is placed in it freely.
func (l *logo) GetHeight(_ core.Provider, cell *entity.Cell) float64 { return cell.Height }

// GetStructure describes the logo.
func (l *logo) GetStructure() *node.Node[core.Structure] {
	return node.New(core.Structure{Type: "image", Details: l.prop.ToMap()})
}
