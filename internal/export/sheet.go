package export

import (
	"errors"
	"fmt"

	"github.com/johnfercher/maroto/v2/pkg/components/col"
	"github.com/johnfercher/maroto/v2/pkg/components/page"
	"github.com/johnfercher/maroto/v2/pkg/components/row"
	"github.com/johnfercher/maroto/v2/pkg/config"
	"github.com/johnfercher/maroto/v2/pkg/consts/align"
	"github.com/johnfercher/maroto/v2/pkg/consts/border"
	"github.com/johnfercher/maroto/v2/pkg/consts/fontstyle"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/core/entity"
	"github.com/johnfercher/maroto/v2/pkg/fontrepository"
	"github.com/johnfercher/maroto/v2/pkg/props"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/goregular"

	"refill/internal/export/pdf"
)

// The sheet: A4, two columns of five cards of ISO/IEC 7810 ID-1 size, edge to
// edge, so that nine cuts part them all. Lengths are in millimetres; columns
// count tenths of one, for maroto's grid is one of whole numbers.
const (
	sheetWidth, sheetHeight = 210.0, 297.0
	cardWidth, cardHeight   = 85.6, 54.0
	sheetCols, sheetRows    = 2, 5
	cardsPerSheet           = sheetCols * sheetRows

	grid     = 2100 // tenths of a millimetre across a sheet
	gridSide = 194  // beside the cards
	gridCard = 856

	sideHeight = (sheetHeight - sheetRows*cardHeight) / 2 // above and below the cards
	markLength = 5.0                                      // of a cut mark
	markGap    = 2.0                                      // between mark and card: a blunt knife leaves no ink
	markWidth  = 0.2

	noteInset = 5.0 // between a mark and a note
	noteLine  = 3.4 // baseline of a note
	noteWidth = cardWidth - 2*noteInset
)

// newConfig returns the maroto configuration of a sheet. Rows are placed from the
// paper's corner, since cut marks lie outside any margin.
func newConfig(meta Meta) (*entity.Config, error) {
	regular, errRegular := pdf.PlainZero(goregular.TTF)
	bold, errBold := pdf.PlainZero(gobold.TTF)
	if err := errors.Join(errRegular, errBold); err != nil {
		return nil, fmt.Errorf("export: read fonts: %w", err)
	}
	fonts, err := fontrepository.New().
		AddUTF8FontFromBytes(sans, fontstyle.Normal, regular).
		AddUTF8FontFromBytes(sans, fontstyle.Bold, bold).
		AddUTF8FontFromBytes(mono, fontstyle.Bold, gomonobold.TTF).
		Load()
	if err != nil {
		return nil, fmt.Errorf("export: load fonts: %w", err)
	}
	return config.NewBuilder().
		WithDimensions(sheetWidth, sheetHeight).
		WithLeftMargin(0).WithTopMargin(0).WithRightMargin(0).WithBottomMargin(0).
		WithDisableAutoPageBreak(true).
		WithMaxGridSize(grid).
		WithCustomFonts(fonts).
		WithDefaultFont(&props.Font{Family: sans, Style: fontstyle.Normal, Size: 8, Color: &props.BlackColor}).
		WithTitle(meta.title(), true).
		Build(), nil
}

// sheet is a page with places for up to ten cards in reading order.
type sheet struct {
	page  core.Page
	faces [cardsPerSheet]face
	note  textSlot
}

// newSheet describes a sheet with places for some cards.
func (d *design) newSheet(cards int) *sheet {
	s := &sheet{}
	rows := make([]core.Row, 0, 3*sheetRows+6)
	rows = append(rows, blank(sideHeight-markLength-markGap), d.markRow(nil, nil), blank(markGap))
	for i := range sheetRows {
		var pair [sheetCols]*face
		for j := range pair {
			if n := i*sheetCols + j; n < cards {
				pair[j] = &s.faces[n]
			}
		}
		rows = append(rows, d.cardRows(pair, i == sheetRows-1)...)
	}
	rows = append(rows, blank(markGap), d.markRow(d.printNote, &s.note), blank(sideHeight-markLength-markGap))
	s.page = page.New().Add(rows...)
	return s
}

// setSheet puts cards, as many as the sheet has places, on sheet number n.
func (d *design) setSheet(s *sheet, cards []Card, n int64) error {
	for i := range cards {
		if err := d.set(&s.faces[i], &cards[i]); err != nil {
			return err
		}
	}
	note, err := d.sheetNote(cards, n)
	if err != nil {
		return err
	}
	s.note = d.noteType.place(note, noteLine, noteProps(align.Right, d.quiet))
	return nil
}

// sheetNote says which sheet this is, for whoever puts a dropped stack in order.
func (d *design) sheetNote(cards []Card, n int64) (setting, error) {
	words := fmt.Sprintf(d.meta.Labels.Sheet, n)
	if d.meta.Count > 0 {
		words = fmt.Sprintf(d.meta.Labels.SheetOf, n, (d.meta.Count+cardsPerSheet-1)/cardsPerSheet)
	}
	if len(cards) > 0 {
		words += fmt.Sprintf("  ·  %s %d – %d", d.meta.Labels.Serial, cards[0].Serial, cards[len(cards)-1].Serial)
	}
	return d.noteType.fitOrCut("sheet’s number", words, noteWidth)
}

// noteProps places a line of the margin between the cut marks.
func noteProps(to align.Type, color *props.Color) props.Text {
	return props.Text{Align: to, Left: noteInset, Right: noteInset, Color: color}
}

// markRow holds the upright cut marks above or below the cards, and notes between
// them.
func (d *design) markRow(left, right core.Component) core.Row {
	first, second := col.New(gridCard).WithStyle(d.markFirst), col.New(gridCard).WithStyle(d.markBoth)
	if left != nil {
		first.Add(left)
	}
	if right != nil {
		second.Add(right)
	}
	return row.New(markLength).Add(col.New(gridSide), first, second, col.New(gridSide))
}

// withSides puts the columns between the sheet's sides, with level cut marks in
// them if side says where.
func (d *design) withSides(height float64, side border.Type, cols []core.Col) core.Row {
	const gap, length = markGap * 10, markLength * 10
	edge, mark, between := col.New(gridSide-length-gap), col.New(length), col.New(gap)
	if side.HasTop() {
		mark.WithStyle(d.markTop)
	}
	if side.HasBottom() {
		mark.WithStyle(d.markEnd)
	}
	return row.New(height).Add(edge, mark, between).Add(cols...).Add(between, mark, edge)
}

// blank is a row of nothing.
func blank(height float64) core.Row { return row.New(height).Add(col.New(grid)) }
