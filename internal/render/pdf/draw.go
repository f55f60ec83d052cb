package pdf

import (
	"fmt"
	"strconv"

	"github.com/johnfercher/maroto/v2/pkg/consts/align"
	"github.com/johnfercher/maroto/v2/pkg/consts/border"
	"github.com/johnfercher/maroto/v2/pkg/consts/linestyle"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/core/entity"
	"github.com/johnfercher/maroto/v2/pkg/props"

	"refill/internal/render/qr"
)

// Document implements the provider of maroto's components. Positions agree with maroto's
// gofpdf provider to the point, so that both draw the same sheet.
var _ core.Provider = (*Document)(nil)

// state is the graphics state of the page, and the cursor. The graphics state avoids
// operators that change nothing. The cursor is needed because maroto passes columns without
// a position.
type state struct {
	x, y   float64 // position of the next column, in millimetres from the top left corner of the page
	font   int     // index of the font with the size below
	size   float64 // 0: no font is set
	fill   props.Color
	stroke props.Color
	width  float64 // line width in millimetres; 0: not set
}

func newState(cfg *entity.Config) state {
	return state{x: cfg.Margins.Left, y: cfg.Margins.Top}
}

// CreateCol draws background and borders of the next column of the row.
func (d *Document) CreateCol(width, height float64, _ *entity.Config, prop *props.Cell) {
	if prop != nil {
		if prop.BackgroundColor != nil {
			d.setFill(prop.BackgroundColor)
			d.rect(d.state.x, d.state.y, width, height)
		}
		d.border(width, height, prop)
	}
	d.state.x += width
}

// CreateRow moves the cursor to the next row.
func (d *Document) CreateRow(height float64) {
	d.state.x = d.cfg.Margins.Left
	d.state.y += height
}

// AddText draws one line of text. A text that is wider than its cell is an error: the
// caller measures texts before, and text never wraps.
func (d *Document) AddText(text string, cell *entity.Cell, prop *props.Text) {
	face := d.Face(prop.Family, prop.Style)
	if face == nil {
		d.fail(fmt.Errorf("pdf: no font %s %q in the configuration", prop.Family, prop.Style))
		return
	}
	var shaped *textLine
	thousandths, err := face.plainWidth(text)
	if err != nil {
		if shaped, err = d.typeset(face, text); err != nil {
			d.fail(err)
			return
		}
		thousandths = shaped.width
	}
	width := float64(thousandths) / 1000 * prop.Size / pointsPerMM
	room := cell.Width - prop.Left - prop.Right
	if width > room+0.01 || prop.Top > cell.Height {
		d.fail(fmt.Errorf("pdf: a text of %.2f mm is set in a cell with room for %.2f × %.2f mm", width, room, cell.Height-prop.Top))
		return
	}
	x := cell.X + prop.Left + d.cfg.Margins.Left
	switch prop.Align {
	case align.Right:
		x += room - width
	case align.Center, align.Top, align.Bottom, align.Middle: // maroto centres for all of these
		x += (room - width) / 2
	case align.Justify:
		d.unsupported("justified text")
	case align.Left:
	}
	if prop.Hyperlink != nil {
		d.unsupported("links")
	}
	if prop.Color != nil {
		d.setFill(prop.Color)
	} else {
		d.setFill(&props.BlackColor)
	}
	// In maroto, the baseline is the font size below Top.
	y := cell.Y + prop.Top + d.cfg.Margins.Top + prop.Size/pointsPerMM
	if shaped != nil {
		d.showLine(shaped, prop.Size, x, y)
		return
	}
	d.show(face, prop.Size, x, y, text)
}

// show draws a text with its baseline beginning at x, y.
func (d *Document) show(face *Face, size, x, y float64, text string) {
	d.page = append(d.page, "BT "...)
	for i, f := range d.faces {
		if f == face {
			d.setFont(i, size)
		}
	}
	d.point(x, y)
	d.page = append(d.page, "Td "...)
	var err error
	if d.page, err = face.appendShow(d.page, text); err != nil {
		d.fail(err)
	}
	d.page = append(d.page, "Tj ET\n"...)
}

// setFont sets the font by its number: fonts of the configuration first, then installed
// fonts.
func (d *Document) setFont(number int, size float64) {
	if d.state.font != number || d.state.size != size {
		d.state.font, d.state.size = number, size
		d.page = strconv.AppendInt(append(d.page, "/F"...), int64(number), 10)
		d.page = appendPoints(append(d.page, ' '), size)
		d.page = append(d.page, " Tf "...)
	}
}

