package render_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/fault"
	"refill/internal/render"
)

const pointsPerMM = 72 / 25.4

// printedPage is a page with its words, in points.
type printedPage struct {
	Width  float64 `xml:"width,attr"`
	Height float64 `xml:"height,attr"`
	Words  []word  `xml:"word"`
}

func pages(t *testing.T, path string) []printedPage {
	t.Helper()
	var doc struct {
		Pages []printedPage `xml:"body>doc>page"`
	}
	require.NoError(t, xml.Unmarshal([]byte(run(t, "pdftotext", "-bbox", path, "-")), &doc))
	return doc.Pages
}

// longMeta is a design with the longest text in every field, in a language with long words.
func longMeta() render.Meta {
	m := sampleMeta()
	m.Brand = "Südwestdeutsche Breitband- und Telekommunikationsgesellschaft mbH & Co. KG"
	m.Count = 1_000_000
	m.Labels = render.Labels{
		Kind: "Guthabenaufladekarte für Vertragskunden", Serial: "Seriennummer", Series: "Kartenserie", ValidTill: "Einlösbar bis einschließlich",
		Sheet: "Druckbogen %d", SheetOf: "Druckbogen %d von %d", Print: "In Originalgröße drucken, entlang der Schneidemarken schneiden",
		PrintBoth: "In Originalgröße beidseitig drucken, an der langen Kante wenden",
	}
	return m
}

func longCard(serial int64) render.Card {
	c := sampleCard(serial)
	c.PriceText, c.ValidTillText = "KWD\u00a0999.999.999,999", "30. September 2027"
	c.SerialText = "1000000"
	return c
}

// translations are the labels of a card in languages that need more space.
func translations() map[string]render.Labels {
	return map[string]render.Labels{
		"finnish": {
			Kind: "Puheajan latauskortti", Serial: "Sarjanumero", Series: "Korttisarja", ValidTill: "Viimeinen voimassaolopäivä",
			Sheet: "Tulostusarkki %d", SheetOf: "Tulostusarkki %d / %d", Print: "Tulosta todellisessa koossa, leikkaa leikkausmerkkejä pitkin",
		},
		"russian": {
			Kind: "Карта пополнения счёта", Serial: "Порядковый номер", Series: "Серия карточек", ValidTill: "Действительна до (включительно)",
			Sheet: "Печатный лист %d", SheetOf: "Печатный лист %d из %d", Print: "Печатайте в натуральную величину, режьте по меткам",
		},
		"greek": {Kind: "Κάρτα ανανέωσης υπολοίπου", Serial: "Σειριακός αριθμός", Series: "Σειρά καρτών", ValidTill: "Ισχύει μέχρι και τις"},
	}
}

// Each layout prints complete cards within the paper: the code as text, the QR code as it
// scans at 150 dots per inch, and every word on its own card.
func TestLayouts(t *testing.T) {
	t.Parallel()
	type design struct {
		meta   render.Meta
		card   func(int64) render.Card
		prefix string
		cards  int
	}
	for _, l := range render.Layouts() {
		designs := map[string]design{
			"usual":   {sampleMeta(), sampleCard, "R26", l.PerSheet() + 1},
			"long":    {longMeta(), longCard, "R26", 3},
			"longest": {longMeta(), longCard, "PREFIXOFTWENTYLETTER", 3},
		}
		for language, labels := range translations() {
			meta := longMeta()
			meta.Labels = labels
			designs[language] = design{meta, longCard, "R26", 1}
		}
		for name, design := range designs {
			t.Run(l.Name+"/"+name, func(t *testing.T) {
				t.Parallel()
				meta := design.meta
				meta.Layout = l.Name
				meta.SampleCode = sampleCode(design.prefix, 1)
				cards := make([]render.Card, design.cards)
				for i := range cards {
					cards[i] = design.card(int64(i) + 1)
					cards[i].Code = sampleCode(design.prefix, int64(i)+1)
				}
				if l.Name == "roll-58" && name == "longest" {
					_, err := render.NewPDF(&bytes.Buffer{}, meta)
					require.ErrorIs(t, err, render.ErrTooWide)
					return
				}
				path := save(t, printed(t, meta, cards...))
				keep(t, path, l.Name+"-"+name)
				require.Contains(t, run(t, "qpdf", "--check", path), "No syntax or stream encoding errors")
				require.Len(t, pages(t, path), int(l.Sheets(int64(len(cards)))))
				text := run(t, "pdftotext", "-layout", path, "-")
				for _, c := range cards {
					require.Contains(t, text, c.Code)
				}
				requireEachScans(t, l, path, cards)
				requireWithin(t, l, pages(t, path), cards)
			})
		}
	}
}

