package render

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/johnfercher/maroto/v2"
	"github.com/stretchr/testify/require"

	"refill/internal/render/qr"
)

// TestSheetLooksAsMarotoDrawsIt draws a sheet of each layout with maroto's own provider and
// with this package, and compares the images. It shows that a sheet stays an ordinary
// maroto sheet. QR codes always differ (maroto draws images of another version), so only
// their place is compared.
func TestSheetLooksAsMarotoDrawsIt(t *testing.T) {
	t.Parallel()
	plain := Meta{
		Brand: "Café Ñandú – Связь", Series: "202611", PortalURL: "https://refill.example.net", Count: 7,
		Instructions: []string{"Scannez le code, ou entrez-le", "sous « Recharge »."},
	}
	for _, l := range Layouts() {
		for _, both := range []bool{false, true} {
			if both && !l.BothSides {
				continue
			}
			meta := plain
			meta.Layout, meta.BothSides = l.Name, both
			t.Run(fmt.Sprintf("%s/both sides %t", l.Name, both), func(t *testing.T) {
				t.Parallel()
				requireLooksAsMaroto(t, meta)
			})
		}
	}
	for name, logo := range map[string][]byte{"sign": stripes(t, 96, 96), "upright": stripes(t, 40, 120), "wordmark": stripes(t, 300, 80)} {
		for _, layout := range []string{"a4-2x5", "id-1"} {
			meta := plain
			meta.Logo, meta.Layout, meta.BothSides = logo, layout, true
			t.Run(layout+"/"+name, func(t *testing.T) {
				t.Parallel()
				requireLooksAsMaroto(t, meta)
			})
		}
	}
}

// stripes returns an image of dark stripes on a transparent ground.
func stripes(t *testing.T, width, height int) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			if x/8%2 == 0 {
				m.SetNRGBA(x, y, color.NRGBA{R: 20, G: 60, B: 120, A: 255})
			}
		}
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, m))
	return b.Bytes()
}

func requireLooksAsMaroto(t *testing.T, meta Meta) {
	t.Helper()
	layout, known := LayoutByName(meta.Layout)
	require.True(t, known)
	cards := make([]Card, max(1, layout.PerSheet()-1)) // one place stays empty
	for i := range cards {
		cards[i] = Card{
			Serial: int64(i + 1), Code: fmt.Sprintf("R26-7K2M-9XQD-4HVT-C%02dP", i),
			PriceText: "EUR 10.05", Series: "202611", ValidTillText: "31 déc. 2027",
		}
	}

	var ours bytes.Buffer
	w, err := NewPDF(&ours, meta)
	require.NoError(t, err)
	for _, c := range cards {
		require.NoError(t, w.Write(c))
	}
	require.NoError(t, w.Close())
	previews, err := Preview(meta, cards)
	require.NoError(t, err)
	modules, err := new(qr.Encoder).Size(meta.PortalURL + "/r#" + cards[0].Code)
	require.NoError(t, err)

	p, err := newPDF(io.Discard, meta)
	require.NoError(t, err)
	p.newSheets(len(cards))
	for i, side := range []struct {
		art   artwork
		sheet *sheet
	}{{p.design.front, p.front}, {p.design.art, p.sheet}} {
		if side.sheet == nil {
			continue
		}
		i -= 2 - len(previews)
		cfg, err := newConfig(meta, &layout)
		require.NoError(t, err)
		cfg.Dimensions.Height = p.design.layout.Height // the height of a roll is known now
		require.NoError(t, p.design.setSheet(side.art, side.sheet, cards, 1))
		m := maroto.New(cfg)
		m.AddRows(side.sheet.page.GetRows()...)
		theirs, err := m.Generate()
		require.NoError(t, err)
		requireAlike(t, picture(t, ours.Bytes(), i+1), picture(t, theirs.GetBytes(), 1), qrPlaces(t, previews[i], p.design.layout.Height, modules))
	}
}

// requireAlike compares two images: single pixels outside the QR codes, and the average
// darkness within them.
func requireAlike(t *testing.T, a, b *image.Gray, places []qrPlace) {
	t.Helper()
	require.Equal(t, a.Bounds(), b.Bounds())
	sum, ink, worst := 0, 0, 0
	for y := range a.Rect.Dy() {
		for x := range a.Rect.Dx() {
			at := image.Pt(x, y)
			if slices.ContainsFunc(places, func(q qrPlace) bool { return at.In(q.Rectangle) }) {
				continue
			}
			d := int(a.GrayAt(x, y).Y) - int(b.GrayAt(x, y).Y)
			sum, ink = sum+max(d, -d), ink+255-int(a.GrayAt(x, y).Y)
			worst = max(worst, outside(a, b, at), outside(b, a, at))
		}
	}
	off := float64(sum) / float64(ink)
	t.Logf("%.3f %% of the ink lies elsewhere, %d of 255 where there is none around", off*100, worst)
	require.Less(t, off, 0.005)
	require.Less(t, worst, 64, "of 255, of one pixel: a hair's breadth at most")
	for _, q := range places {
		dark := [2]int{darkness(a, q.Rectangle), darkness(b, q.Rectangle)}
		require.InDelta(t, dark[0], dark[1], 25, "QR codes as dark as each other")
		require.InDelta(t, 128, dark[0], 40, "half of a QR code's modules are dark")
		require.True(t, lightAround(a, q), "a full quiet zone around %v", q)
	}
}

