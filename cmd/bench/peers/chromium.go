package main

import (
	"bufio"
	"errors"
	"fmt"
	"html/template"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"rsc.io/qr"
)

// sheets is the page that Chromium prints. Every place is absolute, which spares
// it the layout of a table; QR codes are inline SVG.
var sheets = template.Must(template.New("").Parse(`<!doctype html><meta charset="utf-8"><title>{{.Brand}} {{.Series}}</title><style>
@page { size: 210mm 297mm; margin: 0 }
@font-face { font-family: go; src: url(file://{{.Fonts}}/regular.ttf) }
@font-face { font-family: go; font-weight: bold; src: url(file://{{.Fonts}}/bold.ttf) }
@font-face { font-family: gomono; font-weight: bold; src: url(file://{{.Fonts}}/mono.ttf) }
body { margin: 0; font: 7.5pt go; color: #171c24; -webkit-print-color-adjust: exact }
.sheet { position: relative; height: 297mm; break-after: page; overflow: hidden }
.sheet:last-child { break-after: auto }
.card { position: absolute; width: 85.6mm; height: 54mm }
.card > * { position: absolute; margin: 0; white-space: nowrap; line-height: 1 }
.brand { left: 5mm; top: 7mm; font: bold 13pt go; color: #14447a }
.kind { left: 5mm; top: 12mm; color: #5e6876 }
.price { right: 5mm; top: 5mm; font: bold 20pt go }
.code { left: 5mm; top: 16.8mm; width: 74.4mm; height: 10.2mm; border-left: 1.2mm solid #14447a; background: #eff2f6; text-align: center; font: bold 14pt gomono; line-height: 10.2mm !important }
.l0 { left: 5mm; top: 30mm } .l1 { left: 5mm; top: 33.5mm }
.label { top: 43.9mm; font-size: 6pt; color: #5e6876 }
.value { top: 46.5mm; font: bold 8.5pt go }
svg { right: 5mm; bottom: 5mm; width: 19mm; height: 19mm }
</style>
{{range .Sheets}}<div class="sheet">{{range .}}<div class="card" style="left:{{.X}}mm;top:{{.Y}}mm"><p class="brand">{{$.Brand}}</p><p class="kind">{{$.Kind}}</p><p class="price">{{$.Price}}</p><p class="code">{{.Code}}</p>{{range $i, $line := $.Instructions}}<p class="l{{$i}}">{{$line}}</p>{{end}}{{range .Columns}}<p class="label" style="left:{{.Left}}mm">{{.Label}}</p><p class="value" style="left:{{.Left}}mm">{{.Value}}</p>{{end}}<svg viewBox="0 0 {{.Size}} {{.Size}}" shape-rendering="crispEdges"><path d="{{.Path}}"/></svg></div>
{{end}}</div>{{end}}`))

type htmlColumn struct {
	Label, Value string
	Left         float64
}

type htmlCard struct {
	X, Y    float64
	Code    string
	Columns []htmlColumn
	Size    int
	Path    string
}

// writeChromium writes a page and has headless Chromium print it.
func writeChromium(j *job, out string) error {
	page := strings.TrimSuffix(out, filepath.Ext(out)) + ".html"
	if err := writePage(j, page); err != nil {
		return err
	}
	profile, err := os.MkdirTemp("", "refill-bench-chromium-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(profile)
	cmd := exec.Command(os.Getenv("CHROME_PATH"), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions",
		"--allow-file-access-from-files", "--no-pdf-header-footer", "--user-data-dir="+profile, "--print-to-pdf="+out, "file://"+page)
	if says, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("chromium: %w: %s", err, says)
	}
	return nil
}

func writePage(j *job, path string) error {
	var pages [][]htmlCard
	for i, c := range j.Cards {
		code, err := qr.Encode(j.Address+c.Code, qr.M)
		if err != nil {
			return err
		}
		at := i % perSheet
		h := htmlCard{
			X: sheetLeft + float64(at%cols)*cardWidth, Y: sheetTop + float64(at/cols)*cardHeight,
			Code: c.Code, Size: code.Size, Path: svgPath(code),
		}
		for _, v := range j.columns(c) {
			h.Columns = append(h.Columns, htmlColumn{Label: v.label, Value: v.value, Left: pad + v.left})
		}
		if at == 0 {
			pages = append(pages, nil)
		}
		pages[len(pages)-1] = append(pages[len(pages)-1], h)
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(f)
	err = sheets.Execute(b, struct {
		*job
		Sheets [][]htmlCard
	}{j, pages})
	return errors.Join(err, b.Flush(), f.Close())
}

// svgPath is a rectangle for each run of dark modules.
func svgPath(code *qr.Code) string {
	var b strings.Builder
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
			fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", col, row, end-col, end-col)
			col = end
		}
	}
	return b.String()
}