// keep stores a file in the folder that an environment variable names, for inspection.
func keep(t *testing.T, path, name string) {
	t.Helper()
	if dir := os.Getenv("REFILL_SHEETS"); dir != "" { //nolint:forbidigo // of the developer, not of the program
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".pdf"), data, 0o600)) //nolint:gosec // a folder of the developer's
	}
}

// requireEachScans checks that the QR code of each card holds the portal's address and the
// code.
func requireEachScans(t *testing.T, l render.Layout, path string, cards []render.Card) {
	t.Helper()
	want := make([]string, len(cards))
	for i, c := range cards {
		want[i] = "https://refill.example.net/r#" + c.Code
	}
	require.Equal(t, want, strings.Fields(run(t, "zbarimg", cutOut(t, l, path, len(cards))...)))
}

// cutOut renders sheets at 150 dots per inch and cuts out the cards. It returns the
// arguments with which zbarimg scans each of them.
func cutOut(t *testing.T, l render.Layout, path string, cards int) []string {
	t.Helper()
	const dpi = 150
	stem := filepath.Join(t.TempDir(), "sheet")
	run(t, "pdftoppm", "-r", fmt.Sprint(dpi), "-gray", "-png", path, stem)
	sheets, err := filepath.Glob(stem + "*.png")
	require.NoError(t, err)
	px := func(mm float64) int { return int(mm / 25.4 * dpi) }
	args := []string{"--quiet", "--nodbus", "--raw", "-Sdisable", "-Sqrcode.enable"}
	for n, file := range sheets {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		sheet, err := png.Decode(bytes.NewReader(data))
		require.NoError(t, err)
		whole, ok := sheet.(interface {
			SubImage(r image.Rectangle) image.Image
		})
		require.True(t, ok)
		height := l.CardHeight
		if height == 0 {
			height = float64(sheet.Bounds().Dy()) / dpi * 25.4
		}
		for i := n * l.PerSheet(); i < min(cards, (n+1)*l.PerSheet()); i++ {
			at := i % l.PerSheet()
			x, y := l.Left+float64(at%l.Cols)*l.PitchX, l.Top+float64(at/l.Cols)*l.PitchY
			card := whole.SubImage(image.Rect(px(x), px(y), px(x+l.CardWidth), px(y+height)))
			var b bytes.Buffer
			require.NoError(t, png.Encode(&b, card))
			args = append(args, fmt.Sprintf("%s-card-%03d.png", stem, i))
			require.NoError(t, os.WriteFile(args[len(args)-1], b.Bytes(), 0o600))
		}
	}
	return args
}

