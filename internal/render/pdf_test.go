package render_test

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refill/internal/fault"
	"refill/internal/render"
)

// printed returns the PDF of some cards.
func printed(t *testing.T, meta render.Meta, cards ...render.Card) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := render.NewPDF(&buf, meta)
	require.NoError(t, err)
	for _, c := range cards {
		require.NoError(t, w.Write(c))
	}
	require.NoError(t, w.Close())
	return buf.Bytes()
}

func sampleCards(n int64) []render.Card {
	cards := make([]render.Card, n)
	for i := range cards {
		cards[i] = sampleCard(int64(i) + 1)
	}
	return cards
}

func TestPDF(t *testing.T) {
	t.Parallel()
	cards := sampleCards(24)
	path := save(t, printed(t, sampleMeta(), cards...))

	t.Run("IsWellFormed", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, run(t, "qpdf", "--check", path), "No syntax or stream encoding errors")
		info := run(t, "pdfinfo", path)
		require.Regexp(t, `Pages:\s+3\n`, info)
		require.Regexp(t, `Page size:\s+595.28 x 841.89 pts \(A4\)`, info)
		require.Regexp(t, `Title:\s+Northwind Net 202611\n`, info)
	})
	t.Run("EmbedsSubsetsOfItsFonts", func(t *testing.T) {
		t.Parallel()
		fonts := strings.Split(strings.TrimSpace(run(t, "pdffonts", path)), "\n")[2:]
		require.Len(t, fonts, 3)
		for _, f := range fonts {
			require.Regexp(t, `^[A-Z]{6}\+Go.*TrueType +Identity-H +(yes ){3}`, f)
		}
	})
	t.Run("HasEachCodeWholeAndInOrder", func(t *testing.T) {
		t.Parallel()
		text := run(t, "pdftotext", "-layout", path, "-")
		at := 0
		for _, c := range cards {
			i := strings.Index(text[at:], c.Code)
			require.GreaterOrEqual(t, i, 0, "card %d", c.Serial)
			at += i
		}
	})
	t.Run("ScansFromAWholeSheet", func(t *testing.T) {
		t.Parallel()
		requireScans(t, path, cards)
	})
	t.Run("IsTheSameEachTime", func(t *testing.T) {
		t.Parallel()
		again, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, again, printed(t, sampleMeta(), cards...))
	})
}

// requireScans renders sheets at a low resolution and scans the QR code of each card.
func requireScans(t *testing.T, path string, cards []render.Card) {
	t.Helper()
	stem := filepath.Join(t.TempDir(), "sheet")
	run(t, "pdftoppm", "-r", "150", "-gray", path, stem)
	sheets, err := filepath.Glob(stem + "*")
	require.NoError(t, err)
	found := strings.Fields(run(t, "zbarimg", append([]string{"--quiet", "--nodbus", "--raw", "-Sdisable", "-Sqrcode.enable"}, sheets...)...))
	want := make([]string, len(cards))
	for i, c := range cards {
		want[i] = "https://refill.example.net/r#" + c.Code
	}
	require.ElementsMatch(t, want, found)
}

func TestPDFWithoutCards(t *testing.T) {
	t.Parallel()
	path := save(t, printed(t, sampleMeta()))
	run(t, "qpdf", "--check", path)
	require.Regexp(t, `Pages:\s+1\n`, run(t, "pdfinfo", path))
}

func TestPDFKeepsLongTextsOnTheCard(t *testing.T) {
	t.Parallel()
	meta := sampleMeta()
	meta.Brand = "Südwestdeutsche Breitband- und Telekommunikationsgesellschaft mbH & Co. KG"
	meta.Accent = "#b3261e"
	meta.Count = 1_000_000
	card := sampleCard(1_000_000)
	card.Code = sampleCode("PREFIX-OF-TWENTY-000", 7)
	card.PriceText = "IDR\u00a010.000.000,00"
	card.ValidTillText = "31 September 2027"
	path := save(t, printed(t, meta, card))

	text := run(t, "pdftotext", "-layout", path, "-")
	require.Contains(t, text, card.Code)
	require.Contains(t, text, "…", "the brand is cut")
	require.Contains(t, text, "IDR 10.000.000,00")
	requireScans(t, path, []render.Card{card})

	const mm = 72 / 25.4
	for _, w := range words(t, path) {
		if w.YMin > 270*mm {
			continue // the notes of the sheet
		}
		require.GreaterOrEqual(t, w.XMin, (19.4+4.9)*mm, w.Text)
		require.LessOrEqual(t, w.XMax, (19.4+85.6-4.9)*mm, w.Text)
		require.GreaterOrEqual(t, w.YMin, 13.5*mm, w.Text)
		require.LessOrEqual(t, w.YMax, (13.5+54)*mm, w.Text)
	}
}

func TestPDFCleansSpacesAndAccents(t *testing.T) {
	t.Parallel()
	meta := sampleMeta()
	meta.Brand = "Cafe\u0301 \u200eNet" // a letter with a combining accent, a direction mark
	card := sampleCard(1)
	card.PriceText = "10\u202f000,00\u00a0€"
	text := run(t, "pdftotext", "-layout", save(t, printed(t, meta, card)), "-")
	require.Contains(t, text, "Café Net")
	require.Contains(t, text, "10 000,00 €")
}

