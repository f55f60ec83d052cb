package admin

import (
	"fmt"
	"math"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"refill/internal/blob"
	"refill/internal/cardfile"
	"refill/internal/db"
	"refill/internal/lang"
	"refill/internal/render"
	"refill/internal/web/kit"
)

// layoutChoices are the radio buttons of the layouts.
type layoutChoices struct {
	Options      []layoutChoice
	Error, Fault string
}

// layoutChoice is the radio button of a layout, with a drawing of its sheet. Measures are
// millimetres.
type layoutChoice struct {
	Value, Title, About string
	Selected            bool
	ViewBox             string // the sheet with a margin for its border
	Width, Height       float64
	Places              []layoutPlace
}

// layoutPlace is the place of a card on a sheet.
type layoutPlace struct{ X, Y, Width, Height float64 }

// rollCard is the height of a card on a roll in the drawing, in widths of the card.
const rollCard = 1.3

// offerLayouts returns the radio buttons of all layouts.
func offerLayouts(chosen string) []layoutChoice {
	round := func(mm float64) float64 { return math.Round(mm*10) / 10 }
	choices := make([]layoutChoice, 0, len(render.Layouts()))
	for _, l := range render.Layouts() {
		if l.Height == 0 { // the length of a card on a roll depends on its texts
			l.CardHeight = l.CardWidth * rollCard
			l.Top = l.Left
			l.Height = l.CardHeight + 2*l.Top
		}
		one := layoutChoice{Value: l.Name, Title: l.Title, About: l.About, Selected: l.Name == chosen, Width: round(l.Width), Height: round(l.Height)}
		one.ViewBox = fmt.Sprintf("-2 -2 %g %g", one.Width+4, one.Height+4)
		for i := range l.PerSheet() {
			one.Places = append(one.Places, layoutPlace{
				round(l.Left + float64(i%l.Cols)*l.PitchX), round(l.Top + float64(i/l.Cols)*l.PitchY), round(l.CardWidth), round(l.CardHeight),
			})
		}
		choices = append(choices, one)
	}
	return choices
}

// foresee adds what the file will contain, its estimated size and, for a PDF, pictures of
// its first sheet; for a table its first rows.
func (s *Server) foresee(c *gin.Context, p *exportFormPage, row db.SeriesShowRow, choice exportChoice) error {
	ctx, o := c.Request.Context(), choice.Options
	outlook, err := s.maker(c).Foresee(ctx, row, choice.format, o)
	n := outlook.Cards
	p.Sum = kit.Count(n, "card", "cards")
	if err != nil {
		return err
	}
	if n == 0 {
		p.Nothing = lang.M("There is nothing to export: no card of this series is in this selection. Widen the range or choose other cards.")
		return nil
	}
	if choice.format != string(db.ExportFormatPdf) {
		p.Sum += ", about " + blob.SizeText(outlook.Bytes)
		p.Header, p.Rows, err = s.maker(c).FirstRows(ctx, row, o)
		return err
	}
	layout, _ := render.LayoutByName(o.Layout)
	if layout.PerSheet() > 1 || o.BothSides {
		p.Sum += " on " + kit.Count(layout.Sheets(n), "sheet", "sheets")
	}
	p.Sum += ", about " + blob.SizeText(outlook.Bytes)
	p.drawSheet(choice)
	return nil
}

// drawSheet adds the pictures of the first sheet.
func (p *exportFormPage) drawSheet(choice exportChoice) {
	o := choice.Options
	query := formOf(choice.format, o)
	for bound, serial := range map[string]int32{"first": o.First, "last": o.Last} {
		if serial > 0 {
			query.Set(bound, strconv.Itoa(int(serial)))
		}
	}
	sides := []string{lang.M("Preview of the first sheet with made-up codes")}
	if o.BothSides {
		sides = []string{lang.M("Preview of the front of the first sheet"), lang.M("Preview of the back of the first sheet with made-up codes")}
	}
	for i, side := range sides {
		query.Set("side", strconv.Itoa(i))
		p.Pictures = append(p.Pictures, sheetPicture{URL: p.Series.URL + "/export/preview?" + query.Encode(), Alt: side})
	}
}

// ExportPreview handles GET …/series/:number/export/preview: one side of the
// first sheet as a picture, with made-up codes.
func (s *Server) ExportPreview(c *gin.Context) error {
	row, err := s.findSeries(c)
	if err != nil {
		return err
	}
	choice, err := ReadExportChoice(c.Request.URL.Query())
	if err != nil {
		return err
	}
	sides, err := s.maker(c).Preview(c.Request.Context(), row, choice.Options)
	if err != nil {
		return err
	}
	side, err := strconv.Atoi(c.Query("side"))
	if err != nil || side < 0 || side >= len(sides) {
		return cardfile.ErrUnknown
	}
	c.Data(http.StatusOK, "image/svg+xml", sides[side])
	return nil
}
