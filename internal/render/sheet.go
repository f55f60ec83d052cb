package render

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

	"refill/internal/render/pdf"
)

// Cut marks and the notes between them, in millimetres.
const (
	markLength = 5.0
	markGap    = 2.0 // between mark and card, so that an imprecise cut leaves no ink
	markWidth  = 0.2

	noteInset = 5.0 // between a mark and a note
	noteLine  = 3.4 // baseline of a note
)

// newConfig returns the maroto configuration of a sheet without margins, because cut marks
// lie in the margins.
func newConfig(meta Meta, l *Layout) (*entity.Config, error) {
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
		WithDimensions(l.Width, max(l.Height, 1)). // the length of a roll is set later by the design
		WithLeftMargin(0).WithTopMargin(0).WithRightMargin(0).WithBottomMargin(0).
		WithDisableAutoPageBreak(true).
		WithMaxGridSize(units(l.Width)).
		WithCustomFonts(fonts).
		WithDefaultFont(&props.Font{Family: sans, Style: fontstyle.Normal, Size: 8, Color: &props.BlackColor}).
		WithTitle(meta.title(), true).
		Build(), nil
}

// artwork is a design of a card. Its prepare method measures and makes the elements that
// all cards share.
type artwork interface {
	// prepare measures the shared elements, and returns an error for texts that can't be
	// printed.
	prepare() error
	// set puts the texts of a card into the slots of a place on the sheet.
	set(f *cardSlots, c *Card) error
	// bands returns the bands of a card from top to bottom. Their heights add up to the
	// height of the card and are the same for every place. With nil slots it returns the
	// heights only.
	bands(f *cardSlots) []band
}

// band is a horizontal strip of a card. Its columns are as wide as the card. left, right
// and below are the styles of the bleed beside the card and below its last band.
type band struct {
	height             float64
	cols               []core.Col
	left, right, below *props.Cell
}

// cardSlots are the texts that change from card to card, for one place of a sheet.
type cardSlots struct {
	brand, price, code        textSlot
	serial, series, validTill textSlot
	link                      linkSlot
}

// sheet is a page with places for cards, in reading order.
type sheet struct {
	page  core.Page
	slots []cardSlots
	note  textSlot
}

// newSheet makes a sheet with places for a number of cards. A mirrored sheet is the back of
// a sheet that is turned over its long edge: the left column of the front is the right
// column of the back.
func (d *design) newSheet(art artwork, cards int, mirrored bool) *sheet {
	l := &d.layout
	s := &sheet{slots: make([]cardSlots, l.PerSheet())}
	rows := d.marginRows(l.Top, nil, nil)
	var below *props.Cell
	for i := range l.Rows {
		line := make([][]band, l.Cols)
		heights := art.bands(nil)
		for j := range line {
			n := i*l.Cols + j
			at := j
			if mirrored {
				at = l.Cols - 1 - j
			}
			if n < cards {
				line[at] = art.bands(&s.slots[n])
				heights = line[at]
			}
		}
		for k, b := range heights {
			rows = append(rows, d.bandRow(line, k, b, edge(i, k, l.Rows, len(heights)), mirrored))
			below = b.below
		}
		if gap := l.PitchY - l.CardHeight; gap > 0 && i < l.Rows-1 {
			rows = append(rows, blank(l, gap))
		}
	}
	if below != nil && l.Bleed > 0 {
		rows = append(rows, row.New(l.Bleed).Add(col.New(units(l.Width)).WithStyle(below)))
	} else {
		rows = append(rows, d.marginRows(l.Height-l.Top-l.spanY(), d.printNote, &s.note)...)
	}
	s.page = page.New().Add(rows...)
	return s
}

// edge returns the sides on which a band has horizontal cut marks: at the top of each row
// of cards, and below the last row.
func edge(line, band, lines, bands int) border.Type {
	switch {
	case band == 0 && line == lines-1 && bands == 1:
		return border.Top | border.Bottom
	case band == 0:
		return border.Top
	case line == lines-1 && band == bands-1:
		return border.Bottom
	}
	return border.None
}