func TestPDFRefusesADesign(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(*render.Meta)
		want   *fault.Error
		code   string
	}{
		{"Emoji", func(m *render.Meta) { m.Brand = "Net 🚀" }, render.ErrGlyph, "export_glyph_emoji"},
		{"Arabic", func(m *render.Meta) { m.Brand = "شبكة" }, render.ErrGlyph, "export_glyph_font"},
		{"Chinese", func(m *render.Meta) { m.Instructions[1] = "扫描" }, render.ErrGlyph, "export_glyph_font"},
		{"BrokenUTF8", func(m *render.Meta) { m.Brand = "Net\xff" }, render.ErrGlyph, "export_glyph_control"},
		{"Label", func(m *render.Meta) { m.Labels.Serial = "番" }, render.ErrGlyph, "export_glyph_font"},
		{"Control", func(m *render.Meta) { m.Brand = "Net\x00" }, render.ErrGlyph, "export_glyph_control"},
		{"LongInstruction", func(m *render.Meta) { m.Instructions[0] = strings.Repeat("Scan ", 30) }, render.ErrTooWide, "export_text_wide"},
		{"ThreeInstructions", func(m *render.Meta) { m.Instructions = []string{"a", "b", "c"} }, render.ErrMeta, "export_lines"},
		{"LongAddress", func(m *render.Meta) { m.PortalURL = "https://" + strings.Repeat("x", 200) }, render.ErrAddress, "export_address"},
		{"Color", func(m *render.Meta) { m.Accent = "blue" }, render.ErrMeta, "export_color"},
		{"ColorShort", func(m *render.Meta) { m.Accent = "#abc" }, render.ErrMeta, "export_color"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			meta := sampleMeta()
			tc.change(&meta)
			var buf bytes.Buffer
			_, err := render.NewPDF(&buf, meta)
			require.ErrorIs(t, err, tc.want)
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			require.Equal(t, tc.code, fault.All(err)[0].Code)
			require.Empty(t, buf.Bytes())
		})
	}
}

func TestPDFRefusesACard(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(*render.Card)
		want   *fault.Error
		code   string
	}{
		{"PriceGlyph", func(c *render.Card) { c.PriceText = "₹10" }, render.ErrGlyph, "export_glyph_font"},
		{"CodeGlyph", func(c *render.Card) { c.Code = "卡-" + c.Code }, render.ErrGlyph, "export_code_glyph"},
		{"LongPrice", func(c *render.Card) { c.PriceText = strings.Repeat("9", 60) }, render.ErrTooWide, "export_text_wide"},
		{"LongCode", func(c *render.Card) { c.Code = strings.Repeat(c.Code, 4) }, render.ErrTooWide, "export_code_wide"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w, err := render.NewPDF(&bytes.Buffer{}, sampleMeta())
			require.NoError(t, err)
			card := sampleCard(3)
			code := card.Code
			tc.change(&card)
			require.NoError(t, w.Write(card), "a sheet is drawn when it is full")
			err = w.Close()
			require.ErrorIs(t, err, tc.want)
			require.Equal(t, tc.code, fault.All(err)[0].Code)
			require.NotContains(t, err.Error()+fault.All(err)[0].Text(), code[4:], "a code is money")
			require.ErrorIs(t, w.Write(sampleCard(4)), tc.want, "the error stays")
		})
	}
}

// A disk may become full anywhere: in the first sheets, in the fonts, in the last bytes of
// the cross-reference table.
func TestPDFReportsAFullDisk(t *testing.T) {
	t.Parallel()
	cards := sampleCards(300)
	whole := len(printed(t, sampleMeta(), cards...))
	for _, left := range []int{0, 1, 1000, 100_000, whole - 20_000, whole - 1} {
		w, err := render.NewPDF(&fullDisk{left: left}, sampleMeta())
		require.NoError(t, err)
		for _, c := range cards {
			if err = w.Write(c); err != nil {
				break
			}
		}
		if err == nil {
			err = w.Close()
		}
		require.ErrorIs(t, err, errDisk, "%d bytes left", left)
		require.ErrorIs(t, w.Close(), errDisk, "the error stays")
	}
}

func TestPDFStaysSmall(t *testing.T) {
	t.Parallel()
	var count countingWriter
	w, err := render.NewPDF(&count, sampleMeta())
	require.NoError(t, err)
	const n = 20_000
	for i := range int64(n) {
		require.NoError(t, w.Write(sampleCard(i+1)))
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	require.NoError(t, w.Close())
	require.Less(t, float64(count)/n, 900.0, "bytes a card")
	require.Less(t, m.HeapAlloc, uint64(48<<20), "the heap doesn't grow with the file")
}

// The file contains the logo once, for any number of cards. The QR codes beside it still
// scan.
func TestPDFWithLogo(t *testing.T) {
	t.Parallel()
	picture := image.NewNRGBA(image.Rect(0, 0, 120, 100))
	for i := range picture.Pix {
		picture.Pix[i] = byte(i * 37 % 256) // noise, half of it transparent, which compresses badly and needs a mask
	}
	var logo bytes.Buffer
	require.NoError(t, png.Encode(&logo, picture))
	meta := sampleMeta()
	plain := printed(t, meta, sampleCards(30)...)
	meta.Logo, meta.Accent = logo.Bytes(), "#ffd400"
	file := printed(t, meta, sampleCards(30)...)
	path := save(t, file)
	require.Contains(t, run(t, "qpdf", "--check", path), "No syntax or stream encoding errors")
	objects := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(run(t, "pdfimages", "-list", path)), "\n")[2:] {
		columns := strings.Fields(line)
		objects[columns[2]+" "+columns[10]] = true
	}
	require.Len(t, objects, 2, "picture and mask: %v", objects)
	require.Less(t, len(file)-len(plain), 60_000)
	requireScans(t, path, sampleCards(30))

	meta.Logo = []byte("no picture")
	_, err := render.NewPDF(&bytes.Buffer{}, meta)
	require.ErrorIs(t, err, render.ErrMeta)
}
