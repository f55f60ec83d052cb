package render

import "math"

// Layout is the geometry of one kind of paper, in millimetres from the top left corner.
type Layout struct {
	Name  string // in the database and in forms: "a4-2x5"
	Title string // for display
	About string // purpose, in one line

	Width, Height         float64 // of the paper; a roll's page is as long as a card needs
	Cols, Rows            int
	CardWidth, CardHeight float64
	Left, Top             float64 // of the first card
	PitchX, PitchY        float64 // from card to card; a label sheet has gaps
	Marks                 bool    // cut marks in the sheet's margins, and notes between them
	Bleed                 float64 // around the card, to be cut off
	BothSides             bool    // the paper can be printed on its back

	bytes, back int64 // measured: average bytes of a card in a file, and of its other side
	art         func(*design) artwork
}

// The layouts. Where the measures come from:
//
//   - Cards are ISO/IEC 7810 ID-1, 85.60 × 53.98 mm; on the A4 sheet they are
//     54 mm high, so that nine cuts at whole tenths part ten of them.
//   - Avery publishes drawings, not tables; L7160 (63.5 × 38.1 mm, pitch 66.04 ×
//     38.1 mm, top 15.15 mm, centred) is as measured from Avery's own A4 template;
//     5160 (2⅝ × 1 in, pitch 2¾ × 1 in, left 3⁄16 in, top ½ in) and 5371 (business
//     cards 3½ × 2 in, left ¾ in, top ½ in) are as gLabels has them in
//     templates/avery-us-templates.xml, from Avery's US templates.
//   - Rolls print on 72 of 80 mm and 48 of 58 mm: the widths of ESC/POS printers at
//     203 dots an inch (576 and 384 dots).
var layouts = []Layout{ //nolint:gochecknoglobals // a table that never changes
	{
		Name: "a4-2x5", Title: "A4, 10 cards", About: "2 × 5 cards of bank card size with cut marks",
		Width: 210, Height: 297, Cols: 2, Rows: 5, CardWidth: 85.6, CardHeight: 54,
		Left: 19.4, Top: 13.5, PitchX: 85.6, PitchY: 54, Marks: true, BothSides: true, bytes: 795, back: 100, art: newWideCard,
	},
	{
		Name: "a4-3x8", Title: "A4, 24 small cards", About: "3 × 8 cards of 63 × 34 mm with cut marks",
		Width: 210, Height: 297, Cols: 3, Rows: 8, CardWidth: 63, CardHeight: 34,
		Left: 10.5, Top: 12.5, PitchX: 63, PitchY: 34, Marks: true, bytes: 685, art: newLabel,
	},
	{
		Name: "letter-2x5", Title: "US Letter, 10 cards", About: "2 × 5 business cards of 3½ × 2 in (Avery 5371) with cut marks",
		Width: 215.9, Height: 279.4, Cols: 2, Rows: 5, CardWidth: 88.9, CardHeight: 50.8,
		Left: 19.05, Top: 12.7, PitchX: 88.9, PitchY: 50.8, Marks: true, BothSides: true, bytes: 781, back: 100, art: newWideCard,
	},
	{
		Name: "avery-l7160", Title: "Labels Avery L7160, A4", About: "3 × 7 labels of 63.5 × 38.1 mm",
		Width: 210, Height: 297, Cols: 3, Rows: 7, CardWidth: 63.5, CardHeight: 38.1,
		Left: 7.21, Top: 15.15, PitchX: 66.04, PitchY: 38.1, bytes: 667, art: newLabel,
	},
	{
		Name: "avery-5160", Title: "Labels Avery 5160, US Letter", About: "3 × 10 labels of 2⅝ × 1 in",
		Width: 215.9, Height: 279.4, Cols: 3, Rows: 10, CardWidth: 66.675, CardHeight: 25.4,
		Left: 4.7625, Top: 12.7, PitchX: 69.85, PitchY: 25.4, bytes: 657, art: newLabel,
	},
	{
		Name: "id-1", Title: "One card a page, for a print shop", About: "85.60 × 53.98 mm (ISO/IEC 7810 ID-1) with 3 mm bleed, trim and bleed boxes",
		Width: 91.6, Height: 59.98, Cols: 1, Rows: 1, CardWidth: 85.6, CardHeight: 53.98,
		Left: 3, Top: 3, PitchX: 85.6, PitchY: 53.98, Bleed: 3, BothSides: true, bytes: 1393, back: 450, art: newWideCard,
	},
	{
		Name: "roll-80", Title: "Receipt roll, 80 mm", About: "one card after another, printed 72 mm wide",
		Width: 80, Cols: 1, Rows: 1, CardWidth: 72, Left: 4, PitchX: 72, bytes: 1181, art: newReceipt,
	},
	{
		Name: "roll-58", Title: "Receipt roll, 58 mm", About: "one card after another, printed 48 mm wide",
		Width: 58, Cols: 1, Rows: 1, CardWidth: 48, Left: 5, PitchX: 48, bytes: 1189, art: newReceipt,
	},
}

// Layouts lists the layouts, the usual one first.
func Layouts() []Layout { return layouts }

// LayoutByName finds a layout.
func LayoutByName(name string) (Layout, bool) {
	for _, l := range layouts {
		if l.Name == name {
			return l, true
		}
	}
	return Layout{}, false
}

// PerSheet returns the number of cards on a sheet.
func (l *Layout) PerSheet() int { return l.Cols * l.Rows }

// Sheets returns the number of sheets for some cards.
func (l *Layout) Sheets(cards int64) int64 {
	return (cards + int64(l.PerSheet()) - 1) / int64(l.PerSheet())
}

// Bytes estimates the size of a file: fonts, and an average for each card.
func (l *Layout) Bytes(cards int64, bothSides bool) int64 {
	each := l.bytes
	if bothSides {
		each += l.back
	}
	return 24_000 + cards*each
}

// edges returns the edges of the cards where the print doesn't show them.
func (l *Layout) edges() [][4]float64 {
	if l.Marks || l.Bleed == 0 && l.PerSheet() == 1 {
		return nil
	}
	edges := make([][4]float64, 0, l.PerSheet())
	for i := range l.PerSheet() {
		edges = append(edges, [4]float64{l.Left + float64(i%l.Cols)*l.PitchX, l.Top + float64(i/l.Cols)*l.PitchY, l.CardWidth, l.CardHeight})
	}
	return edges
}

// right returns the width of the paper to the right of the last column.
func (l *Layout) right() float64 { return l.Width - l.Left - l.spanX() }

func (l *Layout) spanX() float64 { return float64(l.Cols-1)*l.PitchX + l.CardWidth }
func (l *Layout) spanY() float64 { return float64(l.Rows-1)*l.PitchY + l.CardHeight }

// units converts millimetres to columns of the grid, which are thousandths of a millimetre:
// maroto's grid has whole numbers, and inches are not whole tenths of a millimetre.
func units(mm float64) int { return int(math.Round(mm * 1000)) }