// bandRow returns one band of all cards in a row, with the margins of the sheet.
func (d *design) bandRow(line [][]band, k int, like band, marks border.Type, mirrored bool) core.Row {
	l := &d.layout
	var cols []core.Col
	for at, bands := range line {
		if at > 0 && l.PitchX > l.CardWidth {
			cols = append(cols, col.New(units(l.PitchX-l.CardWidth)))
		}
		if bands == nil {
			cols = append(cols, col.New(units(l.CardWidth)))
			continue
		}
		cols = append(cols, bands[k].cols...)
	}
	left, right := l.Left, l.right()
	if mirrored {
		left, right = right, left
	}
	r := row.New(like.height)
	if l.Bleed > 0 {
		return r.Add(styled(left, like.left)).Add(cols...).Add(styled(right, like.right))
	}
	return r.Add(d.side(left, marks, false)...).Add(cols...).Add(d.side(right, marks, true)...)
}

func styled(width float64, style *props.Cell) core.Col {
	c := col.New(units(width))
	if style != nil {
		c.WithStyle(style)
	}
	return c
}

// side returns the margin beside the cards, with horizontal cut marks where the layout has
// them.
func (d *design) side(width float64, marks border.Type, right bool) []core.Col {
	switch {
	case units(width) <= 0:
		return nil
	case !d.layout.Marks:
		return []core.Col{col.New(units(width))}
	}
	margin, mark, between := col.New(units(width)-units(markLength)-units(markGap)), col.New(units(markLength)), col.New(units(markGap))
	if style := d.levelMarks[marks]; style != nil {
		mark.WithStyle(style)
	}
	if right {
		return []core.Col{between, mark, margin}
	}
	return []core.Col{margin, mark, between}
}

// marginRows returns the margin above or below the cards, with vertical cut marks where the
// layout has them, and notes between them.
func (d *design) marginRows(height float64, left, right core.Component) []core.Row {
	l := &d.layout
	switch {
	case height <= 0:
		return nil
	case !l.Marks:
		return []core.Row{blank(l, height)}
	}
	marks := row.New(markLength).Add(col.New(units(l.Left)))
	for i := range l.Cols {
		c := col.New(units(l.CardWidth)).WithStyle(d.markFirst)
		if i == l.Cols-1 {
			c.WithStyle(d.markLast)
		}
		if i == 0 && left != nil {
			c.Add(left)
		}
		if i == l.Cols-1 && right != nil {
			c.Add(right)
		}
		marks.Add(c)
	}
	marks.Add(col.New(units(l.right())))
	outer := blank(l, height-markLength-markGap)
	if left == nil {
		return []core.Row{outer, marks, blank(l, markGap)}
	}
	return []core.Row{blank(l, markGap), marks, outer}
}

// setSheet puts cards on the sheet with number n, at most as many as it has places.
func (d *design) setSheet(art artwork, s *sheet, cards []Card, n int64) error {
	for i := range cards {
		if err := art.set(&s.slots[i], &cards[i]); err != nil {
			return err
		}
	}
	if !d.layout.Marks {
		return nil
	}
	note, err := d.sheetNote(cards, n)
	if err != nil {
		return err
	}
	s.note = d.noteType.place(note, noteLine, noteProps(align.Right, d.quiet))
	return nil
}

// sheetNote returns the number of the sheet, which helps to sort a stack that was dropped.
func (d *design) sheetNote(cards []Card, n int64) (fittedText, error) {
	words := fmt.Sprintf(d.meta.Labels.Sheet, n)
	if d.meta.Count > 0 {
		words = fmt.Sprintf(d.meta.Labels.SheetOf, n, d.layout.Sheets(d.meta.Count))
	}
	if len(cards) > 0 {
		words += "  ·  " + labelled(d.meta.Labels.Serial, fmt.Sprintf("%d – %d", cards[0].Serial, cards[len(cards)-1].Serial))
	}
	return d.noteType.fitOrCut("sheet’s number", words, d.layout.CardWidth-2*noteInset)
}

// noteProps returns the properties of a note between the cut marks.
func noteProps(to align.Type, color *props.Color) props.Text {
	return props.Text{Align: to, Left: noteInset, Right: noteInset, Color: color}
}

// blank returns an empty row.
func blank(l *Layout, height float64) core.Row { return row.New(height).Add(col.New(units(l.Width))) }
