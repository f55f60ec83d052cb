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

	"refill/internal/export/qr"
)

// Document draws what maroto's components ask a provider for. Positions follow
// maroto's gofpdf provider to the point, so that both draw the same sheet.
var _ core.Provider = (*Document)(nil)

// state is what the page's graphics state holds, so that operators are written
// only for changes; and the cursor, since columns come without a position.
type state struct {
	x, y   float64 // of the next column, in millimetres from the page's corner
	font   int     // that the size below belongs to
	size   float64 // 0: none chosen yet
	fill   props.Color
	stroke props.Color
	width  float64 // of lines, in millimetres; 0: not set yet
}

func newState(cfg *entity.Config) state {
	return state{x: cfg.Margins.Left, y: cfg.Margins.Top}
}

// CreateCol fills and borders the next column of the row.
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

// CreateRow ends a row.
func (d *Document) CreateRow(height float64) {
	d.state.x = d.cfg.Margins.Left
	d.state.y += height
}

// AddText writes one line. Text that is wider than its cell is an error: sheets
// are designed, so nothing wraps by surprise.
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
	case align.Center, align.Top, align.Bottom, align.Middle: // maroto centres all of these
		x += (room - width) / 2
	case align.Justify:
		d.refuse("justified text")
	case align.Left:
	}
	if prop.Hyperlink != nil {
		d.refuse("links")
	}
	if prop.Color != nil {
		d.setFill(prop.Color)
	} else {
		d.setFill(&props.BlackColor)
	}
	// maroto's text hangs by its size: the baseline is that far below Top.
	y := cell.Y + prop.Top + d.cfg.Margins.Top + prop.Size/pointsPerMM
	if shaped != nil {
		d.showLine(shaped, prop.Size, x, y)
		return
	}
	d.show(face, prop.Size, x, y, text)
}

// show writes text with its baseline beginning at x, y.
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

// setFont chooses a font: those of the configuration are counted first, then those
// that were found.
func (d *Document) setFont(number int, size float64) {
	if d.state.font != number || d.state.size != size {
		d.state.font, d.state.size = number, size
		d.page = strconv.AppendInt(append(d.page, "/F"...), int64(number), 10)
		d.page = appendPoints(append(d.page, ' '), size)
		d.page = append(d.page, " Tf "...)
	}
}

// AddQrCode draws a code as one path of rectangles in the coordinates of its own
// modules: sharp at any size. Its dark modules fill the place that maroto's picture
// would; the quiet zone is the sheet's to leave. Codes come after all else on their
// page, so nothing may lie over them.
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

	from := len(d.squares)
	if from == 0 {
		d.squeezer.begin()
		d.squares = append(d.squares, "0 0 0 rg\n"...)
	}
	d.squares = append(d.squares, "q "...)
	d.squares = strconv.AppendFloat(d.squares, module, 'f', 4, 64)
	d.squares = append(d.squares, " 0 0 -"...)
	d.squares = strconv.AppendFloat(d.squares, module, 'f', 4, 64)
	d.squares = append(d.squares, ' ')
	d.squares = append(d.appendPoint(d.squares, x, y), "cm\n"...)
	d.squeezer.text(string(d.squares[from:]))
	d.rects = d.matrix.AppendRects(d.rects[:0])
	for _, r := range d.rects {
		d.squares = appendRect(d.squares, r)
		d.squeezer.rect(r)
	}
	d.squares = append(d.squares, "f Q\n"...)
	d.squeezer.text("f Q\n")
}

// appendRect appends a rectangle of modules.
func appendRect(b []byte, r qr.Rect) []byte {
	for _, n := range [4]uint8{r.X, r.Y, r.W, r.H} {
		number := &squeezing.numbers[n]
		b = append(b, number.text[:]...)[:len(b)+number.digits+1]
	}
	return append(b, rectEnd[1:]...)
}

// GetFontHeight returns the height of a line, in millimetres.
func (d *Document) GetFontHeight(prop *props.Font) float64 { return prop.Size / pointsPerMM }

// border draws the borders that a column's style asks for.
func (d *Document) border(width, height float64, prop *props.Cell) {
	if prop.BorderType == border.None {
		return
	}
	if prop.LineStyle != linestyle.Solid && prop.LineStyle != "" {
		d.refuse("dashed borders")
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

// appendPoint appends a position: millimetres from the top left become points from
// the bottom left.
func (d *Document) appendPoint(b []byte, x, y float64) []byte {
	b = appendPoints(b, x*pointsPerMM)
	b = appendPoints(append(b, ' '), (d.cfg.Dimensions.Height-y)*pointsPerMM)
	return append(b, ' ')
}

func (d *Document) point(x, y float64) { d.page = d.appendPoint(d.page, x, y) }

func (d *Document) setFill(c *props.Color) {
	if d.state.fill != *c { // a page begins black, the zero value
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
