package main

import (
	"github.com/johnfercher/maroto/v2"
	"github.com/johnfercher/maroto/v2/pkg/components/code"
	"github.com/johnfercher/maroto/v2/pkg/components/col"
	"github.com/johnfercher/maroto/v2/pkg/components/row"
	"github.com/johnfercher/maroto/v2/pkg/components/text"
	"github.com/johnfercher/maroto/v2/pkg/config"
	"github.com/johnfercher/maroto/v2/pkg/consts/align"
	"github.com/johnfercher/maroto/v2/pkg/consts/fontstyle"
	"github.com/johnfercher/maroto/v2/pkg/consts/pagesize"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/fontrepository"
	"github.com/johnfercher/maroto/v2/pkg/props"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/goregular"
)

var (
	ink    = &props.Color{Red: 23, Green: 28, Blue: 36}
	quiet  = &props.Color{Red: 94, Green: 104, Blue: 118}
	accent = &props.Color{Red: 20, Green: 68, Blue: 122}
	panel  = &props.Cell{BackgroundColor: &props.Color{Red: 239, Green: 242, Blue: 246}}
	bar    = &props.Cell{BackgroundColor: accent}
)

// writeMaroto writes the PDF with maroto, in the way of maroto's manual: rows of columns
// that contain texts and QR codes (code.NewQr). One unit of the grid is 0.1 mm.
func writeMaroto(j *job, out string) error {
	fonts, err := fontrepository.New().
		AddUTF8FontFromBytes("go", fontstyle.Normal, goregular.TTF).
		AddUTF8FontFromBytes("go", fontstyle.Bold, gobold.TTF).
		AddUTF8FontFromBytes("gomono", fontstyle.Bold, gomonobold.TTF).Load()
	if err != nil {
		return err
	}
	cfg := config.NewBuilder().
		WithPageSize(pagesize.A4).
		WithLeftMargin(sheetLeft).WithRightMargin(sheetLeft).WithTopMargin(sheetTop).WithBottomMargin(sheetTop).
		WithMaxGridSize(tenths(cols * cardWidth)).
		WithCustomFonts(fonts).
		WithDefaultFont(&props.Font{Family: "go", Size: lineSize}).
		WithCompression(true).
		Build()
	m := maroto.New(cfg)
	for cards := j.Cards; len(cards) > 0; cards = cards[min(cols, len(cards)):] {
		line := cards[:min(cols, len(cards))]
		var head, middle, foot []core.Col
		for _, c := range line {
			head = append(head, marotoHead(j)...)
			middle = append(middle, marotoPanel(c)...)
			foot = append(foot, marotoFoot(j, c)...)
		}
		m.AddRows(row.New(headHeight).Add(head...), row.New(panelHeight).Add(middle...),
			row.New(cardHeight-headHeight-panelHeight).Add(foot...))
	}
	document, err := m.Generate()
	if err != nil {
		return err
	}
	return document.Save(out)
}

func tenths(mm float64) int { return int(mm*10 + 0.5) }

// top returns the Top of a text for maroto, in millimetres, from the position of the
// text's baseline and its font size in points.
func top(baseline, size float64) float64 { return baseline - size/pointsPerMM }

func marotoHead(j *job) []core.Col {
	edge := col.New(tenths(pad))
	return []core.Col{edge, col.New(tenths(cardWidth-2*pad)).Add(
		text.New(j.Brand, props.Text{Style: fontstyle.Bold, Size: brandSize, Color: accent, Top: top(10.6, brandSize)}),
		text.New(j.Kind, props.Text{Size: lineSize, Color: quiet, Top: top(14.2, lineSize)}),
		text.New(j.Price, props.Text{Style: fontstyle.Bold, Size: priceSize, Color: ink, Top: top(10.6, priceSize), Align: align.Right}),
	), edge}
}

func marotoPanel(c card) []core.Col {
	edge := col.New(tenths(pad))
	return []core.Col{edge, col.New(tenths(barWidth)).WithStyle(bar), col.New(tenths(cardWidth - 2*pad - barWidth)).WithStyle(panel).Add(
		text.New(c.Code, props.Text{Family: "gomono", Style: fontstyle.Bold, Size: codeSize, Color: ink, Top: top(6.8, codeSize), Align: align.Center}),
	), edge}
}

func marotoFoot(j *job, c card) []core.Col {
	edge := col.New(tenths(pad))
	from := headHeight + panelHeight
	words := col.New(tenths(cardWidth - 2*pad - qrSide))
	for n, line := range j.Instructions {
		words.Add(text.New(line, props.Text{Size: lineSize, Color: ink, Top: top(32-from+3.5*float64(n), lineSize)}))
	}
	for _, v := range j.columns(c) {
		words.Add(
			text.New(v.label, props.Text{Size: labelSize, Color: quiet, Left: v.left, Top: top(45.7-from, labelSize)}),
			text.New(v.value, props.Text{Style: fontstyle.Bold, Size: valueSize, Color: ink, Left: v.left, Top: top(49-from, valueSize)}),
		)
	}
	return []core.Col{edge, words, col.New(tenths(qrSide)).Add(
		code.NewQr(j.Address+c.Code, props.Rect{Top: cardHeight - from - pad - qrSide, Percent: 100}),
	), edge}
}