// requireWithin checks that each word is either on a card, at least two millimetres from
// its edge, or in the notes of the margin, and that codes are where the geometry puts them.
func requireWithin(t *testing.T, l render.Layout, sheets []printedPage, cards []render.Card) {
	t.Helper()
	height := l.CardHeight
	if height == 0 { // a roll
		height = sheets[0].Height / pointsPerMM
	}
	for n, sheet := range sheets {
		require.InDelta(t, l.Width*pointsPerMM, sheet.Width, 0.02)
		if l.Height > 0 {
			require.InDelta(t, l.Height*pointsPerMM, sheet.Height, 0.02)
		}
		for _, w := range sheet.Words {
			if l.Marks && w.YMin/pointsPerMM > l.Top+float64(l.Rows)*height {
				continue // a note of the margin
			}
			x, y := w.XMin/pointsPerMM-l.Left, w.YMin/pointsPerMM-l.Top
			col := int(x / l.PitchX)
			pitch := l.PitchY
			if pitch == 0 {
				pitch = height
			}
			row := int(y / pitch)
			left, top := x-float64(col)*l.PitchX, y-float64(row)*pitch
			inset := 2.0
			if l.Rows == 1 && l.Cols == 1 && l.Bleed == 0 {
				inset = -0.1 // the margin of a roll is outside the page
			}
			require.GreaterOrEqual(t, left, inset, "sheet %d: %s", n, w.Text)
			require.LessOrEqual(t, left+(w.XMax-w.XMin)/pointsPerMM, l.CardWidth-inset, "sheet %d: %s", n, w.Text)
			require.GreaterOrEqual(t, top, 0.0, "sheet %d: %s", n, w.Text)
			require.LessOrEqual(t, top+(w.YMax-w.YMin)/pointsPerMM, height, "sheet %d: %s", n, w.Text)
			for i, c := range cards {
				if c.Code == w.Text {
					require.Equal(t, i%l.PerSheet(), row*l.Cols+col, "the place of %s", w.Text)
				}
			}
		}
	}
}

// A card that is printed on both sides has its code on the back, at the place behind its
// front when the sheet is turned over its long edge.
func TestBothSides(t *testing.T) {
	t.Parallel()
	for _, l := range render.Layouts() {
		meta := sampleMeta()
		meta.Layout, meta.BothSides = l.Name, true
		if !l.BothSides {
			_, err := render.NewPDF(&bytes.Buffer{}, meta)
			require.ErrorIs(t, err, render.ErrSides)
			require.Equal(t, "sides", fault.All(err)[0].Field)
			continue
		}
		t.Run(l.Name, func(t *testing.T) {
			t.Parallel()
			n := l.PerSheet() + 1
			cards := sampleCards(int64(n))
			path := save(t, printed(t, meta, cards...))
			keep(t, path, l.Name+"-both")
			run(t, "qpdf", "--check", path)
			backs := filepath.Join(t.TempDir(), "backs.pdf")
			run(t, "qpdf", path, "--pages", ".", "1-z:even", "--", backs)
			requireScans(t, backs, cards)
			text := run(t, "pdftotext", "-layout", path, "-")
			for _, c := range cards {
				require.Contains(t, text, c.Code)
			}
			sheets := pages(t, path)
			require.Len(t, sheets, 4)
			for i, sheet := range sheets {
				for _, w := range sheet.Words {
					if i%2 == 0 {
						require.False(t, strings.HasPrefix(w.Text, "R26-"), "a front has no code")
					}
				}
			}
			// Value and code of a card are equally far from the edge over which the sheet
			// is turned.
			for i := 0; i < 4; i += 2 {
				front, back := column(t, l, sheets[i], "10.00"), column(t, l, sheets[i+1], cards[i/2*l.PerSheet()].Code)
				require.Equal(t, l.Cols-1-front, back)
			}
			// The longest texts fit their card on both sides.
			meta := longMeta()
			meta.Layout, meta.BothSides = l.Name, true
			path = save(t, printed(t, meta, longCard(1), longCard(2)))
			keep(t, path, l.Name+"-both-long")
			run(t, "qpdf", "--check", path)
			requireWithin(t, l, pages(t, path), nil)
		})
	}
}

