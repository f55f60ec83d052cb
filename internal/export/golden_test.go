package export

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/johnfercher/maroto/v2"
	"github.com/stretchr/testify/require"

	"refill/internal/export/qr"
)

// TestSheetLooksAsMarotoDrawsIt draws one sheet by maroto's own provider and by
// ours and compares the pictures: the sheet stays an ordinary maroto sheet. QR
// codes differ by nature (maroto's are pictures of another version), so there
// only their place is compared.
func TestSheetLooksAsMarotoDrawsIt(t *testing.T) {
	t.Parallel()
	for name, logo := range map[string][]byte{"no logo": nil, "sign": stripes(t, 96, 96), "upright": stripes(t, 40, 120), "wordmark": stripes(t, 300, 80)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireLooksAsMaroto(t, Meta{
				Brand: "Café Ñandú – Связь", Series: "202611", PortalURL: "https://refill.example.net", Count: 7, Logo: logo,
				Instructions: []string{"Scannez le code, ou entrez-le sur", "refill.example.net, « Recharge »."},
			})
		})
	}
}

// stripes is a picture of dark stripes on nothing.
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
	cards := make([]Card, 7)
	for i := range cards {
		cards[i] = Card{
			Serial: int64(i + 1), Code: fmt.Sprintf("R26-7K2M-9XQD-4HVT-C8P%d", i+2),
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

	p, ok := w.(*pdfWriter)
	require.True(t, ok)
	cfg, err := newConfig(meta, &layouts[0])
	require.NoError(t, err)
	sheet := p.design.newSheet(p.design.art, len(cards), false)
	require.NoError(t, p.design.setSheet(p.design.art, sheet, cards, 1))
	m := maroto.New(cfg)
	m.AddRows(sheet.page.GetRows()...)
	theirs, err := m.Generate()
	require.NoError(t, err)

	a, b := picture(t, ours.Bytes()), picture(t, theirs.GetBytes())
	require.Equal(t, a.Bounds(), b.Bounds())
	mask := qrPlaces(len(cards))
	sum, worst, n := 0, 0, 0
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			if inAny(mask, image.Pt(x, y)) {
				continue
			}
			d := int(a.GrayAt(x, y).Y) - int(b.GrayAt(x, y).Y)
			d = max(d, -d)
			sum, worst, n = sum+d, max(worst, d), n+1
		}
	}
	t.Logf("mean difference %.4f, worst %d of 255", float64(sum)/float64(n), worst)
	require.Less(t, float64(sum)/float64(n), 0.02, "of 255, over the sheet")
	require.Less(t, worst, 60, "of 255, of one pixel: a hair's breadth at most")
	for _, r := range mask {
		dark := [2]int{darkness(a, r), darkness(b, r)}
		require.InDelta(t, dark[0], dark[1], 25, "QR codes as dark as each other")
		require.InDelta(t, 128, dark[0], 40, "half of a QR code's modules are dark")
		require.True(t, lightAround(a, r), "a full quiet zone around %v", r)
	}
}

// resolution of the pictures in dots per inch: low, so that rounding a position
// to a hundredth of a point doesn't show.
const resolution = 60

func picture(t *testing.T, pdf []byte) *image.Gray {
	t.Helper()
	stem := filepath.Join(t.TempDir(), "sheet")
	require.NoError(t, os.WriteFile(stem+".pdf", pdf, 0o600))
	path, err := exec.LookPath("pdftoppm")
	require.NoError(t, err, "this test needs poppler-utils; make test installs it")
	out, err := exec.CommandContext(t.Context(), path, "-r", fmt.Sprint(resolution),
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

// qrPlaces are the QR codes' places in the picture.
func qrPlaces(cards int) []image.Rectangle {
	px := func(mm float64) int { return int(mm / 25.4 * resolution) }
	places, l := make([]image.Rectangle, cards), layouts[0]
	for i := range places {
		right := l.Left + float64(i%l.Cols+1)*l.CardWidth - cardPad
		bottom := l.Top + float64(i/l.Cols+1)*l.CardHeight - cardPad
		places[i] = image.Rect(px(right-qrMost)-1, px(bottom-qrMost)-1, px(right)+2, px(bottom)+2)
	}
	return places
}

func inAny(places []image.Rectangle, p image.Point) bool {
	return slices.ContainsFunc(places, p.In)
}

// lightAround reports whether the quiet zone around a QR code is paper. The place
// is two pixels wider than the code, which makes up for rounding.
func lightAround(img *image.Gray, place image.Rectangle) bool {
	pixels := math.Floor(qr.QuietZone * qrModule / 25.4 * resolution)
	zone := place.Inset(1 - int(pixels))
	for y := zone.Min.Y; y < zone.Max.Y; y++ {
		for x := zone.Min.X; x < zone.Max.X; x++ {
			if !image.Pt(x, y).In(place) && img.GrayAt(x, y).Y < 255 {
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