// AddQrCode draws a QR code as one path of rectangles whose unit is a module, so that it is
// sharp at any size. Its dark modules fill the cell as maroto's image does; the caller
// leaves the quiet zone. QR codes are written at the end of their page, so nothing may
// overlap them.
func (d *Document) AddQrCode(code string, cell *entity.Cell, prop *props.Rect) {
	if err := d.codes.Encode(code, &d.matrix); err != nil {
		d.fail(err)
		return
	}
	side := min(cell.Width, cell.Height) * prop.Percent / 100
	x, y := prop.Left, prop.Top
	if prop.Center {
		x, y = (cell.Width-side)/2, (cell.Height-side)/2
	}
	x += cell.X + d.cfg.Margins.Left
	y += cell.Y + d.cfg.Margins.Top
	module := side * pointsPerMM / float64(d.matrix.Size)

	from := len(d.qrPage)
	if from == 0 {
		d.qrDeflater.begin()
		d.qrPage = append(d.qrPage, "0 0 0 rg\n"...)
	}
	d.qrPage = append(d.qrPage, "q "...)
	d.qrPage = strconv.AppendFloat(d.qrPage, module, 'f', 4, 64)
	d.qrPage = append(d.qrPage, " 0 0 -"...)
	d.qrPage = strconv.AppendFloat(d.qrPage, module, 'f', 4, 64)
	d.qrPage = append(d.qrPage, ' ')
	d.qrPage = append(d.appendPoint(d.qrPage, x, y), "cm\n"...)
	d.qrDeflater.text(string(d.qrPage[from:]))
	d.rects = d.matrix.AppendRects(d.rects[:0])
	for _, r := range d.rects {
		d.qrPage = appendRect(d.qrPage, r)
		d.qrDeflater.rect(r)
	}
	d.qrPage = append(d.qrPage, "f Q\n"...)
	d.qrDeflater.text("f Q\n")
}

// appendRect appends a rectangle in modules.
func appendRect(b []byte, r qr.Rect) []byte {
	for _, n := range [4]uint8{r.X, r.Y, r.W, r.H} {
		number := &deflateTables.numbers[n]
		b = append(b, number.text[:]...)[:len(b)+number.digits+1]
	}
	return append(b, rectEnd[1:]...)
}

// GetFontHeight returns the height of a line, in millimetres.
func (d *Document) GetFontHeight(prop *props.Font) float64 { return prop.Size / pointsPerMM }

// border draws the borders of a column's style.
func (d *Document) border(width, height float64, prop *props.Cell) {
	if prop.BorderType == border.None {
		return
	}
	if prop.LineStyle != linestyle.Solid && prop.LineStyle != "" {
		d.unsupported("dashed borders")
	}
	color, thickness := &props.BlackColor, linestyle.DefaultLineThickness
	if prop.BorderColor != nil {
		color = prop.BorderColor
	}
	if prop.BorderThickness != 0 {
		thickness = prop.BorderThickness
	}
	d.setStroke(color, thickness)
	left, top := d.state.x, d.state.y
	right, bottom := left+width, top+height
	if prop.BorderType.HasLeft() {
		d.line(left, top, left, bottom)
	}
	if prop.BorderType.HasTop() {
		d.line(left, top, right, top)
	}
	if prop.BorderType.HasRight() {
		d.line(right, top, right, bottom)
	}
	if prop.BorderType.HasBottom() {
		d.line(left, bottom, right, bottom)
	}
}

func (d *Document) line(x1, y1, x2, y2 float64) {
	d.point(x1, y1)
	d.page = append(d.page, "m "...)
	d.point(x2, y2)
	d.page = append(d.page, "l S\n"...)
}

func (d *Document) rect(x, y, width, height float64) {
	d.point(x, y)
	d.page = appendPoints(d.page, width*pointsPerMM)
	d.page = appendPoints(append(d.page, ' '), -height*pointsPerMM)
	d.page = append(d.page, " re f\n"...)
}

// appendPoint appends a position. It converts millimetres from the top left corner to
// points from the bottom left corner.
func (d *Document) appendPoint(b []byte, x, y float64) []byte {
	b = appendPoints(b, x*pointsPerMM)
	b = appendPoints(append(b, ' '), (d.cfg.Dimensions.Height-y)*pointsPerMM)
	return append(b, ' ')
}

func (d *Document) point(x, y float64) { d.page = d.appendPoint(d.page, x, y) }

func (d *Document) setFill(c *props.Color) {
	if d.state.fill != *c { // the fill colour of a new page is black, the zero value
		d.state.fill = *c
		d.page = append(appendColor(d.page, c.Red, c.Green, c.Blue), "rg\n"...)
	}
}

func (d *Document) setStroke(c *props.Color, width float64) {
	if d.state.stroke != *c {
		d.state.stroke = *c
		d.page = append(appendColor(d.page, c.Red, c.Green, c.Blue), "RG\n"...)
	}
	if d.state.width != width {
		d.state.width = width
		d.page = append(appendPoints(d.page, width*pointsPerMM), " w\n"...)
	}
}