// outside returns how far a pixel of one image is outside the range of its neighbourhood in
// the other image. Two programs may round an edge between two pixels differently.
func outside(a, b *image.Gray, at image.Point) int {
	lightest, darkest := 0, 255
	around := image.Rectangle{Min: at.Sub(image.Pt(1, 1)), Max: at.Add(image.Pt(2, 2))}.Intersect(b.Rect)
	for y := around.Min.Y; y < around.Max.Y; y++ {
		for x := around.Min.X; x < around.Max.X; x++ {
			c := int(b.GrayAt(x, y).Y)
			lightest, darkest = max(lightest, c), min(darkest, c)
		}
	}
	c := int(a.GrayAt(at.X, at.Y).Y)
	return max(c-lightest, darkest-c)
}

// resolution of the pictures in dots per inch: low, so that rounding a position
// to a hundredth of a point doesn't show.
const resolution = 60

func picture(t *testing.T, pdf []byte, page int) *image.Gray {
	t.Helper()
	stem := filepath.Join(t.TempDir(), "sheet")
	require.NoError(t, os.WriteFile(stem+".pdf", pdf, 0o600))
	path, err := exec.LookPath("pdftoppm")
	require.NoError(t, err, "this test needs poppler-utils; make test installs it")
	out, err := exec.CommandContext(t.Context(), path, "-r", fmt.Sprint(resolution), "-f", fmt.Sprint(page), "-l", fmt.Sprint(page),
		"-gray", "-png", "-singlefile", stem+".pdf", stem).CombinedOutput()
	require.NoError(t, err, "%s", out)
	file, err := os.ReadFile(stem + ".png")
	require.NoError(t, err)
	img, err := png.Decode(bytes.NewReader(file))
	require.NoError(t, err)
	gray := image.NewGray(img.Bounds())
	for y := range gray.Rect.Dy() {
		for x := range gray.Rect.Dx() {
			gray.Set(x, y, color.GrayModel.Convert(img.At(x, y)))
		}
	}
	return gray
}

// qrPlace is the place of a QR code in the image, a pixel or two larger than the QR code.
type qrPlace struct {
	image.Rectangle
	zone image.Rectangle // of the pixels completely in the QR code or its quiet zone
}

// drawnCode matches the modules of a QR code in a preview.
var drawnCode = regexp.MustCompile(`matrix\((\d\.\d{4}) 0 0 -\d\.\d{4} (\S+) (\S+)\)`)

// qrPlaces finds the QR codes of a page in its preview, which is made of the same
// operators. height is that of the paper, in millimetres.
func qrPlaces(t *testing.T, preview []byte, height float64, modules int) []qrPlace {
	t.Helper()
	var places []qrPlace
	for _, found := range drawnCode.FindAllSubmatch(preview, -1) {
		var points [3]float64 // size of a module, left edge and top of the QR code, measured from the bottom
		for i := range points {
			var err error
			points[i], err = strconv.ParseFloat(string(found[i+1]), 64)
			require.NoError(t, err)
		}
		const pixel = 72.0 / resolution
		module, left, top := points[0]/pixel, points[1]/pixel, (height*pointsPerMM-points[2])/pixel
		side := module * float64(modules)
		light := qr.QuietZone * module
		places = append(places, qrPlace{
			image.Rect(int(left)-1, int(top)-1, int(left+side)+2, int(top+side)+2),
			image.Rect(int(math.Ceil(left-light)), int(math.Ceil(top-light)), int(left+side+light), int(top+side+light)),
		})
	}
	return places
}

// lightAround reports whether the quiet zone around a QR code is blank.
func lightAround(img *image.Gray, place qrPlace) bool {
	zone := place.zone
	for y := zone.Min.Y; y < zone.Max.Y; y++ {
		for x := zone.Min.X; x < zone.Max.X; x++ {
			if at := image.Pt(x, y); at.In(img.Rect) && !at.In(place.Rectangle) && img.GrayAt(x, y).Y < 220 { // letters have positions of a quarter of a pixel
				return false
			}
		}
	}
	return true
}

func darkness(img *image.Gray, r image.Rectangle) int {
	sum := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			sum += int(img.GrayAt(x, y).Y)
		}
	}
	return sum / (r.Dx() * r.Dy())
}
