package main

import (
	"strconv"

	"github.com/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/goregular"
	"rsc.io/qr"
)

const pointsPerMM = 72 / 25.4

// writeGofpdf writes the PDF with fpdf, the maintained fork of gofpdf. It places each text
// and rectangle itself.
func writeGofpdf(j *job, out string) error {
	f := fpdf.New("P", "mm", "A4", "")
	f.SetCompression(true)
	f.SetMargins(0, 0, 0)
	f.SetAutoPageBreak(false, 0)
	f.AddUTF8FontFromBytes("go", "", goregular.TTF)
	f.AddUTF8FontFromBytes("go", "B", gobold.TTF)
	f.AddUTF8FontFromBytes("gomono", "B", gomonobold.TTF)
	for i, c := range j.Cards {
		if i%perSheet == 0 {
			f.AddPage()
		}
		at := i % perSheet
		if err := gofpdfCard(f, j, c, sheetLeft+float64(at%cols)*cardWidth, sheetTop+float64(at/cols)*cardHeight); err != nil {
			return err
		}
	}
	return f.OutputFileAndClose(out)
}

func gofpdfCard(f *fpdf.Fpdf, j *job, c card, x, y float64) error {
	left, right := x+pad, x+cardWidth-pad
	text := func(style string, size, x, y float64, s string) {
		f.SetFont("go", style, size)
		f.Text(x, y, s)
	}
	f.SetTextColor(20, 68, 122)
	text("B", brandSize, left, y+10.6, j.Brand)
	f.SetTextColor(94, 104, 118)
	text("", lineSize, left, y+14.2, j.Kind)
	f.SetTextColor(23, 28, 36)
	f.SetFont("go", "B", priceSize)
	f.Text(right-f.GetStringWidth(j.Price), y+10.6, j.Price)

	f.SetFillColor(20, 68, 122)
	f.Rect(left, y+headHeight, barWidth, panelHeight, "F")
	f.SetFillColor(239, 242, 246)
	f.Rect(left+barWidth, y+headHeight, cardWidth-2*pad-barWidth, panelHeight, "F")
	f.SetFont("gomono", "B", codeSize)
	f.Text(left+barWidth+(cardWidth-2*pad-barWidth-f.GetStringWidth(c.Code))/2, y+headHeight+6.8, c.Code)

	for n, line := range j.Instructions {
		text("", lineSize, left, y+32+3.5*float64(n), line)
	}
	for _, v := range j.columns(c) {
		f.SetTextColor(94, 104, 118)
		text("", labelSize, left+v.left, y+45.7, v.label)
		f.SetTextColor(23, 28, 36)
		text("B", valueSize, left+v.left, y+49, v.value)
	}

	code, err := qr.Encode(j.Address+c.Code, qr.M)
	if err != nil {
		return err
	}
	drawQR(f, code, right-qrSide, y+cardHeight-pad-qrSide)
	return nil
}

// drawQR draws a code as one path of operators, a rectangle for each run of dark
// modules: twice as fast as a call of Rect a run.
func drawQR(f *fpdf.Fpdf, code *qr.Code, x, y float64) {
	_, height := f.GetPageSize()
	module := qrSide * pointsPerMM / float64(code.Size)
	b := make([]byte, 0, 8<<10)
	b = append(b, "q 0 g "...)
	b = strconv.AppendFloat(b, module, 'f', 4, 64)
	b = append(b, " 0 0 -"...)
	b = strconv.AppendFloat(b, module, 'f', 4, 64)
	b = append(b, ' ')
	b = strconv.AppendFloat(b, x*pointsPerMM, 'f', 2, 64)
	b = append(b, ' ')
	b = strconv.AppendFloat(b, (height-y)*pointsPerMM, 'f', 2, 64)
	b = append(b, " cm\n"...)
	for row := range code.Size {
		for col := 0; col < code.Size; {
			if !code.Black(col, row) {
				col++
				continue
			}
			end := col + 1
			for end < code.Size && code.Black(end, row) {
				end++
			}
			b = strconv.AppendInt(b, int64(col), 10)
			b = append(b, ' ')
			b = strconv.AppendInt(b, int64(row), 10)
			b = append(b, ' ')
			b = strconv.AppendInt(b, int64(end-col), 10)
			b = append(b, " 1 re\n"...)
			col = end
		}
	}
	f.RawWriteStr(string(append(b, "f Q"...)))
}