// column returns the column of a page in which a word first appears.
func column(t *testing.T, l render.Layout, p printedPage, text string) int {
	t.Helper()
	for _, w := range p.Words {
		if w.Text == text {
			return int((w.XMin/pointsPerMM - l.Left) / l.PitchX)
		}
	}
	require.Fail(t, "no such word", text)
	return -1
}

func TestOffset(t *testing.T) {
	t.Parallel()
	meta := sampleMeta()
	straight := words(t, save(t, printed(t, meta, sampleCard(1))))
	meta.OffsetX, meta.OffsetY = 1.5, -2
	moved := words(t, save(t, printed(t, meta, sampleCard(1))))
	require.Len(t, moved, len(straight))
	for i, w := range moved {
		require.Equal(t, straight[i].Text, w.Text)
		require.InDelta(t, straight[i].XMin+1.5*pointsPerMM, w.XMin, 0.02)
		require.InDelta(t, straight[i].YMin-2*pointsPerMM, w.YMin, 0.02)
	}
	meta.OffsetY = 10.1
	_, err := render.NewPDF(&bytes.Buffer{}, meta)
	require.ErrorIs(t, err, render.ErrOffset)
	require.Equal(t, "offset_y", fault.All(err)[0].Field)
}

// The estimated size of a file is close to the real one.
func TestLayoutsSayHowLargeAFileWillBe(t *testing.T) {
	t.Parallel()
	for _, l := range render.Layouts() {
		meta := sampleMeta()
		meta.Layout, meta.BothSides = l.Name, l.BothSides
		const cards = 1000
		size := len(printed(t, meta, sampleCards(cards)...))
		require.InEpsilon(t, size, l.Bytes(cards, l.BothSides), 0.15, l.Name)
	}
}

// A print shop cuts along the trim box, and colour extends beyond it.
func TestBleed(t *testing.T) {
	t.Parallel()
	meta := sampleMeta()
	meta.Layout = "id-1"
	path := save(t, printed(t, meta, sampleCards(2)...))
	info := run(t, "pdfinfo", "-box", path)
	require.Regexp(t, `MediaBox: +0.00 +0.00 +259.65 +170.02`, info)
	require.Regexp(t, `BleedBox: +0.00 +0.00 +259.65 +170.02`, info)
	require.Regexp(t, `TrimBox: +8.50 +8.50 +251.15 +161.5`, info)
}

// A layout refuses a text that it can't print before a byte is written.
func TestLayoutRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(*render.Meta)
		want   *fault.Error
	}{
		{"UnknownLayout", func(m *render.Meta) { m.Layout = "a5" }, render.ErrLayout},
		{"LongCodeOnANarrowRoll", func(m *render.Meta) { m.Layout, m.SampleCode = "roll-58", sampleCode("PREFIX-OF-TWENTY-000", 1) }, render.ErrTooWide},
		{"LongCodeOnALabel", func(m *render.Meta) { m.Layout, m.SampleCode = "a4-3x8", strings.Repeat("PREFIX", 10) }, render.ErrTooWide},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			meta := sampleMeta()
			tc.change(&meta)
			var buf bytes.Buffer
			_, err := render.NewPDF(&buf, meta)
			require.ErrorIs(t, err, tc.want)
			require.Empty(t, buf.Bytes())
		})
	}
}

// An address whose QR code would be too fine for a label omits the QR code, and the code
// gets all the space.
func TestLabelWithoutRoomForItsQRCode(t *testing.T) {
	t.Parallel()
	meta := sampleMeta()
	meta.Layout, meta.PortalURL = "avery-5160", "https://"+strings.Repeat("subdomain.", 11)+"example.net"
	path := save(t, printed(t, meta, sampleCards(3)...))
	keep(t, path, "avery-5160-no-qr")
	text := run(t, "pdftotext", "-layout", path, "-")
	for _, c := range sampleCards(3) {
		require.Contains(t, text, c.Code)
	}
	meta.Layout = "avery-l7160"
	require.NotEmpty(t, printed(t, meta, sampleCards(3)...))
}
